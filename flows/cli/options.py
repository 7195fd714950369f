"""Options and services that several commands share.

What a service needs is imported inside it: `outfield --help` must not wait for Arrow or Prefect.
"""
# ruff: noqa: PLC0415 - see above

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter, Token

from flows.runtime.progress import OnProgress
from schemas.errors import JobError
from schemas.job.partition import Partition

if TYPE_CHECKING:
    from flows.steps.fit import Registered
    from flows.storage.fs.store_path import Place
    from flows.storage.runs.reader import PublishedRun
    from schemas.columns.profile import ColumnProfile, RoleChoice
    from schemas.job.job import JobSpec

    Profiled = tuple[dict[str, ColumnProfile], dict[str, RoleChoice]]


def _as_partition(_type: object, tokens: "Sequence[Token]") -> Partition:
    """Read a day or an hour from the command line; nothing else is taken for a partition."""
    given = tokens[0].value
    try:
        return Partition.parse(given)
    except ValueError:
        where, day = tokens[0].keyword or "", _day_of_time(given)
        if day is None:
            what, remedy = f"{given!r} is not a day", "write it as 2026-01-05"
            raise JobError(what, where=where, remedy=remedy) from None
        raise JobError(
            f"{given!r} is a time, and a partition is a day or an hour",
            where=where,
            remedy=f"write {day} for the day, or {day}T00 to {day}T23 for an hour",
        ) from None


def _day_of_time(text: str) -> date | None:
    """Return the day of a text that looks like a time of it; None of another text."""
    spelt = re.match(r"\s*(\d{4}-\d\d-\d\d)[Tt ]-?\d", text, re.ASCII)
    try:
        return None if spelt is None else date.fromisoformat(spelt[1])
    except ValueError:
        return None


PartitionOption = Annotated[
    Partition, Parameter(converter=_as_partition, n_tokens=1, accepts_keys=False)
]
"""A day of the calendar, spelt 2026-01-05, or an hour of it, spelt 2026-01-05T13."""


def _as_moment(_type: object, tokens: "Sequence[Token]") -> datetime:
    """Read a day or a time from the command line; without a zone it is in UTC."""
    given = tokens[0].value
    try:
        when = datetime.fromisoformat(given)
    except ValueError:
        where = tokens[0].keyword or ""
        raise JobError(
            f"{given[:80]!r} is not a time",
            where=where,
            remedy="write it as 2026-01-05 or 2026-01-05T22:00",
        ) from None
    return when if when.tzinfo else when.replace(tzinfo=UTC)


Moment = Annotated[datetime, Parameter(converter=_as_moment)]
"""A day, spelt 2026-01-05, or a time, spelt 2026-01-05T22:00."""

JobOrFolder = Annotated[str, Parameter(name="JOB_OR_DIR")]
"""A job file, or the folder of a job."""

Flag = Annotated[bool, Parameter(negative=(), show_default=False)]
"""An option that is there or not; `--no-…` would only be noise."""


def _run_detect(
    job: "JobSpec", *, partition: Partition | None, direct: bool, on_progress: OnProgress
) -> "PublishedRun":
    from flows.orchestration.launch import run_detect

    return run_detect(job, partition=partition, direct=direct, on_progress=on_progress)


def _why_not_due(job: "JobSpec") -> str | None:
    from flows.orchestration.launch import why_not_due

    return why_not_due(job)


def _run_fit(
    job: "JobSpec",
    *,
    partition: Partition | None,
    promote: bool,
    direct: bool,
    on_progress: OnProgress,
) -> "Registered":
    from flows.orchestration.launch import run_fit

    return run_fit(
        job, partition=partition, promote=promote, direct=direct, on_progress=on_progress
    )


def _profile_input(location: str) -> "Profiled":
    from flows.steps.profile import profile_input

    return profile_input(location)


def _serve_jobs(jobs: "Mapping[str, JobSpec]", folder: str, limit: int) -> None:
    from flows.orchestration.launch import serve_jobs

    serve_jobs(jobs, folder, limit)


@dataclass(frozen=True)
class Services:
    """The long work behind the commands: a test passes its own."""

    run_detect: Callable[..., "PublishedRun"] = _run_detect
    profile_input: Callable[[str], "Profiled"] = _profile_input
    serve_jobs: Callable[..., None] = _serve_jobs
    run_fit: Callable[..., "Registered"] = _run_fit
    why_not_due: Callable[["JobSpec"], str | None] = _why_not_due


def job_of(path: str | None) -> "JobSpec":
    """Read the job file, if one is named."""
    if path is None:
        from schemas.job.job import JobSpec

        return JobSpec()
    from flows.jobs.job_file import load_job

    return load_job(path)


def job_folder_of(job_or_folder: str) -> "Place":
    """Give the folder of a job: the one that is named, or that of the job file."""
    if not job_or_folder.endswith(".toml"):
        from flows.storage.fs.store_path import place_of

        place = place_of(job_or_folder)
        return place.absolute() if isinstance(place, Path) else place
    from flows.jobs.job_file import complete_job
    from flows.storage.runs.writer import job_folder

    spec = job_of(job_or_folder)
    return job_folder(complete_job(spec, spec.input or spec.name))
