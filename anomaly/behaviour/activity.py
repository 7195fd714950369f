"""Activity: what each entity does in each hour or day, as counts of a batch that add up.

Order, changes, repeats and rhythms may span the end of a batch. So the first and the last events of
what goes on are given too: `across.py` counts what follows what from one batch to the next.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from anomaly.behaviour.groups import distinct, starts_of
from anomaly.behaviour.measures import Kind, Measure
from anomaly.behaviour.travel import move_texts, place_texts, places_of, too_fast
from anomaly.numerics.arrays import Doubles, Integers
from anomaly.numerics.radix import stable_order
from schemas.columns.roles import Role, time_column
from schemas.events.contract import one_array

HOUR = 3_600_000_000
"""Microseconds."""
DAY = 24 * HOUR
WITHIN = {Kind.ORDER: HOUR, Kind.CHANGES: HOUR // 6}
"""How long after another an event follows it."""
_SHORTEST = 10_000_000
_STEADY = 0.02
"""Two gaps are the same if they differ by at most this part, and none is below ten seconds."""
SEQUENCES = {
    **dict.fromkeys((Kind.ORDER, Kind.CHANGES, Kind.TRAVEL, Kind.REPEATS), 1),
    Kind.RHYTHM: 2,
}
"""Kinds of what follows what, which may span the end of a batch.

So many events at either end of a sequence may be of one with those of the next batch.
"""
_MISSING = 0x5851F42D4C957F2D
_MOST_DISTINCT = 16_384
"""Of a column with more different values in a batch the counts would be as long as the log."""
_UNREAD = (Role.ID, Role.TIME, Role.IGNORE)

Hashes = npt.NDArray[np.uint64]

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

ENDS = pa.schema(
    {
        "measure": pa.int16(),
        "batch": pa.int32(),
        "group": pa.uint64(),
        "entity": _TERMS,
        "time": pa.int64(),
        "value": _TERMS,
        "gap": pa.bool_(),
    }
)
"""The first and the last events of each sequence in a batch, by measure, sequence and time.

`group` is a number of the sequence: of the entity, with the content and day of `Kind.REPEATS` and
the names of `Kind.RHYTHM`. `time` is in microseconds. `value` is that of `Kind.ORDER` and
`Kind.CHANGES`, and the place of `Kind.TRAVEL`. `gap` tells that others lie between an event and the
one before it.
"""


class Counted(NamedTuple):
    """Counts of a batch, and the ends of its sequences."""

    counts: pa.Table
    """`ACTIVITY`, by measure."""
    ends: pa.Table
    """`ENDS`."""


@dataclass(frozen=True)
class Terms:
    """The values of a column as numbers."""

    codes: Integers
    """(n,): -1 where the value is missing."""
    names: pa.Array


def count_activity(
    events: pa.Table, roles: Mapping[str, Role], measures: Sequence[Measure], number: int = 0
) -> Counted:
    """Count what entities do in each hour of a batch of conformed events.

    Parameters
    ----------
    events
        Conformed events, with a time.
    roles
        Column -> role.
    measures
        What to count; the place of each is its number in the result, which is sorted by it.
    number
        The number of the batch.
    """
    batch = _Batch(events, roles)
    counts, ends = [ACTIVITY.empty_table()], [ENDS.empty_table()]
    for place, measure in enumerate(measures):
        rows, values = batch.told(measure)
        if len(rows):
            counts.append(_counted(batch, place, measure, rows, values))
        if measure.kind in SEQUENCES:
            ends.append(_ends(batch, (place, number), measure))
    return Counted(pa.concat_tables(counts), pa.concat_tables(ends))


def steady(before: Integers, after: Integers) -> npt.NDArray[np.bool_]:
    """Return whether two gaps of time, one after the other, are as long."""
    enough = np.minimum(before, after) >= _SHORTEST
    found: npt.NDArray[np.bool_] = enough & (np.abs(after - before) <= _STEADY * after)
    return found


class _Hours(NamedTuple):
    """The hours of rows since 1970, counted from the first of them."""

    since_first: Integers
    first: int
    n: int
    """Hours from the first to the last."""

    @classmethod
    def of(cls, hours: Integers) -> "_Hours":
        first = int(hours.min()) if len(hours) else 0
        since_first = hours - first
        return cls(since_first, first, int(since_first.max(initial=0)) + 1)


class _Batch:
    """A batch of events, with what several measures need of it."""

    def __init__(self, events: pa.Table, roles: Mapping[str, Role]) -> None:
        self._events, self._roles = events, roles
        time = time_column(roles)
        self.times = events[time].cast(pa.int64()).to_numpy()
        self._terms: dict[str, Terms] = {}
        self._hashes: dict[str, Hashes] = {}
        self._sequences: dict[tuple[str, Kind], tuple[Integers, Hashes]] = {}
        self._places: dict[tuple[str, str], Doubles] = {}
        self._cells: dict[tuple[str, bool], tuple[Integers, _Hours]] = {}

    def terms(self, column: str) -> Terms:
        """Return the values of a column, their names ascending: so counts come in that order."""
        if column not in self._terms:
            values = one_array(self._events[column])
            codes = values.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
            order = pc.array_sort_indices(values.dictionary)
            place = np.full(len(order) + 1, -1)
            place[order.to_numpy()] = np.arange(len(order))
            self._terms[column] = Terms(place[codes], values.dictionary.take(order))
        return self._terms[column]

    def cells(self, entity: str, *, by_hour: bool) -> tuple[Integers, "_Hours"]:
        """Return a number for the entity and the hour of each row, or the first of its day, (n,).

        A row without an entity has a number below 0.
        """
        if (entity, by_hour) not in self._cells:
            hours = _Hours.of(self._hours if by_hour else self._hours // 24 * 24)
            found = self.terms(entity).codes * hours.n + hours.since_first
            self._cells[entity, by_hour] = found, hours
        return self._cells[entity, by_hour]

    @cached_property
    def _hours(self) -> Integers:
        return self.times // HOUR

    def numbers(self, column: str) -> Doubles:
        values: Doubles = one_array(self._events[column]).to_numpy(zero_copy_only=False)
        return values

    def told(self, measure: Measure) -> tuple[Integers, Terms]:
        """Return the rows that a measure counts, and what each holds, as one term for each row."""
        named = self.terms(measure.entity).codes >= 0
        if measure.kind is Kind.EVENTS:
            return _all_alike(np.flatnonzero(named))
        if measure.column is None:
            again = self._repeats if measure.kind is Kind.REPEATS else self._in_rhythm
            return _all_alike(again(measure))
        column = str(measure.column)
        if measure.kind is Kind.LEVELS:
            return _all_alike(np.flatnonzero(named & np.isfinite(self.numbers(column))))
        if measure.kind is Kind.VALUES:
            terms = self.terms(column)
            rows = np.flatnonzero(named & (terms.codes >= 0))
            return rows, _unless_too_many(Terms(terms.codes[rows], terms.names))
        if measure.kind in WITHIN:
            return self._followed(measure, self.terms(column))
        return self._moved(measure)

    def places(self, measure: Measure) -> Doubles:
        """Return the latitude and longitude of each row, (n, 2); not a number where none is."""
        columns = str(measure.column), str(measure.beside)
        if columns not in self._places:
            self._places[columns] = places_of(*map(self.numbers, columns))
        return self._places[columns]

    def sequences(self, measure: Measure) -> tuple[Integers, Hashes]:
        """Return the rows of named entities by sequence and time, and the sequence of each row."""
        key = measure.entity, measure.kind if measure.column is None else Kind.ORDER
        if key not in self._sequences:
            group = self._hashed(measure.entity)
            if measure.kind is Kind.REPEATS:
                group = _mixed(_mixed(group, self._content), (self.times // DAY).view(np.uint64))
            if measure.kind is Kind.RHYTHM:
                group = _mixed(group, self._names)
            whose = self.terms(measure.entity).codes
            ordered = self._by_time[whose[self._by_time] >= 0]
            numbers = group if measure.column is None else whose
            self._sequences[key] = ordered[stable_order(numbers[ordered])], group
        order, group = self._sequences[key]
        if measure.kind is Kind.TRAVEL:
            order = order[~np.isnan(self.places(measure)[order, 0])]
        elif measure.column is not None:
            held = self.terms(measure.column).codes
            order = order[held[order] >= 0] if held.min(initial=0) < 0 else order
        return order, group

    @cached_property
    def _by_time(self) -> Integers:
        return np.argsort(self.times, kind="stable")

    def _followed(self, measure: Measure, terms: Terms) -> tuple[Integers, Terms]:
        """Return the rows that follow one of the same entity soon, and both values as one."""
        order, whose = self.sequences(measure)
        first, then = order[:-1], order[1:]
        soon = self.times[then] - self.times[first] <= WITHIN[measure.kind]
        follows, held = (whose[first] == whose[then]) & soon, terms.codes
        if measure.kind is Kind.CHANGES:
            return _all_alike(then[follows & (held[first] != held[then])])
        first, then = first[follows], then[follows]
        n = max(len(terms.names), 1)
        pairs, codes = distinct(held[first] * n + held[then])
        names = pairs_of(
            terms.names.take(pa.array(pairs // n)), terms.names.take(pa.array(pairs % n))
        )
        return then, Terms(codes, names)

    def _moved(self, measure: Measure) -> tuple[Integers, Terms]:
        """Return the rows too far from the one before of the same entity, and these ways."""
        order, whose = self.sequences(measure)
        places, after = self.places(measure)[order], np.diff(self.times[order])
        far = too_fast(places[:-1], places[1:], after)
        far &= whose[order[:-1]] == whose[order[1:]]
        moves = move_texts(places[:-1][far], places[1:][far], after[far])
        return order[1:][far], _unless_too_many(_terms(moves))

    def _repeats(self, measure: Measure) -> Integers:
        """Return the rows with the content of an earlier one of the same entity and day."""
        order, group = self.sequences(measure)
        return order[1:][group[order[1:]] == group[order[:-1]]]

    def _in_rhythm(self, measure: Measure) -> Integers:
        """Return the rows that follow one of the same names as that one followed one before."""
        order, group = self.sequences(measure)
        same = group[order[:-1]] == group[order[1:]]
        gaps = np.where(same, np.diff(self.times[order]), 0)
        return order[2:][steady(gaps[:-1], gaps[1:])]

    @cached_property
    def _content(self) -> Hashes:
        """Return a number of what each row holds, but for its id and time, uint64 (n,)."""
        return self._hashed_without(_UNREAD)

    @cached_property
    def _names(self) -> Hashes:
        """Return a number of the names that each row holds, uint64 (n,)."""
        return self._hashed_without((*_UNREAD, Role.NUMBER, Role.TEXT))

    def _hashed_without(self, unread: Collection[Role]) -> Hashes:
        content = np.zeros(self._events.num_rows, dtype=np.uint64)
        for column, role in self._roles.items():
            if role not in unread:
                content = _mixed(content, self._hashed(column))
        return content

    def _hashed(self, column: str) -> Hashes:
        """Return a number of the value of each row, the same in any batch, uint64 (n,)."""
        if column not in self._hashes:
            if self._roles[column] is Role.NUMBER:
                self._hashes[column] = self.numbers(column).view(np.uint64)
            else:
                terms = self.terms(column)
                names = terms.names.to_numpy(zero_copy_only=False)
                known = pd.util.hash_array(names, categorize=False).astype(np.uint64)
                self._hashes[column] = np.append(known, np.uint64(_MISSING))[terms.codes]
        return self._hashes[column]


def _mixed(content: Hashes, own: Hashes) -> Hashes:
    # Multiply and shift, as in FNV and SplitMix: alike sums of unlike columns are rare.
    mixed = (content ^ own) * np.uint64(0x9E3779B97F4A7C15)
    mixed ^= mixed >> np.uint64(29)
    return mixed


def pairs_of(first: pa.Array, then: pa.Array) -> pa.Array:
    """Return pairs of values, one after the other, as one."""
    return pc.binary_join_element_wise(first, then, " → ")


def _ends(batch: _Batch, numbers: tuple[int, int], measure: Measure) -> pa.Table:
    """Return the ends of the sequences of a measure; `numbers` are those of measure and batch."""
    order, group = batch.sequences(measure)
    starts = np.flatnonzero(np.diff(group[order], prepend=~group[order[:1]]) != 0)
    sizes = np.diff(starts, append=len(order))
    place, size = np.arange(len(order)) - np.repeat(starts, sizes), np.repeat(sizes, sizes)
    most = SEQUENCES[measure.kind]
    near = (place < most) | ((place >= size - most) & (measure.kind is not Kind.REPEATS))
    rows, gap = order[near], ((size > 2 * most) & (place == size - most))[near]
    whose, n = batch.terms(measure.entity), len(rows)
    held = pa.DictionaryArray.from_arrays(pa.nulls(n, pa.int32()), pa.array([""], pa.string()))
    if measure.kind is Kind.TRAVEL:
        held = place_texts(batch.places(measure)[rows]).dictionary_encode()
    elif measure.column is not None:
        values = batch.terms(measure.column)
        held = pa.DictionaryArray.from_arrays(
            pa.array(values.codes[rows].astype(np.int32)), values.names
        )
    arrays = [
        pa.array(np.full(n, numbers[0], dtype=np.int16)),
        pa.array(np.full(n, numbers[1], dtype=np.int32)),
        pa.array(group[rows]),
        pa.DictionaryArray.from_arrays(pa.array(whose.codes[rows].astype(np.int32)), whose.names),
        pa.array(batch.times[rows]),
        held,
        pa.array(gap),
    ]
    return pa.table(arrays, schema=ENDS)


def _terms(texts: pa.Array) -> Terms:
    found = texts.dictionary_encode()
    return Terms(found.indices.to_numpy().astype(np.int64), found.dictionary)


def _unless_too_many(terms: Terms) -> Terms:
    """Return the terms of rows; or that they are not known, where too many differ."""
    codes, names = terms.codes, terms.names
    if np.count_nonzero(np.bincount(codes)) > _MOST_DISTINCT:
        return Terms(np.zeros(len(codes), dtype=np.int64), pa.array([None], pa.string()))
    return Terms(codes, names)


def _all_alike(rows: Integers) -> tuple[Integers, Terms]:
    return rows, Terms(np.zeros(len(rows), dtype=np.int64), pa.array([""], pa.string()))


def _counted(
    batch: _Batch, number: int, measure: Measure, rows: Integers, values: Terms
) -> pa.Table:
    cells, hours = batch.cells(measure.entity, by_hour=measure.kind is Kind.EVENTS)
    n_values = max(len(values.names), 1)
    keys = cells[rows] * n_values + values.codes
    order = stable_order(keys)
    starts = starts_of(keys[order])
    n = np.diff(starts, append=len(order))
    sums: list[npt.NDArray[Any]] = [np.zeros(len(starts))] * 2
    if measure.kind is Kind.LEVELS:
        numbers = batch.numbers(str(measure.column))[rows][order]
        logs = np.copysign(np.log1p(np.abs(numbers)), numbers)
        places = np.repeat(np.arange(len(starts)), n)
        sums = [np.nan_to_num(np.bincount(places, each)) for each in (numbers, logs)]
    found, value = np.divmod(keys[order[starts]], n_values)
    entity, since_first = np.divmod(found, hours.n)
    of_value = pa.array(value.astype(np.int32))
    names = values.names
    if names.null_count:
        # A dictionary that holds a null cannot be put together with others.
        of_value, names = pa.nulls(len(n), pa.int32()), pa.array([""], pa.string())
    arrays = [
        pa.array(np.full(len(n), number, dtype=np.int16)),
        pa.DictionaryArray.from_arrays(
            pa.array(entity.astype(np.int32)), batch.terms(measure.entity).names
        ),
        pa.array((since_first + hours.first).astype(np.int32)),
        pa.DictionaryArray.from_arrays(of_value, names),
        pa.array(n),
        *(pa.array(each) for each in sums),
    ]
    return pa.table(arrays, schema=ACTIVITY)


def place_of_measure(table: pa.Table, number: int) -> tuple[int, int]:
    """Return where the rows of a measure begin and how many they are, in a sorted table."""
    first, stop = np.searchsorted(table["measure"].to_numpy(), [number, number + 1]).tolist()
    return first, stop - first
