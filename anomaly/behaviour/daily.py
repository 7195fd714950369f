"""Counts of an entity's active days: of its events, and of what is new, changes or repeats."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from anomaly.behaviour.other_windows import OtherWindows, discounted, first_of_several
from anomaly.behaviour.peers import with_common_rise
from anomaly.behaviour.predictive import (
    clumping,
    dispersion,
    predicted,
    prior_windows,
    size_of,
)
from anomaly.behaviour.ranges import CountRange, Series
from anomaly.behaviour.signals import Beside, Signals
from anomaly.behaviour.surprisals import surprisals
from anomaly.behaviour.tail import expected_number
from anomaly.behaviour.windows import ActiveDays, Counts
from anomaly.numerics.arrays import Doubles, Integers
from anomaly.numerics.groups import begins_of, sizes, starts_of

FEWEST_KNOWN = 3
"""Other days of an entity that tell what is usual; with fewer it is judged as a new one."""
_LARGEST = 0.99
"""Counts beyond this quantile count as that for the mean of all entities."""
_SHARED = 0.1
"""A value that is new on a day for more than this part of the active entities is no one's own."""
_FEWEST_SHARED = 3


def daily_excess(
    days: ActiveDays,
    counts: Doubles,
    held: "Held | None" = None,
    *,
    per_event: bool = False,
) -> Signals:
    """Judge a count of each active day against the other active days of its entity.

    Parameters
    ----------
    days
        The active days, n of them.
    counts
        (n,): what was counted.
    held
        What days have in all, where the counts are of what is new. To an entity of which few other
        days are known all is new, so it is held against that.
    per_event
        Whether as many more are expected of a day as it has more events than the others.
    """
    mean = float(np.minimum(counts, np.quantile(counts, _LARGEST)).sum() + 0.5) / (len(counts) + 1)
    n_entities = len(days.starts) - 1
    before = first_of_several(days.entity, counts, days.judged)
    others = OtherWindows(days.entity, before)
    told = others.known >= FEWEST_KNOWN
    past, squares, known = (
        np.where(told, each, 0.0)
        for each in (others.sums(counts), others.sums(counts**2), others.known)
    )
    sums, windows = np.bincount(days.entity, counts, n_entities), np.diff(days.starts)
    weight = prior_windows(sums.astype(np.float64), windows.astype(np.float64), mean)
    means = np.where(told, mean, mean if held is None else held.mean())
    usual, shape = predicted(past, known, means, weight)
    expected = usual
    if per_event:
        expected = expected * np.where(told, _more_events(days, others), 1.0)
    expected = with_common_rise(days.day, counts, expected)
    spread = dispersion(past, squares, known, expected)
    spread = np.maximum(spread, clumping(days.entity, counts, expected, usual))
    judged_by = CountRange(expected, size_of(expected, shape, spread))
    odd = discounted(surprisals(counts, [judged_by]), before)
    return _signals(days, counts, others, held, (judged_by, expected_number(odd, days.judged)))


def _signals(
    days: ActiveDays,
    counts: Doubles,
    others: OtherWindows,
    held: "Held | None",
    judged: tuple[CountRange, Doubles],
) -> Signals:
    """Return the signals of counts, without those that too many others reach.

    Where earlier days alone tell, none of these does, and later ones are counted that do.
    """
    judged_by, number = judged
    entity, known, start = days.entity, others.known, days.day * 24
    odd = np.isfinite(number)
    among = held.on(days) if held is not None and (odd & (known == 0)).any() else None
    beside = Beside.of(entity, entity, counts, known, odd, among)
    return Signals(
        entity,
        start,
        24,
        np.where(beside.ordinary(known) & ~others.before, np.inf, number),
        counts,
        others.most(counts),
        known,
        before=others.before,
        beside=beside,
        series=Series(entity, start, counts, (judged_by,)),
    )


def _more_events(days: ActiveDays, others: OtherWindows) -> Doubles:
    """Return how many times the mean of the other days each day has in events, at least 1, (n,)."""
    in_all = others.sums(days.events.astype(np.float64))
    return np.maximum(days.events * others.known / np.maximum(in_all, 1.0), 1.0)


class Held(NamedTuple):
    """The values of a column that entities hold, whether new or not."""

    counts: Counts

    def mean(self) -> float:
        """Return how many an entity holds on a day, in the mean of the days with any."""
        span = int(self.counts.day.max(initial=0)) + 1
        n_days = len(starts_of(self.counts.entity * span + self.counts.day))
        return len(self.counts.of_pairs.pair) / max(n_days, 1)

    def on(self, days: ActiveDays) -> Doubles:
        """Return how many there are on each active day, (n,)."""
        pair, day, _, n_values = self.counts.of_pairs
        entity = pair // n_values
        some = days.holds(entity, day)
        places = days.places(entity[some], day[some])
        return np.bincount(places, minlength=len(days.day)).astype(np.float64)


@dataclass(frozen=True)
class NewValues:
    """Values that are new to entities on a day: a row for each entity and value."""

    entity: Integers
    day: Integers
    value: Integers

    def of_day(self, entity: int, day: int) -> Integers:
        """Return the values that are new to an entity on that day, ascending."""
        return np.sort(self.value[(self.entity == entity) & (self.day == day)])

    def within(self, days: ActiveDays) -> "NewValues":
        """Return those of some days."""
        some = days.holds(self.entity, self.day)
        return NewValues(self.entity[some], self.day[some], self.value[some])

    def counted(self, days: ActiveDays) -> Doubles:
        """Return how many there are on each active day, float64 (n,)."""
        places = days.places(self.entity, self.day)
        return np.bincount(places, minlength=len(days.day)).astype(np.float64)


def new_values(days: ActiveDays, counts: Counts) -> NewValues:
    """Return the values that an entity holds on a day and on no other.

    A value that is new for many entities on the same day, such as a new version, is left out.
    """
    pair, day, _, n_values = counts.of_pairs
    begins = begins_of(pair)
    alone = begins & np.append(begins[1:], True)[: len(pair)]
    pair, day = pair[alone], day[alone]
    own = ~new_for_many(days, pair % n_values, day)
    return NewValues((pair // n_values)[own], day[own], (pair % n_values)[own])


def first_values(days: ActiveDays, counts: Counts) -> NewValues:
    """Return the values that an entity holds on a day and on no day before.

    A value that is new for many entities on the same day is left out.
    """
    pair, day, _, n_values = counts.of_pairs
    begins = begins_of(pair)
    pair, day = pair[begins], day[begins]
    own = ~new_for_many(days, pair % n_values, day)
    return NewValues((pair // n_values)[own], day[own], (pair % n_values)[own])


def new_for_many(days: ActiveDays, value: Integers, day: Integers) -> npt.NDArray[np.bool_]:
    """Tell which values are new on a day for many of the active entities, (n,).

    Many are more than a tenth of them and more than three, or half of them and more than one.
    """
    first, span = int(days.covered[0]), int(days.covered[-1] - days.covered[0]) + 1
    holders = sizes(value * span + day - first)
    active = np.bincount(days.day - first, minlength=span)[day - first]
    many = np.maximum(_SHARED * active, _FEWEST_SHARED)
    half = np.maximum(active / 2, 2)
    shared: npt.NDArray[np.bool_] = (holders > many) | (holders >= half)
    return shared
