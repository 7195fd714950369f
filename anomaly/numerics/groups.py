"""Groups of rows, by whole numbers: how many there are of each, and where each begins."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from anomaly.numerics.arrays import Doubles, Integers
from anomaly.numerics.radix import stable_order

_CELLS_A_ROW = 4
"""Cells of a table of all numbers for each row: of sparser numbers the rows are sorted."""
_CELLS_A_SUM = 16
"""The same where rows are added up: that needs no second look at them."""


def begins_of(ordered: npt.NDArray[np.integer[Any]]) -> npt.NDArray[np.bool_]:
    """Return whether each row is the first of its group, bool (n,); groups stand together.

    Examples
    --------
    >>> begins_of(np.array([0, 0, 3, 5, 5])).tolist()
    [True, False, True, True, False]
    """
    begins = np.ones(len(ordered), dtype=bool)
    np.not_equal(ordered[1:], ordered[:-1], out=begins[1:])
    return begins


def starts_of(ordered: Integers) -> Integers:
    """Return where each group begins; the numbers of the rows, from 0 on, are in order.

    Examples
    --------
    >>> starts_of(np.array([0, 0, 3, 5, 5])).tolist()
    [0, 2, 3]
    """
    return np.flatnonzero(begins_of(ordered))


def numbered_within(ordered: Integers) -> Integers:
    """Return the number of each row within its group, from 0 on, (n,); groups stand together.

    Examples
    --------
    >>> numbered_within(np.array([0, 0, 3, 5, 5, 5])).tolist()
    [0, 1, 0, 0, 1, 2]
    """
    starts = starts_of(ordered)
    return np.arange(len(ordered)) - np.repeat(starts, np.diff(starts, append=len(ordered)))


def numbered(group: Integers) -> Integers:
    """Return numbers of the groups in their order, close together where that is quickly done, (n,).

    Examples
    --------
    >>> numbered(np.array([1_000_005, 7, 1_000_005])).tolist()
    [1, 0, 1]
    >>> numbered(np.array([9, 7, 9])).tolist()
    [2, 0, 2]
    """
    if not len(group):
        return group
    least = group.min()
    if group.max() - least < _CELLS_A_ROW * len(group):
        return group - least
    found: Integers = np.unique(group, return_inverse=True)[1]
    return found


def distinct(group: Integers) -> tuple[Integers, Integers]:
    """Return the numbers that there are, from 0 on and ascending, and the place of each row's.

    Examples
    --------
    >>> [each.tolist() for each in distinct(np.array([5, 2, 5]))]
    [[2, 5], [1, 0, 1]]
    """
    if group.max(initial=0) >= _CELLS_A_ROW * len(group):
        found, places = np.unique(group, return_inverse=True)
        return found, places
    there = np.bincount(group) > 0
    return np.flatnonzero(there), (np.cumsum(there) - 1)[group]


def distinct_in_order(ordered: Integers) -> tuple[Integers, Integers]:
    """Return what `distinct` does of numbers that are in order: without a table or a sort.

    Examples
    --------
    >>> [each.tolist() for each in distinct_in_order(np.array([2, 5, 5]))]
    [[2, 5], [0, 1, 1]]
    """
    begins = begins_of(ordered)
    return ordered[begins], np.cumsum(begins) - 1


def sizes(group: Integers) -> Integers:
    """Return how many rows the group of each has, (n,)."""
    numbers = numbered(group)
    found: Integers = np.bincount(numbers)[numbers]
    return found


def added_up(
    group: Integers, columns: Sequence[Doubles | Integers] = ()
) -> tuple[Integers, Integers, list[Doubles]]:
    """Add up the rows of each group; the numbers of groups are from 0 on.

    Parameters
    ----------
    group
        (n,): the number of each row.
    columns
        (n,) each: what is added up, in the order of the rows.

    Returns
    -------
    The numbers that there are, ascending; how many rows each has; and the sums of each column.

    Examples
    --------
    >>> found, n, sums = added_up(np.array([5, 2, 5]), [np.array([1.0, 2.0, 4.0])])
    >>> found.tolist(), n.tolist(), [each.tolist() for each in sums]
    ([2, 5], [1, 2], [[2.0, 5.0]])
    """
    if group.max(initial=0) < _CELLS_A_SUM * len(group):
        n = np.bincount(group)
        found = np.flatnonzero(n > 0)  # of truth values they are found far faster
        return found, n[found], [_sums(group, each)[found] for each in columns]
    order = stable_order(group)
    ordered = group[order]
    starts = starts_of(ordered)
    n = np.diff(starts, append=len(group))
    places = np.repeat(np.arange(len(starts)), n) if len(columns) else starts
    return ordered[starts], n, [_sums(places, each[order]) for each in columns]


def _sums(places: Integers, column: Doubles | Integers) -> Doubles:
    return np.bincount(places, column).astype(np.float64, copy=False)
