"""Groups anomalous records into incidents: one where an analyst would open one ticket.

Two records are joined where they are alike: near in time, and nearer to each other than to normal
records. They are also joined where they are of one entity, near in time, and odd for the same
reason. Records that are connected by such pairs are one incident.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from anomaly.numerics.arrays import Integers

NEAR_IN_TIME = 3_600_000_000
"""Microseconds that may lie between two records of one incident: an hour."""
_NEAR = 0.5
"""Records are alike if their distance is at most this part of that of each from normal records."""
_NEIGHBOURS = 16
"""How many of the records that follow in time each is compared with."""
_ROWS_AT_ONCE = 4_096


@dataclass(frozen=True)
class Candidates:
    """Records that may be part of an incident, the oddest first, n of them."""

    X: npt.NDArray[np.float32]
    """(n, n_dims): their embedding."""
    away: npt.NDArray[np.float32]
    """(n,): the distance of each from the nearest usual reference, in the same space."""
    times: Integers
    """(n,): microseconds since 1970; all 0 where the records have no time."""
    rows: Integers
    """(n,): their numbers in the input: the order of what happens at the same time."""
    entities: Mapping[str, Integers]
    """Entity column -> (n,): a number for each name; -1 where there is none."""


def alike(candidates: Candidates) -> Integers:
    """Return the group of alike records that each is of, int64 (n,), counted from the oddest."""
    order = np.lexsort((candidates.rows, candidates.times))
    pairs = [np.zeros((2, 0), dtype=np.int64)]
    for step in range(1, min(_NEIGHBOURS, len(order) - 1) + 1):
        one, other = order[:-step], order[step:]
        near = candidates.times[other] - candidates.times[one] <= NEAR_IN_TIME
        one, other = one[near], other[near]
        reach = _NEAR * np.minimum(candidates.away[one], candidates.away[other])
        close = _distances(candidates.X, one, other) <= reach
        pairs.append(np.stack([one[close], other[close]]))
    return _connected(np.concatenate(pairs, axis=1), len(order))


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
    oddest = np.unique(groups, return_index=True)[1]
    reasons = reasons_of(oddest)[groups]
    pairs = [np.stack([oddest[groups], np.arange(len(groups))])]
    for names in candidates.entities.values():
        pairs += [_of_one_name(candidates, names, reason) for reason in reasons.T]
    return _connected(np.concatenate(pairs, axis=1), len(groups))


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


def _of_one_name(candidates: Candidates, names: Integers, reason: Integers) -> Integers:
    """Pair the records that follow each other in the activity of one entity for one reason."""
    named = np.flatnonzero(names >= 0)
    keys = (candidates.rows, candidates.times, reason, names)
    order = named[np.lexsort([key[named] for key in keys])]
    one, other = order[:-1], order[1:]
    same = (names[one] == names[other]) & (reason[one] == reason[other])
    same &= candidates.times[other] - candidates.times[one] <= NEAR_IN_TIME
    return np.stack([one[same], other[same]])


def _connected(pairs: Integers, n: int) -> Integers:
    """Return the connected component of each of n over `pairs`, (2, n_pairs), counted from 0."""
    joined = coo_array((np.ones(pairs.shape[1], dtype=bool), tuple(pairs)), shape=(n, n))
    _, labels = connected_components(joined, directed=False)
    _, first, members = np.unique(labels, return_index=True, return_inverse=True)
    place = np.empty(len(first), dtype=np.int64)
    place[np.argsort(first)] = np.arange(len(first))
    return place[members]


def _distances(
    X: npt.NDArray[np.float32], one: Integers, other: Integers
) -> npt.NDArray[np.float32]:
    distances = np.empty(len(one), dtype=np.float32)
    for start in range(0, len(one), _ROWS_AT_ONCE):
        part = slice(start, start + _ROWS_AT_ONCE)
        distances[part] = np.linalg.norm(X[one[part]] - X[other[part]], axis=1)
    return distances
