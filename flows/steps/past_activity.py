"""Activity of earlier runs, which the days of a run are held against."""

from collections.abc import Iterator, Mapping, Sequence, Set
from logging import WARNING
from operator import itemgetter
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anomaly.behaviour.activity import HOUR, LEVELS, place_of_measure
from anomaly.behaviour.measures import Measure
from flows.runtime.run_log import log
from flows.steps.activity import MOST_EVENTS
from flows.steps.activity_parts import by_measure
from flows.storage.fs.scratch import Scratch
from flows.storage.runs.reader import PublishedRun, read_activity
from schemas.errors import OutputError
from schemas.events.contract import one_array

MOST_DAYS = 35
"""Days of earlier runs that a day is held against, the newest ones.

They hold the same day of the month before, and its weekday, such as the last Friday. So what
happens once a month, such as a payday, is known.
"""
_BEFORE = "activity-before-{}"
"""What the scratch holds of each earlier run: `LEVELS`, by measure."""


class DaysBefore(NamedTuple):
    """The days of earlier runs that count."""

    first_day: int
    """The first day since 1970 that is judged."""
    parted: bool
    """Whether the runs are of partitions, which hold no record twice.

    A day of UTC may be of two of them, also one that is judged. Else the newest run with events of
    an earlier day tells it.
    """
    names: Mapping[int, str] = {}
    """Day since 1970 -> its name, of those that have one."""
    wanted: Set[str | None] = frozenset([None])
    """The names of the days that are judged; None where ordinary ones are."""

    def wants(self, day: int) -> bool:
        """Tell whether judged days are held against one."""
        return self.names.get(day) in self.wanted and (self.parted or day < self.first_day)

    @property
    def unwanted_days(self) -> frozenset[int]:
        """Return the named days that no judged one is held against."""
        return frozenset(self.names) - self.wanted_days

    @property
    def wanted_days(self) -> frozenset[int]:
        """Return the named days that judged ones are held against."""
        return frozenset(day for day, name in self.names.items() if name in self.wanted)


class PastActivity:
    """The activity of earlier runs in the scratch, a table of each run with a batch a measure."""

    def __init__(self, scratch: Scratch, n_parts: int) -> None:
        self._scratch, self._names = scratch, [_BEFORE.format(part) for part in range(n_parts)]
        # A file is mapped, so that only what is used takes memory. From a store it would be
        # fetched again for each measure.
        self._held = None if scratch.is_mapped else [*map(scratch.open_batches, self._names)]

    def of(self, number: int) -> Iterator[pa.Table]:
        """Give the rows of a measure, run by run."""
        for part in self._held or map(self._scratch.open_batches, self._names):
            batch = part.get_batch(number)
            if batch.num_rows:
                yield pa.Table.from_batches([batch])


def past_activity(
    scratch: Scratch,
    earlier: Sequence[PublishedRun],
    measures: Sequence[Measure],
    events: int,
    days: DaysBefore,
) -> PastActivity:
    """Read the activity of earlier runs, and keep it in the scratch, a table for each run.

    The newest `MOST_DAYS` ordinary days count, and as many of each name, where such days are
    judged. Their runs have at most `MOST_EVENTS` with those that are judged. A damaged run is
    passed over: it is no fault of this one. One run at a time is in memory.

    Parameters
    ----------
    scratch
        That of the run that is written.
    earlier
        The runs, the oldest first.
    measures
        What is read.
    events
        The events that are judged.
    days
        Which days count.
    """
    n_parts = 0
    for table in _of_newest_days(earlier, days):
        counts = _of_measures(table, measures)
        events += _events_in(counts)
        if events > MOST_EVENTS:
            log("days of entities are held against fewer runs", WARNING, runs=n_parts)
            break
        with scratch.open_writer(_BEFORE.format(n_parts), LEVELS) as writer:
            for batch in by_measure(counts, len(measures)):
                writer.write_batch(batch)
        n_parts += 1
    return PastActivity(scratch, n_parts)


def _of_newest_days(earlier: Sequence[PublishedRun], days: DaysBefore) -> Iterator[pa.Table]:
    """Give what runs counted on the newest days, the newest run first, with hours since 1970."""
    seen, unwanted = _Newest(days.names), days.unwanted_days
    for run in reversed(earlier):
        enough = seen.is_full(None) or None not in days.wanted
        # The run before may have the other part of the oldest ordinary day.
        told_of = days.wanted_days | (seen.ordinary if None in days.wanted else set())
        if enough and days.wanted_days and not run.manifest.covers_any(told_of):
            continue
        if run.manifest.covers_only(unwanted):
            continue
        try:
            table = read_activity(run)
        except OutputError:
            continue
        hours = pc.divide(table["start"].cast(pa.int64()), HOUR).to_numpy()
        of_rows = hours // 24
        found = np.unique(of_rows).tolist()
        held = [day for day in found if days.wants(day)]
        new = seen.add(held)
        told = [day for day in held if day in seen] if days.parted else new
        if told:
            with_hours = table.append_column("hour", pa.array(hours.astype(np.int32)))
            yield (
                with_hours if told == found else with_hours.filter(pa.array(np.isin(of_rows, told)))
            )
        elif all(map(seen.is_full, days.wanted)):
            return  # older runs tell no newer day


class _Newest:
    """The newest days, so many ordinary ones and so many of each name."""

    def __init__(self, names: Mapping[int, str]) -> None:
        self._names = names
        self._days: dict[str | None, set[int]] = {}

    def __contains__(self, day: int) -> bool:
        return day in self._days.get(self._names.get(day), ())

    def add(self, held: Sequence[int]) -> list[int]:
        """Take the days of an older run, ascending; return those that are new, the newest first."""
        new = []
        for day in reversed(held):
            own = self._days.setdefault(self._names.get(day), set())
            if day not in own and len(own) < MOST_DAYS:
                own.add(day)
                new.append(day)
        return new

    @property
    def ordinary(self) -> set[int]:
        """Return the ordinary days."""
        return self._days.get(None, set())

    def is_full(self, name: str | None) -> bool:
        """Tell whether there are as many days of a name as count; of None ordinary ones."""
        return len(self._days.get(name, ())) == MOST_DAYS


def _of_measures(table: pa.Table, measures: Sequence[Measure]) -> pa.Table:
    """Return the rows of some measures as `LEVELS`, by measure; what is together stays so."""
    numbers = {(each.entity, str(each.kind), each.column): i for i, each in enumerate(measures)}
    names = table.select(["entity_column", "kind", "column"])
    codes = (one_array(column).indices.fill_null(-1).to_numpy() for column in names.columns)
    begins = np.any([np.diff(each, prepend=-2) != 0 for each in codes], axis=0)
    starts = np.flatnonzero(begins)
    ends = np.append(starts[1:], table.num_rows)
    parts = [(-1, LEVELS.empty_table())]
    told = names.take(pa.array(starts)).to_pylist()
    for row, start, end in zip(told, starts.tolist(), ends.tolist(), strict=True):
        number = numbers.get((row["entity_column"], row["kind"], row["column"]))
        if number is not None:
            parts.append((number, _counts(table.slice(start, end - start), number)))
    in_order = sorted(parts, key=itemgetter(0))
    return pa.concat_tables(counts for _, counts in in_order).unify_dictionaries()


def _events_in(counts: pa.Table) -> int:
    """Return the events of the first entities."""
    first, n = place_of_measure(counts, 0)
    return int(counts["n"].slice(first, n).to_numpy().sum())


def _counts(table: pa.Table, number: int) -> pa.Table:
    numbers = pa.array(np.full(table.num_rows, number, dtype=np.int16))
    columns = [numbers, *(table[name] for name in LEVELS.names[1:])]
    return pa.table(columns, names=LEVELS.names).cast(LEVELS)
