"""Days with a name, such as paydays: held against each other alone, and no other day against them.

Each name's days are judged as if the log had no others, and ordinary days as if the log did not
have the named ones. So one rule holds for all measures: what is counted, new, away or in order.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from anomaly.behaviour.measures import Kind, Measure
from anomaly.behaviour.observations import OddWindow, of_several
from anomaly.numerics.arrays import Integers

Read = Callable[[int], list[pa.Table]]
"""Gives the tables of `ACTIVITY` of a measure, by its number."""


class Unjudged(NamedTuple):
    """A day that cannot be held against other days of its name, or against ordinary ones."""

    day: int
    """Since 1970."""
    name: str | None
    """None of an ordinary day."""
    known: int
    """Other days of that name, or ordinary ones."""


class JudgedByName(NamedTuple):
    """The odd windows of a log with named days."""

    windows: list[OddWindow]
    """The oddest first."""
    unjudged: tuple[Unjudged, ...] = ()
    """In order."""
    any_judged: bool = True
    """Whether any day could be held against others."""


def windows_by_name(
    judge: Callable[[Read], list[OddWindow] | None],
    read: Read,
    measures: Sequence[Measure],
    names: Mapping[int, str],
    judged_from: int | None,
) -> JudgedByName:
    """Judge ordinary days by ordinary ones, and the days of each name by those of that name.

    Parameters
    ----------
    judge
        Judges a log, as `odd_windows` does.
    read
        The log.
    measures
        What was counted.
    names
        Day since 1970 -> its name, of those that have one. Where the log has none of them, it is
        judged as it is. Windows know the names of days between its first and its last one: such
        days may have been left out before.
    judged_from
        The first day since 1970 that is judged; None where all are.
    """
    covered = _covered(read, measures) if names else np.zeros(0, dtype=np.int64)
    of_name = _days_of_names(covered, names)
    first = int(covered.min(initial=0)) if judged_from is None else judged_from
    between = _names_between(covered, names)
    if not of_name:
        whole = judge(read)
        # Days of a name that has come may lie before those that are known.
        left_out = whole is None and min(names, default=np.inf) <= covered.max(initial=-1)
        unjudged = _unjudged({None: covered}, first) if left_out else ()
        windows = [_told(window, left_out=between) for window in whole or ()]
        return JudgedByName(windows, unjudged, any_judged=whole is not None)
    ordinary = np.setdiff1d(covered, np.concatenate([*of_name.values()]))
    own = judge(_on_days(read, ordinary)) if (ordinary >= first).any() else None
    found = [_told(window, left_out=between) for window in own or ()]
    told = {name: days for name, days in of_name.items() if days[-1] >= first}
    each_name = {name: judge(_on_days(read, days)) for name, days in told.items()}
    judged = {name: windows for name, windows in each_name.items() if windows is not None}
    for name, windows in judged.items():
        # All names together have as many ordinary windows that are as odd as ordinary days have.
        found += [_told(window, alone=name) for window in of_several(windows, len(judged))]
    missed: dict[str | None, Integers]
    missed = {name: days for name, days in told.items() if name not in judged}
    if own is None:
        missed[None] = ordinary
    return JudgedByName(
        sorted(found, key=lambda each: each.number),
        _unjudged(missed, first),
        any_judged=bool(judged) or own is not None,
    )


def _days_of_names(covered: Integers, names: Mapping[int, str]) -> dict[str, Integers]:
    """Return the days of each name among those that a log covers, ascending."""
    found: dict[str, list[int]] = {}
    for day in covered.tolist():
        if day in names:
            found.setdefault(names[day], []).append(day)
    return {name: np.array(days) for name, days in found.items()}


def _names_between(covered: Integers, names: Mapping[int, str]) -> tuple[str, ...]:
    """Return the names of days from the first to the last one covered, in order of these days."""
    if not len(covered):
        return ()
    some = (names[day] for day in sorted(names) if covered[0] <= day <= covered[-1])
    return tuple(dict.fromkeys(some))


def _unjudged(of_name: Mapping[str | None, Integers], first: int) -> tuple[Unjudged, ...]:
    """Return the days from `first` on of names that could not be judged, in order.

    Of None they are ordinary days.
    """
    return tuple(
        sorted(
            Unjudged(day, name, len(days) - 1)
            for name, days in of_name.items()
            for day in days[days >= first].tolist()
        )
    )


def _covered(read: Read, measures: Sequence[Measure]) -> Integers:
    """Return the days since 1970 on which any entity has an event, ascending."""
    found = [np.zeros(0, dtype=np.int64)]
    for number, measure in enumerate(measures):
        if measure.kind is Kind.EVENTS:
            found += [_days(table) for table in read(number)]
    return np.unique(np.concatenate(found))


def _days(table: pa.Table) -> Integers:
    """Return the day of each row since 1970, (n,)."""
    days: Integers = table["hour"].to_numpy().astype(np.int64) // 24
    return days


def _on_days(read: Read, days: Integers) -> Read:
    """Read the rows of some days alone."""

    def some(number: int) -> list[pa.Table]:
        return [*_rows_of(read(number), days)]

    return some


def _rows_of(tables: Sequence[pa.Table], days: Integers) -> Iterator[pa.Table]:
    for table in tables:
        own = np.isin(_days(table), days)
        if own.all():
            yield table
        elif own.any():
            yield table.filter(pa.array(own))


def _told(
    window: OddWindow, *, alone: str | None = None, left_out: tuple[str, ...] = ()
) -> OddWindow:
    """Return a window that knows by which days it was judged."""
    told = (replace(each, alone=alone, left_out=left_out) for each in window.observations)
    return replace(window, observations=tuple(told))
