"""Activity: what each entity does in each hour or day, as counts of a batch that add up.

The order of events, changes and repetitions are seen within a batch alone: what spans the end of
one is not counted.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from anomaly.behaviour.measures import Kind, Measure
from anomaly.numerics.arrays import Doubles, Integers
from schemas.columns.roles import Role, time_column
from schemas.events.contract import one_array

HOUR = 3_600_000_000
"""Microseconds."""
DAY = 24 * HOUR
_SOON = HOUR // 6
"""A change is one of two values within ten minutes."""
_SHORTEST = 10_000_000
_STEADY = 0.02
"""Two gaps are the same if they differ by at most this part, and none is below ten seconds."""
_MOST_DISTINCT = 16_384
"""Of a column with more different values in a batch the counts would be as long as the log."""
_UNREAD = (Role.ID, Role.TIME, Role.IGNORE)

_TERMS = pa.dictionary(pa.int32(), pa.string())
ACTIVITY = pa.schema(
    {
        "measure": pa.int16(),
        "entity": _TERMS,
        "hour": pa.int32(),
        "value": _TERMS,
        "n": pa.int64(),
        "total": pa.float64(),
        "logs": pa.float64(),
    }
)
"""One row for each measure, entity, hour since 1970 and value: the events counted.

Of other kinds than `Kind.EVENTS` the hour is the first of the day.
`total` is the sum of the numbers of `Kind.LEVELS`, `logs` that of log(1 + |x|) with the sign of x.
They are 0 of other kinds. `value` is missing where a batch holds too many different ones: what it
holds is not known.
"""


@dataclass(frozen=True)
class Terms:
    """The values of a column as numbers."""

    codes: Integers
    """(n,): -1 where the value is missing."""
    names: pa.Array


def count_activity(
    events: pa.Table, roles: Mapping[str, Role], measures: Sequence[Measure]
) -> pa.Table:
    """Count what entities do in each hour of a batch of conformed events, as `ACTIVITY`.

    Parameters
    ----------
    events
        Conformed events, with a time.
    roles
        Column -> role.
    measures
        What to count; the place of each is its number in the result, which is sorted by it.
    """
    batch = _Batch(events, roles)
    parts = [ACTIVITY.empty_table()]
    for number, measure in enumerate(measures):
        rows, values = batch.told(measure)
        if len(rows):
            parts.append(_counted(batch, number, measure, rows, values))
    return pa.concat_tables(parts)


class _Batch:
    """A batch of events, with what several measures need of it."""

    def __init__(self, events: pa.Table, roles: Mapping[str, Role]) -> None:
        self._events, self._roles = events, roles
        time = time_column(roles)
        self.times = events[time].cast(pa.int64()).to_numpy()
        self._terms: dict[str, Terms] = {}
        self._orders: dict[str, Integers] = {}

    def terms(self, column: str) -> Terms:
        if column not in self._terms:
            values = one_array(self._events[column])
            codes = values.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
            self._terms[column] = Terms(codes, values.dictionary)
        return self._terms[column]

    def numbers(self, column: str) -> Doubles:
        values: Doubles = one_array(self._events[column]).to_numpy(zero_copy_only=False)
        return values

    def told(self, measure: Measure) -> tuple[Integers, Terms]:
        """Return the rows that a measure counts, and what each holds, as one term for each row."""
        named = self.terms(measure.entity).codes >= 0
        if measure.kind is Kind.EVENTS:
            return _all_alike(np.flatnonzero(named))
        if measure.kind is Kind.REPEATS:
            return _all_alike(self._repeats(measure.entity))
        if measure.kind is Kind.RHYTHM:
            return _all_alike(self._in_rhythm(measure.entity))
        column = str(measure.column)
        if measure.kind is Kind.LEVELS:
            return _all_alike(np.flatnonzero(named & np.isfinite(self.numbers(column))))
        if measure.kind is Kind.VALUES:
            return self._held(named, self.terms(column))
        return self._followed(measure, self.terms(column))

    def _held(self, named: npt.NDArray[np.bool_], terms: Terms) -> tuple[Integers, Terms]:
        """Return the rows with a value, and the values; none of these where they are too many."""
        rows = np.flatnonzero(named & (terms.codes >= 0))
        if len(np.unique(terms.codes[rows])) > _MOST_DISTINCT:
            return rows, Terms(np.zeros(len(rows), dtype=np.int64), pa.array([None], pa.string()))
        return rows, Terms(terms.codes[rows], terms.names)

    def _in_order(self, entity: str) -> Integers:
        """Return the rows of an entity column with a name, by name and time."""
        if entity not in self._orders:
            codes = self.terms(entity).codes
            order = np.lexsort((self.times, codes))
            self._orders[entity] = order[codes[order] >= 0]
        return self._orders[entity]

    def _followed(self, measure: Measure, terms: Terms) -> tuple[Integers, Terms]:
        """Return the rows that follow one of the same entity soon, and both values as one."""
        order = self._in_order(measure.entity)
        order = order[terms.codes[order] >= 0]
        first, then = order[:-1], order[1:]
        whose, held = self.terms(measure.entity).codes, terms.codes
        within = HOUR if measure.kind is Kind.ORDER else _SOON
        follows = (whose[first] == whose[then]) & (self.times[then] - self.times[first] <= within)
        if measure.kind is Kind.CHANGES:
            return _all_alike(then[follows & (held[first] != held[then])])
        first, then = first[follows], then[follows]
        n = max(len(terms.names), 1)
        pairs, codes = np.unique(held[first] * n + held[then], return_inverse=True)
        names = pc.binary_join_element_wise(
            terms.names.take(pa.array(pairs // n)), terms.names.take(pa.array(pairs % n)), " → "
        )
        return then, Terms(codes.astype(np.int64), names)

    def _repeats(self, entity: str) -> Integers:
        """Return the rows with the content of an earlier one of the same entity and day."""
        whose, days = self.terms(entity).codes, self.times // DAY
        order = np.lexsort((self.times, self._content, days, whose))
        order = order[whose[order] >= 0]
        first, then = order[:-1], order[1:]
        same = (whose[first] == whose[then]) & (days[first] == days[then])
        return then[same & (self._content[first] == self._content[then])]

    def _in_rhythm(self, entity: str) -> Integers:
        """Return the rows that follow one of the same names as that one followed one before."""
        whose, names = self.terms(entity).codes, self._names
        order = np.lexsort((self.times, names, whose))
        order = order[whose[order] >= 0]
        same = (whose[order[:-1]] == whose[order[1:]]) & (names[order[:-1]] == names[order[1:]])
        gaps = np.where(same, np.diff(self.times[order]), 0)
        before, after = gaps[:-1], gaps[1:]
        steady = (np.minimum(before, after) >= _SHORTEST) & (
            np.abs(after - before) <= _STEADY * after
        )
        return order[2:][steady]

    @cached_property
    def _content(self) -> npt.NDArray[np.uint64]:
        """Return a number of what each row holds, but for its id and time, uint64 (n,)."""
        return self._hashed(_UNREAD)

    @cached_property
    def _names(self) -> npt.NDArray[np.uint64]:
        """Return a number of the names that each row holds, uint64 (n,)."""
        return self._hashed((*_UNREAD, Role.NUMBER, Role.TEXT))

    def _hashed(self, unread: Collection[Role]) -> npt.NDArray[np.uint64]:
        content = np.zeros(self._events.num_rows, dtype=np.uint64)
        for column, role in self._roles.items():
            if role in unread:
                continue
            if role is Role.NUMBER:
                own = self.numbers(column).view(np.uint64)
            else:
                own = self.terms(column).codes.astype(np.uint64)
            # Multiply and shift, as in FNV and SplitMix: alike sums of unlike columns are rare.
            content = (content ^ own) * np.uint64(0x9E3779B97F4A7C15)
            content ^= content >> np.uint64(29)
        return content


def _all_alike(rows: Integers) -> tuple[Integers, Terms]:
    return rows, Terms(np.zeros(len(rows), dtype=np.int64), pa.array([""], pa.string()))


def _counted(
    batch: _Batch, number: int, measure: Measure, rows: Integers, values: Terms
) -> pa.Table:
    whose = batch.terms(measure.entity)
    hours = batch.times[rows] // HOUR
    if measure.kind is not Kind.EVENTS:
        hours = hours // 24 * 24
    first, n_values = int(hours.min()), max(len(values.names), 1)
    n_hours = int(hours.max()) - first + 1
    keys = (whose.codes[rows] * n_hours + hours - first) * n_values + values.codes
    places, found = pd.factorize(keys)
    n = np.bincount(places, minlength=len(found))
    sums: list[npt.NDArray[Any]] = [np.zeros(len(found))] * 2
    if measure.kind is Kind.LEVELS:
        numbers = batch.numbers(str(measure.column))[rows]
        logs = np.copysign(np.log1p(np.abs(numbers)), numbers)
        sums = [np.nan_to_num(np.bincount(places, each)) for each in (numbers, logs)]
    of_entity = pa.array((found // n_values // n_hours).astype(np.int32))
    of_value = pa.array((found % n_values).astype(np.int32))
    names = values.names
    if names.null_count:
        # A dictionary that holds a null cannot be put together with others.
        of_value, names = pa.nulls(len(found), pa.int32()), pa.array([""], pa.string())
    arrays = [
        pa.array(np.full(len(found), number, dtype=np.int16)),
        pa.DictionaryArray.from_arrays(of_entity, whose.names),
        pa.array((found // n_values % n_hours + first).astype(np.int32)),
        pa.DictionaryArray.from_arrays(of_value, names),
        pa.array(n),
        *(pa.array(each) for each in sums),
    ]
    return pa.table(arrays, schema=ACTIVITY)


def places_of_measures(table: pa.Table, n_measures: int) -> Iterator[tuple[int, int]]:
    """Give where the rows of each measure begin and how many they are, in a sorted table."""
    ends = np.searchsorted(table["measure"].to_numpy(), np.arange(n_measures + 1))
    for first, stop in zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True):
        yield first, stop - first
