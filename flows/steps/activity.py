"""Activity of the entities of a run: counted as its records are scored, kept for later runs."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anomaly.behaviour.across import counted_across
from anomaly.behaviour.activity import ACTIVITY, DAY, HOUR, LEVELS
from anomaly.behaviour.measures import Kind, Measure, measures_of
from anomaly.behaviour.merging import merged
from anomaly.behaviour.sequences import SEQUENCES
from anomaly.numerics.side_by_side import ahead
from flows.steps.activity_parts import COUNTS, LAST, SUMS, ActivityParts
from flows.steps.records import Records
from flows.steps.run import Run
from flows.storage.fs.scratch import Scratch
from schemas.columns.roles import time_column
from schemas.events.contract import one_array
from schemas.outputs.tables import ACTIVITY_OF_RUN

_MERGED = "activity-of-{}"
"""What the scratch holds of each measure: `ACTIVITY` or `LEVELS` of the run."""
_ENDS_AT_ONCE = 1_048_576
"""Ends of sequences that are held in memory at a time."""
_ROWS_AT_ONCE = 131_072
MOST_EVENTS = 10_000_000
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


def merge_activity(run: Run, n_chunks: int, measures: Sequence[Measure]) -> int:
    """Put the activity in all chunks together, for `activity_of_run` and, written, for later runs.

    It is written as `ACTIVITY_OF_RUN`. Three measures at a time are in memory at the most.

    Returns
    -------
    Its rows.
    """
    rows, scratch = 0, run.scratch
    parts = ActivityParts(scratch, n_chunks, len(measures))
    merges = ahead(partial(_merge, scratch, parts, measures), range(len(measures)))
    with run.folder.open_part("activity", 0, ACTIVITY_OF_RUN) as writer:
        for number, _ in enumerate(merges):
            table = scratch.read_table(_MERGED.format(number))
            for first in range(0, table.num_rows, _ROWS_AT_ONCE):
                writer.write(_as_output(measures[number], table.slice(first, _ROWS_AT_ONCE)))
            rows += table.num_rows
    return rows


def activity_of_run(scratch: Scratch, number: int) -> list[pa.Table]:
    """Read the activity of a measure in a run: one table, or none where nothing was counted."""
    table = scratch.read_table(_MERGED.format(number))
    return [table] if table.num_rows else []


def _merge(
    scratch: Scratch, parts: ActivityParts, measures: Sequence[Measure], number: int
) -> None:
    """Put the activity of a measure in all batches together, and keep it in the scratch."""
    measure = measures[number]
    is_level = measure.kind is Kind.LEVELS
    found = [*parts.of(SUMS if is_level else COUNTS, number), *_across(parts, measure, number)]
    name, schema = _MERGED.format(number), LEVELS if is_level else ACTIVITY
    with scratch.open_writer(name, schema) as writer:
        for table in merged(found, number, numbers=is_level):
            writer.write_table(table)


def _across(parts: ActivityParts, measure: Measure, number: int) -> Iterator[pa.Table]:
    """Count what follows what from batch to batch, some of the sequences at a time."""
    if measure.kind not in SEQUENCES:
        return
    n_turns = -(-parts.rows(LAST, number) // _ENDS_AT_ONCE)
    for turn in range(n_turns):
        # The files are mapped anew, so that only the ends of one turn take memory.
        ends = parts.of(LAST, number)
        ordered = measure.column is None
        some = [_of_turn(table, turn, n_turns, ordered=ordered) for table in ends]
        found = counted_across(some, measure.kind, number)
        if found.num_rows:
            yield found


def _of_turn(ends: pa.Table, turn: int, n_turns: int, *, ordered: bool) -> pa.Table:
    """Return the ends of sequences whose numbers are in one of equal parts of their range.

    `ordered` tells that the numbers of sequences ascend.
    """
    if n_turns == 1:
        return ends
    bounds = [-(-each * 2**32 // n_turns) for each in (turn, turn + 1)]
    group = ends["group"].to_numpy()
    if not ordered:
        high = group >> np.uint64(32)
        return ends.filter(pa.array((high >= bounds[0]) & (high < bounds[1])))
    start = int(np.searchsorted(group, np.uint64(bounds[0] << 32)))
    stop = len(group)
    if turn + 1 < n_turns:
        stop = int(np.searchsorted(group, np.uint64(bounds[1] << 32)))
    return ends.slice(start, stop - start)


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


def days_from(run: Run, first: int) -> list[int]:
    """Return the days since 1970 on which a run has events, from a first one on, ascending."""
    return sorted(day for day in _events_of_days(run.scratch) if day >= first)


def _events_of_days(scratch: Scratch) -> dict[int, int]:
    """Return the events of each day since 1970 of the first entities."""
    found: Counter[int] = Counter()
    for table in activity_of_run(scratch, 0):
        days = pc.divide(table["hour"], 24)
        of_days = pa.table({"day": days, "n": table["n"]}).group_by("day").aggregate([("n", "sum")])
        found.update(dict(zip(*(of_days[c].to_pylist() for c in ("day", "n_sum")), strict=True)))
    return found


def _as_output(measure: Measure, table: pa.Table) -> pa.Table:
    n = table.num_rows
    sums = [pa.array(np.zeros(n))] * 2
    if measure.kind is Kind.LEVELS:
        sums = [table["total"], table["logs"]]
    start = pc.multiply(table["hour"].cast(pa.int64()), HOUR).cast(pa.timestamp("us", tz="UTC"))
    columns = [
        *(_repeated(each, n) for each in (measure.entity, str(measure.kind), measure.column)),
        _own_terms(table["entity"]),
        start,
        _own_terms(table["value"]),
        table["n"].cast(pa.int64()),
        *sums,
    ]
    return pa.table(columns, names=ACTIVITY_OF_RUN.names)


def _repeated(term: str | None, n: int) -> pa.DictionaryArray:
    codes = np.zeros(n, dtype=np.int32)
    given = pa.array(codes, mask=np.full(n, term is None))
    return pa.DictionaryArray.from_arrays(given, pa.array([term or ""]))


def _own_terms(column: pa.ChunkedArray) -> pa.DictionaryArray:
    """Return terms with a dictionary of those that are there: the others would be written, too."""
    terms = one_array(column)
    codes = terms.indices.fill_null(-1).to_numpy()
    used = np.zeros(len(terms.dictionary) + 1, dtype=bool)
    used[codes] = True
    used[-1] = False  # what is missing
    own = pa.array((np.cumsum(used) - 1)[codes].astype(np.int32), mask=codes < 0)
    return pa.DictionaryArray.from_arrays(
        own, terms.dictionary.take(pa.array(np.flatnonzero(used)))
    )
