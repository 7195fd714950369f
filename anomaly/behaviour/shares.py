"""Events of an entity's day that hold a value, beside those of the other days.

Both their number and their share of the events of the day are to be odd. Most is worked out for
some entities at a time. Quantiles and sums over all entities are exact: they need one number a row.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from anomaly.behaviour.daily import FEWEST_KNOWN
from anomaly.behaviour.daykinds import kinds_of_days
from anomaly.behaviour.other_windows import OtherWindows, discounted, first_of_several
from anomaly.behaviour.peers import middle_of_groups, raised, rise
from anomaly.behaviour.predictive import (
    Clumps,
    Predicted,
    beyond_poisson,
    common_variation,
    predicted,
    shrunk_dispersion,
    size_of,
)
from anomaly.behaviour.ranges import CountRange, Series
from anomaly.behaviour.signals import Beside, Signals
from anomaly.behaviour.surprisals import surprisals
from anomaly.behaviour.tail import expected_number
from anomaly.behaviour.windows import ActiveDays, DaysOfPairs
from anomaly.numerics.arrays import Doubles, Integers
from anomaly.numerics.groups import begins_of, numbered_within

_MOST_VALUES = 50
"""Of a column with more values none has a share that is well known."""
_PRIOR_EVENTS = 50.0
"""So many events the share among all entities weighs at the most."""
_PRIOR_DAYS = 3.0
"""So many days the common variance weighs."""
_NEARLY_ALL, _SQUARE = 0.8, 1.642
"""A quantile of squared standard normal numbers, and its value."""
_ROWS_AT_ONCE = 131_072
"""Rows that are looked at together; more, where an entity has more."""


def share_excess(days: ActiveDays, pairs: DaysOfPairs, most: float = np.inf) -> Signals | None:
    """Judge how often an entity holds each value on a day; None for a column of many values.

    The other days of the entity tell the share, in events.

    Parameters
    ----------
    days
        The active days.
    pairs
        Of `Kind.VALUES`.
    most
        Entities are left out of which no day has as small a number of ordinary windows as odd.
    """
    if not 2 <= pairs.n_values <= _MOST_VALUES:
        return None
    held = _Held.of(days, pairs)
    ranges = _ranges(held)
    odd = discounted(surprisals(held.n, ranges), held.before)
    number = expected_number(odd, held.day >= days.judged_from)
    return _signals(held, ranges, number, most)


@dataclass(frozen=True)
class _Held:
    """Days of pairs of entity and value with their events, sorted by both; n rows."""

    days: "_Days"
    usual: Doubles
    """(n_values,): the share of each value among all events."""
    mean: float
    """Events of a row."""
    pair: Integers
    day: Integers
    n: Doubles
    before: npt.NDArray[np.bool_]
    """(n,): whether each is held against earlier days alone."""

    @classmethod
    def of(cls, days: ActiveDays, pairs: DaysOfPairs) -> Self:
        """Look at the days of pairs of `Kind.VALUES`."""
        pair, day, n, n_values = pairs
        usual = np.bincount(pair % n_values, n, n_values) + 0.5
        before = np.zeros(len(n), dtype=bool)
        held = cls(_Days.of(days), usual / usual.sum(), float(n.mean()), pair, day, n, before)
        for rows, some in held.by_entities():
            judged, earlier = some.day >= days.judged_from, held.days.earlier[some.of_day]
            before[rows] = first_of_several(some.of_pair, some.n, judged, earlier)
        return held

    def take(self, rows: slice | Integers) -> "_Held":
        """Return some rows: all of some entities."""
        pair, day, n, before = self.pair[rows], self.day[rows], self.n[rows], self.before[rows]
        return _Held(self.days, self.usual, self.mean, pair, day, n, before)

    def by_entities(self) -> Iterator[tuple[slice, "_Held"]]:
        """Give the rows of some entities at a time, and where they stand."""
        firsts = self.pair[::_ROWS_AT_ONCE] // len(self.usual) * len(self.usual)
        cuts = np.unique(np.append(np.searchsorted(self.pair, firsts), len(self.pair)))
        for first, stop in pairwise(cuts.tolist()):
            yield slice(first, stop), self.take(slice(first, stop))

    @cached_property
    def entity(self) -> Integers:
        return self.pair // len(self.usual)

    @cached_property
    def value(self) -> Integers:
        return self.pair - self.entity * len(self.usual)

    @cached_property
    def of_day(self) -> Integers:
        """(n,): the place of each among the active days."""
        return self.days.active.places(self.entity, self.day)

    @cached_property
    def of_pair(self) -> Integers:
        """(n,): numbers of the pairs, from 0 on."""
        return np.cumsum(begins_of(self.pair)) - 1

    @cached_property
    def events(self) -> Integers:
        """(n,): all events of each day."""
        return self.days.active.events[self.of_day]

    @cached_property
    def others(self) -> OtherWindows:
        """The days that each is held against."""
        known = self.days.known[self.of_day], self.days.earlier[self.of_day]
        return OtherWindows(self.of_pair, self.before, known)

    @cached_property
    def events_of_others(self) -> Doubles:
        """(n,): all events of these days."""
        others = self.days.in_all[self.entity] - self.events
        return np.where(self.before, self.days.events_before[self.of_day], others)

    @property
    def group(self) -> npt.NDArray[np.int32]:
        """(n,): a number of the value and day of each."""
        covered = self.days.active.covered
        span = int(covered[-1] - covered[0]) + 1
        return (self.value * span + self.day - covered[0]).astype(np.int32)

    def rate(self) -> Predicted:
        """Return the share of the value, given the other days in events."""
        past = self.others.sums(self.n)
        return predicted(past, self.events_of_others, self.usual[self.value], _PRIOR_EVENTS)

    @cached_property
    def past(self) -> tuple[Doubles, Doubles, Doubles]:
        """Return the events of the other days, the sum of their squares, and how many days.

        Where some other days of the entity are of the same kind, these alone tell.
        """
        days, kind = self.days, self.of_pair * 2 + self.days.kinds[self.of_day]
        alike = np.where(self.before, days.earlier_of_kind[self.of_day], days.of_kind[self.of_day])
        several = alike >= FEWEST_KNOWN
        past, squares = (
            np.where(several, self.others.sums(each, kind), self.others.sums(each))
            for each in (self.n, self.n**2)
        )
        return past, squares, np.where(several, alike, self.others.known).astype(np.float64)

    @cached_property
    def by_counts(self) -> Predicted:
        """Return what is expected of the counts themselves: a quiet day makes no share odd."""
        past, _, known = self.past
        return predicted(past, known, np.full(len(self.n), self.mean))


@dataclass(frozen=True)
class _Days:
    """The active days, with the numbers that shares need of each; n of them."""

    active: ActiveDays
    known: Integers
    kinds: Integers
    """(n,): of working days or weekends."""
    of_kind: Integers
    """(n,): the other days of the entity of that kind."""
    earlier: Integers
    earlier_of_kind: Integers
    """(n,): the earlier days of the entity, and those of that kind."""
    in_all: Integers
    """(n_entities,): the events of each entity."""
    events_before: Integers
    """(n,): the events of the earlier days of the entity."""

    @classmethod
    def of(cls, days: ActiveDays) -> Self:
        """Look at the active days."""
        kinds = kinds_of_days(days.covered)[np.searchsorted(days.covered, days.day)]
        entity_kind = days.entity * 2 + kinds
        of_kind = np.bincount(entity_kind)[entity_kind] - 1
        earlier_of_kind = np.asarray(pd.Series(kinds).groupby(entity_kind).cumcount(), np.int64)
        in_all = np.bincount(days.entity, days.events, len(days.starts) - 1)
        events = np.cumsum(days.events) - days.events
        return cls(
            days,
            days.known,
            kinds,
            of_kind,
            numbered_within(days.entity),
            earlier_of_kind,
            in_all,
            events - events[days.starts[:-1][days.entity]],
        )


class _Common(NamedTuple):
    """The numbers that all entities tell, each row held against all other days; n rows."""

    expected: Doubles
    """(n,): what is expected of each, raised as the middle one of its value and day is."""
    times: Doubles
    """(n,): how many times that was raised."""
    variation: float
    """Of counts, as `common_variation` gives it."""
    dispersion: float
    """The variance over the mean of nearly all counts, given the share."""
    clumped: Clumps
    """Of rare counts, by the counts of other days,"""
    clumped_share: Clumps
    """and by the share."""

    @classmethod
    def of(cls, held: _Held) -> Self:
        """Look at all rows, some entities at a time."""
        held = replace(held, before=np.zeros(len(held.n), dtype=bool))
        size = int(held.pair.max(initial=-1)) // len(held.usual) + 1
        expected, group = np.empty(len(held.n)), np.empty(len(held.n), dtype=np.int32)
        beyond, clumped, clumped_share = [], Clumps.none(size), Clumps.none(size)
        for rows, some in held.by_entities():
            expected[rows], group[rows] = some.rate().mean * some.events, some.group
            beyond.append(beyond_poisson(*some.past))
            rare = Clumps.of(some.entity, some.n, some.by_counts.mean, size=size)
            clumped = clumped.plus(rare)
        variation = common_variation(np.concatenate(beyond))
        times = middle_of_groups(group, rise(held.n, expected), 1.0)[group]
        ratio = np.empty(len(held.n))
        for rows, some in held.by_entities():
            expected[rows] = raised(expected[rows], times[rows])
            ratio[rows] = _squared(some.n, expected[rows])
            rare = Clumps.of(some.entity, some.n, expected[rows], size=size)
            clumped_share = clumped_share.plus(rare)
        dispersion = max(float(np.quantile(ratio, _NEARLY_ALL)) / _SQUARE, 1.0)
        return cls(expected, times, variation, dispersion, clumped, clumped_share)


def _ranges(held: _Held) -> tuple[CountRange, CountRange]:
    """Return the distributions of each row: by the share, and by the counts of other days."""
    common = _Common.of(held)
    expected, mean, sizes = common.expected, np.empty(len(held.n)), np.empty((2, len(held.n)))
    for rows, some in held.by_entities():
        rate = some.rate()
        spread = _dispersion(some, expected[rows], rate.mean, common.dispersion)
        by_earlier = raised(rate.mean * some.events, common.times[rows])
        expected[rows] = own = np.where(some.before, by_earlier, expected[rows])
        spread = np.maximum(spread, common.clumped_share.of_each(some.entity, own))
        sizes[0, rows] = size_of(own, rate.shape, spread)
        mean[rows], shape = some.by_counts
        spread = shrunk_dispersion(*some.past, mean[rows], common.variation)
        spread = np.maximum(spread, common.clumped.of_each(some.entity, mean[rows]))
        sizes[1, rows] = size_of(mean[rows], shape, spread)
    return CountRange(expected, sizes[0]), CountRange(mean, sizes[1])


def _signals(
    held: _Held, ranges: tuple[CountRange, CountRange], number: Doubles, most: float
) -> Signals:
    """Return the signals of entities with a day whose number is at most `most`."""
    odd = np.zeros(len(held.days.in_all), dtype=bool)
    odd[held.pair[number <= most] // len(held.usual)] = True
    rows = np.flatnonzero(odd[held.pair // len(held.usual)])
    some, own = held.take(rows), tuple(each.take(rows) for each in ranges)
    others, share = some.others, some.n / some.events
    told = number[rows] <= most
    alone = told & (others.known == 0)
    beside = Beside.of(some.entity, some.of_pair, some.n, others.known, told & ~alone)
    beside = beside.plus(_beside_other_entities(held, rows, alone))
    most_share = others.most(share)
    # One of both is told beside the other days: the share, where the events are not beyond them.
    ordinary = beside.ordinary(others.known) & (share <= most_share) & ~some.before
    return Signals(
        some.entity,
        some.day * 24,
        24,
        np.where(ordinary, np.inf, number[rows]),
        some.n,
        others.most(some.n),
        others.known,
        value=some.value,
        exposure=some.events,
        before=some.before,
        most_share=most_share,
        beside=beside,
        series=Series(some.entity, some.day * 24, some.n, own, some.value),
    )


def _beside_other_entities(held: _Held, rows: Integers, alone: npt.NDArray[np.bool_]) -> Beside:
    """Count the days of other entities that hold as much of a value.

    Parameters
    ----------
    held
        What all entities hold.
    rows
        (n,): some of these.
    alone
        (n,): those that are counted; their entities have no other day.
    """
    own, others, as_high = (np.zeros(len(rows), dtype=np.int64) for _ in range(3))
    others[alone] = len(held.days.active.day) - 1
    values = held.pair % len(held.usual) if alone.any() else held.pair[:0]
    for value in np.unique(values[rows[alone]]):
        of_value = np.sort(held.n[values == value])
        some = np.flatnonzero(alone)[values[rows[alone]] == value]
        as_high[some] = len(of_value) - 1 - np.searchsorted(of_value, held.n[rows[some]])
    return Beside(own, others, as_high)


def _squared(n: Doubles, expected: Doubles) -> Doubles:
    """Return squared deviations over what is expected, (n,)."""
    return (n - expected) ** 2 / np.maximum(expected, 0.5)


def _dispersion(held: _Held, expected: Doubles, rate: Doubles, common: float) -> Doubles:
    """Return the variance of counts over their mean, at least 1, (n,), shrunk to that of all.

    That of all is that of nearly all counts. Some people hold a value all day, or not at all: the
    own one is that of the other days.

    Parameters
    ----------
    held
        What entities hold; n rows.
    expected
        (n,): what is expected of each.
    rate
        (n,): the share of the value that is expected of the events of other days.
    common
        That of all.
    """
    others, of_pair = held.others, held.of_pair
    of_all = np.bincount(of_pair, expected)[of_pair]
    with_value = np.where(held.before, others.sums(expected), of_all)
    events = np.where(held.before, held.events_of_others, held.days.in_all[held.entity])
    # A day without the value is as far from what is expected as that itself.
    without = np.maximum(rate * events - with_value, 0.0)
    own = others.sums(_squared(held.n, expected)) + without
    known = others.sums(np.ones(len(held.n)))
    return np.maximum((_PRIOR_DAYS * common + own) / (_PRIOR_DAYS + known), common)
