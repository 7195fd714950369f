"""The surprisal of a distance: -log of the share of events that lie as far, and a tail beyond."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from anomaly.numerics.arrays import Doubles
from anomaly.numerics.sorted_lookup import Polyline

_NATS = 0.25
"""Steps of the surprisal that the distances are tabled for."""
_BEYOND = 32
"""Events that lie beyond the tabled distances; of a small sample, one event in eight."""
_TAIL_NATS = 2.0
"""The last nats of the table, which the tail is fitted on."""
_LARGEST_EXPONENT = 4.0
"""A light tail has a larger one. It must not drown what is odd in another column."""
_ROUNDING = 1e-6
"""Distances that differ by less, or by less than this share of them, are equally far."""


@dataclass(frozen=True)
class TailSurprisal:
    """The surprisal of distances, in nats, learnt from those of a sample.

    It is -log of the share of events that lie as far, while some thirty lie farther. Beyond, that
    share falls with a power of the distance, as a Pareto tail does. The last two nats of the table
    give the power. So one event that lies far beyond all others does not set its own measure.
    """

    distances: Doubles
    """(n_steps,): the distance of a surprisal of 0, 1/4, 2/4, … nats."""
    exponent: float
    """Nats that each unit of log(1 + distance) adds beyond the last of them."""

    @classmethod
    def fit(cls, distances: Doubles) -> "TailSurprisal":
        """Learn from the distances of events, float64 (n_events,), none negative."""
        n = len(distances)
        beyond = max(min(_BEYOND, n / 8), 1.0)
        nats = np.arange(0.0, max(np.log(max(n, 1) / beyond), _NATS), _NATS)
        shares = 1.0 - np.exp(-nats)
        tabled = np.quantile(distances, shares, method="higher") if n else np.zeros(1)
        tabled[tabled < _ROUNDING] = 0.0  # The slope between two of the smallest floats overflows.
        before = max(len(nats) - 1 - round(_TAIL_NATS / _NATS), 0)
        growth = float(np.log1p(tabled[-1]) - np.log1p(tabled[before]))
        exponent = float(nats[-1] - nats[before]) / max(growth, _ROUNDING)
        return cls(tabled, min(exponent, _LARGEST_EXPONENT))

    def of(self, distances: Doubles) -> Doubles:
        """Return the surprisal of each of `distances`, float64 of their shape."""
        # A hair nearer, so that of many equally far none counts as farther than the others.
        nearer = distances * (1.0 - _ROUNDING) - _ROUNDING
        last = self.distances[-1]
        surprisals: Doubles = self._table.at(nearer)
        beyond = nearer > last
        surprisals[beyond] += self.exponent * (np.log1p(nearer[beyond]) - np.log1p(last))
        return surprisals

    @cached_property
    def _table(self) -> Polyline:
        return Polyline(self.distances, _NATS * np.arange(len(self.distances)))
