"""Events of an entity in an hour, against the same hours of its other days.

The rate of an hour of the day is the entity's own, with the hours beside it weighed in. Where it is
hardly known, it is that of all entities, for one that has as many events a day.
"""

from dataclasses import dataclass

import numpy as np

from anomaly.behaviour.daily import FEWEST_KNOWN, NewValues, new_for_many
from anomaly.behaviour.daykinds import kinds_of_days
from anomaly.behaviour.peers import with_common_rise
from anomaly.behaviour.predictive import clumping, dispersion, excess, predicted, size_of
from anomaly.behaviour.ranges import CountRange, Series
from anomaly.behaviour.signals import Signals, most_of_others
from anomaly.behaviour.tail import expected_number
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


def hourly_excess(days: ActiveDays, counts: Counts) -> Signals:
    """Judge the events of each hour with events; `counts` are of `Kind.EVENTS`."""
    n, of_day = counts.n.astype(np.float64), days.places(counts.entity, counts.day)
    beside = _beside(days, counts)
    in_all = np.bincount(days.entity, days.events, len(days.starts) - 1)[counts.entity]
    known = days.known[of_day]
    mean = (in_all - days.events[of_day]) / np.maximum(known, 1)
    mean = np.where(known >= FEWEST_KNOWN, mean, np.maximum(mean, np.median(days.events)))
    mean = np.maximum(mean, 1.0) * beside.usual
    usual, shape = predicted(beside.past, beside.exposure, mean)
    of_days = np.bincount(of_day, usual, len(days.day)).astype(np.float64)
    raised = with_common_rise(days.day, days.events.astype(np.float64), of_days)
    expected = usual * np.maximum(raised / np.maximum(of_days, 1e-9), 1.0)[of_day]
    expected = with_common_rise(counts.hour, n, expected)
    spread = dispersion(beside.past, beside.squares, beside.exposure, expected)
    spread = np.maximum(spread, clumping(counts.entity, n, expected, usual))
    surprisals = excess(n, expected, shape, spread)
    number = expected_number(surprisals, days.judged[of_day])
    most = most_of_others(beside.cell, n)
    judged_by = CountRange(expected, size_of(expected, shape, spread))
    series = Series(counts.entity, counts.hour, n, (judged_by,))
    return Signals(counts.entity, counts.hour, 1, number, n, most, beside.known, series=series)


def strange_hours(days: ActiveDays, counts: Counts) -> NewValues:
    """Return the hours of each day, as values from 0 to 23, at which the entity is never active.

    It has no event within two hours of that hour on any of its other days of the same kind, of
    which there are some. Hours are told, not events: these come together.
    """
    beside = _beside(days, counts)
    strange = np.flatnonzero((beside.past <= 0.0) & (beside.known >= FEWEST_KNOWN))
    entity, day, hour = (
        counts.entity[strange],
        counts.day[strange],
        counts.hour[strange] % HOUR_BINS,
    )
    own = ~new_for_many(days, hour, day)
    return NewValues(entity[own], day[own], hour[own])


@dataclass(frozen=True)
class _Beside:
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


def _beside(days: ActiveDays, counts: Counts) -> _Beside:
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
    past = np.maximum(of_days(smoothed) - _own_day(counts, n), 0.0)
    past[past < _ROUNDING] = 0.0
    exposure = known + np.where(few, active[counts.entity * 2 + 1 - kind], 0)
    share = _usual_share(sums.reshape(-1, 2, HOUR_BINS).sum(axis=0))
    return _Beside(
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


def _own_day(counts: Counts, n: Doubles) -> Doubles:
    """Return what the day of each row adds to the smoothed sum of its hour of the day, (n,)."""
    span = int(counts.hour.max(initial=0)) + HOUR_BINS
    known = counts.entity * span + counts.hour
    own = np.zeros(len(n))
    for shift, weight in zip(_BESIDE, _WEIGHTS, strict=True):
        # Smoothing goes round the clock: the hours beside are those of the same day.
        beside = counts.day * HOUR_BINS + (counts.hour + shift) % HOUR_BINS
        wanted = counts.entity * span + beside
        places = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
        own += weight * np.where(known[places] == wanted, n[places], 0.0)
    return own


def _usual_share(by_kind: Doubles) -> Doubles:
    """Return the share of a day's events in each hour among all entities, (2, 24), by kind."""
    smoothed = smooth_hours(by_kind)
    shares: Doubles = smoothed / np.maximum(smoothed.sum(axis=1, keepdims=True), 1.0)
    return np.maximum(shares, _LEAST_SHARE)
