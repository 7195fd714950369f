"""Counts of one measure over the whole log, and the days on which each entity is active."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from anomaly.behaviour.activity import LEVELS
from anomaly.behaviour.table_terms import TermsOfTables
from anomaly.numerics.arrays import Doubles, Integers
from anomaly.numerics.groups import distinct_in_order, starts_of
from schemas.events.contract import one_array

FIRST_DAY = -25_571
"""Days are numbered from this one since 1970 on, at the end of 1899: no event is before it.

It is a Thursday, as the first of 1970 is.
"""
Codes = npt.NDArray[np.int32]
_LONGEST_TABLE = 16
"""Cells of a table for each day of an entity: of sparser days the places are searched for."""


@dataclass(frozen=True)
class Counts:
    """The counts, each entity, hour and value once, in that order; n rows."""

    entities: Codes
    """(n,): the place of each among the names of all."""
    hours: Codes
    """(n,): since `FIRST_DAY`."""
    of_values: Codes
    """(n,): the place of each in `values`."""
    events: Codes
    logs: Doubles
    """(n,), or none where there are no sums."""
    total: Doubles
    values: list[str]

    @property
    def entity(self) -> Integers:
        """Return `entities` as numbers that keys can be made of."""
        return self.entities.astype(np.int64)

    @property
    def hour(self) -> Integers:
        """Return `hours` as numbers that keys can be made of."""
        return self.hours.astype(np.int64)

    @property
    def value(self) -> Integers:
        """Return `of_values` as numbers that keys can be made of."""
        return self.of_values.astype(np.int64)

    @property
    def n(self) -> Integers:
        """Return the events of each row."""
        return self.events.astype(np.int64)

    @property
    def day(self) -> Integers:
        """Return the day of each row since `FIRST_DAY`."""
        return (self.hours // 24).astype(np.int64)

    @cached_property
    def of_pairs(self) -> "DaysOfPairs":
        """Return the days of the pairs of entity and value."""
        span, n_values = int(self.day.max(initial=0)) + 1, max(len(self.values), 1)
        keys = (self.entity * n_values + self.value) * span + self.day
        # They are sorted by entity already, from which this sort gains.
        order = np.argsort(keys, kind="stable")
        keys, n = keys[order], self.events[order]
        del order
        starts = starts_of(keys)
        if len(starts) < len(keys):
            keys, n = keys[starts], np.add.reduceat(n.astype(np.int64), starts)
        pair = keys // span
        return DaysOfPairs(pair, keys - pair * span, n.astype(np.float64), n_values)


class DaysOfPairs(NamedTuple):
    """Days of pairs of entity and value, sorted by both; n rows."""

    pair: Integers
    """(n,): the number of the entity times that of values, plus the value."""
    day: Integers
    n: Doubles
    """(n,): the events of each."""
    n_values: int
    """How many values there are, at least 1."""


@dataclass(frozen=True)
class ActiveDays:
    """The days on which each entity has an event, since `FIRST_DAY`, by entity; n of them."""

    entity: Integers
    day: Integers
    events: Integers
    """(n,): events of the entity on that day."""
    starts: Integers
    """(n_entities + 1,): where the days of each entity begin."""
    covered: Integers
    """The days on which anything happened, ascending."""
    judged_from: int
    """The first day that is judged."""

    @property
    def judged(self) -> npt.NDArray[np.bool_]:
        """Return whether each day is judged, (n,); others are known."""
        found: npt.NDArray[np.bool_] = self.day >= self.judged_from
        return found

    @property
    def known(self) -> Integers:
        """Return on how many other days the entity of each is active, (n,)."""
        return np.diff(self.starts)[self.entity] - 1

    def places(self, entity: Integers, day: Integers) -> Integers:
        """Return the place of each entity and day that is active."""
        first = int(self.covered[0])
        span = int(self.covered[-1]) + 1 - first
        if self._table is not None:
            return self._table[entity * span + day - first].astype(np.int64)
        found: Integers = np.searchsorted(
            self.entity * span + self.day - first, entity * span + day - first
        )
        return found

    @cached_property
    def _table(self) -> npt.NDArray[np.int32] | None:
        """Return the place of each entity and day; None where it would be many times as long."""
        first = int(self.covered[0])
        span = int(self.covered[-1]) + 1 - first
        if (len(self.starts) - 1) * span > _LONGEST_TABLE * len(self.day):
            return None
        table = np.zeros((len(self.starts) - 1) * span, dtype=np.int32)
        table[self.entity * span + self.day - first] = np.arange(len(self.day))
        return table

    def holds(self, entity: Integers, day: Integers) -> npt.NDArray[np.bool_]:
        """Tell which entities and days are among these."""
        places = np.minimum(self.places(entity, day), max(len(self.day) - 1, 0))
        held: npt.NDArray[np.bool_] = (self.entity[places] == entity) & (self.day[places] == day)
        return held

    def without_ends(self, first: int, last: int, most: int) -> "ActiveDays":
        """Return the days without the first and the last ones of entities with many.

        Parameters
        ----------
        first, last
            How many are left out at either end.
        most
            Of an entity of so many days or fewer none is left out.
        """
        place = np.arange(len(self.day)) - self.starts[self.entity]
        inner = (place >= first) & (place <= self.known - last)
        some = np.flatnonzero(inner | (self.known < most))
        entity = self.entity[some]
        starts = np.searchsorted(entity, np.arange(len(self.starts)))
        return ActiveDays(
            entity, self.day[some], self.events[some], starts, self.covered, self.judged_from
        )

    def of_each(self, counts: Counts) -> Integers:
        """Return what was counted of each entity on each of its days, whatever the value, (n,)."""
        places = self.places(counts.entity, counts.day)
        return np.bincount(places, counts.n, len(self.day)).astype(np.int64)


def names_of(tables: Sequence[pa.Table]) -> pa.Array:
    """Return the names of all entities in tables of `ACTIVITY`, sorted, string."""
    return TermsOfTables.of(tables, "entity").names


def add_up(tables: Sequence[pa.Table], names: pa.Array, *, numbers: bool = True) -> Counts:
    """Put the rows of one measure together, from tables of `ACTIVITY` or `LEVELS`.

    Parameters
    ----------
    tables
        Rows of one measure.
    names
        The entities, as `names_of` gives them of `Kind.EVENTS`: these have every event.
    numbers
        Whether there are sums of numbers, as `Kind.LEVELS` has.

    Returns
    -------
    The counts; none where the values of some rows are not known.
    """
    if any(table["value"].null_count for table in tables):
        tables = []
    tables = [table for table in tables if table.num_rows]
    values = TermsOfTables.of(tables, "value")
    found = [
        _coded(tables, "entity", TermsOfTables.of(tables, "entity").among(names)),
        _column(tables, "hour") - np.int32(FIRST_DAY * 24),
        _coded(tables, "value", values.places),
    ]
    sums = [_column(tables, name) for name in ("n", *(("logs", "total") if numbers else ()))]
    if not _in_order(*found):
        found, sums = _summed(found, sums)
    n, logs, total = [*map(np.nan_to_num, sums), *[np.zeros(0)] * 2][:3]
    entity, hour, value = found
    return Counts(
        entities=entity,
        hours=hour,
        of_values=value,
        events=n.astype(np.int32),
        logs=logs,
        total=total,
        values=values.names.to_pylist(),
    )


def _in_order(first: Codes, second: Codes, third: Codes) -> bool:
    """Tell whether rows ascend by their first number, then by the second and the third."""
    before: npt.NDArray[np.bool_] = third[:-1] < third[1:]
    for each in (second, first):
        before = (each[:-1] < each[1:]) | ((each[:-1] == each[1:]) & before)
    return bool(before.all())


def _summed(codes: Sequence[Codes], sums: Sequence[Doubles]) -> tuple[list[Codes], list[Doubles]]:
    """Return each entity, hour and value once, in their order, with its sums."""
    entity, hour, value = codes
    first = int(hour.min(initial=0))
    span, n_values = int(hour.max(initial=0)) - first + 1, int(value.max(initial=0)) + 1
    keys = (entity.astype(np.int64) * span + hour - first) * n_values + value
    # Each batch is in order, from which this sort gains.
    order = np.argsort(keys, kind="stable")
    keys, places = distinct_in_order(keys[order])
    cells = keys // n_values
    once = [cells // span, cells % span + first, keys % n_values]
    added = [np.bincount(places, each[order], len(keys)).astype(np.float64) for each in sums]
    return [each.astype(np.int32) for each in once], added


def active_days(counts: Counts, n_entities: int, judged_from: int | None) -> ActiveDays:
    """Return the days on which each entity has an event.

    Parameters
    ----------
    counts
        Of `Kind.EVENTS`.
    n_entities
        The names of all.
    judged_from
        The first day, since 1970, that is judged; None where all are.
    """
    span = int(counts.day.max(initial=0)) + 1
    keys = counts.entity * span + counts.day
    keys, places = distinct_in_order(keys)
    entity, day = keys // span, keys % span
    return ActiveDays(
        entity=entity,
        day=day,
        events=np.bincount(places, counts.n, len(keys)).astype(np.int64),
        starts=np.searchsorted(entity, np.arange(n_entities + 1)),
        covered=np.unique(day),
        judged_from=0 if judged_from is None else judged_from - FIRST_DAY,
    )


def _column(tables: Sequence[pa.Table], name: str) -> npt.NDArray[Any]:
    kind = LEVELS.field(name).type.to_pandas_dtype()
    return np.concatenate([np.zeros(0, kind), *(table[name].to_numpy() for table in tables)])


def _coded(tables: Sequence[pa.Table], name: str, places: Sequence[Integers]) -> Codes:
    """Return the places of the terms of all tables."""
    codes = [
        known.astype(np.int32)[one_array(table[name]).indices.to_numpy()]
        for table, known in zip(tables, places, strict=True)
    ]
    return np.concatenate([np.zeros(0, np.int32), *codes])
