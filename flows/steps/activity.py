"""Activity of the entities of a run: counted as its records are scored, kept for later runs."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anomaly.behaviour.across import counted_across
from anomaly.behaviour.activity import ACTIVITY, DAY, ENDS, HOUR, Counted
from anomaly.behaviour.counting import count_activity
from anomaly.behaviour.measures import Kind, Measure, measures_of
from anomaly.behaviour.sequences import SEQUENCES
from anomaly.behaviour.windows import merged
from flows.steps.records import BATCH_ROWS, Batch, Records
from flows.steps.run import Run
from flows.storage.fs.scratch import Scratch
from schemas.columns.roles import time_column
from schemas.outputs.tables import ACTIVITY_OF_RUN

_PART = "activity-{}"
"""What the scratch holds of each chunk: `ACTIVITY`, by measure."""
_ENDS_OF = "activity-ends-{}"
"""And `ENDS`, by measure."""
_SPAN = "activity-times-{}"
"""And the first and the last time of each batch of it."""
_MERGED = "activity-of-{}"
"""And of each measure: `ACTIVITY` of the run."""
_BATCHES_OF_CHUNK = 1_048_576
"""More than a chunk has: so batches are numbered in the order of the log."""
_ENDS_AT_ONCE = 1_048_576
"""Ends of sequences that are held in memory at a time."""
_ROWS_AT_ONCE = 131_072
MOST_EVENTS = 5_000_000
"""Events of a run whose entities are judged: the counts of more may not fit in memory."""
_STRAY = 0.01
"""The part of the events whose clock may be wrong."""


def measures_of_run(run: Run, records: Records) -> tuple[Measure, ...]:
    """Return what is counted of the entities of a run; nothing where behaviour is not judged.

    That needs days: an hour is no day of an entity, and an absence in it is none.
    """
    spec = run.job.behaviour
    if spec is None or run.job.unit != "event" or time_column(records.roles) is None:
        return ()
    if run.partition is not None and run.partition.hour is not None:
        return ()
    if records.total > MOST_EVENTS:
        return ()
    measures = measures_of(records.roles, spec.entities)
    # Of an hour the events alone are judged.
    return tuple(each for each in measures if "day" in spec.windows or each.kind is Kind.EVENTS)


class ActivityOfChunk:
    """Counts the activity in a chunk of records, so many at a time as a batch may hold."""

    def __init__(self, records: Records, measures: Sequence[Measure]) -> None:
        self._roles, self._measures = records.roles, measures
        self._found: list[Counted] = []
        self._waiting: list[pa.Table] = []
        self._span: list[int] = []

    def add(self, batch: Batch) -> None:
        """Count a batch of records."""
        if self._measures and batch.records.num_rows:
            self._waiting.append(batch.records)
            if sum(table.num_rows for table in self._waiting) >= BATCH_ROWS:
                self._count()
            ends = pc.min_max(batch.records[str(time_column(self._roles))].cast(pa.int64()))
            self._span += ends.as_py().values()

    def write(self, scratch: Scratch, chunk: int) -> None:
        """Leave the counts in the scratch."""
        if self._measures:
            self._count()
            n = len(self._measures)
            counts = by_measure([each.counts for each in self._found], n, ACTIVITY)
            scratch.write_batches(_PART.format(chunk), ACTIVITY, counts)
            ends = by_measure([self._numbered(each.ends, chunk) for each in self._found], n, ENDS)
            scratch.write_batches(_ENDS_OF.format(chunk), ENDS, ends)
            scratch.write_array(_SPAN.format(chunk), np.array(self._span, dtype=np.int64))

    @staticmethod
    def _numbered(ends: pa.Table, chunk: int) -> pa.Table:
        number = pc.add(ends["batch"], pa.scalar(chunk * _BATCHES_OF_CHUNK, pa.int32()))
        return ends.set_column(ENDS.get_field_index("batch"), "batch", number)

    def _count(self) -> None:
        if not self._waiting:
            return
        events = self._waiting[0]
        if len(self._waiting) > 1:
            events = pa.concat_tables(self._waiting).unify_dictionaries().combine_chunks()
        self._found.append(count_activity(events, self._roles, self._measures, len(self._found)))
        self._waiting = []


def chunks_between(scratch: Scratch, n_chunks: int, first: int, last: int) -> list[int]:
    """Return the chunks with records between two times, in microseconds since 1970."""
    spans = ((chunk, scratch.read_array(_SPAN.format(chunk))) for chunk in range(n_chunks))
    return [i for i, span in spans if len(span) and span.min() <= last and span.max() >= first]


def merge_activity(run: Run, n_chunks: int, measures: Sequence[Measure]) -> int:
    """Put the activity in all chunks together, for `activity_of_run` and, written, for later runs.

    It is written as `ACTIVITY_OF_RUN`. One measure at a time is in memory.

    Returns
    -------
    Its rows.
    """
    rows, scratch = 0, run.scratch
    counts, ends = (ActivityParts(scratch, name, n_chunks) for name in (_PART, _ENDS_OF))
    with run.folder.open_part("activity", 0, ACTIVITY_OF_RUN) as writer:
        for number, measure in enumerate(measures):
            found = [*counts.of(number), *_across(ends, measure, number)]
            table = ACTIVITY.empty_table()
            if found:
                table = merged(found, number, numbers=measure.kind is Kind.LEVELS)
            scratch.write_table(_MERGED.format(number), table)
            for first in range(0, table.num_rows, _ROWS_AT_ONCE):
                writer.write(_as_output(measure, table.slice(first, _ROWS_AT_ONCE)))
            rows += table.num_rows
    return rows


def activity_of_run(scratch: Scratch, number: int) -> list[pa.Table]:
    """Read the activity of a measure in a run: one table, or none where nothing was counted."""
    table = scratch.read_table(_MERGED.format(number))
    return [table] if table.num_rows else []


class ActivityParts:
    """Tables in the scratch of a run, with a batch for each measure."""

    def __init__(self, scratch: Scratch, name: str, n_parts: int) -> None:
        self._scratch, self._names = scratch, [name.format(part) for part in range(n_parts)]
        # A file is mapped, so that only what is used takes memory. From a store it would be
        # fetched again for each measure.
        self._held = None if scratch.is_mapped else [*map(scratch.open_batches, self._names)]

    def of(self, number: int) -> Iterator[pa.Table]:
        """Give the rows of a measure, part by part."""
        for part in self._held or map(self._scratch.open_batches, self._names):
            batch = part.get_batch(number)
            if batch.num_rows:
                yield pa.Table.from_batches([batch])


def _across(ends: ActivityParts, measure: Measure, number: int) -> Iterator[pa.Table]:
    """Count what follows what from batch to batch, some of the sequences at a time."""
    if measure.kind not in SEQUENCES:
        return
    n_parts = -(-sum(table.num_rows for table in ends.of(number)) // _ENDS_AT_ONCE)
    for part in range(n_parts):
        some = [_part_of(table, part, n_parts) for table in ends.of(number)]
        found = counted_across(pa.concat_tables(some), measure.kind, number)
        if found.num_rows:
            yield found


def _part_of(ends: pa.Table, part: int, n_parts: int) -> pa.Table:
    if n_parts == 1:
        return ends
    own = ends["group"].to_numpy() % np.uint64(n_parts) == part
    return ends.filter(pa.array(own))


def partition_day(run: Run) -> int | None:
    """Return the day since 1970 of the partition that a run judges, if it has events on it."""
    if run.partition is None:
        return None
    day = (run.partition.day - date(1970, 1, 1)).days
    return day if day in _events_of_days(run.scratch) else None


def first_judged_day(run: Run, first_time: int) -> int:
    """Return the first day since 1970 that a run judges, where earlier days are known.

    It is the first one, but for a hundredth of the events: the clock of a few may be wrong.
    `first_time` is that of the records, in microseconds since 1970.
    """
    events = _events_of_days(run.scratch)
    seen, most = 0, _STRAY * sum(events.values())
    for day in sorted(events):
        seen += events[day]
        if seen > most:
            return day
    return first_time // DAY


def _events_of_days(scratch: Scratch) -> dict[int, int]:
    """Return the events of each day since 1970 of the first entities."""
    found: Counter[int] = Counter()
    for table in activity_of_run(scratch, 0):
        days = pc.divide(table["hour"], 24)
        of_days = pa.table({"day": days, "n": table["n"]}).group_by("day").aggregate([("n", "sum")])
        found.update(dict(zip(*(of_days[c].to_pylist() for c in ("day", "n_sum")), strict=True)))
    return found


def by_measure(
    tables: Sequence[pa.Table], n_measures: int, schema: pa.Schema
) -> Iterator[pa.RecordBatch]:
    """Put tables that are sorted by measure together: give one batch for each measure."""
    cuts = [
        np.searchsorted(table["measure"].to_numpy(), np.arange(n_measures + 1)) for table in tables
    ]
    parts = [
        table.slice(of_table[number], of_table[number + 1] - of_table[number])
        for number in range(n_measures)
        for table, of_table in zip(tables, cuts, strict=True)
    ]
    together = pa.concat_tables([schema.empty_table(), *parts]).unify_dictionaries()
    ends = np.cumsum([0, *np.diff(cuts, axis=1).sum(axis=0)]) if tables else [0] * (n_measures + 1)
    for first, stop in pairwise(ends):
        yield _one_batch(together, first, stop)


def _one_batch(table: pa.Table, first: int, stop: int) -> pa.RecordBatch:
    if first == stop:
        # Also no rows have the dictionary of the others.
        return pa.record_batch([each.chunk(0).slice(0, 0) for each in table], schema=table.schema)
    return table.slice(first, stop - first).combine_chunks().to_batches()[0]


def _as_output(measure: Measure, table: pa.Table) -> pa.Table:
    n = table.num_rows
    start = pc.multiply(table["hour"].cast(pa.int64()), HOUR).cast(pa.timestamp("us", tz="UTC"))
    columns = [
        *(
            pa.repeat(pa.scalar(each, pa.string()), n)
            for each in (measure.entity, str(measure.kind), measure.column)
        ),
        table["entity"].cast(pa.string()),
        start,
        table["value"].cast(pa.string()),
        *(table[name] for name in ("n", "total", "logs")),
    ]
    return pa.table(columns, schema=ACTIVITY_OF_RUN)
