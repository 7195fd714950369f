"""A number as a coordinate: robustly centred, heavy tails kept, a missing value its own signal."""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from anomaly.embedding.block import DriftBins, Rarity
from anomaly.embedding.rarity import surprisal
from anomaly.numerics.arrays import Integers

_DEVIATION_FLOOR = 0.2
"""In arcsinh units. The few other values of a nearly constant column must not be infinitely far
away: arcsinh(1) / 0.2, about four deviations, is far enough."""
_ROUNDING = 1e-13
"""A column whose values differ by less than this share of them is constant but for rounding."""
_FARTHEST = 1e300
"""In spreads: what lies farther off, only the largest floats can, lies here."""


@dataclass(frozen=True)
class NumberBlock:
    """Two dimensions: the scaled value (0 where missing) and the surprisal of being missing.

    The value is `(arcsinh((x - median) / (q95 - q5)) - mean) / deviation`: linear near the
    median, logarithmic far from it, so that an extreme value stays extreme without swallowing all.
    """

    median: float
    spread: float
    mean: float
    deviation: float
    missing_surprisal: float
    quantiles: npt.NDArray[np.float64]
    """(1001,): the 0, 0.1, … 100 % quantiles of the values; empty if all are missing."""

    n_dims = 2

    @classmethod
    def fit(cls, values: npt.NDArray[np.float64]) -> "NumberBlock":
        """Learn the scale from `values`, float64 (n_rows,), NaN where missing."""
        present = values[np.isfinite(values)]
        missing = float(surprisal(np.array([values.size - present.size]), values.size)[0])
        if not present.size:
            return cls(0.0, 1.0, 0.0, 1.0, missing, present)
        # Halved: the difference of the largest floats would overflow.
        halves = np.sort(present / 2.0)
        quantiles = 2.0 * halves[_places_of_quantiles(len(halves))]
        low, median, high = np.quantile(halves, [0.05, 0.5, 0.95]).tolist()
        least = max(_ROUNDING * abs(median), np.finfo(np.float64).tiny)
        # Constant between the quantiles: the full range; constant altogether: any scale will do.
        ranges = (high - low, float(np.ptp(halves)), max(abs(median), 0.5))
        spread = next(r for r in ranges if r > least)
        spread, median = min(2.0 * spread, float(np.finfo(np.float64).max)), 2.0 * median
        squashed = _squash(present, median, spread)
        deviation = max(float(squashed.std()), _DEVIATION_FLOOR)
        return cls(median, spread, float(squashed.mean()), deviation, missing, quantiles)

    def level(self, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return the scaled values alone, float64 (n_rows,), NaN where missing."""
        return (_squash(values, self.median, self.spread) - self.mean) / self.deviation

    def value_at(self, level: float) -> float:
        """Return the value whose scaled value is `level`."""
        squashed = level * self.deviation + self.mean
        with np.errstate(over="ignore"):
            value = np.sinh(squashed) * self.spread + self.median
        return float(np.nan_to_num(value))

    def value_at_single(self, level: np.float32) -> float:
        """Return the value whose scaled value is `level`, without digits that float32 lacks."""
        value = self.value_at(float(level))
        next_one = self.value_at(float(np.nextafter(level, np.float32(np.inf))))
        step = abs(next_one / 2.0 - value / 2.0)
        return round(value, -math.ceil(math.log10(2.0 * step))) if step > 0.0 else value

    def share_below(self, value: float) -> float:
        """Return the share of the sample's values below `value`, to a tenth of a per cent."""
        return float(np.searchsorted(self.quantiles, value)) / max(len(self.quantiles), 1)

    def share_above(self, value: float) -> float:
        """Return the share of the sample's values above `value`, to a tenth of a per cent."""
        up_to = np.searchsorted(self.quantiles, value, side="right")
        return 1.0 - float(up_to) / max(len(self.quantiles), 1)

    def rarity(self, value: float | None) -> Rarity:
        """Return the shares of the sample's values below and above `value`; 0 if it is missing."""
        if value is None:
            return Rarity("number")
        below, above = self.share_below(float(value)), self.share_above(float(value))
        return Rarity("number", share=below, above=above)

    def drift_bins(self, values: npt.NDArray[np.float64]) -> DriftBins:
        """Return a bin for each tenth of the sample; what lies outside of its range is unseen."""
        if not len(self.quantiles):
            return DriftBins(np.where(np.isnan(values), 1, 0), 2)
        edges = np.unique(self.quantiles[100:901:100])
        codes = np.searchsorted(edges, values, side="right") + 1
        codes[(values < self.quantiles[0]) | (values > self.quantiles[-1])] = 0
        codes[np.isnan(values)] = len(edges) + 2
        return DriftBins(codes.astype(np.int64), len(edges) + 3)

    def transform(self, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
        """Embed `values`, float64 (n_rows,), NaN where missing, as float32 (n_rows, 2)."""
        level = self.level(values)
        missing = np.isnan(level)
        columns = [np.where(missing, 0.0, level), missing * self.missing_surprisal]
        return np.column_stack(columns).astype(np.float32)


@lru_cache(maxsize=8)
def _places_of_quantiles(n: int) -> Integers:
    """Return where the 0, 0.1, … 100 % quantiles of `n` ordered values stand, int64 (1001,)."""
    shares = np.linspace(0.0, 1.0, 1001)
    return np.quantile(np.arange(n), shares, method="inverted_cdf").astype(np.int64)


def _squash(
    values: npt.NDArray[np.float64], median: float, spread: float
) -> npt.NDArray[np.float64]:
    # Subtracted before dividing, which keeps the digits of a small difference of large numbers;
    # halved before that, so that the largest floats do not overflow.
    with np.errstate(over="ignore"):
        spreads = 2.0 * ((values / 2.0 - median / 2.0) / spread)
    return np.arcsinh(np.clip(spreads, -_FARTHEST, _FARTHEST))
