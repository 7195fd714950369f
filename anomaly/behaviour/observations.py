"""Observations of what is odd about a day of an entity, gathered over all measures."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from anomaly.behaviour.activity import DAY, HOUR
from anomaly.behaviour.ranges import Point, Series, points_of
from anomaly.behaviour.windows import FIRST_DAY

MOST_EXPECTED = 2.0
"""Windows of which more are expected among ordinary ones are not told."""
_ABSENT = frozenset(["absent", "absent value", "broken order"])
"""Views on what is not there."""
NEWCOMER = "newcomer"
"""The view of entities that are there on one day alone: these are counted, not estimated."""
VERY_ODD = 0.1
"""Below this number of ordinary windows, how odd something is makes no difference."""
_SPECIFIC = (
    "absent", "absent value", "travel", "broken order", "order", "first order", "repeats",
    "rhythm", "changes", "hours", NEWCOMER, "new", "first seen", "growth", "level", "hour",
    "share", "day", "sum",
)  # fmt: skip
"""The views by how much they tell, the most specific first."""


@dataclass(frozen=True)
class Observation:
    """One thing that is odd about a window."""

    entity_column: str
    entity: str
    view: str
    """What was judged: a key of `anomaly.explain.window_reasons`."""
    column: str
    """The column that it is about, or that names the entity."""
    values: tuple[str, ...]
    """The first values of the column that it is about; of a broken order what is away is first.

    Of travel they are texts of `anomaly.behaviour.travel`, the fastest first.
    """
    start: int
    stop: int
    """Microseconds since 1970: the window, without its end."""
    number: float
    """How many ordinary windows would be as odd, over all measures."""
    observed: float
    most: float
    """The most of the other windows."""
    known: int
    """How many other windows there are."""
    least: float
    exposure: int
    """Events that the observed ones are of; of a growth, the entities whose growth is known."""
    as_high: int = 0
    """The other windows of the entity that are as high or higher."""
    others: int = 0
    """The windows of other entities, where none of the entity is known."""
    others_as_high: int = 0
    """Those of them that are as high or higher."""
    of_kind: bool = True
    """Whether the other hours are of days of the kind alone."""
    kinds_apart: bool = False
    """Whether working days are held against working days alone, and weekends against weekends."""
    before: bool = False
    """Whether the other windows are the earlier ones alone; of a count, `as_high` are later."""
    without_ends: bool = False
    """Whether the first and the last day of the entity, or its first ones, are left out."""
    most_share: float = 0.0
    """Of a share, the largest one of the other windows."""
    alone: str | None = None
    """The name of the days that it is held against; None where it is held against ordinary ones."""
    left_out: tuple[str, ...] = ()
    """The names of the days that it is not held against."""
    series: Series | None = field(default=None, compare=False, repr=False)
    """The days of the entity around the window, as they were judged."""

    def points(self) -> tuple[Point, ...]:
        """Return what was judged on the days around the window, the window's among them.

        All have the range of the window: what was expected of it, given the others. Only that of a
        growth, which is of all days, changes from day to day.
        """
        points = () if self.series is None else points_of(self.series)
        start = self.start // HOUR - FIRST_DAY * 24
        if self.view in _ABSENT:
            points = tuple(sorted([*points, Point(start, 0.0, self.least, self.most)]))
        own = [each for each in points if each.start == start]
        if self.view == "growth" or not own:
            return points
        return tuple(each._replace(low=own[0].low, high=own[0].high) for each in points)


@dataclass(frozen=True)
class OddWindow:
    """A day of an entity with all that is odd about it."""

    entity_column: str
    entity: str
    observations: tuple[Observation, ...]
    """The most telling first."""

    @property
    def number(self) -> float:
        """Return how many ordinary windows would be as odd."""
        return min(each.number for each in self.observations)


def gathered(found: Sequence[Observation], measures: int, columns: int) -> list[OddWindow]:
    """Gather observations by the day of the entity that they are about.

    Parameters
    ----------
    found
        Observations of all measures, each with how many ordinary windows are as odd in its own.
    measures
        How many measures were judged.
    columns
        How many entity columns.

    Returns
    -------
    The odd windows, the oddest first. What is expected too often over all measures is left out.
    """
    return _by_day(list(_over_all(found, measures, columns)))


def joined(window: OddWindow, other: OddWindow) -> OddWindow:
    """Return two windows as one, of the entity with the most telling observation."""
    told = tuple(sorted((*window.observations, *other.observations), key=_telling))
    return OddWindow(told[0].entity_column, told[0].entity, told)


def of_several(windows: Sequence[OddWindow], parts: int) -> list[OddWindow]:
    """Return the odd windows of one of several parts of a log, judged one after the other.

    Ordinary windows are as odd in each part, so there are as many more as parts.
    """
    if parts == 1:
        return [*windows]
    found = [
        replace(told, number=told.number * parts) for each in windows for told in each.observations
    ]
    return _by_day(found)


def _over_all(found: Sequence[Observation], measures: int, columns: int) -> Iterator[Observation]:
    """Give observations with how many ordinary days of entities are as odd in any measure.

    There are as many more as there are measures. But they are hardly more than the days that are
    as odd in this log, and one more. Newcomers are of one measure for each entity column.
    """
    oddest: dict[tuple[str, str, int], float] = {}
    for told in found:
        day = (told.entity_column, told.entity, told.start // DAY)
        oddest[day] = min(told.number, oddest.get(day, np.inf))
    ordered = np.sort(list(oddest.values()))
    for told in found:
        as_odd = float(np.searchsorted(ordered, told.number, side="right"))
        several = told.number * (columns if told.view == NEWCOMER else measures)
        yield replace(told, number=min(several, as_odd + 1.0))


def _by_day(found: Sequence[Observation]) -> list[OddWindow]:
    """Gather what is odd about the same day of an entity; what spans days stands alone."""
    groups: dict[tuple[str, str, int, int], list[Observation]] = {}
    for told in found:
        if told.number <= MOST_EXPECTED:
            days = max((told.stop - told.start) // DAY, 1)
            day = (told.entity_column, told.entity, told.start // DAY, days)
            groups.setdefault(day, []).append(told)
    windows = [
        OddWindow(column, entity, tuple(sorted(told, key=_telling)))
        for (column, entity, _, _), told in groups.items()
    ]
    # Entity columns as odd as each other stay in their order.
    return sorted(windows, key=lambda each: each.number)


def _telling(told: Observation) -> tuple[bool, int, float]:
    """Order what is odd about a window: of what is very odd, the most specific comes first.

    Far in the tail the numbers only say that all of it is odd. A burst of new files is a burst, and
    a larger share of one action, too: that the files are new is the most specific. What is as odd
    stays in the order of the measures.
    """
    very = told.number <= VERY_ODD
    specific = _SPECIFIC.index(told.view)
    return not very, specific if very else 0, told.number
