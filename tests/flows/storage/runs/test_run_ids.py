"""Ids of runs that begin in one instant, in several processes."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from flows.storage.runs.run_ids import new_run_folder
from flows.storage.runs.writer import RunFolder, RunIdTakenError
from schemas.job.job import JobSpec, build_job

ROOT = Path(__file__).parents[4]
NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
CLAIM = """
import sys
from datetime import UTC, datetime
from flows.storage.runs.run_ids import new_run_folder
from schemas.job.job import build_job
job = build_job({"input": "in", "output": sys.argv[1], "name": "log"}, "test")
sys.stdin.readline()
for _ in range(int(sys.argv[2])):
    folder = new_run_folder(job, datetime(2026, 3, 4, 12, tzinfo=UTC))
    print(folder.run_id, flush=True)
"""


def job_at(output: str) -> JobSpec:
    return build_job({"input": "in", "output": output, "name": "log"}, "test")


def claimed_at_once(output: str, processes: int, runs: int) -> list[str]:
    """Let processes claim ids of one instant, all from the same moment on."""
    claiming = [
        subprocess.Popen(  # noqa: S603 - our own code
            [sys.executable, "-c", CLAIM, output, str(runs)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        for _ in range(processes)
    ]
    for process in claiming:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    return [line for process in claiming for line in process.communicate(timeout=300)[0].split()]


@pytest.mark.slow
def test_two_hundred_runs_of_one_instant_have_ids_of_their_own(tmp_path):
    ids = claimed_at_once(str(tmp_path), 4, 50)
    assert len(set(ids)) == len(ids) == 200
    assert len(list((tmp_path / "log/runs").glob(".*.partial/scores"))) == 200


@pytest.mark.slow
def test_runs_of_one_instant_in_a_store_have_ids_of_their_own(s3):
    s3.create_bucket(Bucket="ids")
    ids = claimed_at_once("s3://ids/out", 3, 8)
    assert len(set(ids)) == len(ids) == 24


def test_the_loser_of_an_id_touches_nothing_of_the_winner(tmp_path):
    winner = new_run_folder(job_at(str(tmp_path)), NOON)
    with pytest.raises(RunIdTakenError):
        RunFolder.create(str(tmp_path), "log", winner.run_id)
    assert (winner.path / "scores").is_dir()
    assert new_run_folder(job_at(str(tmp_path)), NOON).run_id > winner.run_id
