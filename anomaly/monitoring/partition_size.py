"""Size of a partition: compares its rows with those of the partitions before it.

A feed that breaks off halfway is no anomaly of any record: each of those that came is ordinary.
"""

from collections.abc import Mapping
from datetime import date

import numpy as np
import numpy.typing as npt
from scipy import stats

from schemas.outputs.figures import PartitionRows

MOST_DAYS = 28
"""Earlier days that a day is compared with, the newest ones."""
FEWEST_DAYS = 5
_FEWEST_OF_WEEKDAY = 3
_OUTSIDE = 5e-3
"""A day of a steady feed lies outside once in 200 days."""
_LEAST_FACTOR = 1.2
"""What is within a fifth of the usual is not far, however steady the feed is."""
_MAD = 1.4826
"""Standard deviations of a normal distribution in its median absolute deviation."""
_CLIPPED = 3.0
"""Robust deviations beyond which an earlier day counts no more: an outage, a holiday."""

Floats = npt.NDArray[np.float64]


def usual_rows(
    day: date, rows: int, earlier: Mapping[date, int], a_day: int = 1
) -> PartitionRows | None:
    """Return how many rows a day, or an hour of it, was to be expected to have.

    It is a prediction interval with Student's t for one more value of a normal distribution (Hahn
    and Meeker, 1991). The value is the logarithm of the count. On that scale a weekday has a
    factor, and counts that vary more than by chance have a steady spread. A Poisson count has the
    variance `1 / mean` there, which is the least that is taken.

    Where the weekday is known three times, its median is the centre. Three days alone tell too
    little of the spread, so it is pooled: deviations from the median of each weekday. For n days of
    w weekdays it has n - w degrees of freedom. What lies beyond three robust deviations is brought
    there, so that an earlier outage does not hide the next one (Huber, 1981). The variance of a
    median is at most pi / 2 times that of a mean.

    Else all days are one sample, of which the weekday is one or two. Their mean and deviation are
    taken as they are: the days of a weekend lie apart, and are ordinary.

    Parameters
    ----------
    day
        The partition.
    rows
        Its rows, at least one.
    earlier
        Earlier partition -> its rows; of an hour, the days with those of the same hour.
    a_day
        How many such comparisons a day has: 24 of an hourly job, whose steady feed then lies
        outside as rarely as a daily one.

    Returns
    -------
    PartitionRows or None
        None with fewer than five earlier days, or if none of them is of this weekday. A first
        Saturday after five working days is not compared with them.

    References
    ----------
    G. J. Hahn, W. Q. Meeker (1991), Statistical Intervals, Wiley, section 4.8.
    P. J. Huber (1981), Robust Statistics, Wiley, section 1.7.

    Examples
    --------
    >>> weeks = {date(2026, 1, 5 + i): 1_000 if i % 7 < 5 else 300 for i in range(21)}
    >>> usual_rows(date(2026, 1, 26), 500, weeks).far
    True
    >>> usual_rows(date(2026, 1, 31), 300, weeks).far
    False
    """
    newest = sorted((each for each in earlier if each < day), reverse=True)[:MOST_DAYS]
    logs = {each: float(np.log(max(earlier[each], 1))) for each in newest}
    weekdays = [np.array([y for d, y in logs.items() if d.weekday() == w]) for w in range(7)]
    own = weekdays[day.weekday()]
    if len(logs) < FEWEST_DAYS or not len(own):
        return None
    by_weekday = len(own) >= _FEWEST_OF_WEEKDAY
    if by_weekday:
        known = [each for each in weekdays if len(each) >= _FEWEST_OF_WEEKDAY]
        centre, reach = _of_weekday(own, known, _OUTSIDE / a_day)
    else:
        centre, reach = _of_all(np.array(list(logs.values())), _OUTSIDE / a_day)
    reach = max(reach, float(np.log(_LEAST_FACTOR)))
    return PartitionRows(
        rows=rows,
        low=int(np.floor(np.exp(centre - reach))),
        high=int(np.ceil(np.exp(centre + reach))),
        days=len(own) if by_weekday else len(logs),
        of_weekday=by_weekday,
    )


def _of_weekday(own: Floats, known: list[Floats], outside: float) -> tuple[float, float]:
    """Return centre and reach where the weekdays are told apart."""
    off = np.concatenate([each - np.median(each) for each in known])
    free = len(off) - len(known)
    bound = _CLIPPED * _MAD * float(np.median(np.abs(off))) * np.sqrt(len(off) / free)
    variance = float((np.clip(off, -bound, bound) ** 2).sum()) / free
    centre = float(np.median(own))
    return centre, _reach(centre, variance, free, np.pi / 2 / len(own), outside)


def _of_all(logs: Floats, outside: float) -> tuple[float, float]:
    """Return centre and reach where all days are one sample."""
    centre, n = float(logs.mean()), len(logs)
    return centre, _reach(centre, float(logs.var(ddof=1)), n - 1, 1.0 / n, outside)


def _reach(centre: float, variance: float, free: int, of_centre: float, outside: float) -> float:
    deviation = np.sqrt(max(variance, np.exp(-centre)) * (1.0 + of_centre))
    return float(stats.t.isf(outside / 2, free) * deviation)
