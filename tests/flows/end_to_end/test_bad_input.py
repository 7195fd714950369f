"""Mistakes of a user: exit code 2 and one line that says what is wrong, where, and the remedy.

`pytest -s tests/flows/end_to_end/test_bad_input.py` prints the table of all messages.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pytest

from flows.cli.app import main
from tests.flows.sample_logs import detect_in, small_log, written

Row = tuple[str, str]


@dataclass(frozen=True)
class Mistake:
    """A wrong command, and what its message must hold."""

    title: str
    prepare: Callable[[Path], list[str]]
    """Makes what is needed in an empty folder, the current one; gives the command."""
    words: tuple[str, ...]


def detect_on(table: pa.Table, *options: str) -> list[str]:
    return ["detect", written(Path("log.parquet"), table), *options]


def with_job(text: str, table: pa.Table | None = None) -> list[str]:
    Path("job.toml").write_text(text)
    return detect_on(small_log() if table is None else table, "--job", "job.toml")


def bytes_in(path: str, content: bytes) -> list[str]:
    Path(path).write_bytes(content)
    return ["detect", path]


def missing_path(_: Path) -> list[str]:
    return ["detect", "logs/no-such.parquet"]


def empty_folder(folder: Path) -> list[str]:
    (folder / "empty").mkdir()
    return ["detect", "empty"]


def glob_of_nothing(_: Path) -> list[str]:
    return ["detect", "logs/*.parquet"]


def no_rows(_: Path) -> list[str]:
    return detect_on(small_log().slice(0, 0))


def not_parquet(_: Path) -> list[str]:
    return bytes_in("events.parquet", b'{"event": "this is JSON"}\n')


def truncated(_: Path) -> list[str]:
    whole = Path(written(Path("log.parquet"), small_log())).read_bytes()
    return bytes_in("cut.parquet", whole[: len(whole) // 2])


def empty_file(_: Path) -> list[str]:
    return bytes_in("empty.parquet", b"")


def damaged_page(_: Path) -> list[str]:
    whole = bytearray(Path(written(Path("log.parquet"), small_log())).read_bytes())
    whole[4:600] = bytes(596)
    return bytes_in("damaged.parquet", bytes(whole))


def unknown_scheme(_: Path) -> list[str]:
    return ["detect", "ftp://logs.example.com/events.parquet"]


def credentials_in_url(_: Path) -> list[str]:
    return ["detect", "s3://AKIAEXAMPLE:hunter2@logs/events.parquet"]


def types_that_clash(folder: Path) -> list[str]:
    written(folder / "logs/a.parquet", pa.table({"code": [1] * 30}))
    written(folder / "logs/b.parquet", pa.table({"code": ["x"] * 30}))
    return ["detect", "logs"]


def same_name_twice(_: Path) -> list[str]:
    column = pa.array(range(30))
    return detect_on(pa.Table.from_arrays([column, column], names=["n", "n"]))


def same_name_once_flat(_: Path) -> list[str]:
    return detect_on(pa.table({"a": [{"b": i} for i in range(30)], "a.b": range(30)}))


def too_few_rows(_: Path) -> list[str]:
    return detect_on(small_log(19))


def nothing_but_ignored(_: Path) -> list[str]:
    return with_job('[columns]\nn = "ignore"', pa.table({"n": range(30)}))


def nothing_but_ids(_: Path) -> list[str]:
    return detect_on(pa.table({"event_id": [f"e{i}" for i in range(30)]}))


def every_row_rejected(_: Path) -> list[str]:
    return with_job('[columns]\nmessage = "number"')


def not_toml(_: Path) -> list[str]:
    return with_job("input = logs\n")


def misspelt_key(_: Path) -> list[str]:
    return with_job("[selection]\nbuget = 10\n")


def wrong_value(_: Path) -> list[str]:
    return with_job("[selection]\nfdr = 2.0\n")


def two_rules(_: Path) -> list[str]:
    return with_job("[selection]\nfdr = 0.1\nthreshold = 40.0\n")


def unknown_role(_: Path) -> list[str]:
    return with_job('[columns]\nuser = "entitty"\n')


def unknown_column(_: Path) -> list[str]:
    return with_job('[columns]\nusr = "entity"\n')


def missing_session_key(_: Path) -> list[str]:
    return with_job('unit = "session"\nsession_key = "sesion"\n')


def too_few_sessions(_: Path) -> list[str]:
    return with_job('unit = "session"\nsession_key = "user"\n')


def session_without_key(_: Path) -> list[str]:
    return with_job('unit = "session"\n')


def ignored_session_key(_: Path) -> list[str]:
    settings = 'unit = "session"\nsession_key = "user"\n[columns]\nuser = "ignore"\n'
    return with_job(settings)


def session_cut_twice(_: Path) -> list[str]:
    return with_job(
        'unit = "session"\nsession_key = "user"\nsession_gap = "1h"\nsession_window = "1d"\n'
    )


def no_duration(_: Path) -> list[str]:
    return with_job('unit = "session"\nsession_key = "user"\nsession_gap = "half an hour"\n')


def entity_not_in_the_input(_: Path) -> list[str]:
    return with_job('[behaviour]\nentities = ["usr"]\n')


def entity_that_is_a_number(_: Path) -> list[str]:
    return with_job('[behaviour]\nentities = ["user", "bytes"]\n')


def unknown_window(_: Path) -> list[str]:
    return with_job('[behaviour]\nwindows = ["week"]\n')


def session_cut_without_time(_: Path) -> list[str]:
    settings = 'unit = "session"\nsession_key = "user"\nsession_window = "1d"\n'
    return with_job(settings, small_log().drop("time"))


def missing_job_file(_: Path) -> list[str]:
    return detect_on(small_log(), "--job", "no-such.toml")


def job_file_not_text(_: Path) -> list[str]:
    Path("job.toml").write_bytes(b"\xff\xfe\x00")
    return detect_on(small_log(), "--job", "job.toml")


def no_input_at_all(_: Path) -> list[str]:
    return ["detect"]


def bad_name(_: Path) -> list[str]:
    return detect_on(small_log(), "--name", "../elsewhere")


def output_is_a_file(_: Path) -> list[str]:
    Path("results").write_text("mine")
    return detect_on(small_log(), "--output", "results")


def output_is_a_url(_: Path) -> list[str]:
    return detect_on(small_log(), "--output", "ftp://results")


def unknown_option(_: Path) -> list[str]:
    return detect_on(small_log(), "--ouput", "x")


def unknown_command(_: Path) -> list[str]:
    return ["detcet", "x.parquet"]


def partition_without_a_place(_: Path) -> list[str]:
    return detect_on(small_log(), "--partition", "2026-01-05")


def partition_that_leads_away(_: Path) -> list[str]:
    return ["detect", "logs/{date}", "--partition", "../../etc"]


def partition_that_is_not_there(folder: Path) -> list[str]:
    written(folder / "logs/2026-01-05.parquet", small_log())
    return ["detect", "logs/{date}.parquet", "--partition", "2026-01-06"]


def no_partition_of_late(folder: Path) -> list[str]:
    written(folder / "logs/2020-01-05.parquet", small_log())
    return ["detect", "logs/{date}.parquet"]


def minute_as_partition(_: Path) -> list[str]:
    return ["detect", "logs/{date:%Y/%m/%d/%H/%M}"]


def backfill_without_partitions(folder: Path) -> list[str]:
    with_job(f'input = "{folder}/log.parquet"\n')
    return ["backfill", "job.toml", "--from", "2026-01-05", "--to", "2026-01-06"]


def init_of_nothing(_: Path) -> list[str]:
    return ["init", "no-such.parquet"]


def unknown_run(_: Path) -> list[str]:
    return ["findings", "out/log", "--run", "20260101T000000000000Z"]


def no_job_folder(_: Path) -> list[str]:
    return ["findings", "outfield-output/nothing"]


def parent_of_the_job(_: Path) -> list[str]:
    return ["runs", "out"]


def damaged_manifest(folder: Path) -> list[str]:
    (manifest,) = folder.glob("out/log/runs/*/manifest.json")
    manifest.write_text("{")
    return ["runs", "out/log"]


def damaged_findings(folder: Path) -> list[str]:
    (findings,) = folder.glob("out/log/runs/*/findings/part-00000.parquet")
    findings.write_bytes(b"PAR1")
    return ["findings", "out/log"]


AFTER_A_RUN = (unknown_run, parent_of_the_job, damaged_manifest, damaged_findings)
"""What needs a finished run in `out`."""

MISTAKES = (
    Mistake("missing path", missing_path, ("logs/no-such.parquet", "no such file", "spelt")),
    Mistake("empty folder", empty_folder, ("empty: no Parquet file in it", "name another")),
    Mistake("glob that matches nothing", glob_of_nothing, ("logs/*.parquet", "no file matches")),
    Mistake("zero rows", no_rows, ("log.parquet: no row", "hold events")),
    Mistake("not Parquet", not_parquet, ("events.parquet: not a Parquet file", "leave it out")),
    Mistake("truncated Parquet", truncated, ("cut.parquet: not a Parquet file", "leave it out")),
    Mistake("file of no bytes", empty_file, ("empty.parquet: not a Parquet file", "leave it")),
    Mistake("damaged page", damaged_page, ("damaged.parquet", "damaged one", "write the file")),
    Mistake("unknown scheme", unknown_scheme, ("ftp://", "s3://, gs:// or abfs://")),
    Mistake("credentials in the URL", credentials_in_url, ("carries credentials", "environment")),
    Mistake("string against integer", types_that_clash, ("'code'", "a.parquet", "b.parquet")),
    Mistake("two columns of one name", same_name_twice, ("'n'", "rename one")),
    Mistake("flattened into one name", same_name_once_flat, ("'a.b'", "rename one")),
    Mistake("fewer than 20 rows", too_few_rows, ("log.parquet", "only 19 rows", "at least 20")),
    Mistake("all columns ignored", nothing_but_ignored, ("log.parquet", "no usable column")),
    Mistake("nothing but ids", nothing_but_ids, ("log.parquet", "no usable column", "role")),
    Mistake(
        "all rows rejected", every_row_rejected, ("only 0 valid", "unreadable number", "message")
    ),
    Mistake("bad TOML", not_toml, ("job.toml: line 1", "double quotes")),
    Mistake("misspelt key", misspelt_key, ("job.toml", "buget", "budget")),
    Mistake("value out of range", wrong_value, ("job.toml", "selection.fdr", "below 1")),
    Mistake("two rules", two_rules, ("job.toml", "`fdr` or `threshold`, not both")),
    Mistake("unknown role", unknown_role, ("job.toml", "entitty", "entity")),
    Mistake("column not in the input", unknown_column, ("columns.usr", "did you mean `user`")),
    Mistake("session key not in the input", missing_session_key, ("session_key", "`sesion`")),
    Mistake("session without a key", session_without_key, ("job.toml", "session_key")),
    Mistake("too few sessions", too_few_sessions, ("log.parquet", "only 9 sessions", "at least")),
    Mistake("session key ignored", ignored_session_key, ("session_key", "`ignore`", "entity")),
    Mistake("session cut twice", session_cut_twice, ("job.toml", "session_gap", "not both")),
    Mistake("no duration", no_duration, ("job.toml: session_gap", '"30m"', "half an hour")),
    Mistake("session cut without time", session_cut_without_time, ("session_window", "`time`")),
    Mistake("entity not in the input", entity_not_in_the_input, ("entities.0", "`user`")),
    Mistake("entity is a number", entity_that_is_a_number, ("entities.1", "`bytes` is `number`")),
    Mistake("unknown window", unknown_window, ("behaviour.windows.0", '"hour" or "day"', "week")),
    Mistake("missing job file", missing_job_file, ("no-such.toml", "outfield init")),
    Mistake("job file is no text", job_file_not_text, ("job.toml", "UTF-8")),
    Mistake("no input", no_input_at_all, ("no input", "name a file")),
    Mistake("name that leads away", bad_name, ("name", "letters, digits")),
    Mistake("output is a file", output_is_a_file, ("results", "cannot be written", "--output")),
    Mistake("output nowhere known", output_is_a_url, ("ftp://results", "no way", "s3://")),
    Mistake("partition of none", partition_without_a_place, ("log.parquet", "no `{date}`")),
    Mistake("partition leads away", partition_that_leads_away, ("--partition", "2026-01-05")),
    Mistake("no such partition", partition_that_is_not_there, ("2026-01-06", "no such file")),
    Mistake("no late partition", no_partition_of_late, ("logs/{date}", "31 days", "--partition")),
    Mistake("minute as partition", minute_as_partition, ("input", "%m, %d and %H, not with %M")),
    Mistake("backfill of no days", backfill_without_partitions, ("no `{date}`", "log.parquet")),
    Mistake("unknown option", unknown_option, ("--ouput", "--output")),
    Mistake("unknown command", unknown_command, ("detcet", "detect")),
    Mistake("init: missing path", init_of_nothing, ("no-such.parquet", "no such file")),
    Mistake("unknown run", unknown_run, ("out/log", "no run 2026", "the nearest")),
    Mistake("no such job", no_job_folder, ("outfield-output/nothing", "no such folder", "name")),
    Mistake("folder above the job", parent_of_the_job, ("out", "not the folder of a job", "log")),
    Mistake("damaged manifest", damaged_manifest, ("manifest.json", "move the run's folder")),
    Mistake("damaged findings", damaged_findings, ("part-00000.parquet", "run the job again")),
)


@pytest.fixture(scope="module")
def messages() -> Iterator[list[Row]]:
    """Collects the messages; shows them at the end."""
    collected: list[Row] = []
    yield collected
    width = max((len(title) for title, _ in collected), default=0)
    print()
    for title, message in collected:
        print(f"{title:{width}}  {message}")


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a finished run in `out`, to be copied."""
    folder = tmp_path_factory.mktemp("finished")
    detect_in(small_log(), folder)
    return folder


def said_of(tokens: list[str], capfd: pytest.CaptureFixture[str]) -> str:
    """Run a wrong command; check what holds of every one, and give its line."""
    assert main(tokens) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert "Traceback" not in err
    return err.rstrip("\n")


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.title)
def test_a_mistake_is_told_in_one_line(mistake, tmp_path, capfd, messages, request):
    if mistake.prepare in AFTER_A_RUN:
        shutil.copytree(request.getfixturevalue("finished"), tmp_path, dirs_exist_ok=True)
    tokens = mistake.prepare(tmp_path)
    if tokens[0] == "detect":
        tokens.append("--direct")
    said = said_of(tokens, capfd)
    messages.append((mistake.title, said.replace(str(tmp_path), "…")))
    for word in mistake.words:
        assert word in said
    assert "hunter2" not in said


BEFORE_ANY_SERVER = tuple(
    mistake
    for mistake in MISTAKES
    if mistake.prepare
    in (missing_path, no_rows, not_parquet, types_that_clash, unknown_column, too_few_rows)
)


@pytest.mark.parametrize("mistake", BEFORE_ANY_SERVER, ids=lambda mistake: mistake.title)
def test_what_does_not_fit_is_told_before_a_server_is_started(
    mistake, tmp_path, capfd, monkeypatch
):
    # Prefect makes this folder when it is first imported: it never is.
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path / "prefect"))
    said = said_of(mistake.prepare(tmp_path), capfd)
    assert all(word in said for word in mistake.words)
    assert not (tmp_path / "prefect").exists()


@pytest.mark.parametrize("closed", ["in", "out"])
def test_a_folder_without_permission_is_told_in_one_line(closed, tmp_path, capfd):
    written(Path("in/log.parquet"), small_log())
    Path("out").mkdir()
    Path(closed).chmod(0)
    if os.access(closed, os.R_OK):
        pytest.skip("this user may read and write everything")
    try:
        said = said_of(["detect", "in", "--output", "out", "--direct"], capfd)
    finally:
        Path(closed).chmod(0o700)
    assert closed in said


@pytest.mark.parametrize("asked", ["0", "-1", "many", "1.5", "²"])
def test_a_wrong_number_of_workers_is_told_in_one_line(asked, tmp_path, capfd, monkeypatch):
    monkeypatch.setenv("OUTFIELD_WORKERS", asked)
    said = said_of([*detect_on(small_log()), "--direct"], capfd)
    assert "OUTFIELD_WORKERS" in said
    assert "1 or more" in said


@pytest.mark.parametrize("asked", ["soon", "-1", "1 year", "ten"])
def test_a_wrong_wait_is_told_in_one_line(asked, tmp_path, capfd, monkeypatch):
    monkeypatch.setenv("OUTFIELD_LOCK_WAIT", asked)
    said = said_of([*detect_on(small_log()), "--direct"], capfd)
    assert "OUTFIELD_LOCK_WAIT" in said
    assert "`30s`" in said


@pytest.mark.parametrize("options", [[], ["--direct"]])
@pytest.mark.parametrize(
    ("runner", "address", "words"),
    [
        ("ray", "", ("OUTFIELD_RUNNER", "'ray'", "threads, processes or dask")),
        ("dask", "", ("OUTFIELD_DASK_ADDRESS", "tcp://HOST:8786")),
        ("dask", "somewhere", ("OUTFIELD_DASK_ADDRESS", "no Dask scheduler answers")),
        ("dask", "tcp://127.0.0.1:1", ("no Dask scheduler answers at tcp://127.0.0.1:1",)),
    ],
)
def test_a_runner_that_cannot_be_is_told_in_one_line(  # noqa: PLR0917
    runner, address, words, options, tmp_path, capfd, monkeypatch
):
    monkeypatch.setattr("flows.runtime.dask._SECONDS_TO_CONNECT", 0.2)
    monkeypatch.setenv("OUTFIELD_RUNNER", runner)
    monkeypatch.setenv("OUTFIELD_DASK_ADDRESS", address)
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path / "prefect"))
    said = said_of([*detect_on(small_log()), *options], capfd)
    assert all(word in said for word in words)
    assert not (tmp_path / "prefect").exists()


def test_dask_that_is_not_installed_is_told_in_one_line(capfd, monkeypatch):
    monkeypatch.setenv("OUTFIELD_RUNNER", "dask")
    monkeypatch.setenv("OUTFIELD_DASK_ADDRESS", "tcp://127.0.0.1:1")
    monkeypatch.setattr("flows.runtime.dask.find_spec", lambda name: None)
    said = said_of([*detect_on(small_log()), "--direct"], capfd)
    assert "OUTFIELD_RUNNER: the runner `dask` needs distributed and prefect_dask" in said
    assert "pip install 'outfield[dask]'" in said


def test_a_mistake_found_late_leaves_no_run_behind(tmp_path):
    assert main([*every_row_rejected(tmp_path), "--direct"]) == 2
    assert not list(tmp_path.rglob("runs/*"))
    assert not list(tmp_path.rglob("latest.json"))
