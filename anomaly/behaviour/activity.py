"""Activity: what each entity does in each hour or day, as counts of a batch that add up.

Order, changes, travel, repeats and rhythms may span the end of a batch. So the first and the last
events of what goes on are given too: `across.py` counts what follows what from one batch to the
next.
"""

from typing import NamedTuple

import numpy as np
import pyarrow as pa

HOUR = 3_600_000_000
"""Microseconds."""
DAY = 24 * HOUR
_TERMS = pa.dictionary(pa.int32(), pa.string())
ACTIVITY = pa.schema(
    {
        "measure": pa.int16(),
        "entity": _TERMS,
        "hour": pa.int32(),
        "value": _TERMS,
        "n": pa.int32(),
    }
)
"""One row for each measure, entity, hour since 1970 and value: the events counted.

Of other kinds than `Kind.EVENTS` the hour is the first of the day. `value` is missing where a batch
holds too many different ones: what it holds is not known.
"""
LEVELS = pa.schema([*ACTIVITY, ("total", pa.float64()), ("logs", pa.float64())])
"""The same with sums, of `Kind.LEVELS`.

`total` is the sum of the numbers, `logs` that of log(1 + |x|) with the sign of x.
"""

ENDS = pa.schema(
    {
        "measure": pa.int16(),
        "batch": pa.int32(),
        "group": pa.uint64(),
        "entity": _TERMS,
        "time": pa.int64(),
        "value": _TERMS,
        "gap": pa.bool_(),
    }
)
"""The first and the last events of each sequence in a batch, by measure, sequence and time.

`group` is a number of the sequence: of the entity, with the content and day of `Kind.REPEATS` and
the names of `Kind.RHYTHM`. `time` is in microseconds. `value` is that of `Kind.ORDER` and
`Kind.CHANGES`, and the place of `Kind.TRAVEL`. `gap` tells that others lie between an event and the
one before it.
"""


class Counted(NamedTuple):
    """Counts of a batch, and the ends of its sequences."""

    counts: pa.Table
    """`ACTIVITY`, by measure, of other kinds than `Kind.LEVELS`."""
    levels: pa.Table
    """`LEVELS`, by measure."""
    ends: pa.Table
    """`ENDS`, by measure."""

    def of(self, number: int) -> pa.Table:
        """Return the counts of a measure."""
        counts, levels = (
            table.slice(*place_of_measure(table, number)) for table in (self.counts, self.levels)
        )
        return levels if levels.num_rows else counts


def place_of_measure(table: pa.Table, number: int) -> tuple[int, int]:
    """Return where the rows of a measure begin and how many they are, in a sorted table."""
    first, stop = np.searchsorted(table["measure"].to_numpy(), [number, number + 1]).tolist()
    return first, stop - first
