"""Events that follow others across batches: order, changes, travel, repeats and rhythm.

Batches come in the order of the log. Within one events are put in the order of their times. What
comes before the last event of an earlier batch follows none of it.
"""

import numpy as np
import pyarrow as pa

from anomaly.behaviour.activity import ACTIVITY, DAY, HOUR
from anomaly.behaviour.measures import Kind
from anomaly.behaviour.sequences import WITHIN, pairs_of, steady
from anomaly.behaviour.travel import move_texts, places_in, too_fast
from anomaly.numerics.arrays import Integers
from schemas.events.contract import one_array


def counted_across(ends: pa.Table, kind: Kind, number: int) -> pa.Table:
    """Count what follows an event of an earlier batch, as `ACTIVITY` with a row for each event.

    Parameters
    ----------
    ends
        `ENDS` of one measure, of all batches in order.
    kind, number
        The kind of the measure, and its number.
    """
    ends = ends.unify_dictionaries().combine_chunks()
    group, batch, times = (ends[name].to_numpy() for name in ("group", "batch", "time"))
    order = np.argsort(group, kind="stable")
    same = group[order[1:]] == group[order[:-1]]
    if kind is Kind.RHYTHM:
        first, then = _in_rhythm(ends, order, same)
    else:
        other = batch[order[1:]] != batch[order[:-1]]
        first, then = order[:-1][same & other], order[1:][same & other]
    values = pa.array([""], pa.string()).take(pa.array(np.zeros(len(then), dtype=np.int32)))
    if kind in WITHIN:
        after, held = times[then] - times[first], one_array(ends["value"])
        follows = (after >= 0) & (after <= WITHIN[kind])
        if kind is Kind.CHANGES:
            codes = held.indices.to_numpy()
            follows &= codes[first] != codes[then]
        first, then, values = first[follows], then[follows], values.filter(pa.array(follows))
        if kind is Kind.ORDER:
            values = pairs_of(*(held.take(pa.array(p)).cast(pa.string()) for p in (first, then)))
    if kind is Kind.TRAVEL:
        then, values = _moved(ends, first, then)
    return _counts(ends.take(pa.array(then)), values, number)


def _moved(ends: pa.Table, first: Integers, then: Integers) -> tuple[Integers, pa.Array]:
    """Return the events too far from the one before, and these moves."""
    held, times = one_array(ends["value"]), ends["time"].to_numpy()
    start, stop = (places_in(held.take(pa.array(p)).cast(pa.string())) for p in (first, then))
    after = times[then] - times[first]
    far = (after >= 0) & too_fast(start, stop, after)
    return then[far], move_texts(start[far], stop[far], after[far])


def _in_rhythm(ends: pa.Table, order: Integers, same: np.ndarray) -> tuple[Integers, Integers]:
    """Return the events that follow two of the same names, of which one is of another batch."""
    times, batch = ends["time"].to_numpy()[order], ends["batch"].to_numpy()[order]
    joined = same & ~ends["gap"].to_numpy()[order[1:]]
    after = np.diff(times)
    found = joined[:-1] & joined[1:] & (batch[:-2] != batch[2:]) & steady(after[:-1], after[1:])
    return order[1:-1][found], order[2:][found]


def _counts(ends: pa.Table, values: pa.Array, number: int) -> pa.Table:
    n = ends.num_rows
    hours = ends["time"].to_numpy() // DAY * (DAY // HOUR)
    columns = [
        pa.array(np.full(n, number, dtype=np.int16)),
        one_array(ends["entity"]),
        pa.array(hours.astype(np.int32)),
        values.dictionary_encode(),
        pa.array(np.ones(n, dtype=np.int64)),
        *(pa.array(np.zeros(n)) for _ in range(2)),
    ]
    return pa.table(columns, schema=ACTIVITY)
