"""Cleaning of a job in an object store: what killed runs left, and nothing else."""

from datetime import UTC, datetime, timedelta

import pytest

from flows.cli.app import main
from flows.storage.fs.store_path import place_of
from flows.storage.maintenance.prune_store import find_store_jobs, left_in_store, remove_from_store
from flows.storage.runs.reader import find_run, list_runs
from flows.storage.runs.writer import RunFolder
from schemas.errors import OutputError
from tests.flows.sample_logs import detect, job, small_log, written

LATER = datetime.now(UTC) + timedelta(hours=2)


@pytest.fixture
def url(s3, tmp_path) -> str:
    """A whole run in the store, and what two killed ones left."""
    s3.create_bucket(Bucket="cleaned")
    place = f"s3://cleaned/{tmp_path.name}"
    detect(job(written(tmp_path / "log.parquet", small_log()), place))
    RunFolder.create(place, "log", "20260101T000000000000Z")
    for name in ("20260101T000000000000Z/scores/part-00000.parquet", ".20260102.scratch/a.npy"):
        s3.put_object(Bucket="cleaned", Key=f"{tmp_path.name}/log/runs/{name}", Body=b"half")
    return place


def test_what_killed_runs_left_goes_when_it_is_quiet(url):
    (run,) = list_runs(f"{url}/log")
    run_id = run.manifest.run_id
    (found,) = find_store_jobs(url)
    assert (str(found), find_store_jobs(f"{url}/log")) == (f"{url}/log", [found])
    assert left_in_store(found, datetime.now(UTC)) == []
    going = left_in_store(found, LATER)
    names = {removal.path.name for removal in going}
    assert {"20260101T000000000000Z", ".20260102.scratch"} <= names
    assert run_id not in names
    for removal in going:
        remove_from_store(removal)
    assert left_in_store(found, LATER) == []
    assert [run.manifest.run_id for run in list_runs(f"{url}/log")] == [run_id]
    assert find_run(f"{url}/log").manifest.run_id == run_id


def test_the_command_takes_a_url_and_leaves_what_is_young(url, capsys):
    assert main(["clean", url]) == 0
    assert "0 items removed" in capsys.readouterr().out
    assert (place_of(url) / "log/runs/20260101T000000000000Z").exists()
    assert main(["clean", url, "--keep", "3"]) == 2
    assert "only what killed runs left is removed" in capsys.readouterr().err


def test_a_url_without_a_job_is_told(url):
    with pytest.raises(OutputError, match="no job in it"):
        find_store_jobs("s3://cleaned/elsewhere")
