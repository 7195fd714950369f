"""Evenly spaced choices: the first of every so many, or exactly so many."""

import numpy as np

from anomaly.numerics.arrays import Integers


def stride(n: int, most: int) -> int:
    """Return the smallest step that takes at most `most` of `n`; at least 1.

    Examples
    --------
    >>> stride(10, 4), stride(4, 10), stride(0, 10)
    (3, 1, 1)
    """
    return max(1, -(-n // most))


def evenly_spaced(n: int, most: int) -> Integers:
    """Return at most `most` of the places 0 … n - 1, ascending, the first among them.

    Examples
    --------
    >>> evenly_spaced(10, 4), evenly_spaced(3, 4)
    (array([0, 3, 6, 9]), array([0, 1, 2]))
    """
    return np.arange(0, n, stride(n, most))


def spread(n: int, most: int) -> Integers:
    """Return exactly `most` of the places 0 … n - 1, ascending; all where there are no more.

    Examples
    --------
    >>> spread(10, 4), spread(3, 4)
    (array([0, 2, 5, 7]), array([0, 1, 2]))
    """
    return np.arange(n) if n <= most else np.arange(most) * n // most
