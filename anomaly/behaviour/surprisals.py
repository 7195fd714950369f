"""Surprisals of counts by their ranges, exact where they tell how many windows are as odd.

Most counts are ordinary, and the incomplete beta function is costly. So small counts are
looked at by the terms of their distribution first, which is exact to some digits.
"""

from collections.abc import Sequence

import numpy as np

from anomaly.behaviour.predictive import surprisal
from anomaly.behaviour.ranges import CountRange
from anomaly.behaviour.tail import telling
from anomaly.numerics.arrays import Doubles

_MOST_TERMS = 12
_ROWS_AT_ONCE = 65_536
_LEAST_TAIL = 1e-3
"""Below it one less the terms has too few digits."""


def surprisals(counts: Doubles, ranges: Sequence[CountRange]) -> Doubles:
    """Return the surprisal of counts as high, by the mildest of some distributions, in nats (n,).

    `tail.expected_number` gives of these what it would of exact ones. Counts are whole numbers.
    """
    found = np.empty(len(counts))
    for first in range(0, len(counts), _ROWS_AT_ONCE):
        rows = slice(first, first + _ROWS_AT_ONCE)
        nearly = [_nearly(counts[rows], each.mean[rows], each.size[rows]) for each in ranges]
        found[rows] = np.minimum.reduce(nearly)
    some = telling(found)
    exact = [surprisal(counts[some], each.mean[some], each.size[some]) for each in ranges]
    found[some] = np.minimum.reduce(exact)
    return found


def _nearly(counts: Doubles, mean: Doubles, size: Doubles) -> Doubles:
    """Return the surprisals to within `tail.NEARLY`."""
    found = np.empty(len(counts))
    some = (counts > 1) & (counts <= _MOST_TERMS)
    tail = _by_terms(counts[some], mean[some], size[some])
    found[some] = -np.log(np.maximum(tail, _LEAST_TAIL))
    some[some] = tail >= _LEAST_TAIL
    found[~some] = surprisal(counts[~some], mean[~some], size[~some])
    return found


def _by_terms(counts: Doubles, mean: Doubles, size: Doubles) -> Doubles:
    """Return P(X >= count) of small counts above 0, less the rounding of one less the others."""
    share = mean / (mean + size)
    term = np.exp(size * np.log1p(-share))
    tail, places = 1.0 - term, np.arange(len(counts))
    for n in range(1, int(counts.max(initial=1))):
        more = counts[places] > n
        places, share, size = places[more], share[more], size[more]
        term = term[more] * (size + (n - 1.0)) / n * share
        tail[places] -= term
    return tail
