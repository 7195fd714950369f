"""Counts what the entities of a batch of events do, as `activity.py` lays it out."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from anomaly.behaviour.activity import ACTIVITY, ENDS, Counted
from anomaly.behaviour.batch import EventBatch, Terms
from anomaly.behaviour.measures import Kind, Measure
from anomaly.behaviour.sequences import SEQUENCES
from anomaly.behaviour.travel import place_texts
from anomaly.numerics.arrays import Integers
from anomaly.numerics.groups import starts_of
from anomaly.numerics.radix import stable_order
from schemas.columns.roles import Role


def count_activity(
    events: pa.Table, roles: Mapping[str, Role], measures: Sequence[Measure], number: int = 0
) -> Counted:
    """Count what entities do in each hour of a batch of conformed events.

    Parameters
    ----------
    events
        Conformed events, with a time.
    roles
        Column -> role.
    measures
        What to count; the place of each is its number in the result, which is sorted by it.
    number
        The number of the batch.
    """
    batch = EventBatch(events, roles)
    counts, ends = [ACTIVITY.empty_table()], [ENDS.empty_table()]
    for place, measure in enumerate(measures):
        rows, values = batch.told(measure)
        if len(rows):
            counts.append(_counted(batch, place, measure, rows, values))
        if measure.kind in SEQUENCES:
            ends.append(_ends(batch, (place, number), measure))
    return Counted(pa.concat_tables(counts), pa.concat_tables(ends))


def _ends(batch: EventBatch, numbers: tuple[int, int], measure: Measure) -> pa.Table:
    """Return the ends of the sequences of a measure; `numbers` are those of measure and batch."""
    order, group = batch.sequences(measure)
    starts = np.flatnonzero(np.diff(group[order], prepend=~group[order[:1]]) != 0)
    sizes = np.diff(starts, append=len(order))
    place, size = np.arange(len(order)) - np.repeat(starts, sizes), np.repeat(sizes, sizes)
    most = SEQUENCES[measure.kind]
    near = (place < most) | ((place >= size - most) & (measure.kind is not Kind.REPEATS))
    rows, gap = order[near], ((size > 2 * most) & (place == size - most))[near]
    whose, n = batch.terms(measure.entity), len(rows)
    held = pa.DictionaryArray.from_arrays(pa.nulls(n, pa.int32()), pa.array([""], pa.string()))
    if measure.kind is Kind.TRAVEL:
        held = place_texts(batch.places(measure)[rows]).dictionary_encode()
    elif measure.column is not None:
        values = batch.terms(measure.column)
        held = pa.DictionaryArray.from_arrays(
            pa.array(values.codes[rows].astype(np.int32)), values.names
        )
    arrays = [
        pa.array(np.full(n, numbers[0], dtype=np.int16)),
        pa.array(np.full(n, numbers[1], dtype=np.int32)),
        pa.array(group[rows]),
        pa.DictionaryArray.from_arrays(pa.array(whose.codes[rows].astype(np.int32)), whose.names),
        pa.array(batch.times[rows]),
        held,
        pa.array(gap),
    ]
    return pa.table(arrays, schema=ENDS)


def _counted(
    batch: EventBatch, number: int, measure: Measure, rows: Integers, values: Terms
) -> pa.Table:
    cells, hours = batch.cells(measure.entity, by_hour=measure.kind is Kind.EVENTS)
    n_values = max(len(values.names), 1)
    keys = cells[rows] * n_values + values.codes
    order = stable_order(keys)
    starts = starts_of(keys[order])
    n = np.diff(starts, append=len(order))
    sums: list[npt.NDArray[Any]] = [np.zeros(len(starts))] * 2
    if measure.kind is Kind.LEVELS:
        numbers = batch.numbers(str(measure.column))[rows][order]
        logs = np.copysign(np.log1p(np.abs(numbers)), numbers)
        places = np.repeat(np.arange(len(starts)), n)
        sums = [np.nan_to_num(np.bincount(places, each)) for each in (numbers, logs)]
    found, value = np.divmod(keys[order[starts]], n_values)
    entity, since_first = np.divmod(found, hours.n)
    of_value = pa.array(value.astype(np.int32))
    names = values.names
    if names.null_count:
        # A dictionary that holds a null cannot be put together with others.
        of_value, names = pa.nulls(len(n), pa.int32()), pa.array([""], pa.string())
    arrays = [
        pa.array(np.full(len(n), number, dtype=np.int16)),
        pa.DictionaryArray.from_arrays(
            pa.array(entity.astype(np.int32)), batch.terms(measure.entity).names
        ),
        pa.array((since_first + hours.first).astype(np.int32)),
        pa.DictionaryArray.from_arrays(of_value, names),
        pa.array(n),
        *(pa.array(each) for each in sums),
    ]
    return pa.table(arrays, schema=ACTIVITY)
