"""A run that is killed outright, at any moment, loses nothing and is never taken for a run.

`OUTFIELD_KILLS=50 pytest tests/flows/faults/test_killed.py` kills as often.
"""

import os
import shutil
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from flows.cli.app import main
from flows.storage.runs.reader import PublishedRun, find_run, list_runs
from tests.flows.faults.killable import Ended, killable
from tests.flows.sample_logs import dataset_bytes, small_log, written

KILLS = int(os.environ.get("OUTFIELD_KILLS", "5"))
DATASETS = ("findings", "scores", "incidents", "suppressed", "quarantine")


def log_with_faults() -> pa.Table:
    """A log of which some rows are quarantined."""
    log = small_log(300)
    times = log["time"].to_pylist()
    times[10:13] = [None] * 3
    return log.set_column(1, "time", pa.array(times, log["time"].type))


Bytes = dict[str, dict[str, bytes]]


def bytes_of(run: PublishedRun) -> Bytes:
    return {dataset: dataset_bytes(run, dataset) for dataset in DATASETS}


def orphans(job: Path) -> list[Path]:
    """Find what no reader takes for a result: the hidden folders and files, but for the lock."""
    found = [path for path in job.rglob(".*") if path.name != ".lock"]
    return [path for path in found if not any(path.is_relative_to(p) for p in found if p != path)]


def aged(folder: Path) -> None:
    then = time.time() - 7_200
    for path in folder.rglob("*"):
        os.utime(path, (then, then))


@pytest.mark.slow
def test_killed_at_any_moment_a_run_loses_nothing(tmp_path, capfd):
    output, job = tmp_path / "out", tmp_path / "out/log"
    location = written(tmp_path / "log.parquet", log_with_faults())
    tokens = ["detect", location, "--output", str(output), "--direct"]
    rng = np.random.default_rng(20_260_304)
    with killable(tmp_path / "said") as commands:
        whole = commands.run(tokens)
        assert (whole.killed, whole.code) == (False, 0)
        expected = bytes_of(find_run(str(job)))
        ends: list[Ended] = []
        for kill in range(KILLS):
            if kill % 4 == 3:
                shutil.rmtree(output)  # a first run may be killed too
            before = {run.folder for run in list_runs(str(job))} if job.exists() else set()
            point = (
                {"changes": int(rng.integers(1, whole.changes + 1))}
                if kill % 2
                else {"seconds": rng.uniform(0, whole.seconds)}
            )
            ends.append(commands.run(tokens, **point))
            assert ends[-1].killed or ends[-1].code == 0
            if (job / "runs").is_dir() or (job / "models").is_dir():
                nothing_is_lost(output, before, expected, capfd)
            again = commands.run(tokens)
            assert (again.killed, again.code) == (False, 0)
            assert bytes_of(find_run(str(job))) == expected
    assert main(["check", str(output)]) == 0
    assert orphans(job) == []
    assert "Traceback" not in (tmp_path / "said").read_text()
    killed = [end for end in ends if end.killed]
    with capfd.disabled():
        points = sorted(end.changes for end in killed)
        print(f"\n{len(killed)} of {KILLS} killed, at changes {points} of {whole.changes}")


def checked(job: Path) -> int:
    """Return how a check ends that finds no fault: with 2 if there is no run and no model."""
    there = any((job / "runs").glob("[0-9]*")) or any((job / "models").glob("*/model.json"))
    return 0 if there else 2


def nothing_is_lost(
    output: Path, before: set[Path], expected: Bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    """Check what a killed run left: all that was there, nothing by halves, and rubbish to clean."""
    job = output / "log"
    runs = list_runs(str(job)) if (job / "runs").is_dir() else []
    assert before <= {run.folder for run in runs}
    for run in runs:
        run.manifest.ledger.check()
        assert bytes_of(run) == expected
    if runs:
        assert find_run(str(job)) in runs
    capfd.readouterr()
    assert main(["check", str(output)]) == checked(job)
    named = "".join(capfd.readouterr())
    assert all(path.name in named for path in orphans(job))
    aged(output)
    assert main(["clean", str(output)]) == 0
    assert orphans(job) == []
    assert runs == (list_runs(str(job)) if (job / "runs").is_dir() else [])
    assert main(["check", str(output)]) == checked(job)
