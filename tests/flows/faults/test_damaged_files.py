"""Damaged files of the input: a few among many are set aside and named, and the rest is judged."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flows.cli.app import main
from flows.runtime.processes import process_runner
from flows.runtime.work import Step
from flows.storage.runs.reader import PublishedRun, find_run
from schemas.errors import DamagedFileError
from tests.flows.sample_logs import (
    dataset_bytes,
    detect,
    job,
    rejected_rows,
    small_log,
    written,
)

FILES, ROWS = 100, 8
BAD = "part-042.parquet"


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """A log of 800 events in a hundred files."""
    return hundred_files(tmp_path / "logs", small_log(FILES * ROWS))


def hundred_files(folder: Path, log: pa.Table) -> Path:
    rows = len(log) // FILES
    for number in range(FILES):
        part = log.slice(number * rows, rows)
        written(folder / f"part-{number:03d}.parquet", part, write_page_checksum=True)
    return folder


def cut_in_half(path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def no_parquet(path: Path) -> None:
    path.write_text('{"event": "this is JSON"}\n')


def flipped(path: Path) -> None:
    """Turn one bit in the middle of the pages, far from the footer."""
    content = bytearray(path.read_bytes())
    footer = int.from_bytes(content[-8:-4], "little")
    content[(len(content) - footer) // 2] ^= 1
    path.write_bytes(bytes(content))


def overwritten(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4:200] = bytes(196)
    path.write_bytes(bytes(content))


WITH_FOOTER = (flipped, overwritten)


def judged(logs: Path, capfd: pytest.CaptureFixture[str]) -> tuple[PublishedRun, str]:
    """Run the command on the logs; give the run and what was said."""
    output = logs.parent / "out"
    capfd.readouterr()
    assert main(["detect", str(logs), "--output", str(output), "--direct"]) == 0
    said = capfd.readouterr()
    assert "Traceback" not in said.err
    assert main(["check", str(output)]) == 0
    return find_run(str(output / "logs")), said.out


@pytest.mark.slow
def test_bad_files_among_a_hundred_are_named_and_the_rest_is_judged_as_if_they_had_never_been(
    logs, capfd
):
    damages = (cut_in_half, flipped, emptied, no_parquet, overwritten)
    known = {f"part-04{i}.parquet": ROWS * (how in WITH_FOOTER) for i, how in enumerate(damages)}
    rest = FILES - len(known)
    without = hundred_files(logs.parent / "without/logs", small_log(FILES * ROWS))
    for name, damage in zip(known, damages, strict=True):
        damage(logs / name)
        (without / name).unlink()
    run, said = judged(logs, capfd)
    ledger = run.manifest.ledger
    assert (ledger.read, ledger.scored) == (rest * ROWS + sum(known.values()), rest * ROWS)
    assert ledger.quarantined == {"damaged file": 2 * ROWS}
    assert {bad.name: bad.rows for bad in run.manifest.damaged_files} == known
    assert len(run.manifest.input_files) == FILES
    page = (run.folder / "report.html").read_text()
    for shown in (said, page):
        assert "5 of 100 files are damaged, and no row judged of " in shown
        assert all(name in shown for name in known)
    assert all(str(bad.damaged).partition(" (")[0] in page for bad in run.manifest.damaged_files)
    alone = detect(job(str(without), without.parent / "out", name="logs"))
    for dataset in ("findings", "scores", "incidents"):
        assert dataset_bytes(run, dataset) == dataset_bytes(alone, dataset)


@pytest.mark.slow
def test_a_bad_file_that_is_mended_is_judged(logs, capfd):
    whole = (logs / BAD).read_bytes()
    flipped(logs / BAD)
    judged(logs, capfd)
    (logs / BAD).write_bytes(whole)
    assert judged(logs, capfd)[0].manifest.ledger.scored == FILES * ROWS


@pytest.mark.slow
def test_a_damaged_file_is_named_and_its_rows_are_quarantined_by_number(logs, capfd):
    log = pq.read_table(logs / "part-007.parquet")
    times = pa.array([None, *log["time"].to_pylist()[1:]], log["time"].type)
    written(logs / "part-007.parquet", log.set_column(1, "time", times))
    flipped(logs / BAD)
    run, said = judged(logs, capfd)
    (bad,) = run.manifest.damaged_files
    for shown in (said, (run.folder / "report.html").read_text()):
        assert f"1 of 100 files is damaged, and no row judged of {BAD}." in shown
        assert str(bad.damaged).partition(" (")[0] in shown
    rows = rejected_rows(run)
    assert len(rows) == run.manifest.ledger.rows_quarantined == ROWS + 1
    damaged = [row for row in rows if row["outfield_reason"] == "damaged file"]
    where = [(row["outfield_source_file"], row["outfield_source_row"]) for row in damaged]
    assert where == [(BAD, row) for row in range(ROWS)]
    assert {row["event_id"] for row in damaged} == {None}


@pytest.mark.slow
def test_sessions_of_the_other_files_are_judged(tmp_path):
    log = small_log(FILES * ROWS)
    keys = pa.array([f"s{row // 5}" for row in range(len(log))])
    logs = hundred_files(tmp_path / "logs", log.append_column("session", keys))
    overwritten(logs / BAD)
    run = detect(job(str(logs), tmp_path / "out", unit="session", session_key="session"))
    assert run.manifest.ledger.quarantined == {"damaged file": ROWS}
    assert run.manifest.ledger.scored == (FILES - 1) * ROWS


@pytest.mark.slow
def test_one_file_in_ten_may_be_damaged_and_no_more(logs, capfd):
    for number in range(10):
        (flipped if number % 2 else cut_in_half)(logs / f"part-{number:03d}.parquet")
    run, said = judged(logs, capfd)
    assert len(run.manifest.damaged_files) == 10
    assert run.manifest.ledger.quarantined == {"damaged file": 5 * ROWS}
    assert "part-004.parquet and 5 more" in said
    flipped(logs / "part-010.parquet")
    tokens = ["detect", str(logs), "--output", str(logs.parent / "new"), "--direct"]
    assert main(tokens) == 2
    error = capfd.readouterr().err
    assert error.count("\n") == 1
    assert "11 of 100 files are damaged" in error
    assert not list((logs.parent / "new").rglob("manifest.json"))


@pytest.mark.parametrize("damage", [cut_in_half, flipped])
def test_of_a_few_files_none_may_be_damaged(tmp_path, capfd, damage):
    written(tmp_path / "logs/a.parquet", small_log(), write_page_checksum=True)
    written(tmp_path / "logs/b.parquet", small_log(seed=1), write_page_checksum=True)
    damage(tmp_path / "logs/b.parquet")
    assert main(["detect", str(tmp_path / "logs"), "--direct"]) == 2
    error = capfd.readouterr().err
    assert error.count("\n") == 1
    assert "logs: b.parquet: not a Parquet file, or a damaged one" in error


@pytest.mark.slow
def test_a_backfill_does_not_judge_the_damaged_file_again_until_it_is_mended(tmp_path, capfd):
    logs = hundred_files(tmp_path / "logs/2026-01-05", small_log(FILES * ROWS))
    whole = (logs / BAD).read_bytes()
    flipped(logs / BAD)
    spec = tmp_path / "daily.toml"
    out = tmp_path / "out"
    spec.write_text(f'input = "{tmp_path}/logs/{{date}}"\noutput = "{out}"\nname = "daily"\n')
    command = ["backfill", str(spec), "--from", "2026-01-05", "--to", "2026-01-05", "--direct"]
    assert main(command) == 0
    assert main([*command, "--dry-run"]) == 0
    assert "0 due, 1 up to date" in capfd.readouterr().out
    (logs / BAD).write_bytes(whole)
    assert main([*command, "--dry-run"]) == 0
    assert "its input has changed" in capfd.readouterr().out


@pytest.mark.slow
def test_a_stored_model_and_a_renewed_one_see_the_same_files(logs, capfd):
    flipped(logs / BAD)
    spec = logs.parent / "job.toml"
    out = logs.parent / "out"
    spec.write_text(
        f'input = "{logs}"\noutput = "{out}"\nname = "logs"\n'
        '[model]\nuse = "latest"\nrefit = "on-drift"\n'
    )
    for _ in range(2):
        assert main(["detect", "--job", str(spec), "--again", "--direct"]) == 0
        assert find_run(str(out / "logs")).manifest.ledger.quarantined == {"damaged file": ROWS}
    assert main(["fit", str(spec), "--direct"]) == 0
    assert f"Not fitted on 1 damaged file, the first is {BAD}" in capfd.readouterr().out
    models = {path.parent.name for path in (out / "logs/models").glob("*/state.json")}
    assert len(models) == 1


def meet_damage(part: int) -> None:
    raise DamagedFileError(f"part {part} is damaged", where="b.parquet", remedy="write it anew")


@pytest.mark.slow
def test_damage_that_a_worker_process_meets_is_told_as_such():
    told = r"b\.parquet: part 0 is damaged; write it anew"
    with process_runner(1) as runner, pytest.raises(DamagedFileError, match=told):
        list(runner.each(Step("meet damage", meet_damage), 1))


@pytest.mark.slow
def test_a_footer_that_promises_too_much_is_not_believed(logs, capfd):
    """Rows of which a bit at the most is in the file are not counted, and not written out."""
    nulls = pa.table({name: pa.nulls(2_000_000, kind) for name, kind in columns()})
    pq.write_table(nulls, logs / BAD, write_page_checksum=True)
    content = bytearray((logs / BAD).read_bytes())
    content[8] ^= 0xFF
    (logs / BAD).write_bytes(bytes(content))
    run, _ = judged(logs, capfd)
    (bad,) = run.manifest.damaged_files
    assert bad.rows == 0
    assert run.manifest.ledger.rows_quarantined == 0


def columns() -> list[tuple[str, pa.DataType]]:
    return [(field.name, field.type) for field in small_log(2).schema]
