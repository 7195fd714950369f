"""Changes that entities have in common: where most do more on a day, it is odd for none."""

import numpy as np

from anomaly.numerics.arrays import Doubles, Integers

_FEWEST = 10
"""Entities from which on their common change is known."""


def common_rise(group: Integers, counts: Doubles, expected: Doubles) -> Doubles:
    """Return by how much the middle one of each group exceeds what is expected, at least 1, (n,).

    Parameters
    ----------
    group
        (n,): what the counts have in common, such as their day.
    counts, expected
        (n,): the counts, and what each was expected to be.

    Examples
    --------
    >>> common_rise(np.zeros(11, dtype=int), np.full(11, 41.5), np.full(11, 20.5)).tolist()[0]
    2.0
    """
    ratio = (counts + 0.5) / (expected + 0.5)
    order = np.lexsort((ratio, group))
    known, starts, sizes = np.unique(group[order], return_index=True, return_counts=True)
    middle = ratio[order][starts + (sizes - 1) // 2]
    rises = np.where(sizes >= _FEWEST, np.maximum(middle, 1.0), 1.0)
    return rises[np.searchsorted(known, group)]
