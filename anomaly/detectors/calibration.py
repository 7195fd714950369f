"""Scores to surprisal, and surprisal to p-values.

A p-value is conformal: `(1 + #{calibration >= score}) / (n + 1)` (Vovk, Gammerman and Shafer,
2005). Whatever the score is, at most one new normal event in ten has p <= 0.1, and so on. The
calibration holds anomalies, as every sample of real events does; they make p too large, never too
small. Beyond the largest calibration score, p falls as a generalised Pareto distribution (Pickands,
1975). Its fit uses the largest calibration scores, those of anomalies included.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from anomaly.numerics.sorted_lookup import Boundaries, Polyline

_BODY, _CUT = 0.75, 0.95
"""Quantiles of the scores: the tail's slope is taken between them; beyond the second it applies."""
_TAIL = 0.05
"""Share of the calibration that the tail beyond the last event is fitted on."""
_SMALLEST = 1e-300
"""A p-value never reaches 0."""
_ROUNDING = np.float32(1e-4)
"""Scores that differ by less than this share of them are one score."""


@dataclass(frozen=True)
class SurprisalCurve:
    """The surprisal of a score: -log of the share of normal events that score as high.

    Up to the 95 % quantile that share is counted. Beyond it the counted events may include
    anomalies, so the surprisal continues as a straight line: an exponential tail. Its slope is that
    between the 75 % and the 95 % quantile. So the surprisal of a high score does not depend on how
    many other events score as high.
    """

    scores: npt.NDArray[np.float32]
    """(n,): the calibration scores, ascending."""
    cut: float
    scale: float
    """How much of the score one nat is, beyond the cut."""

    @classmethod
    def fit(cls, scores: npt.NDArray[np.float32]) -> "SurprisalCurve":
        """Learn from the `scores` (n,) of held-out events; higher is more anomalous."""
        ordered = np.sort(np.asarray(scores, dtype=np.float32))
        middle, body, cut = np.quantile(ordered, [0.5, _BODY, _CUT]).astype(np.float64).tolist()
        # Where nine events in ten score the same, the slope is that of a wider or the last part.
        slopes = (
            (cut - body) / np.log((1.0 - _BODY) / (1.0 - _CUT)),
            (cut - middle) / np.log(0.5 / (1.0 - _CUT)),
            float(ordered.mean(dtype=np.float64)) - float(ordered[0]),
        )
        least = max(float(_ROUNDING) * abs(cut), float(np.finfo(np.float32).tiny))
        scale = next((slope for slope in slopes if slope > least), max(abs(cut), 1.0))
        return cls(ordered, cut, scale)

    def of(self, scores: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        """Return the surprisal of each of `scores`, float64 of their shape, in nats."""
        least = _without_rounding(scores)
        counted = self._nats.take(self._below_cut.before(least))
        beyond = least.astype(np.float64) - self.cut
        return np.where(beyond > 0.0, self._at_cut + beyond / self.scale, counted)

    @cached_property
    def _at_cut(self) -> float:
        at_cut = conformal(np.array([self.cut], dtype=np.float32), self.scores)
        return float(-np.log(at_cut)[0])

    @cached_property
    def _below_cut(self) -> Boundaries:
        """Tell how many scores are lower than one that is not beyond the cut."""
        return Boundaries(self.scores[self.scores <= np.float32(self.cut)], "left")

    @cached_property
    def _nats(self) -> npt.NDArray[np.float64]:
        """The surprisal of a score that is higher than 0, 1, … of the scores, up to the cut."""
        n = len(self.scores)
        counted = -np.log((1.0 + n - np.arange(n + 1)) / (n + 1.0))
        return np.minimum(counted, self._at_cut)


@dataclass(frozen=True)
class Calibration:
    """The distribution of the joint surprisal among held-out events: it gives the p-values."""

    surprisals: npt.NDArray[np.float32]
    """(n,): those of the held-out events, ascending."""
    threshold: float
    """Where the tail begins that is fitted for what lies beyond the last of them."""
    scale: float
    shape: float
    """Of the generalised Pareto tail; 0 is exponential, larger is heavier."""

    @classmethod
    def fit(cls, surprisals: npt.NDArray[np.float32]) -> "Calibration":
        """Learn from the joint surprisal (n,) of held-out events."""
        ordered = np.sort(np.asarray(surprisals, dtype=np.float32))
        threshold = float(np.quantile(ordered, 1.0 - _TAIL).astype(np.float32))
        above = ordered[_without_rounding(ordered) > threshold].astype(np.float64) - threshold
        return cls(ordered, threshold, *_fit_tail(above))

    def p_values(self, surprisals: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        """Return the p-value of each of `surprisals`, float64 of their shape, in (0, 1].

        Between two calibration events log p is interpolated, which never makes p smaller. A few
        events say little about far smaller p-values. So the tail is used as it is down to
        p = 1 / (n + 1)^2. Below, the rest of -log p counts as `log(1 + rest)`: the order of the
        events stays.
        """
        s = _without_rounding(surprisals).astype(np.float64)
        n = len(self.surprisals)
        last = float(self.surprisals[-1])
        farther = self._hazard(np.maximum(s, last)) - self._hazard(np.array([last]))
        log_p = self._log_shares.at(s) - farther
        beyond = np.maximum(-log_p - 2.0 * np.log(n + 1.0), 0.0)
        return np.clip(np.exp(log_p + beyond - np.log1p(beyond)), _SMALLEST, 1.0)

    @cached_property
    def _log_shares(self) -> Polyline:
        """The logarithm of the conformal p-value, from each held-out event to the next."""
        n = len(self.surprisals)
        known, places = np.unique(self.surprisals.astype(np.float64), return_index=True)
        return Polyline(known, np.log((1.0 + n - places) / (n + 1.0)))

    def _hazard(self, surprisals: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return _hazard(np.maximum(surprisals - self.threshold, 0.0) / self.scale, self.shape)


def conformal(
    scores: npt.NDArray[np.float32], calibration: npt.NDArray[np.float32]
) -> npt.NDArray[np.float64]:
    """Return `(1 + #{calibration >= score}) / (n + 1)` for each of `scores`.

    Scores that are equal up to rounding are equal. Half of the events may have one score, whose
    last bit depends on the events scored beside it. That bit must not decide between p = 1 and 0.5.

    Parameters
    ----------
    scores
        (n_scores,).
    calibration
        (n,): the scores of held-out events, ascending.

    Examples
    --------
    >>> conformal(np.float32([0, 2, 9]), np.float32([1, 2, 3]))
    array([1.  , 0.75, 0.25])
    """
    n = len(calibration)
    at_least = n - np.searchsorted(calibration, _without_rounding(scores), side="left")
    return np.asarray((1.0 + at_least) / (n + 1.0))


def _without_rounding(scores: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return the least that each score may be but for rounding."""
    return (scores - _ROUNDING * np.abs(scores)).astype(np.float32)


def _hazard(x: npt.NDArray[np.float64], shape: float) -> npt.NDArray[np.float64]:
    """Return -log of the standard generalised Pareto survival function at `x`."""
    return x if shape < 1e-6 else np.log1p(shape * x) / shape


def _fit_tail(above: npt.NDArray[np.float64]) -> tuple[float, float]:
    """Fit scale and shape to the excesses `above` by penalised maximum likelihood.

    The shape stays in [0, 1). A tail lighter than exponential would make a finite score impossible,
    and from 1 on the tail has no mean. The penalty (1 - shape)^2 keeps the shape from 1 where the
    data say little (Coles and Dixon, 1999).
    """
    mean = float(above.mean()) if len(above) else 1.0
    if len(above) < 10:
        return max(mean, 1e-6), 0.0
    excesses = above / mean

    def loss(parameters: npt.NDArray[np.float64]) -> float:
        scale, shape = np.exp(parameters[0]), parameters[1]
        hazards = (1.0 + shape) * _hazard(excesses / scale, shape)
        return float(np.log(scale) * len(above) + hazards.sum() - 2.0 * np.log1p(-shape))

    best = minimize(loss, np.array([0.0, 0.1]), method="L-BFGS-B", bounds=[(-12, 12), (0, 0.9)])
    return float(np.exp(best.x[0])) * mean, float(best.x[1])
