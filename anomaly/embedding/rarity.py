"""Surprisal of a value: -log of its probability, with the judged event left out of the count.

The judged event may itself be in the sample of the counts. So one is taken off each count before it
becomes a probability: absolute discounting by one (Ney, Essen and Kneser, 1994). A value seen once
is then as surprising as one never seen. Events inside and outside the sample are scored by the same
formula.
"""

import numpy as np
import numpy.typing as npt

_UNSEEN_COUNT = 0.5
"""The count that stands for a value no other event holds."""


def others(counts: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return how many other events stand behind each of `counts`.

    Examples
    --------
    >>> others([0, 1, 2, 10])
    array([0., 0., 1., 9.])
    """
    return np.maximum(np.asarray(counts, dtype=np.float64) - 1.0, 0.0)


def surprisal(counts: npt.ArrayLike, total: int) -> npt.NDArray[np.float64]:
    """Return -log of the share of `total` events that hold a value counted `counts` times.

    Examples
    --------
    >>> surprisal([1001, 11, 1, 0], 2001).round(2)
    array([0.69, 5.3 , 8.29, 8.29])
    """
    seen = np.maximum(others(counts), _UNSEEN_COUNT)
    return -np.log(np.minimum(seen / max(total - 1, 1), 1.0))


def holders_of(surprisal: float, total: int) -> int:
    """Return the count behind `surprisal`; 1 where no other event holds the value, or none at all.

    Examples
    --------
    >>> holders_of(float(surprisal(11, 2001)), 2001), holders_of(float(surprisal(0, 2001)), 2001)
    (11, 1)
    """
    behind = float(np.exp(-surprisal)) * max(total - 1, 1)
    return round(behind) + 1 if behind > _UNSEEN_COUNT * 1.5 else 1
