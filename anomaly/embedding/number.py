"""A number as a coordinate: robustly centred, heavy tails kept, a missing value its own signal."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from anomaly.embedding.rarity import surprisal

_DEVIATION_FLOOR = 0.2
"""In arcsinh units. A column that is nearly always the same must not put its few other values
infinitely far away: arcsinh(3) / 0.2, about nine deviations, is far enough."""


@dataclass(frozen=True)
class NumberBlock:
    """Two dimensions: the scaled value (0 where missing) and the surprisal of being missing.

    The value is `(arcsinh(3 (x - median) / (q95 - q5)) - mean) / deviation`: linear near the
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
        quantiles = np.quantile(present, np.linspace(0.0, 1.0, 1001), method="inverted_cdf")
        low, median, high = np.quantile(present, [0.05, 0.5, 0.95])
        # Constant between the quantiles: the full range; constant altogether: any scale will do.
        spread = (high - low) or (present.max() - present.min()) or max(abs(median), 1.0)
        squashed = _squash(present, float(median), float(spread))
        deviation = max(float(squashed.std()), _DEVIATION_FLOOR)
        centre = float(squashed.mean())
        return cls(float(median), float(spread), centre, deviation, missing, quantiles)

    def level(self, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return the scaled values alone, float64 (n_rows,), NaN where missing."""
        return (_squash(values, self.median, self.spread) - self.mean) / self.deviation

    def value_at(self, level: float) -> float:
        """Return the value whose scaled value is `level`."""
        squashed = level * self.deviation + self.mean
        return float(np.sinh(squashed) * self.spread / 3.0 + self.median)

    def share_below(self, value: float) -> float:
        """Return the share of the sample's values below `value`, to a tenth of a per cent."""
        return float(np.searchsorted(self.quantiles, value)) / len(self.quantiles)

    def transform(self, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
        """Embed `values`, float64 (n_rows,), NaN where missing, as float32 (n_rows, 2)."""
        level = self.level(values)
        missing = np.isnan(level)
        columns = [np.where(missing, 0.0, level), missing * self.missing_surprisal]
        return np.column_stack(columns).astype(np.float32)


def _squash(
    values: npt.NDArray[np.float64], median: float, spread: float
) -> npt.NDArray[np.float64]:
    # Divided before subtracting, so that the largest floats do not overflow.
    return np.arcsinh(3.0 * (values / spread - median / spread))
