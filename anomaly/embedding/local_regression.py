"""A number judged given another: how far it lies from where it usually is beside that one."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd

from anomaly.embedding.block import Rarity
from anomaly.embedding.deduplicated import Codes
from anomaly.embedding.number import NumberBlock
from anomaly.embedding.own_spread import shrunk_spreads, usual_square
from anomaly.embedding.tail import TailSurprisal
from anomaly.numerics.arrays import Doubles, Floats
from anomaly.numerics.sorted_lookup import Boundaries

_MOST_BINS, _FEWEST_EVENTS = 32, 16
"""Bins of equally many events, and how many events each has at least."""
_TAILS = 0.5 ** np.arange(8, 5, -1)
"""Shares of the events that have bins of their own at either end, if they are enough for one."""
_END = 4
"""Medians that give the slope at an end."""


@dataclass(frozen=True)
class LocalRegression:
    """The surprisal of a number's residual given another number, in nats, with its sign.

    What is expected is a line through the medians in bins of the given number, so the two need not
    lie along a straight one. A residual is counted in the spread of its bin, which is shrunk
    towards that of the others (`anomaly.embedding.own_spread`). The surprisal is -log of the share
    of events that lie as far.
    """

    given: Doubles
    """(n_bins,): the median of the given number in each bin, ascending."""
    expected: Doubles
    """(n_bins,): the median of the judged number there."""
    spreads: Doubles
    """(n_bins,): how far the judged number usually lies from the line."""
    tail: TailSurprisal

    @classmethod
    def fit(cls, given: Doubles, level: Doubles) -> "LocalRegression":
        """Learn `level` from `given`, each float64 (n_rows,): scaled numbers, NaN if missing."""
        present = np.isfinite(given) & np.isfinite(level)
        given, level = given[present], level[present]
        bins = np.unique(bins_of(given), return_inverse=True)[1]
        both = pd.DataFrame({"given": given, "level": level})
        medians = both.groupby(bins).median().to_numpy() if len(bins) else np.zeros((1, 2))
        x, y = np.ascontiguousarray(medians.T)
        line = cls(x, y, np.ones(len(x)), TailSurprisal.fit(np.zeros(0)))
        squares = line._off(given, level) ** 2
        usual = np.full(len(x), usual_square(bins, squares, len(x)))
        spread = replace(line, spreads=shrunk_spreads(bins, squares, usual))
        return replace(spread, tail=TailSurprisal.fit(np.abs(spread._off(given, level))))

    def rarity(self, given: float, numbers: NumberBlock) -> Rarity:
        """Return the number that is usual beside the scaled number `given`."""
        expected = self._lines.at(np.array([given]))[0]
        return Rarity("number given number", usual=numbers.value_at(float(expected[0])))

    def transform(self, given: Doubles, level: Doubles) -> Floats:
        """Return the signed surprisal of `level`, float32 (n_rows,), 0 where one is missing."""
        off = np.nan_to_num(self._off(given, level), nan=0.0)
        return np.copysign(self.tail.of(np.abs(off)), off).astype(np.float32)

    def _off(self, given: Doubles, level: Doubles) -> Doubles:
        """Return the residuals in spreads, NaN where a number is missing."""
        expected, spreads = self._lines.at(given)
        return (level - expected) / spreads

    @cached_property
    def _lines(self) -> "_Lines":
        return _Lines.through(self)


class _Lines(NamedTuple):
    """Straight lines from median to median, and one before and one after them.

    The outer lines go on with the slope at their end. Where all medians have another slope, the
    relation is no straight line. There the spread grows with the distance from the last median.
    """

    boundaries: Boundaries
    """Where each line ends."""
    x: Doubles
    """(n_bins + 1,): a point of each line."""
    y: Doubles
    slopes: Doubles
    spreads: Doubles
    growths: Doubles
    """How much of the distance from the point adds to the spread; 0 between medians."""

    @classmethod
    def through(cls, fitted: LocalRegression) -> "_Lines":
        """Join the medians of a regression."""
        x, y, squares = fitted.given, fitted.expected, fitted.spreads**2
        whole = _slope(x, y)
        before, after = _slope(x[:_END], y[:_END]), _slope(x[-_END:], y[-_END:])
        slopes = np.concatenate([[before], np.diff(y) / np.diff(x), [after]])
        growths = np.zeros(len(slopes))
        growths[[0, -1]] = abs(before - whole), abs(after - whole)
        spreads = np.sqrt((np.append(squares[0], squares) + np.append(squares, squares[-1])) / 2.0)
        boundaries = Boundaries(x, "right")
        return cls(boundaries, np.append(x[0], x), np.append(y[0], y), slopes, spreads, growths)

    def at(self, given: Doubles) -> tuple[Doubles, Doubles]:
        """Return what is expected beside `given`, and the spread there, each (n_rows,)."""
        line = self.boundaries.before(np.nan_to_num(given, nan=0.0))
        from_point = given - self.x.take(line)
        expected = self.y.take(line) + self.slopes.take(line) * from_point
        return expected, np.hypot(self.spreads.take(line), self.growths.take(line) * from_point)


def _slope(x: Doubles, y: Doubles) -> float:
    """Return the slope of the least squares line; 0 through a single point."""
    away = x - x.mean()
    return float(away @ y / max(float(away @ away), np.finfo(np.float64).tiny))


def bins_of(values: Doubles) -> Codes:
    """Return the bin of each of the finite `values`: at most 32 of equally many, fewer at the ends.

    Equal values have one bin. The outermost bins are cut in up to four, as what is few may be
    ordinary.
    """
    n = len(values)
    n_bins = int(np.clip(n // _FEWEST_EVENTS, 1, _MOST_BINS))
    tails = _TAILS[(1.0 / n_bins > _TAILS) & (_TAILS * n >= _FEWEST_EVENTS)]
    shares = np.concatenate([tails, np.arange(1, n_bins) / n_bins, 1.0 - tails[::-1]])
    edges = np.unique(np.quantile(values, shares, method="higher")) if n else values
    return np.searchsorted(edges, values, side="right")
