"""Absences: an entity, or a value of it, that is there as often on all days but one.

A day is beside the other days of its kind: working days or weekends. People come and go, and their
counts vary at least as much as those of a Poisson process, whose variance is the mean. What comes
as often each day, such as the steps of a nightly job, varies far less: that alone is judged. The
less it varies, the odder it is when away once.
"""

from typing import NamedTuple

import numpy as np

from anomaly.behaviour.daykinds import kinds_of_days
from anomaly.behaviour.signals import Signals
from anomaly.behaviour.windows import ActiveDays, Counts
from anomaly.numerics.arrays import Doubles, Integers

_FEWEST = 5
"""Other days on which it was there."""
_STEADY = 0.25
"""The largest variance of a steady count, as a part of its mean."""
_UNKNOWN = 0.5
"""The square that is added to those of the counts: few days do not tell that none ever differs."""


def absent_entities(days: ActiveDays, whole: Integers) -> Signals:
    """Judge the days on which an entity has no event; `whole` are the days that may be judged."""
    return _absences(days.entity, days.day, days.events.astype(np.float64), days, whole, None)


def absent_values(days: ActiveDays, counts: Counts, whole: Integers) -> Signals:
    """Judge the active days of an entity on which it lacks a value; of `Kind.VALUES` or `ORDER`."""
    n_values = max(len(counts.values), 1)
    span = int(days.covered[-1]) + 1
    keys, places = np.unique(
        (counts.entity * n_values + counts.value) * span + counts.day, return_inverse=True
    )
    n = np.bincount(places, counts.n, len(keys)).astype(np.float64)
    return _absences(keys // span, keys % span, n, days, whole, n_values)


class _Away(NamedTuple):
    """Pairs of entity and value that are away on one day of a kind alone."""

    pair: Integers
    day: Integers
    most: Doubles
    known: Integers
    number: Doubles
    """The variance of the counts, as a part of their mean: it orders them."""


def _absences(
    pair: Integers,
    day: Integers,
    n: Doubles,
    days: ActiveDays,
    whole: Integers,
    n_values: int | None,
) -> Signals:
    """Judge absences of pairs of entity and value, or of entities where `n_values` is None."""
    kinds = kinds_of_days(days.covered)
    found = []
    for kind in np.unique(kinds):
        own = np.intersect1d(days.covered[kinds == kind], whole)
        expected = _expected_days(days, own, n_values is None)
        of_kind = np.isin(day, own)
        entity = pair if n_values is None else pair // n_values
        found.append(
            _of_kind(pair[of_kind], entity[of_kind], day[of_kind], n[of_kind], own, expected)
        )
    away = _Away(*(np.concatenate(each) for each in zip(*found, strict=True)))
    signals = Signals(
        entity=away.pair if n_values is None else away.pair // n_values,
        start=away.day * 24,
        hours=24,
        number=away.number,
        observed=np.zeros(len(away.pair)),
        most=away.most,
        known=away.known,
        value=np.zeros(0, dtype=np.int64) if n_values is None else away.pair % n_values,
    )
    return signals.take(np.flatnonzero(away.day >= days.judged_from))


class _Expected(NamedTuple):
    """The days of a kind on which each entity might have a value."""

    n: Integers
    sums: Integers
    """The sum of their numbers: less those of the days that are there, it is the missing one."""


def _expected_days(days: ActiveDays, own: Integers, all_of_them: bool) -> _Expected:
    """Return the days of a kind that count for each entity: all, or those on which it is active."""
    size = len(days.starts) - 1
    if all_of_them:
        return _Expected(np.full(size, len(own)), np.full(size, own.sum()))
    active = np.isin(days.day, own)
    whose, on = days.entity[active], days.day[active]
    sums = np.bincount(whose, on, size).round().astype(np.int64)
    return _Expected(np.bincount(whose, minlength=size), sums)


def _of_kind(
    pair: Integers, entity: Integers, day: Integers, n: Doubles, own: Integers, expected: _Expected
) -> _Away:
    """Return what is away on one day of a kind alone; rows are sorted by pair."""
    known, starts, often = np.unique(pair, return_index=True, return_counts=True)
    if not len(known):
        none = np.zeros(0, dtype=np.int64)
        return _Away(none, none, np.zeros(0), none, np.zeros(0))
    whose = entity[starts]
    mean = np.add.reduceat(n, starts) / often
    squares = np.add.reduceat((n - np.repeat(mean, often)) ** 2, starts)
    variation = (squares + _UNKNOWN) / often / mean
    days_there = np.add.reduceat(day, starts)
    away_once = (often == expected.n[whose] - 1) & (often >= _FEWEST)
    once = np.flatnonzero(away_once & (variation <= _STEADY))
    return _Away(
        pair=known[once],
        day=(expected.sums[whose] - days_there)[once],
        most=np.maximum.reduceat(n, starts)[once],
        known=often[once],
        number=variation[once],
    )
