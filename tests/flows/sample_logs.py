"""Small logs, and the main job on them in this process, without Prefect."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from flows.pipelines.detect import detect_events
from flows.runtime.runner import DirectRunner, Runner
from flows.storage.runs.reader import PublishedRun
from schemas.job.job import JobSpec, build_job

T = TypeVar("T")


STEP_NAMES = (
    "plan",
    "gather",
    "fit",
    "score",
    "select",
    "judge windows",
    "group",
    "explain",
    "look around",
    "watch",
)
"""The steps of a run, as its manifest, its log and its progress name them."""


def small_log(n: int = 200, seed: int = 0) -> pa.Table:
    """Ordinary events of nine users; the last but one is odd in everything but its time."""
    rng = np.random.default_rng(seed)
    log = {
        "event_id": [f"e{i}" for i in range(n)],
        "time": pa.array(1_767_600_000_000_000 + rng.integers(0, 6 * 10**11, n)).cast(
            pa.timestamp("us", "UTC")
        ),
        "user": [f"u{i}" for i in rng.integers(0, 9, n)],
        "action": [("read", "write", "list")[i] for i in rng.integers(0, 3, n)],
        "bytes": rng.lognormal(5, 1, n).round(2),
        "message": [f"took {i} ms to answer" for i in rng.integers(0, 400, n)],
    }
    log["action"][-2], log["bytes"][-2] = "erase", 1e9
    return pa.table(log)


def written(path: Path, table: pa.Table, **options: Any) -> str:
    """Write a Parquet file; give its path as a job names it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, **options)
    return str(path)


def job(location: str, output: Path, **settings: Any) -> JobSpec:
    """Set up the job `log` on an input."""
    return build_job({"input": location, "output": str(output), "name": "log", **settings}, "test")


def detect(spec: JobSpec, runner: Runner | None = None) -> PublishedRun:
    """Run the main job here."""
    return detect_events(spec, runner or DirectRunner(2), lambda *_: None)


def detect_in(table: pa.Table, folder: Path, **settings: Any) -> PublishedRun:
    """Run the main job on a table, written to `folder` as one file."""
    return detect(job(written(folder / "log.parquet", table), folder / "out", **settings))


def dataset_bytes(run: PublishedRun, dataset: str) -> dict[str, bytes]:
    """Read the files of one of the run's datasets."""
    files = sorted((run.folder / dataset).iterdir())
    return {file.name: file.read_bytes() for file in files}


def rejected_rows(run: PublishedRun) -> list[dict[str, Any]]:
    """Read the quarantine as any reader of Parquet does."""
    tables = [pq.read_table(file) for file in sorted((run.folder / "quarantine").iterdir())]
    return pa.concat_tables(tables, promote_options="default").to_pylist()


class FailingRunner:
    """Carries out the steps in this process until one fails: before it begins, or when it is done.

    Parameters
    ----------
    step
        The step's name.
    done
        Whether the step does its work first.
    """

    def __init__(self, step: str, *, done: bool) -> None:
        self._step, self._done = step, done
        self._inner = DirectRunner(2)

    def here(self, step: Any, *arguments: object) -> Any:
        return self.call(step, *arguments)

    def call(self, step: Any, *arguments: object) -> Any:
        fails = step.name == self._step
        result = None if fails and not self._done else self._inner.call(step, *arguments)
        if fails:
            raise ConnectionError("the plug is pulled")
        return result

    def each(self, step: Any, n: int, *arguments: object) -> Iterator[tuple[int, Any]]:
        fails = step.name == self._step
        if fails and not self._done:
            raise ConnectionError("the plug is pulled")
        for part in self._inner.each(step, n, *arguments):
            yield part
            if fails:
                raise ConnectionError("the plug is pulled")
