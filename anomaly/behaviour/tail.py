"""The number of ordinary windows that are as odd as one, whatever the model of counts got wrong.

The surprisals of windows whose model is right are exponential with mean 1. Those of real windows
have a longer tail. It is taken to be exponential from the 90 % quantile on. Its scale is 1, or
what two neighbouring quantiles of 50, 90, 99 and 99.9 % give if that is larger. A quantile counts
if at least five windows are beyond it, so four may be anomalous without a change. The tail grows
where the last two quantiles give more than the two before. Then it is taken to grow as much again,
at most twice.

Windows say little of far rarer ones. The tail is used as it is down to a share of 1 / n of n
windows. Beyond, where none of them was seen, it is taken to be half as long again. Below a share of
1 / n^2 the rest of its logarithm counts as log(1 + rest): the order of the windows stays.
"""

import numpy as np
import numpy.typing as npt

from anomaly.numerics.arrays import Doubles, Integers

_QUANTILES = np.array([0.5, 0.9, 0.99, 0.999])
_BODY = 0.9
_FEWEST_BEYOND = 5
ODD = 0.05
"""A window of which more than this part of all would be as odd is ordinary."""
_LARGEST_GROWTH = 2.0
_UNSEEN = 2.0 / 3.0
"""The part of the logarithm of a share that counts where no window was seen."""
NEARLY = 1e-6
"""How far a surprisal that is known nearly may be from the exact one, in nats."""
_BESIDE = np.arange(-1, 3)
"""Ranks beside that of a quantile, which lies between two values."""


def expected_number(surprisals: Doubles, judged: npt.NDArray[np.bool_]) -> Doubles:
    """Return how many ordinary windows of those judged are as odd as each, float64 (n,).

    Parameters
    ----------
    surprisals
        (n,): of all windows of a measure, judged or known, in nats.
    judged
        (n,): whether each is judged; the number of one that is not is infinite. So is that of a
        window as odd as one in twenty: of a night with few windows all would have small numbers.

    Examples
    --------
    >>> surprisals = -np.log(np.linspace(0.001, 1.0, 1000))
    >>> expected_number(surprisals, np.ones(1000, dtype=bool))[:3].round(1).tolist()
    [1.0, 2.0, 3.0]
    """
    n = len(surprisals)
    if not n:
        return np.zeros(0)
    told = _told(n)
    body, *quantiles = np.quantile(surprisals, [_BODY, *told])
    scale = _scale(np.diff(quantiles) / -np.diff(np.log(1.0 - told)))
    # Up to the 90 % quantile none is as odd as one in twenty.
    beyond = np.flatnonzero((surprisals > body) & judged)
    share = np.log(1.0 - _BODY) - (surprisals[beyond] - body) / scale
    odd = np.count_nonzero(judged) * np.exp(_beyond_what_is_seen(share, np.log(n + 1.0)))
    number = np.full(n, np.inf)
    number[beyond] = np.where(share <= np.log(ODD), odd, np.inf)
    return number


def _beyond_what_is_seen(share: Doubles, seen: float) -> Doubles:
    """Return logarithms of shares, of which those below `-seen` count less, float64 (n,)."""
    share = np.maximum(share, -seen) + _UNSEEN * np.minimum(share + seen, 0.0)
    rest = np.maximum(-share - 2.0 * seen, 0.0)
    return share + rest - np.log1p(rest)


def telling(nearly: Doubles) -> Integers:
    """Return the places of the surprisals that `expected_number` needs exactly.

    They are those beyond the 90 % quantile, and those beside the other quantiles.

    Parameters
    ----------
    nearly
        (n,): the surprisals, known to within `NEARLY`.
    """
    n = len(nearly)
    if not n:
        return np.zeros(0, dtype=np.int64)
    ranks = np.clip(np.outer([_BODY, *_told(n)], [n - 1]).astype(np.int64) + _BESIDE, 0, n - 1)
    ordered = np.partition(nearly, np.unique(ranks))[ranks]
    needed = nearly >= ordered[0, 0] - 2.0 * NEARLY
    for low, *_, high in ordered[1:].tolist():
        if low < ordered[0, 0]:
            needed |= (nearly >= low - 2.0 * NEARLY) & (nearly <= high + 2.0 * NEARLY)
    return np.flatnonzero(needed)


def _told(n: int) -> Doubles:
    """Return the quantiles beyond which there are enough of n windows."""
    return _QUANTILES[n * (1.0 - _QUANTILES) >= _FEWEST_BEYOND - 1e-9]


def _scale(steps: Doubles) -> float:
    """Return the scale of the tail beyond what the quantiles tell, from the scales between them."""
    largest = max(1.0, float(steps.max(initial=0.0)))
    if len(steps) < 2 or steps[-2] <= 0.0:
        return largest
    return largest * float(np.clip(steps[-1] / steps[-2], 1.0, _LARGEST_GROWTH))
