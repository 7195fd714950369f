"""A log in partitions, and a job file for it."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa

from flows.jobs.job_file import complete_job, load_job
from schemas.job.job import JobSpec
from schemas.job.partition import Partition
from tests.flows.sample_logs import small_log, written


def partitions(folder: Path, days: Iterable[date], n: int = 60) -> None:
    """Write a partition of ordinary events for each day."""
    for day in days:
        written(folder / f"logs/date={day}/a.parquet", small_log(n, seed=day.toordinal()))


def night_log(day: date, n: int = 400, seed: int | None = None) -> pa.Table:
    """Return ordinary events of nine users on a day; the `seed` is that of the day by default."""
    rng = np.random.default_rng(day.toordinal() if seed is None else seed)
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


def hourly_log(folder: Path, first: Partition, hours: int, n: int = 60) -> list[Partition]:
    """Write a partition of ordinary events for each of some hours; return these hours."""
    last = first.shifted(hours - 1)
    assert last is not None
    for hour in (told := list(first.through(last))):
        path = folder / f"logs/dt={hour.day}/hour={hour.hour:02d}/a.parquet"
        written(path, hour_log(hour, n))
    return told


def hour_log(hour: Partition, n: int) -> pa.Table:
    """Return ordinary events of nine users in an hour of UTC."""
    begin = int(hour.start.replace(tzinfo=UTC).timestamp())
    log = night_log(hour.day, n, seed=begin)
    # The times of the day, in a 24th of it.
    midnight = int(datetime(hour.day.year, hour.day.month, hour.day.day, tzinfo=UTC).timestamp())
    since = (log["time"].cast(pa.int64()).to_numpy() - midnight * 1_000_000) // 24
    times = pa.array(since + begin * 1_000_000).cast(pa.timestamp("us", "UTC"))
    return log.set_column(0, "time", times)


def hourly_job(folder: Path, more: str = "") -> Path:
    """Write a job file for the hours in a folder."""
    path = folder / "jobs/hourly.toml"
    path.parent.mkdir(exist_ok=True)
    location = f"{folder}/logs/dt={{date}}/hour={{hour}}"
    path.write_text(f'input = "{location}"\noutput = "{folder}/out"\nname = "hourly"\n{more}')
    return path
