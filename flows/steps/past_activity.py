"""Activity of earlier runs, which the days of a run are held against."""

from collections.abc import Iterator, Sequence
from logging import WARNING
from operator import itemgetter

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
    first_day: int,
    events: int,
    *,
    parted: bool,
) -> PastActivity:
    """Read the activity of earlier runs, and keep it in the scratch, a table for each run.

    The newest `MOST_DAYS` days count, of runs that have at most `MOST_EVENTS` with those that are
    judged. A damaged run is passed over: it is no fault of this one. One run at a time is in
    memory.

    Parameters
    ----------
    scratch
        That of the run that is written.
    earlier
        The runs, the oldest first.
    measures
        What is read.
    first_day
        The first day since 1970 that is judged.
    events
        The events that are judged.
    parted
        Whether the runs are of partitions, which hold no record twice. A day of UTC may be of two
        of them, also one that is judged. Else the newest run with events of an earlier day tells
        it.
    """
    n_parts = 0
    for table in _of_newest_days(earlier, first_day, parted=parted):
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


def _of_newest_days(
    earlier: Sequence[PublishedRun], first_day: int, *, parted: bool
) -> Iterator[pa.Table]:
    """Give what runs counted on the newest days, the newest run first, with hours since 1970."""
    seen: set[int] = set()
    for run in reversed(earlier):
        try:
            table = read_activity(run)
        except OutputError:
            continue
        hours = pc.divide(table["start"].cast(pa.int64()), HOUR).to_numpy()
        days = hours // 24
        held = [day for day in np.unique(days).tolist() if parted or day < first_day]
        new = [day for day in reversed(held) if day not in seen][: MOST_DAYS - len(seen)]
        seen.update(new)
        told = [day for day in held if day in seen] if parted else new
        if told:
            with_hours = table.append_column("hour", pa.array(hours.astype(np.int32)))
            yield with_hours if told == held else with_hours.filter(pa.array(np.isin(days, told)))
        elif len(seen) == MOST_DAYS:
            return  # older runs tell no newer day


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
