"""A log in partitions, and a job file for it."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa

from flows.jobs.job_file import complete_job, load_job
from schemas.job.job import JobSpec
from tests.flows.sample_logs import small_log, written


def partitions(folder: Path, days: Iterable[date], n: int = 60) -> None:
    """Write a partition of ordinary events for each day."""
    for day in days:
        written(folder / f"logs/date={day}/a.parquet", small_log(n, seed=day.toordinal()))


def night_log(day: date, n: int = 400) -> pa.Table:
    """Return ordinary events of nine users on a day."""
    rng = np.random.default_rng(day.toordinal())
    midnight = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1e6)
    times = midnight + np.sort(rng.integers(0, 86_400_000_000, n))
    users, actions = rng.integers(0, 9, n), rng.integers(0, 3, n)
    log = {
        "time": pa.array(times).cast(pa.timestamp("us", "UTC")),
        "user": [f"u{i}" for i in users],
        "action": [("read", "write", "list")[i] for i in actions],
        "bytes": rng.lognormal(5, 1, n).round(2),
    }
    return pa.table(log)


def job_file(folder: Path, more: str = "", name: str = "nightly") -> Path:
    """Write a job file for the partitions in a folder."""
    path = folder / f"jobs/{name}.toml"
    path.parent.mkdir(exist_ok=True)
    head = f'input = "{folder}/logs/date={{date}}"\noutput = "{folder}/out"\nname = "{name}"\n'
    path.write_text(head + more)
    return path


def job_in(folder: Path, more: str = "") -> JobSpec:
    """Write and load a job for the partitions in a folder."""
    return complete_job(load_job(str(job_file(folder, more))))
