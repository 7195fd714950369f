"""The odd windows of a log: what entities did on a day that is unlike their other days."""

from collections.abc import Callable, Collection, Iterator, Sequence, Set
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from anomaly.behaviour.absences import absent_entities, absent_values, broken_order
from anomaly.behaviour.activity import DAY, HOUR
from anomaly.behaviour.daily import (
    FEWEST_KNOWN,
    Held,
    NewValues,
    daily_excess,
    first_values,
    new_values,
)
from anomaly.behaviour.daykinds import kinds_of_days
from anomaly.behaviour.growth import growth
from anomaly.behaviour.hourly import hourly_excess, strange_hours
from anomaly.behaviour.levels import daily_levels, daily_sums
from anomaly.behaviour.measures import Kind, Measure
from anomaly.behaviour.newcomers import newcomers
from anomaly.behaviour.observations import (
    MOST_EXPECTED,
    NEWCOMER,
    Observation,
    OddWindow,
    gathered,
)
from anomaly.behaviour.ranges import around
from anomaly.behaviour.same_hours import SameHours, same_hours
from anomaly.behaviour.shares import share_excess
from anomaly.behaviour.signals import Signals
from anomaly.behaviour.travel import fastest_first
from anomaly.behaviour.windows import (
    FIRST_DAY,
    ActiveDays,
    Counts,
    active_days,
    add_up,
    names_of,
)
from anomaly.numerics.arrays import Integers
from anomaly.numerics.side_by_side import side_by_side

FEWEST_DAYS = 4
"""Days of a log from which on one of them can be held against the others."""
_FEWEST_BACK = 0.05
"""The least part of the names of a column that are there on more than three days."""
WINDOWS = frozenset(["hour", "day"])
HOURS = tuple(f"{hour:02}:00" for hour in range(24))
"""The hours of a day, as windows name them."""
_DISTINCT = 0.25
"""The largest part of the events of a column that may be the number of its values."""
_MOST_OF_ONE = 100
"""Odd windows of one measure that are told."""
_MOST_VALUES = 1_000
"""Values that are kept of a window."""


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
    windows: Set[str] = WINDOWS,
    whole_day: int | None = None,
) -> list[OddWindow] | None:
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
    windows
        Those that are judged: `hour`, `day`, or both.
    whole_day
        A day since 1970 that is known to be whole, such as that of a partition. The first and the
        last one count as whole only if they begin and end as others do.

    Returns
    -------
    The odd windows, the oddest first. None where the days of no entity column can be held against
    each other, as in a log of less than `FEWEST_DAYS` days.
    """
    found: list[Observation] = []
    families = columns = 0
    entities = dict.fromkeys(measure.entity for measure in measures)
    for column in entities:
        own = [(i, each) for i, each in enumerate(measures) if each.entity == column]
        known = _known(read(own[0][0]), judged_from, whole_day)
        if known is None:
            continue
        columns += 1
        parts = [partial(_of_events, column, time, known, windows)]
        if "day" in windows:
            parts += [partial(_of_counts, read, each, known, entities) for each in own[1:]]
        # Two measures at a time are in memory.
        for of_part in side_by_side(partial(_observed, known=known), parts):
            families += of_part.families
            found += of_part.observations
    return gathered(found, families, columns) if columns else None


class _Observed(NamedTuple):
    """The odd windows of a measure."""

    families: int
    """In how many views the measure was judged."""
    observations: list[Observation]


def _observed(judge: Callable[[], Iterator["_Judged"]], known: "_Known") -> _Observed:
    """Judge a measure, and keep what is odd alone."""
    families = 0
    found: list[Observation] = []
    for judged in judge():
        families += judged.view != NEWCOMER
        found += _observations(judged, known)
        del judged
    return _Observed(families, found)


def _of_events(column: str, time: str, known: "_Known", windows: Set[str]) -> Iterator["_Judged"]:
    """Judge the events of the entities of a column."""
    beside = same_hours(known.days, known.events)
    if "hour" in windows:
        yield _of_hours(column, known, beside)
    if "day" in windows:
        yield from _of_days(column, time, known, beside)


class _Known(NamedTuple):
    """The entities of a column, their events and their days."""

    names: pa.Array
    events: Counts
    days: ActiveDays
    whole: Integers
    """The days that the log holds whole."""


def _known(tables: list[pa.Table], judged_from: int | None, whole_day: int | None) -> _Known | None:
    """Put together the events of entities; None where their days cannot be held against others."""
    names = names_of(tables)
    events = add_up(tables, names, numbers=False)
    if not len(events.n):
        return None
    days = active_days(events, len(names), judged_from)
    if len(days.covered) < FEWEST_DAYS or not _come_back(days):
        return None
    whole = _whole_days(events)
    if whole_day is not None:
        whole = np.union1d(whole, np.intersect1d(days.covered, whole_day - FIRST_DAY))
    return _Known(names, events, days, whole)


def _of_hours(column: str, known: _Known, beside: SameHours) -> _Judged:
    """Judge how many events the entities of a column have in an hour."""
    return _Judged("hour", column, column, hourly_excess(known.days, known.events, beside))


def _of_days(column: str, time: str, known: _Known, beside: SameHours) -> Iterator[_Judged]:
    """Judge the days of the entities of a column: how many events, when, and whether any."""
    _, events, days, whole = known
    strange = strange_hours(days, events, beside)
    signals = daily_excess(days, strange.counted(days))
    yield _Judged("hours", column, time, signals, HOURS, strange)
    yield _Judged("day", column, column, daily_excess(days, days.events.astype(np.float64)))
    yield _Judged("absent", column, column, absent_entities(days, whole))
    yield _Judged(NEWCOMER, column, column, newcomers(days))


def _of_counts(
    read: Callable[[int], list[pa.Table]],
    numbered: tuple[int, Measure],
    known: _Known,
    entities: Collection[str],
) -> Iterator[_Judged]:
    """Judge another measure of an entity column; `entities` are all such columns."""
    number, measure = numbered
    counts = add_up(read(number), known.names, numbers=measure.kind is Kind.LEVELS)
    if len(counts.n) and _is_known(measure, counts, known.days):
        named = measure.column in entities
        judged = _of_measure(measure, counts, known.days, known.whole, named=named)
        del counts  # the rows are free as soon as the measure is done with them
        yield from judged


def _of_measure(
    measure: Measure, counts: Counts, days: ActiveDays, whole: Integers, *, named: bool
) -> Iterator[_Judged]:
    """Judge the counts of a measure; the values of its column may be `named` entities."""
    entity, column, values = measure.entity, measure.column or measure.entity, counts.values
    if measure.kind is Kind.LEVELS:
        yield _Judged("level", entity, column, daily_levels(days, counts))
        yield _Judged("sum", entity, column, daily_sums(days, counts))
        yield _Judged("growth", entity, column, growth(days, counts))
    elif measure.kind is Kind.ORDER:
        yield from _of_order(measure, counts, days, whole)
    elif measure.kind is Kind.TRAVEL:
        yield _travel(measure, counts, days)
    elif measure.kind is not Kind.VALUES:
        signals = daily_excess(days, days.of_each(counts).astype(np.float64), per_event=True)
        yield _Judged(str(measure.kind), entity, column, signals, values)
    elif not _nearly_all_differ(counts):
        yield _new(measure, counts, days, ("new", "first seen"))
        pairs = counts.of_pairs
        del counts  # its rows are free
        shares = share_excess(days, pairs, MOST_EXPECTED)
        if shares is not None:  # the column has few values
            absent = absent_values(days, pairs, whole, named=named)
            yield _Judged("absent value", entity, column, absent, values)
            yield _Judged("share", entity, column, shares, values)


def _travel(measure: Measure, counts: Counts, days: ActiveDays) -> _Judged:
    """Judge how often entities are too far from where they were, and give these moves."""
    signals = daily_excess(days, days.of_each(counts).astype(np.float64), per_event=True)
    order = fastest_first(counts.values)
    moves = NewValues(counts.entity, counts.day, np.argsort(order)[counts.value])
    values = [counts.values[place] for place in order.tolist()]
    return _Judged("travel", measure.entity, str(measure.column), signals, values, moves)


def _of_order(
    measure: Measure, counts: Counts, days: ActiveDays, whole: Integers
) -> Iterator[_Judged]:
    """Judge what follows what: what never did before, or does not where it always did."""
    yield _new(measure, counts, days, ("order", "first order"))
    new = new_values(days, counts)
    broken = broken_order(days, new, absent_values(days, counts.of_pairs, whole))
    yield _Judged("broken order", measure.entity, str(measure.column), broken, counts.values, new)


def _new(measure: Measure, counts: Counts, days: ActiveDays, views: tuple[str, str]) -> _Judged:
    """Judge what is new on a day.

    In one batch that is what no other day has. What is alone on the first or last day of an entity
    may have been there before, or stay: these days do not count. After earlier runs it is what no
    day before has, as later ones are not known. Then the first days, when all is new, do not count.
    """
    batch = days.judged_from == 0
    first, last = (1, 1) if batch else (FEWEST_KNOWN, 0)
    some = days.without_ends(first, last, FEWEST_KNOWN)
    new = (new_values(days, counts) if batch else first_values(days, counts)).within(some)
    signals = daily_excess(some, new.counted(some), Held(counts), per_event=True)
    fewer = some.known < days.known[days.places(some.entity, some.day)]
    signals = replace(signals, without_ends=fewer)
    view = views[0] if batch else views[1]
    return _Judged(view, measure.entity, str(measure.column), signals, counts.values, new)


def _is_known(measure: Measure, counts: Counts, days: ActiveDays) -> bool:
    """Tell whether a measure was counted on most days: earlier runs may have counted others."""
    if measure.kind not in (Kind.VALUES, Kind.LEVELS):
        return True
    return 2 * len(np.unique(counts.day)) >= len(days.covered)


def _nearly_all_differ(counts: Counts) -> bool:
    """Tell whether so many events have a value of their own that each day brings new ones."""
    n_held = np.count_nonzero(np.bincount(counts.value))
    return bool(n_held > _DISTINCT * counts.n.sum())


def _come_back(days: ActiveDays) -> bool:
    """Tell whether names of a column are there on several days; those of sessions are not."""
    often = np.diff(days.starts) > FEWEST_KNOWN
    return int(often.sum()) >= max(_FEWEST_BACK * len(often), 1)


def _observations(judged: _Judged, known: _Known) -> Iterator[Observation]:
    """Give the odd windows of a measure."""
    signals, apart = judged.signals, bool(kinds_of_days(known.days.covered).any())
    odd = np.flatnonzero(signals.number <= MOST_EXPECTED)
    order = np.lexsort((signals.start[odd], signals.entity[odd], signals.number[odd]))
    some = signals.take(odd[order][:_MOST_OF_ONE])
    of_values = signals.series is not None and len(signals.series.value) > 0
    for place, entity in enumerate(some.entity.tolist()):
        start = int(some.start[place])
        values: Sequence[int] = ()
        if len(some.value):
            values = some.value[place : place + 1].tolist()
        if judged.new is not None:
            values = [*values, *judged.new.of_day(entity, start // 24).tolist()]
        value = int(some.value[place]) if of_values else None
        yield Observation(
            entity_column=judged.entity_column,
            entity=known.names[entity].as_py(),
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
            as_high=int(some.beside.own[place]) if some.beside else 0,
            others=int(some.beside.others[place]) if some.beside else 0,
            others_as_high=int(some.beside.as_high[place]) if some.beside else 0,
            of_kind=bool(some.of_kind[place]) if len(some.of_kind) else True,
            kinds_apart=apart,
            before=bool(some.before[place]) if len(some.before) else False,
            without_ends=bool(some.without_ends[place]) if len(some.without_ends) else False,
            most_share=float(some.most_share[place]) if len(some.most_share) else 0.0,
            series=signals.series and around(signals.series, entity, start, signals.hours, value),
        )


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
