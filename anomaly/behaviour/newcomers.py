"""Newcomers: entities that are there on one day alone, where nearly all others come back."""

import numpy as np

from anomaly.behaviour.signals import Signals
from anomaly.behaviour.windows import ActiveDays

_HALF = 0.5
"""Of the newcomers itself counts half: whether it is ordinary is not known."""


def newcomers(days: ActiveDays) -> Signals:
    """Judge entities with a single active day by how many such there are on all days.

    The first day tells none: nothing is known before it. The number is the rate of newcomers, with
    half a one more, times the days that are judged.
    """
    first = int(days.covered[0])
    alone = np.flatnonzero((days.known == 0) & (days.day > first))
    later = days.covered[days.covered > first]
    judged = np.count_nonzero(later >= days.judged_from)
    number = (len(alone) - _HALF) * judged / max(len(later), 1)
    told = alone[days.judged[alone]]
    return Signals(
        entity=days.entity[told],
        start=days.day[told] * 24,
        hours=24,
        number=np.full(len(told), number),
        observed=days.events[told].astype(np.float64),
        most=np.full(len(told), float(np.count_nonzero(np.diff(days.starts) > 1))),
        known=np.full(len(told), len(days.covered) - 1),
        exposure=np.full(len(told), np.count_nonzero(np.diff(days.starts))),
    )
