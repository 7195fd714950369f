"""Events that follow others across batches: order, changes, travel, repeats and rhythm.

Batches come in the order of the log. Within one events are put in the order of their times. What
comes before the last event of an earlier batch follows none of it.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from anomaly.behaviour.activity import ACTIVITY, DAY, ENDS, HOUR
from anomaly.behaviour.measures import Kind
from anomaly.behaviour.sequences import WITHIN, pairs_of, steady
from anomaly.behaviour.travel import move_texts, places_in, too_fast
from anomaly.numerics.arrays import Integers
from anomaly.numerics.groups import begins_of
from schemas.events.contract import one_array

_CELLS_A_ROW = 2
"""Cells of a table for each end of a sequence: of few that share one, few stay in vain."""


def counted_across(batches: Sequence[pa.Table], kind: Kind, number: int) -> pa.Table:
    """Count what follows an event of an earlier batch, as `ACTIVITY` with a row for each event.

    Parameters
    ----------
    batches
        `ENDS` of one measure, of all batches in order.
    kind, number
        The kind of the measure, and its number.
    """
    batches = _in_several(batches)
    group, batch, times = (_joined(batches, name) for name in ("group", "batch", "time"))
    order = np.argsort(group, kind="stable")
    same = group[order[1:]] == group[order[:-1]]
    if kind is Kind.RHYTHM:
        first, then = _in_rhythm(batches, order, same)
    else:
        other = batch[order[1:]] != batch[order[:-1]]
        first, then = order[:-1][same & other], order[1:][same & other]
    values = pa.array([""], pa.string()).take(pa.array(np.zeros(len(then), dtype=np.int32)))
    if kind in WITHIN:
        after = times[then] - times[first]
        follows = (after >= 0) & (after <= WITHIN[kind])
        first, then = first[follows], then[follows]
        before, values = (_terms(batches, "value", places) for places in (first, then))
        if kind is Kind.CHANGES:
            changed = pc.not_equal(before, values)
            then, values = then[changed.to_numpy(zero_copy_only=False)], values.filter(changed)
            values = pa.array([""] * len(values), pa.string())
        else:
            values = pairs_of(before, values)
    if kind is Kind.TRAVEL:
        then, values = _moved(batches, first, then)
    return _counts(_terms(batches, "entity", then), times[then], values, number)


def _in_several(batches: Sequence[pa.Table]) -> Sequence[pa.Table]:
    """Return batches without most ends of sequences of one batch alone, if these are many.

    Sequences are looked at by the last digits of their numbers: those that share them stay, too.
    """
    held = [batch["group"].to_numpy() for batch in batches]
    n = sum(map(len, held))
    n_digits = np.uint64((1 << (_CELLS_A_ROW * n).bit_length()) - 1)
    seen, again = (np.zeros(int(n_digits) + 1, dtype=bool) for _ in range(2))
    for group in held:
        # The ends of a sequence stand together.
        once = (group[begins_of(group)] & n_digits).astype(np.int64)
        again[once[seen[once]]] = True
        seen[once] = True
    several = [again[(group & n_digits).astype(np.int64)] for group in held]
    if 2 * sum(map(np.count_nonzero, several)) > n:
        return batches
    return [batch.filter(pa.array(some)) for batch, some in zip(batches, several, strict=True)]


def _joined(batches: Sequence[pa.Table], name: str) -> npt.NDArray[Any]:
    kind = ENDS.field(name).type.to_pandas_dtype()
    parts = (batch[name].to_numpy() for batch in batches)
    return np.concatenate([np.zeros(0, kind), *parts])


def _terms(batches: Sequence[pa.Table], name: str, places: Integers) -> pa.Array:
    """Return the texts at some places of all batches together."""
    starts = np.cumsum([0, *(batch.num_rows for batch in batches)])
    order = np.argsort(places, kind="stable")
    cuts = np.searchsorted(places[order], starts)
    texts = [
        one_array(batch[name]).take(pa.array(places[order[cut:end]] - start)).cast(pa.string())
        for batch, start, cut, end in zip(batches, starts, cuts[:-1], cuts[1:], strict=False)
        if cut < end
    ]
    back = np.empty(len(order), dtype=np.int64)
    back[order] = np.arange(len(order))
    return pa.concat_arrays([pa.array([], pa.string()), *texts]).take(pa.array(back))


def _moved(
    batches: Sequence[pa.Table], first: Integers, then: Integers
) -> tuple[Integers, pa.Array]:
    """Return the events too far from the one before, and these moves."""
    start, stop = (places_in(_terms(batches, "value", places)) for places in (first, then))
    times = _joined(batches, "time")
    after = times[then] - times[first]
    far = (after >= 0) & too_fast(start, stop, after)
    return then[far], move_texts(start[far], stop[far], after[far])


def _in_rhythm(
    batches: Sequence[pa.Table], order: Integers, same: npt.NDArray[np.bool_]
) -> tuple[Integers, Integers]:
    """Return the events that follow two of the same names, of which one is of another batch."""
    times, batch, gap = (_joined(batches, name)[order] for name in ("time", "batch", "gap"))
    joined = same & ~gap[1:]
    after = np.diff(times)
    found = joined[:-1] & joined[1:] & (batch[:-2] != batch[2:]) & steady(after[:-1], after[1:])
    return order[1:-1][found], order[2:][found]


def _counts(entities: pa.Array, times: Integers, values: pa.Array, number: int) -> pa.Table:
    n = len(times)
    columns = [
        pa.array(np.full(n, number, dtype=np.int16)),
        entities.dictionary_encode(),
        pa.array((times // DAY * (DAY // HOUR)).astype(np.int32)),
        values.dictionary_encode(),
        pa.array(np.ones(n, dtype=np.int32)),
    ]
    return pa.table(columns, schema=ACTIVITY)
