"""Recurring events: odd ones of a kind that comes back from day to day.

Few events of a kind may be a habit of the place or a single burst of something foreign. Where they
lie cannot tell these apart; when they happened can. What is seen on three days is taken for a
habit.
"""

import numpy as np
import numpy.typing as npt
from sklearn.metrics import pairwise_distances_chunked

from anomaly.embedding.deduplicated import EmbeddedEvents
from anomaly.numerics.arrays import Floats, Integers
from anomaly.numerics.spacing import spread

_FEWEST_DAYS = 3
"""Days that a habit is seen on. A burst of less than a day falls into two days at the most."""
_NEIGHBOURS = 8
"""Nearest events that an event is of one kind with."""
_COMPARED = 1_024
"""The most trimmed events, and as many others, that each trimmed event is compared with."""
_NEARER = 0.5
"""Share of the squared distance to others that the distance to events of its kind may have. Then
what sets the kind apart is at least as large as what its events differ in."""
_MEBIBYTES = 32
"""Distances that are held at a time."""


def covers_habits(days: Integers | None) -> bool:
    """Return whether events of these days, int64 (n_events,), can show what recurs."""
    return days is not None and len(days) > 0 and int(np.ptp(days)) >= _FEWEST_DAYS - 1


def recurring(
    events: EmbeddedEvents, trimmed: npt.NDArray[np.bool_], days: Integers
) -> npt.NDArray[np.bool_]:
    """Return which of the trimmed events are of a kind that recurs.

    The nearest trimmed events of such an event are much nearer to it than equally many others are,
    and they happened on several days.

    Parameters
    ----------
    events
        All events, n_events of them.
    trimmed
        (n_events,): those that lie far from the others.
    days
        (n_events,): the day of each, counted from any.

    Returns
    -------
    bool (n_events,): False for all that are not trimmed.
    """
    odd, others = np.flatnonzero(trimmed), np.flatnonzero(~trimmed)
    found = np.zeros(events.n_events, dtype=bool)
    n = min(len(odd), len(others), _COMPARED)
    if n <= _NEIGHBOURS:
        return found
    alike, usual = odd[spread(len(odd), n)], others[spread(len(others), n)]
    compared = events.take(np.concatenate([alike, usual])).X
    start = 0
    rows = events.take(odd).X
    for distances in pairwise_distances_chunked(rows, compared, working_memory=_MEBIBYTES):
        here = odd[start : start + len(distances)]
        found[here] = _recur(distances.astype(np.float32), here, alike, days)
        start += len(distances)
    return found


def _recur(
    distances: Floats, odd: Integers, alike: Integers, days: Integers
) -> npt.NDArray[np.bool_]:
    """Return which of the `odd` events recur, by distances to `alike` and to as many others."""
    to_alike, to_others = np.split(distances, 2, axis=1)
    to_alike[odd[:, None] == alike] = np.inf
    apart = np.flatnonzero(_reach(to_alike) ** 2 <= _NEARER * _reach(to_others) ** 2)
    seen = np.sort(days[alike[_nearest(to_alike[apart])]], axis=1)
    n_days = 1 + np.count_nonzero(np.diff(seen, axis=1), axis=1)
    recur = np.zeros(len(odd), dtype=bool)
    recur[apart] = n_days >= _FEWEST_DAYS
    return recur


def _reach(distances: Floats) -> Floats:
    """Return the distance of the last of the nearest in each row."""
    return np.asarray(np.partition(distances, _NEIGHBOURS - 1, axis=1)[:, _NEIGHBOURS - 1])


def _nearest(distances: Floats) -> Integers:
    """Return the places of the nearest in each row.

    A distance and its place are one key, so that equal distances have one order everywhere.
    """
    places = np.arange(distances.shape[1], dtype=np.uint64)
    keys = distances.view(np.uint32).astype(np.uint64) << np.uint64(32) | places
    nearest = np.partition(keys, _NEIGHBOURS - 1, axis=1)[:, :_NEIGHBOURS]
    return (nearest & np.uint64(2**32 - 1)).astype(np.int64)
