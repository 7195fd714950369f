"""Backfill: judges the missing or stale partitions of a range, one after the other."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from flows.jobs.judged_partition import source_of
from flows.jobs.staleness import Standing, standings
from schemas.errors import InputError, JobError, OutfieldError
from schemas.job.job import JobSpec
from schemas.job.partition import Partition
from schemas.job.partitioned_location import is_hourly
from schemas.locations import without_secrets

T = TypeVar("T")


class BackfillMistakeError(OutfieldError):
    """Some partitions failed, each by an error that the user can mend; the others are judged."""


class BackfillFaultError(Exception):
    """Some partitions failed, at least one by a fault of outfield; the others are judged."""


@dataclass
class Backfilled:
    """The outcome of a backfill: the days judged, and those that failed."""

    judged: list[Partition] = field(default_factory=list)
    failed: dict[Partition, Exception] = field(default_factory=dict)

    def check(self) -> None:
        """Raise where a partition failed.

        Raises
        ------
        BackfillMistakeError
            The user can mend all failures.
        BackfillFaultError
            One of the failures is a fault of outfield.
        """
        if not self.failed:
            return
        days = ", ".join(map(str, self.failed))
        what = f"{len(self.failed)} of {len(self.failed) + len(self.judged)} failed: {days}"
        if all(isinstance(failure, OutfieldError) for failure in self.failed.values()):
            raise BackfillMistakeError(
                what, remedy="mend what is said above and run the backfill again"
            )
        raise BackfillFaultError(what)


def plan_backfill(job: JobSpec, first: Partition, last: Partition) -> list[Standing]:
    """Return the standing of each partition from `first` to `last`, in order.

    Where partitions are hours, a day stands for all its hours. It then begins with its first hour,
    or ends with its last one.

    Raises
    ------
    OutfieldError
        They are in the wrong order, none of them exists, or the input has no such partitions.
    """
    if is_hourly(str(job.input)):
        first, last = _hour_of(first, 0), _hour_of(last, -1)
    for end in (first, last):
        source_of(job, end)
    if last < first:
        raise JobError(f"--from {first} is after --to {last}", remedy="exchange the two")
    found = list(standings(job, first, last))
    if not any(each.present for each in found):
        raise InputError(
            f"none of the {len(found)} {first.unit}s from {first} to {last} is there",
            where=without_secrets(str(job.input)),
            remedy=f"check how it is spelt, and the {first.unit}s",
        )
    return found


def _hour_of(partition: Partition, place: int) -> Partition:
    """Return an hour as it is, and of a day the hour at a place."""
    return partition if partition.hour is not None else partition.hours[place]


def run_in_batches(
    days: Sequence[Partition],
    at_once: int,
    judge_batch: Callable[[Sequence[Partition]], Iterable[tuple[Partition, Callable[[], T]]]],
    on_judged: Callable[[Partition, T], None],
    on_failure: Callable[[Partition, Exception], None],
) -> Backfilled:
    """Judge the days in batches; a day that fails is reported and does not stop the rest."""
    result = Backfilled()
    for first in range(0, len(days), at_once):
        for day, outcome in judge_batch(days[first : first + at_once]):
            try:
                on_judged(day, outcome())
            except Exception as error:
                result.failed[day] = error
                on_failure(day, error)
            else:
                result.judged.append(day)
    return result


def run_backfill(
    days: Iterable[Partition],
    detect: Callable[[Partition], None],
    on_failure: Callable[[Partition, Exception], None],
) -> Backfilled:
    """Judge the days one by one; a day that fails is reported and does not stop the rest."""
    result = Backfilled()
    for day in days:
        try:
            detect(day)
        except Exception as error:
            result.failed[day] = error
            on_failure(day, error)
        else:
            result.judged.append(day)
    return result
