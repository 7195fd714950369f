"""Newcomers: entities with a single day of activity, judged by how many such there are."""

import numpy as np

from anomaly.behaviour.signals import Signals
from anomaly.behaviour.windows import ActiveDays

_HALF = 0.5
"""A newcomer counts half beside the others: whether it is ordinary is not known."""


def newcomers(days: ActiveDays) -> Signals:
    """Judge entities with a single active day by how many such there are on all days.

    The first day tells none: nothing is known before it. The number is the rate of the others, and
    half a one, times the days that are judged. On the last day those that will come back look the
    same. So there it is at least the rate at which entities are first seen, in the later half.
    `most` is how many entities come back, and `exposure` how many there are.
    """
    first, last = int(days.covered[0]), int(days.covered[-1])
    alone = np.flatnonzero((days.known == 0) & (days.day > first))
    later = days.covered[days.covered > first]
    judged = np.count_nonzero(later >= days.judged_from)
    told = alone[days.judged[alone]]
    number = np.full(len(told), (len(alone) - _HALF) * judged / max(len(later), 1))
    number = np.where(days.day[told] == last, np.maximum(number, _first_seen(days)), number)
    return Signals(
        entity=days.entity[told],
        start=days.day[told] * 24,
        hours=24,
        number=number,
        observed=days.events[told].astype(np.float64),
        most=np.full(len(told), float(np.count_nonzero(np.diff(days.starts) > 1))),
        known=np.full(len(told), len(days.covered) - 1),
        exposure=np.full(len(told), np.count_nonzero(np.diff(days.starts))),
    )


def _first_seen(days: ActiveDays) -> float:
    """Return how many entities are first seen on a day, of the later half but the last one."""
    some = days.covered[len(days.covered) // 2 : -1]
    firsts = days.day[days.starts[:-1][np.diff(days.starts) > 0]]
    return (np.count_nonzero(np.isin(firsts, some)) + _HALF) / max(len(some), 1)
