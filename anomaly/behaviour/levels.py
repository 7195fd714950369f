"""Numbers of an entity: their level and their sum on a day, against its other days.

Numbers are compared as log(1 + |x|), with the sign of x. So a doubling is as much of a large one
as of a small.
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from scipy.optimize import nnls

from anomaly.behaviour.other_windows import OtherWindows, discounted, first_of_several
from anomaly.behaviour.peers import middle_of_each
from anomaly.behaviour.predictive import away
from anomaly.behaviour.ranges import LevelRange, Series
from anomaly.behaviour.signals import Signals
from anomaly.behaviour.tail import expected_number
from anomaly.behaviour.windows import ActiveDays, Counts
from anomaly.numerics.arrays import Doubles, Integers
from anomaly.numerics.groups import distinct_in_order

FEWEST_EVENTS = 5
"""Numbers of a day that give it a level."""
_FEWEST_DAYS = 4
"""Other days that tell how far a level varies."""
_PRIOR = 4.0
"""So many days weigh the common variance of the levels of entities."""
LEAST = 0.05
"""The least deviation of a level from day to day: one part in twenty."""
_LARGEST = 0.99
"""Squared deviations beyond this quantile count as that for what is common."""
DECIMALS = 9
"""Of a level: the order in which numbers are added up changes later ones."""


def daily_levels(days: ActiveDays, counts: Counts) -> Signals:
    """Judge the mean level of each day with enough numbers against the entity's other days."""
    entity, day, n, logs, _ = of_days(counts)
    enough = n >= FEWEST_EVENTS
    level = np.round(logs[enough] / n[enough], DECIMALS)
    typical = np.copysign(np.expm1(np.abs(level)), level)
    return _judged(days, _Levels(entity[enough], day[enough], n[enough], level, typical))


def daily_sums(days: ActiveDays, counts: Counts) -> Signals:
    """Judge the size of the sum of each day against the entity's other days."""
    entity, day, n, _, total = of_days(counts)
    size = np.round(np.log1p(np.abs(total)), DECIMALS).astype(np.float64)
    return _judged(days, _Levels(entity, day, n, size, total), upward=True)


def of_days(counts: Counts) -> tuple[Integers, Integers, Doubles, Doubles, Doubles]:
    """Return entity, day, number of events, sum of logarithms and sum of each active day."""
    span = int(counts.day.max(initial=0)) + 1
    keys = counts.entity * span + counts.day
    keys, places = distinct_in_order(keys)
    n, logs, total = (
        np.bincount(places, each, len(keys)).astype(np.float64)
        for each in (counts.n, counts.logs, counts.total)
    )
    return keys // span, keys % span, n, logs, total


class _Levels(NamedTuple):
    """The levels of entities on days."""

    entity: Integers
    day: Integers
    n: Doubles
    """Numbers that each is of."""
    level: Doubles
    """As they are compared."""
    told: Doubles
    """As numbers of the column."""


def _judged(days: ActiveDays, levels: _Levels, *, upward: bool = False) -> Signals:
    """Judge levels by Student's distribution, given the other days of the entity."""
    entity, day, n, level, told = levels
    judged = day >= days.judged_from
    before = first_of_several(entity, level, judged, downward=not upward)
    others = OtherWindows(entity, before)
    # What the middle one of the day shares explains a level; it makes none odd.
    shift = _common_shift(day, level, entity)
    by_level, by_shifted = (
        _judged_by(others, each, _relative_variance(entity, n, each))
        for each in (level, level - shift)
    )
    surprisals = np.minimum(
        _surprisals(level, by_level, upward=upward),
        _surprisals(level - shift, by_shifted, upward=upward),
    )
    beyond = _beyond(others, level, by_level)
    surprisals = np.minimum(surprisals, _of_record(beyond, others.known))
    ranges = (by_level, replace(by_shifted, mean=by_shifted.mean + shift))
    number = expected_number(discounted(surprisals, before), judged)
    return Signals(
        entity=entity,
        start=day * 24,
        hours=24,
        number=np.where(beyond > 0.0, number, np.inf),
        observed=told,
        most=others.most(told),
        known=others.known,
        least=-others.most(-told),
        exposure=n.astype(np.int64),
        before=before,
        series=Series(entity, day * 24, np.abs(told) if upward else told, ranges),
    )


def _judged_by(others: OtherWindows, level: Doubles, relative: Doubles) -> LevelRange:
    """Return the distribution of each level, given others of its entity."""
    weight = 1.0 / relative
    known = others.known.astype(np.float64)
    enough = known >= _FEWEST_DAYS
    weights = np.maximum(others.sums(weight), 1e-9)
    past, squares = others.sums(weight * level), others.sums(weight * level**2)
    mean = past / weights
    variance = np.maximum(squares - weights * mean**2, 0.0) / np.maximum(known, 1.0)
    common = float(np.median(variance[enough])) if enough.any() else 0.0
    shrunk = (_PRIOR * common + known * variance) / (_PRIOR + known)
    deviation = np.sqrt(np.maximum(shrunk * (relative + 1.0 / weights), LEAST**2))
    return LevelRange(mean, deviation, known + _PRIOR)


def _surprisals(level: Doubles, judged_by: LevelRange, *, upward: bool) -> Doubles:
    """Return how odd each level is, in nats (n,); 0 where too few other days are known."""
    mean, deviation, freedom = judged_by.mean, judged_by.deviation, judged_by.freedom
    told = (freedom >= _FEWEST_DAYS + _PRIOR) & ((level > mean) | (not upward))
    found = np.zeros(len(level))
    found[told] = away(level[told], mean[told], deviation[told], freedom[told])
    return found


def _beyond(others: OtherWindows, level: Doubles, judged_by: LevelRange) -> Doubles:
    """Return how far each level is beyond those of all other days, in deviations (n,).

    It is so on its side of the mean, and at most 0 where another level is as far.
    """
    upward = level > judged_by.mean
    farthest = np.where(upward, others.most(level), -others.most(-level))
    return np.where(upward, level - farthest, farthest - level) / judged_by.deviation


def _of_record(beyond: Doubles, known: Integers) -> Doubles:
    """Return how odd a level is at the most, that is so far beyond all others, in nats (n,).

    The next of n + 1 levels is the farthest on one side with the chance 1 / (n + 1), whatever their
    distribution. Farther out a normal tail falls off as exp(-x sqrt(2 log(n + 1))), in deviations.
    One that is not beyond all others is at best among the two farthest.
    """
    all_levels = np.log(known + 1.0)
    farther = np.sqrt(2.0 * all_levels) * np.maximum(beyond, 0.0)
    return np.maximum(all_levels + np.where(beyond > 0.0, farther, -np.log(2.0)), 0.0)


def _relative_variance(entity: Integers, n: Doubles, level: Doubles) -> Doubles:
    """Return how much more than the middle one the level of each day varies, (n,).

    The mean of n numbers has the variance a + b / n: a is from day to day, b from number to number.
    Both are fitted by least squares to the squared deviations of all days, neither below 0.
    """
    size = int(entity.max(initial=-1)) + 1
    own = np.bincount(entity, level, size) / np.maximum(np.bincount(entity, minlength=size), 1)
    squares = (level - own[entity]) ** 2
    if not squares.any():
        return np.ones(len(n))
    squares = np.minimum(squares, np.quantile(squares, _LARGEST))
    terms = np.stack([np.ones(len(n)), 1.0 / n], axis=1)
    weights = 1.0 / (1.0 / n + 1.0 / np.median(n))
    fitted, _ = nnls(terms * weights[:, None], squares * weights)
    variance = np.maximum(terms @ fitted, 1e-12)
    return variance / np.median(variance)


def _common_shift(day: Integers, level: Doubles, entity: Integers) -> Doubles:
    """Return how far the middle entity of each day is from its own mean, (n,); 0 of few."""
    size = int(entity.max(initial=-1)) + 1
    own = np.bincount(entity, level, size) / np.maximum(np.bincount(entity, minlength=size), 1)
    away_from = level - own[entity]
    return middle_of_each(day, away_from, 0.0)
