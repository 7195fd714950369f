"""The partition that a run judges: which day or hour, where that lies, and those before it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from flows.storage.input.files import Located, locate
from flows.storage.tables.live_files import merged
from schemas.errors import InputError, JobError, NoInputError
from schemas.job.job import JobSpec
from schemas.job.partition import Partition
from schemas.job.partitioned_location import (
    HISTORY_DAYS,
    days_of_window,
    is_hourly,
    is_partitioned,
    location_of,
    partitions_a_day,
    root_of,
)
from schemas.locations import without_secrets

LOOK_BACK = {"day": 31, "hour": 168}
"""Days before today that the newest complete partition is looked for in; of hours a week."""

_TICK = timedelta(microseconds=1)


def chosen_partition(job: JobSpec, asked: Partition | None, now: datetime) -> Partition | None:
    """Choose the partition that a run judges: the one asked for, else the newest complete one.

    A partition is complete when its day, or its hour, is over in the time zone of the job's
    schedule, or in UTC without one. The partition of today, or of this hour, is still being
    written. Where clocks are set back, an hour is over once it has been there twice.

    Parameters
    ----------
    job
        Its input is set.
    asked
        The partition that the user names, if any.
    now
        The time, with its zone.

    Returns
    -------
    Partition or None
        None where the input is not partitioned.

    Raises
    ------
    JobError
        A partition is asked for that the input does not have: a day of hours, for instance.
    InputError
        None of the last ones is there, the newest is older than the job allows, or the storage does
        not answer.
    """
    location = str(job.input)
    if asked is not None or not is_partitioned(location):
        source_of(job, asked)
        return asked
    zone = ZoneInfo("UTC" if job.schedule is None else job.schedule.timezone)
    local = now.astimezone(zone)
    current = Partition.of(local.date(), local.hour if is_hourly(location) else None)
    look_back = LOOK_BACK[current.unit]
    for back in range(1, look_back + 1):
        partition = current.shifted(-back)
        if partition is not None and located_partition(job, partition) is not None:
            _require_recent(job, partition, local)
            return partition
    raise NoInputError(
        f"none of the {look_back} {current.unit}s before {current} is there",
        where=without_secrets(location),
        remedy=f"check how it is spelt, or name {_a(current.unit)} with --partition",
    )


def _a(unit: str) -> str:
    return {"day": "a day", "hour": "an hour"}[unit]


def _require_recent(job: JobSpec, newest: Partition, now: datetime) -> None:
    """Refuse a partition that ended longer ago than the job allows: its feed may have stopped."""
    last = newest.start + newest.length - _TICK
    # The last moment of a partition: where clocks are set back, of its second time.
    end = last.replace(tzinfo=now.tzinfo, fold=1).astimezone(UTC) + _TICK
    age, length = now.astimezone(UTC) - end, newest.length
    if job.max_age is not None and age > timedelta(seconds=job.max_age):
        raise InputError(
            f"the newest partition is {newest}, which ended {age / length:.1f} {newest.unit}s ago;"
            f" `max_age` allows {timedelta(seconds=job.max_age) / length:g}",
            where=without_secrets(str(job.input)),
            remedy=f"see whether its feed has stopped, or name {_a(newest.unit)} with --partition",
        )


def source_of(job: JobSpec, partition: Partition | None) -> tuple[str, str | None]:
    """Give the location of a partition, and the folder that its files are named from.

    Raises
    ------
    JobError
        The input is not partitioned and a partition is given, or the reverse. Or a day is given,
        and its partitions are hours, or the reverse.
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
    _require_unit(location, partition)
    return location_of(location, partition), root_of(location)


def _require_unit(location: str, partition: Partition) -> None:
    """Check that a partition is one of a location.

    Raises
    ------
    JobError
        It is a day, and those of the location are hours, or the reverse.
    """
    if (partition.hour is not None) == is_hourly(location):
        return
    day = partition.day
    of_location, remedy = ("day", f"write {day}, which holds all its hours")
    if is_hourly(location):
        of_location, remedy = ("hour", f"write one of its hours, such as {Partition.of(day, 5)}")
    raise JobError(
        f"{partition} is {_a(partition.unit)}, and a partition of this input is {_a(of_location)}",
        where=without_secrets(location),
        remedy=remedy,
    )


def partitions_of_history(job: JobSpec) -> int | None:
    """Return how many partitions before a partition it is judged against: days, or their hours.

    Returns
    -------
    int or None
        None where the input is not partitioned, or the history is none of its partitions.

    Raises
    ------
    JobError
        The history is a window, and the input has no days.
    """
    train, a_day = job.model.train, partitions_a_day(str(job.input))
    if train is None:
        return HISTORY_DAYS * a_day if is_partitioned(str(job.input)) else None
    days = days_of_window(train)
    if days is None:
        return None
    if not is_partitioned(str(job.input)):
        raise JobError(
            f'"{job.model.train}" is asked for, and the input has no `{{date}}`',
            where="model.train",
            remedy="name a location of history, or put `{date}` where the day stands in the input",
        )
    return days * a_day


def partitions_to_fit(job: JobSpec) -> int:
    """Return how many partitions of the input a model is fitted on, up to the one that is named.

    Raises
    ------
    JobError
        As `partitions_of_history`.
    """
    return partitions_of_history(job) or 1


def located_window(job: JobSpec, last: Partition, n: int) -> Located:
    """Find the files of the partitions that are there of `n`, up to the `last`.

    Raises
    ------
    InputError
        None of them is there, or the storage does not answer. Or they are of several Iceberg
        tables, or of several snapshots of one.
    """
    window = filter(None, (last.shifted(-back) for back in range(n)))
    partitions = [located_partition(job, partition) for partition in window]
    there = [located for located in partitions if located is not None]
    if not there:
        raise NoInputError(
            f"none of the {n} {last.unit}s up to {last} is there",
            where=without_secrets(str(job.input)),
            remedy=f"check how it is spelt, or name {_a(last.unit)} with --partition",
        )
    _check_one_table(there, job)
    files = {name: file for located in there for name, file in located.files.items()}
    left_out = sum((Counter(located.left_out) for located in there), Counter[str]())
    return replace(
        there[0],
        files=dict(sorted(files.items())),
        left_out=dict(left_out),
        live=merged([located.live for located in there]),
    )


def _check_one_table(there: Sequence[Located], job: JobSpec) -> None:
    """Refuse partitions of several Iceberg tables: the ids of columns are those of one snapshot."""
    if all(located.table is None or located.table.kind != "Iceberg" for located in there):
        return
    where = without_secrets(str(job.input))
    if len({located.root for located in there}) > 1:
        raise InputError(
            "several Iceberg tables, which are not read as one input",
            where=where,
            remedy="put the rows into one table, with partitions",
        )
    if len({located.table for located in there}) > 1:
        raise InputError(
            "the Iceberg table was written while its partitions were looked up",
            where=where,
            remedy="run again",
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
