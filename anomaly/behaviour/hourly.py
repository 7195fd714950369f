"""Events of an entity in an hour, against the same hours of its other days.

The rate of an hour of the day is the entity's own, with the hours beside it weighed in. Where it is
hardly known, it is that of all entities, for one that has as many events a day.
"""

import numpy as np

from anomaly.behaviour.daily import FEWEST_KNOWN, NewValues, new_for_many
from anomaly.behaviour.other_windows import most_of_others
from anomaly.behaviour.peers import with_common_rise
from anomaly.behaviour.predictive import clumping, dispersion, predicted, size_of
from anomaly.behaviour.ranges import CountRange, Series
from anomaly.behaviour.same_hours import SameHours
from anomaly.behaviour.signals import Beside, Signals
from anomaly.behaviour.surprisals import surprisals
from anomaly.behaviour.tail import expected_number
from anomaly.behaviour.windows import ActiveDays, Counts
from anomaly.embedding.hours import HOUR_BINS
from anomaly.numerics.arrays import Doubles


def hourly_excess(days: ActiveDays, counts: Counts, beside: SameHours) -> Signals:
    """Judge the events of each hour with events; `counts` are of `Kind.EVENTS`."""
    n, of_day = counts.n.astype(np.float64), days.places(counts.entity, counts.day)
    prior = _of_a_day(days)[of_day] * beside.usual
    usual, shape = predicted(beside.past, beside.exposure, prior)
    del prior
    of_days = np.bincount(of_day, usual, len(days.day)).astype(np.float64)
    raised = with_common_rise(days.day, days.events.astype(np.float64), of_days)
    expected = usual * np.maximum(raised / np.maximum(of_days, 1e-9), 1.0)[of_day]
    expected = with_common_rise(counts.hour, n, expected)
    spread = dispersion(beside.past, beside.squares, beside.exposure, expected)
    spread = np.maximum(spread, clumping(counts.entity, n, expected, usual))
    del usual
    judged_by = CountRange(expected, size_of(expected, shape, spread))
    del shape, spread
    number = expected_number(surprisals(n, [judged_by]), days.judged[of_day])
    series = Series(counts.entity, counts.hour, n, (judged_by,))
    return _signals(series, beside, number)


def _signals(series: Series, beside: SameHours, number: Doubles) -> Signals:
    """Return the signals of hours, without those that too many other days reach.

    The first day of a kind is held against those of the other.
    """
    entity, hour, n = series.entity, series.start, series.observed
    of_kind = beside.known > 0
    known = np.where(of_kind, beside.known, beside.exposure.astype(np.int64))
    odd, any_kind = np.isfinite(number), entity * HOUR_BINS + hour % HOUR_BINS
    found = Beside.of(entity, beside.cell, n, known, odd & of_kind)
    found = found.plus(Beside.of(entity, any_kind, n, known, odd & ~of_kind))
    most = most_of_others(beside.cell, n)
    if not of_kind.all():
        most = np.where(of_kind, most, most_of_others(any_kind, n))
    return Signals(
        entity,
        hour,
        1,
        np.where(found.ordinary(known), np.inf, number),
        n,
        most,
        known,
        of_kind=of_kind,
        beside=found,
        series=series,
    )


def _of_a_day(days: ActiveDays) -> Doubles:
    """Return the events of the other days of an entity, at least 1, of each day, (n_days,)."""
    in_all = np.bincount(days.entity, days.events, len(days.starts) - 1)[days.entity]
    known = days.known
    mean = (in_all - days.events) / np.maximum(known, 1)
    mean = np.where(known >= FEWEST_KNOWN, mean, np.maximum(mean, np.median(days.events)))
    return np.maximum(mean, 1.0)


def strange_hours(days: ActiveDays, counts: Counts, beside: SameHours) -> NewValues:
    """Return the hours of each day, as values from 0 to 23, at which the entity is never active.

    It has no event within two hours of that hour on any of its other days of the same kind, of
    which there are some. Hours are told, not events: these come together.
    """
    strange = np.flatnonzero((beside.past <= 0.0) & (beside.known >= FEWEST_KNOWN))
    entity, day, hour = (
        counts.entity[strange],
        counts.day[strange],
        counts.hour[strange] % HOUR_BINS,
    )
    own = ~new_for_many(days, hour, day)
    return NewValues(entity[own], day[own], hour[own])
