"""Groups anomalous records into incidents: one where an analyst would open one ticket.

The oddest record that is in no group yet is the head of the next one. The others that are alike to
the head join it: near in time, and nearer to it than to normal records. Groups are then joined in
the same way. The head of a group joins one that is odder, if both are near in time, of one entity,
and odd for the same reason.

What joins is compared with a head, never with what joined before. So no chain of small steps leads
from one thing to another, and an incident is bounded in time and distance. Less odd records never
change how odder ones are grouped.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from anomaly.numerics.arrays import Integers

NEAR_IN_TIME = 2 * 3_600_000_000
"""Microseconds that may lie between a head and what joins it: two hours. A record is then at most
four hours from the head of its incident, which lasts no longer than a shift of eight."""
_NEAR = 0.5
"""Records are alike if their distance is at most this part of that of each from normal records."""
_HEADS_AT_ONCE = 128
"""Records whose distances from all others are held at a time."""


@dataclass(frozen=True)
class Candidates:
    """Records that may be part of an incident, the oddest first, n of them."""

    X: npt.NDArray[np.float32]
    """(n, n_dims): their embedding."""
    away: npt.NDArray[np.float32]
    """(n,): the distance of each from the nearest usual reference, in the same space."""
    times: Integers
    """(n,): microseconds since 1970; all 0 where the records have no time."""
    entities: Mapping[str, Integers]
    """Entity column -> (n,): a number for each name; -1 where there is none that joins records."""


def alike(candidates: Candidates) -> Integers:
    """Return the group of alike records that each is of, int64 (n,), counted from the oddest."""
    X, away = candidates.X.astype(np.float64), candidates.away.astype(np.float64)
    groups = np.full(len(X), -1, dtype=np.int64)
    free, n_groups = np.arange(len(X)), 0
    while len(free):
        heads = free[:_HEADS_AT_ONCE]
        reach = _NEAR * np.minimum.outer(away[heads], away[free])
        close = _distances(X[heads], X[free]) <= reach
        close &= _near_in_time(candidates.times[heads, None], candidates.times[free])
        for place, head in enumerate(heads):
            if groups[head] < 0:
                close[place, place] = True  # whatever rounding makes of its distance from itself
                groups[free[close[place] & (groups[free] < 0)]] = n_groups
                n_groups += 1
        free = free[groups[free] < 0]
    return groups


def incidents(candidates: Candidates, reasons_of: Callable[[Integers], Integers]) -> Integers:
    """Return the incident that each candidate is of, int64 (n,), counted from the oddest record.

    Parameters
    ----------
    candidates
        Records, the oddest first.
    reasons_of
        Gives the columns that make records odd, as numbers, (n_asked, n_reasons), the most telling
        first. Asked once for each group of records that are alike.
    """
    groups = alike(candidates)
    heads = np.unique(groups, return_index=True)[1]
    times, reasons = candidates.times[heads], reasons_of(heads)
    found = np.full(len(heads), -1, dtype=np.int64)
    n_incidents = 0
    for group in range(len(heads)):
        if found[group] >= 0:
            continue
        named = np.zeros(len(heads), dtype=bool)
        for names in candidates.entities.values():
            named |= (names[heads] == names[heads[group]]) & (names[heads[group]] >= 0)
        joined = named & (reasons == reasons[group]).any(axis=1)
        joined &= _near_in_time(times, times[group])
        joined[group] = True
        found[joined & (found < 0)] = n_incidents
        n_incidents += 1
    return found[groups]


def gone_through(numbers: Integers, wanted: int, at_least: int) -> int:
    """Return how many candidates hold so many incidents: the last is the oddest of its own.

    Examples
    --------
    >>> gone_through(np.array([0, 1, 0, 2, 1]), wanted=2, at_least=0)
    2
    >>> gone_through(np.array([0, 1, 0, 2, 1]), wanted=2, at_least=3)
    3
    """
    firsts = np.unique(numbers, return_index=True)[1]
    reached = int(firsts[min(wanted, len(firsts)) - 1]) + 1 if wanted and len(firsts) else 0
    return len(numbers) if len(firsts) < wanted else max(reached, min(at_least, len(numbers)))


def _near_in_time(times: Integers, others: Integers) -> npt.NDArray[np.bool_]:
    near: npt.NDArray[np.bool_] = np.abs(times - others) <= NEAR_IN_TIME
    return near


def _distances(
    X: npt.NDArray[np.float64], others: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Return the distance of each of X from each of the others, (n, n_others)."""
    squares = (X**2).sum(axis=1)[:, None] + (others**2).sum(axis=1) - 2 * X @ others.T
    distances: npt.NDArray[np.float64] = np.sqrt(np.maximum(squares, 0))
    return distances
