"""Scores to p-values: the share of normal events that score as high, beyond the sample too.

Below the tail a p-value is conformal, `(1 + #{calibration >= score}) / (n + 1)` (Vovk, Gammerman
and Shafer, 2005). That stops at 1 / (n + 1), so the tail goes on as a generalised Pareto
distribution over a threshold (Pickands, 1975). The calibration rows are contaminated like every
sample of real events; the largest of them are therefore counted, but how far out they lie is not
believed: they are censored in the fit.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

_TAIL = 0.10
"""Share of the calibration scores above the threshold."""
_CENSORED = 0.02
"""Share of them whose value is not believed: twice a usual contamination of one per cent."""
_SMALLEST = 1e-300
"""A p-value never reaches 0."""
_ROUNDING = np.float32(1e-4)
"""Scores that differ by less than this share of them are one score."""


@dataclass(frozen=True)
class TailCalibration:
    """The distribution of a score among normal events."""

    scores: npt.NDArray[np.float32]
    """(n,): the calibration scores, ascending."""
    threshold: float
    scale: float
    shape: float
    """Of the generalised Pareto tail; 0 is exponential, larger is heavier."""

    @classmethod
    def fit(cls, scores: npt.NDArray[np.float32]) -> "TailCalibration":
        """Learn from the `scores` (n,) of held-out events; higher is more anomalous."""
        ordered = np.sort(np.asarray(scores, dtype=np.float32))
        cuts = np.quantile(ordered, [1.0 - _TAIL, 1.0 - _CENSORED])
        # As float32 like the scores that are compared with it, here and after a round trip.
        threshold, ceiling = cuts.astype(np.float32).tolist()
        above = ordered[_without_rounding(ordered) > threshold].astype(np.float64) - threshold
        scale, shape = _fit_tail(above, max(ceiling - threshold, 0.0))
        return cls(ordered, threshold, scale, shape)

    def p_values(self, scores: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        """Return the p-value of each of `scores` (n,), float64 in (0, 1]."""
        scores = np.asarray(scores, dtype=np.float32)
        p = conformal(scores, self.scores)
        tail = _without_rounding(scores) > self.threshold
        beyond = scores[tail].astype(np.float64) - self.threshold
        # The tail takes over where it begins, so that p falls as the score rises, without a step.
        n = len(self.scores)
        above = np.sum(_without_rounding(self.scores) > self.threshold)
        start = (1.0 + above) / (n + 1.0)
        p[tail] = start * np.exp(-self._hazard_at(beyond))
        return np.clip(p, _SMALLEST, 1.0)

    def _hazard_at(self, excess: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return _hazard(excess / self.scale, self.shape)


def conformal(
    scores: npt.NDArray[np.float32], calibration: npt.NDArray[np.float32]
) -> npt.NDArray[np.float64]:
    """Return `(1 + #{calibration >= score}) / (n + 1)` for each of `scores`.

    Equal up to rounding is equal: where one event in two is the same, the last bit of its score,
    which depends on the events that it is scored with, must not decide between p = 1 and p = 0.5.

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


def settle(
    surprisal: npt.NDArray[np.float32], calibration: npt.NDArray[np.float32]
) -> npt.NDArray[np.float64]:
    """Turn the surprisal -log p of a combined p-value into the p-value that is reported.

    It is the smaller of that p and its own conformal p-value. The first is too large where the
    normal events have outliers of a kind that the tails did not foresee; the second where the
    calibration is contaminated; neither is too small. The conformal one is interpolated between
    calibration events, which never makes it smaller, and falls on beyond the last as p does.

    Thirty events cannot tell what one in a million is. The tail is believed as far again as the
    calibration itself reaches, to 1 / (n + 1)^2; beyond, the surprisal counts by its logarithm, so
    that the order of the events stays.

    Parameters
    ----------
    surprisal
        (n_events,).
    calibration
        (n,): that of held-out events, ascending.

    Examples
    --------
    >>> settle(np.float32([0.1, 2.5]), np.float32([1, 2, 3])).round(2)
    array([0.9 , 0.08])
    """
    s = _without_rounding(surprisal).astype(np.float64)
    known, places = np.unique(calibration.astype(np.float64), return_index=True)
    n = len(calibration)
    shares = np.log((1.0 + n - places) / (n + 1.0))
    conformal_log = np.interp(s, known, shares) - np.maximum(s - known[-1], 0.0)
    smaller_log = np.minimum(-surprisal.astype(np.float64), conformal_log)
    believed = 2.0 * np.log(n + 1.0)
    beyond = np.maximum(-smaller_log - believed, 0.0)
    return np.clip(np.exp(smaller_log + beyond - np.log1p(beyond)), _SMALLEST, 1.0)


def combine(p_values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Combine the p-values in the last axis into one that a single strong voice decides.

    The Cauchy combination (Liu and Xie, 2020): valid under any dependence as p becomes small. For
    small p it is the harmonic mean. Alone, it would let one voice at p = 1 silence all others, so
    it is held below Bonferroni's bound, n times the smallest p.

    Examples
    --------
    >>> combine(np.array([[0.5, 0.5], [1e-6, 0.5], [1e-6, 1.0]])).round(7)
    array([5.e-01, 2.e-06, 2.e-06])
    """
    p = np.clip(p_values, _SMALLEST, 1.0 - 1e-12)
    # tan((0.5 - p) pi) is 1 / (pi p) for small p, where the tangent itself loses its digits.
    small = p < 1e-8
    waves = np.where(small, 1.0 / (np.pi * p), np.tan((0.5 - np.where(small, 0.5, p)) * np.pi))
    mean = waves.mean(axis=-1)
    far = mean > 1e7
    combined = 0.5 - np.arctan(np.where(far, 0.0, mean)) / np.pi
    combined = np.where(far, 1.0 / (np.pi * np.where(far, mean, 1.0)), combined)
    return np.clip(np.minimum(combined, p.shape[-1] * p.min(axis=-1)), _SMALLEST, 1.0)


def _without_rounding(scores: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return the least that each score may be but for rounding."""
    return (scores - _ROUNDING * np.abs(scores)).astype(np.float32)


def _hazard(x: npt.NDArray[np.float64], shape: float) -> npt.NDArray[np.float64]:
    """Return -log of the standard generalised Pareto survival function at `x`."""
    return x if shape < 1e-6 else np.log1p(shape * x) / shape


def _fit_tail(above: npt.NDArray[np.float64], ceiling: float) -> tuple[float, float]:
    """Fit scale and shape to the excesses `above`; those beyond `ceiling` are censored.

    Maximum likelihood with the shape held in [0, 1): a tail lighter than exponential would declare
    a finite score impossible, one without a mean is no use. The prior (1 - shape)^2 keeps it from
    the edge where the data say little (Coles and Dixon, 1999).
    """
    seen = above[above <= ceiling] / ceiling if ceiling > 0.0 else above[:0]
    if len(above) < 10 or not len(seen):
        return max(float(above.mean()) if len(above) else 0.0, 1e-6), 0.0
    n_censored = len(above) - len(seen)

    def loss(parameters: npt.NDArray[np.float64]) -> float:
        scale, shape = np.exp(parameters[0]), parameters[1]
        density = np.log(scale) * len(seen) + (1.0 + shape) * _hazard(seen / scale, shape).sum()
        censored = n_censored * float(_hazard(np.array([1.0 / scale]), shape)[0])
        return float(density + censored - 2.0 * np.log1p(-shape))

    start = np.array([np.log(max(float(seen.mean()), 1e-6)), 0.1])
    best = minimize(loss, start, method="L-BFGS-B", bounds=[(-12.0, 12.0), (0.0, 0.9)])
    return float(np.exp(best.x[0])) * ceiling, float(best.x[1])
