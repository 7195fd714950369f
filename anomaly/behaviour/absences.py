"""Absences: an entity, or a value of it, that is there as often on all days but one.

A day is beside the other days of its kind: working days or weekends. People come and go, and their
counts vary at least as much as those of a Poisson process, whose variance is the mean. What comes
as often each day, such as the steps of a nightly job, varies far less: that alone is judged. How
odd it is when away once is told by Student's distribution, given the counts of the other days.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import t as student_t

from anomaly.behaviour.daily import NewValues
from anomaly.behaviour.daykinds import kinds_of_days
from anomaly.behaviour.peers import FEWEST_PEERS
from anomaly.behaviour.ranges import Series
from anomaly.behaviour.signals import Signals
from anomaly.behaviour.windows import ActiveDays, DaysOfPairs
from anomaly.numerics.arrays import Doubles, Integers
from anomaly.numerics.groups import begins_of, distinct, starts_of

_FEWEST = 5
"""Other days on which it was there."""
_STEADY = 0.25
"""The largest variance of a steady count, as a part of its mean."""
_HALF = 0.5
_UNKNOWN = 0.5
"""The square that is added to those of the counts: few days do not tell that none ever differs."""


def absent_entities(days: ActiveDays, whole: Integers) -> Signals:
    """Judge the days on which an entity has no event; `whole` are the days that may be judged."""
    return _absences(days.entity, days.day, days.events.astype(np.float64), days, whole, None)


def absent_values(
    days: ActiveDays, pairs: DaysOfPairs, whole: Integers, *, named: bool = False
) -> Signals:
    """Judge the active days of an entity on which it lacks a value; of `Kind.VALUES` or `ORDER`.

    Where the values are `named` entities themselves, one that is nowhere on that day is not told:
    it is away by itself.
    """
    pair, day, n, n_values = pairs
    found = _absences(pair, day, n, days, whole, n_values)
    if not named:
        return found
    span = int(days.covered[-1]) + 1
    there = np.isin(found.value * span + found.start // 24, pair % n_values * span + day)
    return found.take(np.flatnonzero(there))


def broken_order(days: ActiveDays, new: NewValues, absent: Signals) -> Signals:
    """Return the days on which something else follows where one thing always followed another.

    Parameters
    ----------
    days
        The active days.
    new
        What follows what on these days alone.
    absent
        What follows what on all other days; the oddest of a day counts.
    """
    of_day = days.places(absent.entity, absent.start // 24)
    order = np.lexsort((absent.value, absent.number, of_day))
    oddest = order[begins_of(of_day[order])]
    return absent.take(oddest[new.counted(days)[of_day[oddest]] > 0.0])


class _Away(NamedTuple):
    """Pairs of entity and value that are away on one day of a kind alone."""

    pair: Integers
    day: Integers
    most: Doubles
    known: Integers
    least: Doubles
    number: Doubles
    """How many ordinary ones would be away, given how steady the counts are."""


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
    rows = _Rows(pair, day, n, n_values)
    found = [
        _on_days(rows, np.intersect1d(days.covered[kinds == kind], whole), days)
        for kind in np.unique(kinds)
    ]
    away = _Away(*(np.concatenate(each) for each in zip(*found, strict=True)))
    # What is there on all other days of both kinds is steadier than those of one kind tell.
    on_all = _on_days(rows, np.intersect1d(days.covered, whole), days)
    number = np.minimum(away.number, _number_of(on_all, away))
    signals = Signals(
        entity=away.pair if n_values is None else away.pair // n_values,
        start=away.day * 24,
        hours=24,
        number=number,
        observed=np.zeros(len(away.pair)),
        most=away.most,
        known=away.known,
        value=np.zeros(0, dtype=np.int64) if n_values is None else away.pair % n_values,
        least=away.least,
        series=_series(rows, away.pair),
    )
    return signals.take(np.flatnonzero(away.day >= days.judged_from))


class _Rows(NamedTuple):
    """The counts of pairs of entity and value: each pair and day once, sorted by pair."""

    pair: Integers
    day: Integers
    n: Doubles
    n_values: int | None
    """None where the pairs are entities alone."""

    def value_of(self, pair: Integers) -> Integers:
        """Return the values of pairs; those of entities alone have one in common."""
        return np.zeros_like(pair) if self.n_values is None else pair % self.n_values

    def entity_of(self, pair: Integers) -> Integers:
        """Return the entities of pairs."""
        return pair if self.n_values is None else pair // self.n_values


def _on_days(rows: _Rows, own: Integers, days: ActiveDays) -> _Away:
    """Return what is away on one of some days alone, and not for many entities."""
    expected = _expected_days(days, own, rows.n_values is None)
    some = np.flatnonzero(np.isin(rows.day, own))
    pair, day = rows.pair[some], rows.day[some]
    judged = float(np.mean(own >= days.judged_from)) if len(own) else 0.0
    away = _away_once(pair, rows.entity_of(pair), day, rows.n[some], expected, judged)
    many = _for_many(rows.value_of(pair), day, len(own), rows.value_of(away.pair), away.day)
    return _Away(*(each[~many] for each in away))  # type: ignore[arg-type]


def _number_of(known: _Away, wanted: _Away) -> Doubles:
    """Return the numbers of what is wanted, infinite where it is not known."""
    keys = pd.MultiIndex.from_arrays([known.pair, known.day])
    places = keys.get_indexer(pd.MultiIndex.from_arrays([wanted.pair, wanted.day]))
    return np.where(places >= 0, np.append(known.number, np.inf)[places], np.inf)


def _for_many(
    value: Integers, day: Integers, n_days: int, away: Integers, away_on: Integers
) -> npt.NDArray[np.bool_]:
    """Tell whether less than half the usual holders of each value that is away have it that day.

    Values of usually fewer than three holders are told. So it is on a public holiday, or as a new
    version comes: it is odd for none.

    Parameters
    ----------
    value, day
        What entities hold, and on which of `n_days` days: each entity, value and day once.
    away, away_on
        The values that are away, and the days.
    """
    if not len(away):
        return np.zeros(0, dtype=bool)
    first = min(day.min(initial=away_on.min()), away_on.min())
    day, away_on = day - first, away_on - first
    span = int(max(day.max(initial=0), away_on.max())) + 1
    some = np.isin(value, away)
    held, places = distinct(value[some] * span + day[some])
    holders = np.bincount(places, minlength=len(held))
    usual = np.bincount(held // span, holders, int(away.max(initial=0)) + 1)[away] / max(n_days, 1)
    wanted = away * span + away_on
    places = np.minimum(np.searchsorted(held, wanted), max(len(held) - 1, 0))
    there = np.where(held[places] == wanted, holders[places], 0) if len(held) else wanted * 0
    many: npt.NDArray[np.bool_] = (usual >= FEWEST_PEERS) & (there < _HALF * usual)
    return many


def _series(rows: _Rows, away: Integers) -> Series:
    """Return the counts of all days of the pairs that are away."""
    some = np.flatnonzero(np.isin(rows.pair, away))
    pair, start, n = rows.pair[some], rows.day[some] * 24, rows.n[some]
    if rows.n_values is None:
        return Series(pair, start, n)
    return Series(rows.entity_of(pair), start, n, value=rows.value_of(pair))


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


def _away_once(
    pair: Integers,
    entity: Integers,
    day: Integers,
    n: Doubles,
    expected: _Expected,
    judged: float,
) -> _Away:
    """Return what is away on one day alone; rows are sorted by pair.

    `judged` is the part of the days that are judged.
    """
    starts = starts_of(pair)
    often, expected_of = np.diff(starts, append=len(pair)), expected.n[entity[starts]]
    enough = often >= np.maximum(expected_of - 1, _FEWEST)
    if not enough.any():
        none = np.zeros(0, dtype=np.int64)
        return _Away(none, none, np.zeros(0), none, np.zeros(0), np.zeros(0))
    rows = np.flatnonzero(np.repeat(enough, often))
    pair, entity, day, n = pair[rows], entity[rows], day[rows], n[rows]
    often, starts = often[enough], starts_of(pair)
    whose = entity[starts]
    mean = np.add.reduceat(n, starts) / often
    squares = np.add.reduceat((n - np.repeat(mean, often)) ** 2, starts)
    variation = (squares + _UNKNOWN) / often / mean
    days_there = np.add.reduceat(day, starts)
    steady = variation <= _STEADY
    once = np.flatnonzero(steady & (often == expected.n[whose] - 1))
    deviation = np.sqrt((squares + _UNKNOWN) / often * (1.0 + 1.0 / often))
    tail = student_t.sf((mean / deviation)[once], often[once] - 1.0)
    return _Away(
        pair=pair[starts][once],
        day=(expected.sums[whose] - days_there)[once],
        most=np.maximum.reduceat(n, starts)[once],
        known=often[once],
        least=np.minimum.reduceat(n, starts)[once],
        number=tail * expected.n[whose][steady].sum() * judged,
    )
