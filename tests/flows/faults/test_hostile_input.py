"""Input made to do harm: nothing is written elsewhere, and no process dies of it."""

from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from anomaly.preprocess.profile import profile
from flows.cli.app import main
from flows.jobs.job_file import load_job
from flows.storage.input.plan import plan_input
from flows.storage.input.rows import read_batches
from flows.storage.runs.reader import find_run, read_findings
from schemas.columns.roles import infer_roles
from schemas.errors import InputError, JobError
from schemas.events.flattening import flatten
from tests.flows.sample_logs import detect, job, small_log, written

IN_A_FOLDER = [HealthCheck.function_scoped_fixture]


class Files(dict[str, bytes]):
    """Files by their codec, which a failing example does not print."""

    def __repr__(self) -> str:
        return f"the files {list(self)}"


@pytest.fixture(scope="module")
def valid(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """A file of each codec, with nested columns, in several row groups."""
    log = small_log(60)
    log = log.append_column("tags", pa.array([["a", "b"], None] * 30))
    log = log.append_column("geo", pa.array([{"lat": 1.0, "name": "x"}] * 60))
    files = Files()
    for codec in ("none", "zstd"):
        path = tmp_path_factory.mktemp("valid") / "log.parquet"
        files[codec] = Path(written(path, log, compression=codec, row_group_size=25)).read_bytes()
    return files


def read_all(path: Path) -> None:
    plan = plan_input(str(path))
    for chunk in plan.chunks(1_000):
        for _, table in read_batches(plan, chunk, None, 40, plan.repetitive):
            infer_roles(profile(flatten(table)))


FLIPS = st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=8)


@pytest.mark.slow
@settings(max_examples=150, suppress_health_check=IN_A_FOLDER)
@given(codec=st.sampled_from(["none", "zstd"]), flips=FLIPS, footer=st.booleans())
@example(codec="none", flips=[(0.4477284024167794, 1)], footer=True)
def test_a_file_with_flipped_bytes_is_read_or_refused(tmp_path, valid, codec, flips, footer):
    content = bytearray(valid[codec])
    length = int.from_bytes(content[-8:-4], "little") + 8 if footer else len(content)
    for place, byte in flips:
        content[len(content) - length + int(place * length)] = byte
    (tmp_path / "log.parquet").write_bytes(bytes(content))
    with suppress(InputError):
        read_all(tmp_path / "log.parquet")


@settings(max_examples=100, suppress_health_check=IN_A_FOLDER)
@given(content=st.binary(max_size=200), place=st.floats(0, 1))
@example(content=b"input = 'logs'\n" + b"[" * 5_000, place=1.0)
@example(content=b"a." * 5_000 + b"b = 1", place=0.0)
@example(content=b"seed = 1" + b"0" * 5_000, place=0.0)
@example(content=b"[columns]\n" + b'"../../x" = "id"\n', place=1.0)
def test_a_job_file_with_anything_in_it_is_a_job_or_one_line(tmp_path, content, place):
    whole = b'input = "logs"\nname = "job"\n[selection]\nfdr = 0.1\n'
    cut = int(place * len(whole))
    path = tmp_path / "job.toml"
    path.write_bytes(whole[:cut] + content + whole[cut:])
    with suppress(JobError):
        load_job(str(path))


@pytest.mark.slow
def test_a_file_that_would_inflate_to_gigabytes_is_refused_unread(tmp_path, capfd):
    zeros = pa.table({"message": pa.array(["0" * 8_000_000] * 40)})
    bomb = tmp_path / "bomb.parquet"
    pq.write_table(zeros, bomb, compression="zstd", use_dictionary=False, write_statistics=False)
    assert bomb.stat().st_size < 100_000
    assert main(["detect", str(bomb), "--output", str(tmp_path / "out"), "--direct"]) == 2
    error = capfd.readouterr().err
    assert error.count("\n") == 1
    assert "would inflate to 320 MB" in error


@pytest.mark.slow
def test_ids_partitions_and_names_that_lead_away_write_nothing_elsewhere(tmp_path):
    log = small_log(120)
    ids = pa.array([f"../../../{i}/../etc" for i in range(120)])
    log = log.set_column(0, "event_id", ids).append_column("../../col\n<planted>", ids)
    folder = tmp_path / "deep/er/logs/day=..%2F..%2F..%2Fetc/key=..%2F..%2Ftmp"
    written(folder / "a.parquet", log)
    before = set(tmp_path.rglob("*"))
    output = tmp_path / "deep/er/out"
    run = detect(job(str(tmp_path / "deep/er/logs"), output))
    assert run.manifest.ledger.read == run.manifest.ledger.scored == 120
    new = set(tmp_path.rglob("*")) - before
    assert all(path.is_relative_to(output) for path in new)
    assert "<planted>" not in (run.folder / "report.html").read_text()


@pytest.mark.slow
def test_a_text_of_a_hundred_megabytes_is_judged_by_its_beginning(tmp_path):
    log = small_log()
    messages = log["message"].to_pylist()
    messages[7] = "x" * 100_000_000
    log = log.set_column(5, "message", pa.array(messages))
    run = detect(job(written(tmp_path / "log.parquet", log), tmp_path / "out"))
    assert (run.manifest.ledger.scored, run.manifest.ledger.quarantined) == (len(log), {})
    found = read_findings(run)["message"].to_pylist()
    assert max(len(message or "") for message in found) == 100_000_000
    assert (run.folder / "report.html").stat().st_size < 5_000_000


@pytest.mark.slow
@pytest.mark.parametrize("depth", [20, 90])
def test_deep_nesting_is_read_or_refused(tmp_path, capfd, depth):
    nested = pa.array(range(200))
    for level in range(depth):
        nested = pa.StructArray.from_arrays([nested], names=[f"level{level}"])
    listed = pa.array([1] * 200)
    for _ in range(depth):
        offsets = pa.array(range(201), pa.int32())
        listed = pa.ListArray.from_arrays(offsets, listed)
    log = small_log().append_column("deep", nested).append_column("lists", listed)
    location = written(tmp_path / "log.parquet", log)
    code = main(["detect", location, "--output", str(tmp_path / "out"), "--direct"])
    assert "Traceback" not in capfd.readouterr().err
    assert code in (0, 2)
    if code == 0:
        assert find_run(str(tmp_path / "out/log")).manifest.ledger.scored == 200
