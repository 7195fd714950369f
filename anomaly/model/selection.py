"""Selects scored events by a false discovery rate or a fixed score, with a correction for drift.

Where the batch has drifted from the data of the model, ordinary events have small p-values too
often. The false discovery rate would then not hold. The middle of the p-values, where the ordinary
events are, measures how much too often. The rule multiplies the p-values by that ratio.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from schemas.job.sections import DEFAULT_FDR, SelectionSpec
from schemas.outputs.manifest import NO_RULE_OVER_RECORDS
from schemas.outputs.tables import SEVERITIES, SEVERITY_CUTS

_MIDDLE = (3, 5, 7, 10)
"""Whole points of the anomaly score where the drift is read off: p = .5, .32, .2 and .1."""
_ERRORS = 3.0
"""Standard errors that the share below such a p may lie above it by chance."""

_ROUNDING = 1e-9
"""Of a p-value at the boundary of two whole points."""


@dataclass(frozen=True)
class Drift:
    """The drift of a batch from the events that the model was calibrated on."""

    ratio: float = 1.0
    """How many times as often as the calibration its events are below `at`; at least 1."""
    at: float | None = None
    """The p-value where that is most; None where there is no drift."""


NO_DRIFT = Drift()


@dataclass(frozen=True)
class Selection:
    """The outcome of a rule over all p-values of a run."""

    rule: str
    p_cut: float
    """The largest p-value selected; 0 when none is."""
    selected: int
    """Events whose p-value is at most that."""


NO_RULE = Selection(NO_RULE_OVER_RECORDS, 0.0, 0)
"""A false discovery rate holds for records that come one by one. On a day that the model does not
know they come in clumps. A user has a new address, and each of their events is odd. So unless the
job names a rule, records of such a day are not selected, and incidents are held against nights."""


def anomaly_score(p_values: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return -10 log10(p): ten points are ten times as rare.

    Examples
    --------
    >>> anomaly_score([1.0, 0.1, 1e-6]).tolist()
    [0.0, 10.0, 60.0]
    """
    scores = -10.0 * np.log10(np.asarray(p_values, dtype=np.float64))
    return scores + 0.0  # -0.0 becomes 0.0


def severity(p_values: npt.ArrayLike, n_scored: int) -> list[str]:
    """Return the severity of each p-value in a run of `n_scored` records.

    A p-value of one in a thousand is ordinary among a million records, and odd among a hundred.
    What counts is how many records would be as odd if all of the run were ordinary. It is a tenth
    of one at most for `critical`, one for `high`, ten for `medium`.

    Examples
    --------
    >>> severity([1e-2, 1e-6], 2_000)
    ['low', 'critical']
    """
    cuts = np.array([cut for _, cut in SEVERITY_CUTS])
    expected = np.asarray(p_values, dtype=np.float64) * n_scored
    return np.array(SEVERITIES)[np.searchsorted(cuts, expected, side="left")].tolist()


def drift_of(histogram: npt.NDArray[np.int64], n_calibration: int) -> Drift:
    """Return how many times too often the events of a run are below p = .5, .32, .2 or .1.

    The largest of the four ratios counts, if it is more than three standard errors above one: both
    the batch and the calibration are samples. Below .1 the anomalies themselves would count.

    Parameters
    ----------
    histogram
        (n_points,): the events of the run by whole points of the anomaly score.
    n_calibration
        Events that the p-values come from.
    """
    n = int(histogram.sum())
    if not n:
        return NO_DRIFT
    drifts = [NO_DRIFT]
    for points in _MIDDLE:
        p = 10.0 ** (-points / 10.0)
        ratio = float(histogram[points:].sum()) / n / p
        error = np.sqrt((1.0 - p) / p * (1.0 / n + 1.0 / n_calibration))
        if ratio > 1.0 + _ERRORS * error:
            drifts.append(Drift(ratio, p))
    return max(drifts, key=lambda drift: drift.ratio)


def select(
    p_values: npt.NDArray[np.float64],
    n_scored: int,
    spec: SelectionSpec,
    drift: Drift = NO_DRIFT,
) -> Selection:
    """Apply the rule of `spec` to the smallest p-values of a run.

    Parameters
    ----------
    p_values
        The p-values of the run, in any order; those above `largest_p` may be left out.
    n_scored
        How many events were scored in all.
    spec
        The rule: a threshold if it names one, else Benjamini and Hochberg (1995) at its rate.
    drift
        What the rate takes the p-values to be too small by. A threshold is a score that the user
        has fixed, and stays where it is.
    """
    if spec.threshold is not None:
        p_cut = float(10.0 ** (-spec.threshold / 10.0))
        selected = int(np.sum(p_values <= p_cut))
        return Selection(f"anomaly score at least {spec.threshold:g}", p_cut, selected)
    rate = _rate(spec)
    rule = f"Benjamini-Hochberg at a false discovery rate of {rate:g}"
    ordered = np.sort(p_values)
    passes = drift.ratio * ordered <= rate * np.arange(1, len(ordered) + 1) / max(n_scored, 1)
    if not passes.any():
        return Selection(rule, 0.0, 0)
    p_cut = float(ordered[np.flatnonzero(passes)[-1]])
    return Selection(rule, p_cut, int(np.sum(ordered <= p_cut)))


def largest_p(spec: SelectionSpec, histogram: npt.NDArray[np.int64]) -> float:
    """Return a p-value above which no event can be selected under `spec`.

    Under a false discovery rate p can only be selected if there are n p / rate events that are as
    small. The whole points of the scores bound that number. So of a log without anomalies almost no
    p-value has to be read.

    Parameters
    ----------
    spec
        The rule.
    histogram
        (n_points,): the events of the run by whole points of the anomaly score.
    """
    if spec.threshold is not None:
        return float(10.0 ** (-spec.threshold / 10.0))
    as_small = np.cumsum(histogram[::-1])[::-1]
    points = np.arange(len(histogram))
    least = 10.0 ** (-(points + 1) / 10.0) * (1.0 - _ROUNDING)
    possible = as_small.astype(np.float64) * _rate(spec) >= least * histogram.sum()
    if not possible.any() or not histogram.any():
        return 0.0
    largest = 10.0 ** (-np.flatnonzero(possible)[0] / 10.0) * (1.0 + _ROUNDING)
    return float(min(_rate(spec), largest))


def _rate(spec: SelectionSpec) -> float:
    return spec.fdr or DEFAULT_FDR
