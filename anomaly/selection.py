"""Which scored events become findings: a false discovery rate or a fixed score, then a budget."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from schemas.job import DEFAULT_FDR, SelectionSpec
from schemas.outputs import SEVERITY_CUTS


@dataclass(frozen=True)
class Selection:
    """The outcome of a rule over all p-values of a run."""

    rule: str
    p_cut: float
    """The largest p-value selected; 0 when none is."""
    selected: int
    """Events whose p-value is at most that."""


def anomaly_score(p_values: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return -10 log10(p): ten points are ten times as rare.

    Examples
    --------
    >>> anomaly_score([1.0, 0.1, 1e-6]).tolist()
    [0.0, 10.0, 60.0]
    """
    scores = -10.0 * np.log10(np.asarray(p_values, dtype=np.float64))
    return scores + 0.0  # -0.0 becomes 0.0


def severity(scores: npt.ArrayLike) -> list[str]:
    """Return the name of the severity that each anomaly score reaches.

    Examples
    --------
    >>> severity([12.0, 60.0])
    ['low', 'critical']
    """
    names = np.array([name for name, _ in reversed(SEVERITY_CUTS)])
    cuts = np.array([cut for _, cut in reversed(SEVERITY_CUTS)])
    return names[np.searchsorted(cuts, scores, side="right") - 1].tolist()


def select(p_values: npt.NDArray[np.float64], n_scored: int, spec: SelectionSpec) -> Selection:
    """Apply the rule of `spec` to the smallest p-values of a run.

    Parameters
    ----------
    p_values
        The p-values of the run, in any order; those above `largest_p(spec)` may be left out.
    n_scored
        How many events were scored in all.
    spec
        The rule: a threshold if it names one, else Benjamini and Hochberg (1995) at its rate.
    """
    if spec.threshold is not None:
        p_cut = largest_p(spec)
        selected = int(np.sum(p_values <= p_cut))
        return Selection(f"anomaly score at least {spec.threshold:g}", p_cut, selected)
    rate = largest_p(spec)
    rule = f"Benjamini-Hochberg at a false discovery rate of {rate:g}"
    ordered = np.sort(p_values)
    passes = ordered <= rate * np.arange(1, len(ordered) + 1) / max(n_scored, 1)
    if not passes.any():
        return Selection(rule, 0.0, 0)
    p_cut = float(ordered[np.flatnonzero(passes)[-1]])
    return Selection(rule, p_cut, int(np.sum(ordered <= p_cut)))


def largest_p(spec: SelectionSpec) -> float:
    """Return the p-value above which no event can be selected under `spec`."""
    if spec.threshold is not None:
        return float(10.0 ** (-spec.threshold / 10.0))
    return spec.fdr or DEFAULT_FDR
