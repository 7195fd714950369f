"""The odd windows of a log: what entities did on a day that is unlike their other days."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from anomaly.behaviour.absences import absent_entities, absent_values
from anomaly.behaviour.activity import DAY, HOUR
from anomaly.behaviour.daily import FEWEST_KNOWN, NewValues, daily_excess, new_values
from anomaly.behaviour.hourly import hourly_excess, strange_hours
from anomaly.behaviour.levels import daily_levels, daily_sums, growth
from anomaly.behaviour.measures import Kind, Measure
from anomaly.behaviour.shares import share_excess
from anomaly.behaviour.signals import Signals
from anomaly.behaviour.windows import (
    FIRST_DAY,
    ActiveDays,
    Counts,
    active_days,
    add_up,
    names_of,
)
from anomaly.numerics.arrays import Integers

FEWEST_DAYS = 4
"""Days of a log from which on one of them can be held against the others."""
_FEWEST_BACK = 0.05
"""The least part of the names of a column that are there on more than three days."""
HOURS = tuple(f"{hour:02}:00" for hour in range(24))
"""The hours of a day, as windows name them."""
MOST_EXPECTED = 5.0
"""Windows of which more are expected among ordinary ones are not told."""
ABSENT = frozenset(["absent", "absent value"])
"""Views on what is not there: the numbers order them, and those that are as odd are counted."""
_HALF = 0.5
"""Of the days as odd as one, itself counts half: whether it is ordinary is not known."""
_DISTINCT = 0.25
"""The largest part of the events of a column that may be the number of its values."""
_MOST_OF_ONE = 100
"""Odd windows of one measure that are told."""
_MOST_VALUES = 1_000
"""Values that are kept of a window."""


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
    """The first values of the column that it is about."""
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


@dataclass(frozen=True)
class OddWindow:
    """A day of an entity with all that is odd about it, the oddest first."""

    entity_column: str
    entity: str
    observations: tuple[Observation, ...]

    @property
    def number(self) -> float:
        """Return how many ordinary windows would be as odd."""
        return self.observations[0].number


_Told = tuple[str, Observation]
"""An entity column, and what is odd about a window of a name in it."""


@dataclass(frozen=True)
class _Judged:
    """The signals of one measure, with what tells their values."""

    view: str
    entity_column: str
    column: str
    signals: Signals
    values: Sequence[str] = ()
    new: NewValues | None = None


def odd_windows(
    read: Callable[[int], list[pa.Table]],
    measures: Sequence[Measure],
    time: str,
    judged_from: int | None,
) -> list[OddWindow]:
    """Judge what every entity did on each day against its other days, and return what is odd.

    Parameters
    ----------
    read
        Gives the tables of `ACTIVITY` of a measure, by its number.
    measures
        What was counted.
    time
        The column that holds the time of an event.
    judged_from
        The first day since 1970 that is judged; None where all are.

    Returns
    -------
    The odd windows, the oddest first; none of a log of less than `FEWEST_DAYS` days.
    """
    found: list[_Told] = []
    families = 0
    for column in dict.fromkeys(measure.entity for measure in measures):
        own = [(i, each) for i, each in enumerate(measures) if each.entity == column]
        tables = read(own[0][0])
        names = names_of(tables)
        events = add_up(tables, names)
        if not len(events.n):
            continue
        days = active_days(events, len(names), judged_from)
        if len(days.covered) < FEWEST_DAYS or not _come_back(days):
            continue
        for judged in _judged(read, own, time, events, days, names):
            families += judged.view not in ABSENT
            found += [(column, told) for told in _observations(judged, names)]
    absent = [each for each in found if each[1].view in ABSENT]
    others = [each for each in found if each[1].view not in ABSENT]
    return _by_day([*_over_all(absent, None), *_over_all(others, families)])


def _judged(
    read: Callable[[int], list[pa.Table]],
    measures: Sequence[tuple[int, Measure]],
    time: str,
    events: Counts,
    days: ActiveDays,
    names: pa.Array,
) -> Iterator[_Judged]:
    """Judge the measures of one entity column."""
    whole = _whole_days(events)
    column = measures[0][1].entity
    yield _Judged("hour", column, column, hourly_excess(days, events))
    strange = strange_hours(days, events)
    signals = daily_excess(days, strange.counted(days))
    yield _Judged("hours", column, time, signals, HOURS, strange)
    yield _Judged("day", column, column, daily_excess(days, days.events.astype(np.float64)))
    yield _Judged("absent", column, column, absent_entities(days, whole))
    for number, measure in measures[1:]:
        counts = add_up(read(number), names)
        if len(counts.n):
            yield from _of_measure(measure, counts, days, whole)


def _of_measure(
    measure: Measure, counts: Counts, days: ActiveDays, whole: Integers
) -> Iterator[_Judged]:
    entity, column, values = measure.entity, measure.column or measure.entity, counts.values
    if measure.kind is Kind.LEVELS:
        yield _Judged("level", entity, column, daily_levels(days, counts))
        yield _Judged("sum", entity, column, daily_sums(days, counts))
        yield _Judged("growth", entity, column, growth(days, counts))
        return
    if measure.kind is Kind.VALUES and _nearly_all_differ(counts):
        return
    if measure.kind in (Kind.VALUES, Kind.ORDER):
        new = new_values(days, counts)
        view = "new" if measure.kind is Kind.VALUES else "order"
        signals = daily_excess(days, new.counted(days))
        yield _Judged(view, entity, column, signals, values, new)
    if measure.kind is Kind.VALUES:
        shares = share_excess(days, counts)
        if shares is not None:  # the column has few values
            absent = absent_values(days, counts, whole)
            yield _Judged("absent value", entity, column, absent, values)
            yield _Judged("share", entity, column, shares, values)
    if measure.kind in (Kind.CHANGES, Kind.REPEATS, Kind.RHYTHM):
        signals = daily_excess(days, days.of_each(counts).astype(np.float64))
        yield _Judged(str(measure.kind), entity, column, signals, values)


def _nearly_all_differ(counts: Counts) -> bool:
    """Tell whether so many events have a value of their own that each day brings new ones."""
    n_held = np.count_nonzero(np.bincount(counts.value))
    return bool(n_held > _DISTINCT * counts.n.sum())


def _come_back(days: ActiveDays) -> bool:
    """Tell whether names of a column are there on several days; those of sessions are not."""
    often = np.diff(days.starts) > FEWEST_KNOWN
    return int(often.sum()) >= max(_FEWEST_BACK * len(often), 1)


def _observations(judged: _Judged, names: pa.Array) -> Iterator[Observation]:
    """Give the odd windows of a measure."""
    signals = judged.signals
    most = np.inf if judged.view in ABSENT else MOST_EXPECTED
    odd = np.flatnonzero((signals.number <= most) & (signals.number < np.inf))
    order = np.lexsort((signals.start[odd], signals.entity[odd], signals.number[odd]))
    some = signals.take(odd[order][:_MOST_OF_ONE])
    for place, entity in enumerate(some.entity.tolist()):
        start = int(some.start[place])
        values: Sequence[int] = ()
        if judged.new is not None:
            values = judged.new.of_day(entity, start // 24).tolist()
        elif len(some.value):
            values = some.value[place : place + 1].tolist()
        yield Observation(
            entity_column=judged.entity_column,
            entity=names[entity].as_py(),
            view=judged.view,
            column=judged.column,
            values=tuple(judged.values[value] for value in values[:_MOST_VALUES]),
            start=FIRST_DAY * DAY + start * HOUR,
            stop=FIRST_DAY * DAY + (start + signals.hours) * HOUR,
            number=float(some.number[place]),
            observed=float(some.observed[place]),
            most=float(some.most[place]),
            known=int(some.known[place]),
            least=float(some.least[place]) if len(some.least) else 0.0,
            exposure=int(some.exposure[place]) if len(some.exposure) else 0,
        )


def _over_all(found: Sequence[_Told], measures: int | None) -> Iterator[_Told]:
    """Give observations with how many ordinary days of entities are as odd in any measure.

    There are as many more as there are measures, but never more than the days that are as odd.
    Without `measures` the days that are as odd are all that is known.
    """
    oddest: dict[tuple[str, ...], float] = {}
    for column, told in found:
        # What is away on a day is mostly one thing: a job that did not run.
        day = (str(told.start // DAY), *([column, told.entity] if measures is not None else []))
        oddest[day] = min(told.number, oddest.get(day, np.inf))
    ordered = np.sort(list(oddest.values()))
    for column, told in found:
        as_odd = float(np.searchsorted(ordered, told.number, side="right"))
        most = as_odd - _HALF if measures is None else told.number * measures
        yield column, replace(told, number=min(most, as_odd))


def _by_day(found: Sequence[_Told]) -> list[OddWindow]:
    """Gather what is odd about the same day of an entity; what spans days stands alone."""
    groups: dict[tuple[str, str, int, int], list[Observation]] = {}
    for column, told in found:
        if told.number <= MOST_EXPECTED:
            days = max((told.stop - told.start) // DAY, 1)
            groups.setdefault((column, told.entity, told.start // DAY, days), []).append(told)
    windows = [
        OddWindow(column, entity, tuple(sorted(told, key=_oddness)))
        for (column, entity, _, _), told in groups.items()
    ]
    return sorted(windows, key=lambda each: (each.number, each.entity_column, each.entity))


def _oddness(told: Observation) -> tuple[float, str, str, tuple[str, ...]]:
    return told.number, told.view, told.column, told.values


def _whole_days(events: Counts) -> Integers:
    """Return the days that the log holds whole: those at its ends if they are about as long."""
    day, hour = events.day, events.hour % 24
    known = np.unique(day)
    places = np.searchsorted(known, day)
    first, last = np.full(len(known), 24), np.full(len(known), -1)
    np.minimum.at(first, places, hour)
    np.maximum.at(last, places, hour)
    begins = first <= np.quantile(first, 0.9) + 1
    ends = last >= np.quantile(last, 0.1) - 1
    inner = (known > known[0]) & (known < known[-1])
    return known[inner | (begins & ends)]
