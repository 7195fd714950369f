"""The other days of an entity beside each hour with events: what it does at the same hour there.

Smoothing weighs the hours beside in, around the clock.
"""

from dataclasses import dataclass

import numpy as np

from anomaly.behaviour.daykinds import kinds_of_days
from anomaly.behaviour.windows import ActiveDays, Counts
from anomaly.embedding.hours import HOUR_BINS, smooth_hours
from anomaly.numerics.arrays import Doubles, Integers

_FEWEST_OF_KIND = 5
"""Other days of a kind, working days or weekends, that tell by themselves what is usual."""
_BESIDE = np.arange(-2, 3)
_WEIGHTS = smooth_hours(np.eye(HOUR_BINS)[12])[12 + _BESIDE]
_ROUNDING = 1e-6
_LEAST_SHARE = 1e-3
"""Of the events of a day that fall on an hour at which hardly anybody is active."""


@dataclass(frozen=True)
class SameHours:
    """The other days of an entity, for each hour with events; n of them."""

    cell: Integers
    """(n,): a number for each entity, kind of day and hour of the day."""
    known: Integers
    """(n,): the other days of that kind on which the entity is active."""
    exposure: Doubles
    """(n,): those that tell what is usual: all other days, where there are few of the kind."""
    past: Doubles
    """(n,): events of the entity at that hour of these, with the hours beside weighed in."""
    squares: Doubles
    """(n,): the sum of the squares of the events at that hour of these."""
    usual: Doubles
    """(n,): the share of a day's events at that hour, of all entities."""


def same_hours(days: ActiveDays, counts: Counts) -> SameHours:
    """Look at the other days beside each hour with events; `counts` are of `Kind.EVENTS`."""
    n = counts.n.astype(np.float64)
    kinds = kinds_of_days(days.covered)
    kind, hour = kinds[np.searchsorted(days.covered, counts.day)], counts.hour % HOUR_BINS
    cell = (counts.entity * 2 + kind) * HOUR_BINS + hour
    size = (len(days.starts) - 1) * 2 * HOUR_BINS
    sums, squares = (np.bincount(cell, each, size).astype(np.float64) for each in (n, n**2))
    active = _active(days, kinds)
    known = active[counts.entity * 2 + kind] - 1
    few, other = known < _FEWEST_OF_KIND, (counts.entity * 2 + 1 - kind) * HOUR_BINS + hour

    def of_days(of_kind: Doubles) -> Doubles:
        return of_kind[cell] + np.where(few, of_kind[other], 0.0)

    smoothed = smooth_hours(sums.reshape(-1, HOUR_BINS)).reshape(-1)
    past = np.maximum(of_days(smoothed) - _own_day(days, counts, n), 0.0)
    past[past < _ROUNDING] = 0.0
    exposure = known + np.where(few, active[counts.entity * 2 + 1 - kind], 0)
    share = _usual_share(sums.reshape(-1, 2, HOUR_BINS).sum(axis=0))
    return SameHours(
        cell,
        known,
        exposure.astype(np.float64),
        past,
        of_days(squares) - n**2,
        share[kind, hour],
    )


def _active(days: ActiveDays, kinds: Integers) -> Integers:
    """Return on how many days of each kind each entity is active, (2 * n_entities,)."""
    kind = kinds[np.searchsorted(days.covered, days.day)]
    return np.bincount(days.entity * 2 + kind, minlength=2 * (len(days.starts) - 1))


def _own_day(days: ActiveDays, counts: Counts, n: Doubles) -> Doubles:
    """Return what the day of each row adds to the smoothed sum of its hour of the day, (n,)."""
    first, hour = days.places(counts.entity, counts.day) * HOUR_BINS, counts.hour % HOUR_BINS
    of_day = np.zeros(len(days.day) * HOUR_BINS, dtype=np.int32)
    of_day[first + hour] = n
    own = np.zeros(len(n))
    for shift, weight in zip(_BESIDE, _WEIGHTS, strict=True):
        # Smoothing goes round the clock: the hours beside are those of the same day.
        own += weight * of_day[first + (hour + shift) % HOUR_BINS]
    return own


def _usual_share(by_kind: Doubles) -> Doubles:
    """Return the share of a day's events in each hour among all entities, (2, 24), by kind."""
    smoothed = smooth_hours(by_kind)
    shares: Doubles = smoothed / np.maximum(smoothed.sum(axis=1, keepdims=True), 1.0)
    return np.maximum(shares, _LEAST_SHARE)
