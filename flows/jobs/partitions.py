"""The partitions of a job: which day a run judges, and where that day lies."""

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from flows.storage.input.files import Located, locate
from flows.storage.input.lake_tables import merged
from schemas.errors import InputError, JobError, NoInputError
from schemas.job.job import JobSpec
from schemas.job.partition import Partition
from schemas.job.partitions import (
    HISTORY_DAYS,
    days_of_window,
    is_partitioned,
    location_of,
    root_of,
)
from schemas.locations import without_secrets

LOOK_BACK = 31
"""Days before today that the newest complete partition is looked for in."""


def chosen_partition(job: JobSpec, asked: Partition | None, now: datetime) -> Partition | None:
    """Choose the partition that a run judges: the one asked for, else the newest complete one.

    A partition is complete when its day is over in the time zone of the job's schedule, or in UTC
    without one. The partition of today is still being written.

    Parameters
    ----------
    job
        Its input is set.
    asked
        The day that the user names, if any.
    now
        The time, with its zone.

    Returns
    -------
    Partition or None
        None where the input is not partitioned.

    Raises
    ------
    JobError
        A day is asked for, and the input has none.
    InputError
        None of the last days is there, the newest is older than the job allows, or the storage does
        not answer.
    """
    location = str(job.input)
    if asked is not None or not is_partitioned(location):
        source_of(job, asked)
        return asked
    zone = ZoneInfo("UTC" if job.schedule is None else job.schedule.timezone)
    today = now.astimezone(zone).date()
    for days in range(1, LOOK_BACK + 1):
        partition = Partition.of(today - timedelta(days))
        if located_partition(job, partition) is not None:
            _require_recent(job, partition, now.astimezone(zone))
            return partition
    raise InputError(
        f"none of the {LOOK_BACK} days before {today} is there",
        where=without_secrets(location),
        remedy="check how it is spelt, or name a day with --partition",
    )


def _require_recent(job: JobSpec, newest: Partition, now: datetime) -> None:
    """Refuse a partition that ended longer ago than the job allows: its feed may have stopped."""
    end = (newest.start + newest.length).replace(tzinfo=now.tzinfo)
    age, day = now - end, timedelta(1)
    if job.max_age is not None and age > timedelta(seconds=job.max_age):
        raise InputError(
            f"the newest partition is {newest}, which ended {age / day:.1f} days ago; `max_age`"
            f" allows {timedelta(seconds=job.max_age) / day:g}",
            where=without_secrets(str(job.input)),
            remedy="see whether its feed has stopped, or name a day with --partition",
        )


def source_of(job: JobSpec, partition: Partition | None) -> tuple[str, str | None]:
    """Give the location of a partition, and the folder that its files are named from.

    Raises
    ------
    JobError
        The input is not partitioned and a day is given, or the reverse.
    """
    location = str(job.input)
    partitioned = is_partitioned(location)
    if partition is None and not partitioned:
        return location, None
    if partition is None:
        raise JobError("no partition is named", where="input", remedy="name one with --partition")
    if not partitioned:
        raise JobError(
            f"partition {partition} is asked for, and the input has no `{{date}}`",
            where=without_secrets(location),
            remedy="put it where the day stands, as in `logs/date={date}/`",
        )
    return location_of(location, partition), root_of(location)


def days_of_history(job: JobSpec) -> int | None:
    """Return how many days before a partition it is judged against.

    Returns
    -------
    int or None
        None where the input is not partitioned, or the history is none of its days.

    Raises
    ------
    JobError
        The history is a window, and the input has no days.
    """
    train = job.model.train
    if train is None:
        return HISTORY_DAYS if is_partitioned(str(job.input)) else None
    days = days_of_window(train)
    if days is None:
        return None
    if not is_partitioned(str(job.input)):
        raise JobError(
            f'"{job.model.train}" is asked for, and the input has no `{{date}}`',
            where="model.train",
            remedy="name a location of history, or put `{date}` where the day stands in the input",
        )
    return days


def days_to_fit(job: JobSpec) -> int:
    """Return how many days of the input a model is fitted on, up to the one that is named.

    Raises
    ------
    JobError
        As `days_of_history`.
    """
    return days_of_history(job) or 1


def located_window(job: JobSpec, last: Partition, days: int) -> Located:
    """Find the files of the partitions that are there of `days` days, up to the `last`.

    Raises
    ------
    InputError
        None of them is there, or the storage does not answer.
    """
    window = filter(None, (last.shifted(-back) for back in range(days)))
    partitions = [located_partition(job, partition) for partition in window]
    there = [located for located in partitions if located is not None]
    if not there:
        raise NoInputError(
            f"none of the {days} days up to {last} is there",
            where=without_secrets(str(job.input)),
            remedy="check how it is spelt, or name a day with --partition",
        )
    files = {name: file for located in there for name, file in located.files.items()}
    left_out = sum((Counter(located.left_out) for located in there), Counter[str]())
    return replace(
        there[0],
        files=dict(sorted(files.items())),
        left_out=dict(left_out),
        partitions=merged([located.partitions for located in there]),
    )


def located_partition(job: JobSpec, partition: Partition | None) -> Located | None:
    """Find the files of a partition, or of an input that has none; None where nothing is there.

    Raises
    ------
    InputError
        The storage does not answer, or refuses.
    """
    location, root = source_of(job, partition)
    try:
        return locate(location, root)
    except NoInputError:
        return None
