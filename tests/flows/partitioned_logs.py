"""A log in partitions, and a job file for it."""

from collections.abc import Iterable
from datetime import date
from pathlib import Path

from flows.jobs.job_file import complete_job, load_job
from schemas.job.job import JobSpec
from tests.flows.sample_logs import small_log, written


def partitions(folder: Path, days: Iterable[date], n: int = 60) -> None:
    """Write a partition of ordinary events for each day."""
    for day in days:
        written(folder / f"logs/date={day}/a.parquet", small_log(n, seed=day.toordinal()))


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
