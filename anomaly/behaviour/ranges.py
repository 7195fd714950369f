"""Values of an entity, window by window, and the range that each was expected in.

The range holds 95 % of the distribution by which the window was judged, given its other windows.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from scipy.stats import nbinom
from scipy.stats import t as student_t

from anomaly.numerics.arrays import Doubles, Integers

EXPECTED = 0.95
"""The part of its distribution that a range holds, with the same on either side of it."""
MOST_DAYS = 60
"""Days of an entity that are told: those around the odd one."""
_BEFORE = 45
"""Those of them before the odd one, where there are enough after it."""
_TAIL = (1.0 - EXPECTED) / 2.0


class Ends(NamedTuple):
    """The least and the most that are expected."""

    low: Doubles
    high: Doubles


@dataclass(frozen=True)
class CountRange:
    """Negative binomial counts; n of them."""

    mean: Doubles
    size: Doubles

    def take(self, places: Integers) -> "CountRange":
        """Return some of them."""
        return CountRange(self.mean[places], self.size[places])

    def ends(self) -> Ends:
        """Return the range of each."""
        success = self.size / (self.size + self.mean)
        low, high = (nbinom.ppf(end, self.size, success) for end in (_TAIL, 1.0 - _TAIL))
        return Ends(np.asarray(low), np.asarray(high))


@dataclass(frozen=True)
class LevelRange:
    """Levels, log(1 + |x|) with the sign of x, by Student's distribution; n of them."""

    mean: Doubles
    deviation: Doubles
    """Of the level of another window."""
    freedom: Doubles
    """Degrees of freedom."""

    def take(self, places: Integers) -> "LevelRange":
        """Return some of them."""
        return LevelRange(self.mean[places], self.deviation[places], self.freedom[places])

    def ends(self) -> Ends:
        """Return the range of each, as numbers of the column."""
        away = student_t.ppf(1.0 - _TAIL, self.freedom) * self.deviation
        levels = (self.mean - away, self.mean + away)
        return Ends(*(np.copysign(np.expm1(np.abs(level)), level) for level in levels))


@dataclass(frozen=True)
class Series:
    """Values of entities that were judged in windows; n of them, sorted by entity."""

    entity: Integers
    start: Integers
    """(n,): hours since `windows.FIRST_DAY`."""
    observed: Doubles
    ranges: tuple[CountRange | LevelRange, ...] = ()
    """The distributions of which the mildest judges; of none where there is no range."""
    value: Integers = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    """(n,): the place of each in the values of the counts; empty where it is of none."""

    def take(self, places: Integers) -> "Series":
        """Return some of them."""
        return Series(
            entity=self.entity[places],
            start=self.start[places],
            observed=self.observed[places],
            ranges=tuple(each.take(places) for each in self.ranges),
            value=self.value[places] if len(self.value) else self.value,
        )


class Point(NamedTuple):
    """A value of an entity that was judged in one window, and what was expected."""

    start: int
    """Hours since `windows.FIRST_DAY`."""
    observed: float
    low: float | None = None
    """The least and the most that were expected; None where that is not known."""
    high: float | None = None


def around(series: Series, entity: int, start: int, hours: int, value: int | None = None) -> Series:
    """Return the windows of an entity on the days around an odd one.

    Parameters
    ----------
    series
        What was judged.
    entity, start, hours
        The odd window: whose it is, its first hour since `windows.FIRST_DAY`, and its length.
    value
        The value that it is about; None where it is about none.
    """
    first, stop = np.searchsorted(series.entity, [entity, entity + 1]).tolist()
    places = np.arange(first, stop)
    if value is not None:
        places = places[series.value[places] == value]
    if hours == 1:
        # An hour is held against the same hour of other days.
        places = places[series.start[places] % 24 == start % 24]
    day, last = series.start[places] // 24, (start + hours - 1) // 24
    begins = min(last - _BEFORE, int(day.max(initial=last)) - MOST_DAYS + 1)
    begins = max(begins, int(day.min(initial=last)))
    found = series.take(places[(day >= begins) & (day < begins + MOST_DAYS)])
    return found.take(np.argsort(found.start, kind="stable"))


def points_of(series: Series) -> tuple[Point, ...]:
    """Return what was judged in each window, with the range of what was expected."""
    start, observed = series.start.tolist(), series.observed.tolist()
    if not series.ranges:
        return tuple(map(Point, start, observed))
    ends = [each.ends() for each in series.ranges]
    low = np.minimum.reduce([each.low for each in ends]).tolist()
    high = np.maximum.reduce([each.high for each in ends]).tolist()
    return tuple(map(Point, start, observed, low, high))
