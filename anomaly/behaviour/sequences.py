"""Sequences: when an event of an entity follows another, or goes on as others before it."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from anomaly.behaviour.activity import HOUR
from anomaly.behaviour.measures import Kind
from anomaly.numerics.arrays import Integers

WITHIN = {Kind.ORDER: HOUR, Kind.CHANGES: HOUR // 6}
"""How long after another an event follows it."""
_SHORTEST = 10_000_000
_STEADY = 0.02
"""Two gaps are the same if they differ by at most this part, and none is below ten seconds."""
SEQUENCES = {
    **dict.fromkeys((Kind.ORDER, Kind.CHANGES, Kind.TRAVEL, Kind.REPEATS), 1),
    Kind.RHYTHM: 2,
}
"""Kinds of what follows what, which may span the end of a batch.

So many events at either end of a sequence may be of one with those of the next batch.
"""


def steady(before: Integers, after: Integers) -> npt.NDArray[np.bool_]:
    """Return whether two gaps of time, one after the other, are as long."""
    enough = np.minimum(before, after) >= _SHORTEST
    found: npt.NDArray[np.bool_] = enough & (np.abs(after - before) <= _STEADY * after)
    return found


def pairs_of(first: pa.Array, then: pa.Array) -> pa.Array:
    """Return pairs of values, one after the other, as one."""
    return pc.binary_join_element_wise(first, then, " → ")
