"""Counts of one measure over the whole log, and the days on which each entity is active."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from anomaly.behaviour.activity import ACTIVITY
from anomaly.numerics.arrays import Doubles, Integers
from anomaly.numerics.groups import distinct_in_order, starts_of
from schemas.events.contract import one_array

FIRST_DAY = -25_571
"""Days are numbered from this one since 1970 on, at the end of 1899: no event is before it.

It is a Thursday, as the first of 1970 is.
"""
_LONGEST_TABLE = 16
"""Cells of a table for each day of an entity: of sparser days the places are searched for."""


@dataclass(frozen=True)
class Counts:
    """The counts, each entity, hour and value once, in that order; n rows."""

    entity: Integers
    """(n,): the place of each among the names of all."""
    hour: Integers
    """(n,): since `FIRST_DAY`."""
    value: Integers
    """(n,): the place of each in `values`."""
    n: Integers
    logs: Doubles
    total: Doubles
    values: list[str]

    @property
    def day(self) -> Integers:
        """Return the day of each row since `FIRST_DAY`."""
        return self.hour // 24

    @cached_property
    def of_pairs(self) -> tuple[Integers, Integers, Doubles]:
        """Return pair, day and events of each day of a pair of entity and value, sorted by both.

        The number of a pair is that of its entity times the number of values, plus the value.
        """
        span, n_values = int(self.day.max(initial=0)) + 1, max(len(self.values), 1)
        keys = (self.entity * n_values + self.value) * span + self.day
        # They are sorted by entity already, from which this sort gains.
        order = np.argsort(keys, kind="stable")
        keys = keys[order]
        starts = starts_of(keys)
        n = np.add.reduceat(self.n[order], starts) if len(starts) else self.n
        return keys[starts] // span, keys[starts] % span, n.astype(np.float64)


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
    names = _terms(tables, "entity").dictionary
    return names.take(pc.array_sort_indices(names))


def add_up(tables: Sequence[pa.Table], names: pa.Array, *, numbers: bool = True) -> Counts:
    """Put the rows of one measure together, from tables of `ACTIVITY`.

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
    whose, held = _terms(tables, "entity"), _terms(tables, "value")
    values = held.dictionary.take(pc.array_sort_indices(held.dictionary))
    hour = _column(tables, "hour").astype(np.int64) - FIRST_DAY * 24
    first = int(hour.min(initial=0))
    span, n_values = int(hour.max(initial=0)) - first + 1, max(len(values), 1)
    keys = (_codes(whose, names) * span + hour - first) * n_values + _codes(held, values)
    # Each batch is in order, from which this sort gains.
    order = None if np.all(keys[1:] > keys[:-1]) else np.argsort(keys, kind="stable")
    if order is not None:
        keys, places = distinct_in_order(keys[order])

    def added(column: str) -> Doubles:
        found = _column(tables, column)
        if order is not None:
            found = np.bincount(places, found[order], len(keys))
        return np.nan_to_num(found.astype(np.float64))

    cell, value = np.divmod(keys, n_values)
    entity, hour_of = np.divmod(cell, span)
    return Counts(
        entity=entity,
        hour=hour_of + first,
        value=value,
        n=added("n").astype(np.int64),
        logs=added("logs") if numbers else np.zeros(len(keys)),
        total=added("total") if numbers else np.zeros(len(keys)),
        values=values.to_pylist(),
    )


def merged(tables: Sequence[pa.Table], number: int, *, numbers: bool = True) -> pa.Table:
    """Put the rows of one measure together: each entity, hour and value once, sorted by them.

    Rows whose values are not known stay as they are, with all others of the measure.

    Parameters
    ----------
    tables
        Rows of one measure, as `ACTIVITY`.
    number
        The number of the measure.
    numbers
        As `add_up` takes it.
    """
    if any(table["value"].null_count for table in tables):
        return pa.concat_tables(tables).unify_dictionaries().combine_chunks()
    names = names_of(tables)
    counts = add_up(tables, names, numbers=numbers)
    columns = [
        pa.array(np.full(len(counts.n), number, dtype=np.int16)),
        pa.DictionaryArray.from_arrays(pa.array(counts.entity.astype(np.int32)), names),
        pa.array((counts.hour + FIRST_DAY * 24).astype(np.int32)),
        pa.DictionaryArray.from_arrays(
            pa.array(counts.value.astype(np.int32)), pa.array(counts.values, pa.string())
        ),
        *(pa.array(each) for each in (counts.n, counts.total, counts.logs)),
    ]
    return pa.table(columns, schema=ACTIVITY)


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
    kind = ACTIVITY.field(name).type.to_pandas_dtype()
    return np.concatenate([np.zeros(0, kind), *(table[name].to_numpy() for table in tables)])


def _terms(tables: Sequence[pa.Table], name: str) -> pa.DictionaryArray:
    """Return a column of terms, whose dictionary holds those alone that are there."""
    # The dictionary of a table may hold the values of other measures, too.
    held = [_without_others(one_array(table[name])) for table in tables]
    return one_array(pa.chunked_array(held, ACTIVITY.field(name).type).unify_dictionaries())


def _without_others(terms: pa.DictionaryArray) -> pa.DictionaryArray:
    codes = terms.indices.to_numpy()
    there = np.bincount(codes, minlength=len(terms.dictionary)) > 0
    renumbered = (np.cumsum(there) - 1).astype(np.int32)
    known = terms.dictionary.take(pa.array(np.flatnonzero(there)))
    return pa.DictionaryArray.from_arrays(pa.array(renumbered[codes]), known)


def _codes(terms: pa.DictionaryArray, names: pa.Array) -> Integers:
    places = pc.index_in(terms.dictionary, names).fill_null(-1).to_numpy(zero_copy_only=False)
    codes: Integers = places.astype(np.int64)[terms.indices.to_numpy()]
    return codes
