"""Groups of rows, by whole numbers: how many there are of each, and where each begins."""

import numpy as np

from anomaly.numerics.arrays import Integers

_CELLS_A_ROW = 4
"""Cells of a table of all numbers for each row: of sparser numbers the rows are sorted."""


def starts_of(ordered: Integers) -> Integers:
    """Return where each group begins; the numbers of the rows, from 0 on, are in order.

    Examples
    --------
    >>> starts_of(np.array([0, 0, 3, 5, 5])).tolist()
    [0, 2, 3]
    """
    return np.flatnonzero(np.diff(ordered, prepend=-1) != 0)


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
    begins = np.diff(ordered, prepend=-1) != 0
    return ordered[begins], np.cumsum(begins) - 1


def sizes(group: Integers) -> Integers:
    """Return how many rows the group of each has, (n,)."""
    numbers = numbered(group)
    found: Integers = np.bincount(numbers)[numbers]
    return found
