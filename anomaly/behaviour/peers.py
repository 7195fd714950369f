"""Changes that entities have in common: where most do more on a day, it is odd for none."""

from typing import Any

import numpy as np
import numpy.typing as npt

from anomaly.numerics.arrays import Doubles, Integers
from anomaly.numerics.groups import numbered
from anomaly.numerics.radix import stable_order

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
    return raised(expected, middle_of_each(group, rise(counts, expected), 1.0))


def rise(counts: Doubles, expected: Doubles) -> Doubles:
    """Return how many times what is expected counts are, (n,)."""
    return (counts + _SMALL) / (expected + _SMALL)


def raised(expected: Doubles, times: Doubles) -> Doubles:
    """Return what is expected where the middle count is so many `times` that, at least once."""
    return (expected + _SMALL) * np.maximum(times, 1.0) - _SMALL


def middle_of_each(group: Integers, values: Doubles, otherwise: float) -> Doubles:
    """Return the middle value of the group of each, the lower of two, float64 (n,).

    Parameters
    ----------
    group, values
        (n,): the group of each value.
    otherwise
        What a group of fewer than `FEWEST_PEERS` values has.
    """
    codes = numbered(group)
    return middle_of_groups(codes, values, otherwise)[codes]


def middle_of_groups(
    codes: npt.NDArray[np.integer[Any]], values: Doubles, otherwise: float
) -> Doubles:
    """Return what `middle_of_each` does, of each group; `codes` are their numbers from 0 on."""
    ordered = values[stable_order(codes)]
    sizes = np.bincount(codes)
    starts = np.cumsum(sizes) - sizes
    middles = np.full(len(sizes), otherwise)
    for told in np.flatnonzero(sizes >= FEWEST_PEERS).tolist():
        own, middle = ordered[starts[told] : starts[told] + sizes[told]], (sizes[told] - 1) // 2
        own.partition(middle)
        middles[told] = own[middle]
    return middles
