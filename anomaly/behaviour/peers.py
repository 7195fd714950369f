"""Changes that entities have in common: where most do more on a day, it is odd for none."""

import numpy as np

from anomaly.numerics.arrays import Doubles, Integers

FEWEST_PEERS = 3
"""Entities from which on their common change is known: the middle one of three is no single one."""
_SMALL = 0.5
"""Is added to counts before they are compared: those of rare things would rise without bound."""


def with_common_rise(group: Integers, counts: Doubles, expected: Doubles) -> Doubles:
    """Raise what is expected as much as the middle count of each group exceeds it, (n,).

    Parameters
    ----------
    group
        (n,): what the counts have in common, such as their day.
    counts, expected
        (n,): the counts, and what each was expected to be.

    Examples
    --------
    >>> with_common_rise(np.zeros(3, dtype=int), np.full(3, 41.5), np.full(3, 20.5)).tolist()
    [41.5, 41.5, 41.5]
    """
    ratio = (counts + _SMALL) / (expected + _SMALL)
    order = np.lexsort((ratio, group))
    known, starts, sizes = np.unique(group[order], return_index=True, return_counts=True)
    middle = ratio[order][starts + (sizes - 1) // 2]
    rises = np.where(sizes >= FEWEST_PEERS, np.maximum(middle, 1.0), 1.0)
    return (expected + _SMALL) * rises[np.searchsorted(known, group)] - _SMALL
