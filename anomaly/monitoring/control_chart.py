"""Control chart of recall: compares the share of canaries found with that of the runs before."""

from collections.abc import Sequence

import numpy as np
from scipy import stats

FEWEST_RUNS = 5
"""Runs before that tell how much the share varies from one to the next."""
FALSE_ALARM = 1e-3
"""A run of a job whose recall did not change is called a fall so often: once in a thousand."""


def fall_of_recall(
    now: tuple[int, int], before: Sequence[tuple[int, int]]
) -> tuple[float, float] | None:
    """Test whether the share found is lower than in the runs before.

    It is the lower side of a p'-chart: a normal approximation compares two proportions. Its
    deviation is widened where the earlier runs vary more among themselves than by chance. As that
    is estimated from few runs, Student's t takes the place of the normal distribution.

    Parameters
    ----------
    now
        How many canaries were planted, and found.
    before
        The same for each of the runs before.

    Returns
    -------
    tuple or None
        The share found in the runs before, and the p-value of a share as low as now. None where the
        runs are fewer than `FEWEST_RUNS`, or no canary was planted.

    References
    ----------
    D. B. Laney (2002), Improved control charts for attributes, Quality Engineering 14(4).

    Examples
    --------
    >>> before = [(250, found) for found in (200, 205, 198, 203, 201, 199)]
    >>> usual, p_value = fall_of_recall((250, 202), before)
    >>> round(usual, 3), p_value > 0.5
    (0.804, True)
    >>> fall_of_recall((250, 150), before)[1] < FALSE_ALARM
    True
    """
    planted, found = np.array([run for run in before if run[0]], dtype=np.float64).reshape(-1, 2).T
    if len(planted) < FEWEST_RUNS or not now[0]:
        return None
    usual = found.sum() / planted.sum()
    # Half a canary found and half a one missed: where all are found chance still has a width.
    spread = (found.sum() + 0.5) / (planted.sum() + 1.0)
    variance = spread * (1.0 - spread)
    scores = (found / planted - usual) / np.sqrt(variance / planted)
    wider = max(1.0, float(np.sqrt((scores**2).sum() / (len(scores) - 1))))
    deviation = wider * np.sqrt(variance * (1.0 / now[0] + 1.0 / planted.sum()))
    t = (now[1] / now[0] - usual) / deviation
    return float(usual), float(stats.t.cdf(t, len(planted) - 1))
