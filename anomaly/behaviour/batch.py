"""A batch of events, with what several measures need of it: each is worked out once."""

from collections.abc import Collection, Mapping
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from anomaly.behaviour.activity import DAY, HOUR
from anomaly.behaviour.measures import Kind, Measure
from anomaly.behaviour.sequences import WITHIN, pairs_of, steady
from anomaly.behaviour.travel import move_texts, places_of, too_fast
from anomaly.numerics.arrays import Doubles, Integers
from anomaly.numerics.groups import begins_of, distinct
from anomaly.numerics.radix import stable_order
from schemas.columns.roles import Role, time_column
from schemas.events.contract import one_array

_MISSING = 0x5851F42D4C957F2D
_MOST_DISTINCT = 16_384
"""Of a column with more different values in a batch the counts would be as long as the log."""
_UNREAD = (Role.ID, Role.TIME, Role.IGNORE)

_ALIKE = pa.array([""], pa.string())

Hashes = npt.NDArray[np.uint64]


class Terms(NamedTuple):
    """The values of a column as numbers."""

    codes: Integers
    """(n,): -1 where the value is missing."""
    names: pa.Array

    def take(self, rows: Integers) -> "Terms":
        """Return those of some rows."""
        return Terms(self.codes[rows], self.names)


class Windows(NamedTuple):
    """The windows of time in which rows lie, counted from the first of them."""

    since_first: Integers
    first: int
    """Hours since 1970."""
    n: int
    """Windows from the first to the last, both counted."""
    hours: int
    """The length of each."""

    @classmethod
    def of(cls, hours: Integers, length: int) -> "Windows":
        """Return the windows, of so many hours each, of `hours` since 1970, (n,)."""
        places = hours // length
        first = int(places.min()) if len(hours) else 0
        since_first = places - first
        return cls(since_first, first * length, int(since_first.max(initial=0)) + 1, length)

    def starts(self, places: Integers) -> Integers:
        """Return the first hours of windows since 1970, by their places."""
        return places * self.hours + self.first


class Sequences:
    """The rows of a batch by sequence and time; what several measures ask of it is kept."""

    def __init__(self, order: Integers, group: Hashes, times: Integers) -> None:
        self.order, self.group, self._times = order, group, times
        self._soon: dict[int, tuple[Integers, Integers]] = {}
        self._ends: dict[tuple[int, bool], tuple[Integers, npt.NDArray[np.bool_]]] = {}

    @cached_property
    def follows(self) -> npt.NDArray[np.bool_]:
        """Return whether each row but the first is of the sequence of the one before it."""
        groups = self.group[self.order]
        return groups[1:] == groups[:-1]

    def soon(self, longest: int) -> tuple[Integers, Integers]:
        """Return the rows that follow one of their sequence soon: first that one, and these."""
        if longest not in self._soon:
            times = self._times[self.order]
            follows = self.follows & (times[1:] - times[:-1] <= longest)
            self._soon[longest] = self.order[:-1][follows], self.order[1:][follows]
        return self._soon[longest]

    def ends(self, most: int, *, both: bool) -> tuple[Integers, npt.NDArray[np.bool_]]:
        """Return the rows at the ends of sequences, and before which of them others lie.

        Parameters
        ----------
        most
            How many rows an end has.
        both
            Whether the last rows of each sequence are told, not only the first ones.
        """
        if (most, both) not in self._ends:
            begins = begins_of(self.group[self.order])
            last = np.append(begins[1:], True)[: len(self.order)][::-1]
            near, from_end = _less_than(most, begins), _less_than(most, last)[::-1]
            gap = from_end & ~_less_than(most - 1, last)[::-1] & ~_less_than(most + 1, begins)
            told = near | from_end if both else near
            self._ends[most, both] = self.order[told], gap[told]
        return self._ends[most, both]

    def without(self, rows: npt.NDArray[np.bool_]) -> "Sequences":
        """Return those of the other rows; `rows` are true where one is left out, (n,)."""
        return Sequences(self.order[~rows[self.order]], self.group, self._times)


class EventBatch:
    """A batch of events, with what several measures need of it."""

    def __init__(self, events: pa.Table, roles: Mapping[str, Role]) -> None:
        self._events, self._roles = events, roles
        time = time_column(roles)
        self.times = events[time].cast(pa.int64()).to_numpy()
        self._terms: dict[str, Terms] = {}
        self._hashes: dict[str, Hashes] = {}
        self._logs: dict[str, Doubles] = {}
        self._sequences: dict[tuple[str, Kind], Sequences] = {}
        self._places: dict[tuple[str, str], Doubles] = {}
        self._cells: dict[tuple[str, int], tuple[Integers, Windows]] = {}

    def terms(self, column: str) -> Terms:
        """Return the values of a column, their names ascending: so counts come in that order."""
        if column not in self._terms:
            values = one_array(self._events[column])
            codes = _codes(values)
            order = pc.array_sort_indices(values.dictionary)
            place = np.full(len(order) + 1, -1)
            place[order.to_numpy()] = np.arange(len(order))
            self._terms[column] = Terms(place[codes], values.dictionary.take(order))
        return self._terms[column]

    def cells(self, entity: str, length: int) -> tuple[Integers, Windows]:
        """Return a number for the entity and the window of each row, of so many hours, (n,).

        A row without an entity has a number below 0.
        """
        if (entity, length) not in self._cells:
            windows = Windows.of(self._hours, length)
            found = self.terms(entity).codes * windows.n + windows.since_first
            self._cells[entity, length] = found, windows
        return self._cells[entity, length]

    @cached_property
    def _hours(self) -> Integers:
        return self.times // HOUR

    def numbers(self, column: str) -> Doubles:
        """Return the numbers of a column, float64 (n,)."""
        values: Doubles = one_array(self._events[column]).to_numpy(zero_copy_only=False)
        return values

    def logs(self, column: str) -> Doubles:
        """Return log(1 + |x|) of the numbers of a column, with the sign of x, float64 (n,)."""
        if column not in self._logs:
            numbers = self.numbers(column)
            self._logs[column] = np.copysign(np.log1p(np.abs(numbers)), numbers)
        return self._logs[column]

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
            return rows, _unless_too_many(terms if len(rows) == len(named) else terms.take(rows))
        if measure.kind in WITHIN:
            return self._followed(measure, self.terms(column))
        return self._moved(measure)

    def places(self, measure: Measure) -> Doubles:
        """Return the latitude and longitude of each row, (n, 2); not a number where none is."""
        columns = str(measure.column), str(measure.longitudes)
        if columns not in self._places:
            self._places[columns] = places_of(*map(self.numbers, columns))
        return self._places[columns]

    def sequences(self, measure: Measure) -> Sequences:
        """Return the rows of named entities by sequence and time."""
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
            order = ordered[stable_order(numbers[ordered])]
            self._sequences[key] = Sequences(order, group, self.times)
        found = self._sequences[key]
        if measure.kind is Kind.TRAVEL:
            return found.without(np.isnan(self.places(measure)[:, 0]))
        if measure.column is None:
            return found
        missing = self.terms(measure.column).codes < 0
        return found.without(missing) if missing.any() else found

    @cached_property
    def _by_time(self) -> Integers:
        return np.argsort(self.times, kind="stable")

    def _followed(self, measure: Measure, terms: Terms) -> tuple[Integers, Terms]:
        """Return the rows that follow one of the same entity soon, and both values as one."""
        first, then = self.sequences(measure).soon(WITHIN[measure.kind])
        before, after = terms.codes[first], terms.codes[then]
        if measure.kind is Kind.CHANGES:
            return _all_alike(then[before != after])
        n = max(len(terms.names), 1)
        pairs, codes = distinct(before * n + after)
        names = pairs_of(
            terms.names.take(pa.array(pairs // n)), terms.names.take(pa.array(pairs % n))
        )
        return then, Terms(codes, names)

    def _moved(self, measure: Measure) -> tuple[Integers, Terms]:
        """Return the rows too far from the one before of the same entity, and these moves."""
        sequences = self.sequences(measure)
        order = sequences.order
        places, after = self.places(measure)[order], np.diff(self.times[order])
        far = too_fast(places[:-1], places[1:], after) & sequences.follows
        moves = move_texts(places[:-1][far], places[1:][far], after[far])
        return order[1:][far], _unless_too_many(_terms(moves))

    def _repeats(self, measure: Measure) -> Integers:
        """Return the rows with the content of an earlier one of the same entity and day."""
        sequences = self.sequences(measure)
        return sequences.order[1:][sequences.follows]

    def _in_rhythm(self, measure: Measure) -> Integers:
        """Return the rows that follow one of the same names as that one followed one before."""
        sequences = self.sequences(measure)
        gaps = np.where(sequences.follows, np.diff(self.times[sequences.order]), 0)
        return sequences.order[2:][steady(gaps[:-1], gaps[1:])]

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
                # Not `terms`: to sort nearly distinct texts takes longer than to hash them.
                values = one_array(self._events[column])
                names = values.dictionary.to_numpy(zero_copy_only=False)
                known = pd.util.hash_array(names, categorize=False).astype(np.uint64)
                self._hashes[column] = np.append(known, np.uint64(_MISSING))[_codes(values)]
        return self._hashes[column]


def _less_than(n: int, marks: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Return whether each row is less than n rows after one that is marked, (n_rows,)."""
    found = np.zeros(len(marks), dtype=bool)
    for shift in range(min(n, len(marks))):
        found[shift:] |= marks[: len(marks) - shift]
    return found


def _codes(values: pa.DictionaryArray) -> Integers:
    """Return the position of each row's name, int64 (n,); -1 where it is missing."""
    codes: Integers = values.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    return codes


def _mixed(content: Hashes, own: Hashes) -> Hashes:
    # Multiply and shift, as in FNV and SplitMix: alike sums of unlike columns are rare.
    mixed = (content ^ own) * np.uint64(0x9E3779B97F4A7C15)
    mixed ^= mixed >> np.uint64(29)
    return mixed


def _terms(texts: pa.Array) -> Terms:
    found = texts.dictionary_encode()
    return Terms(found.indices.to_numpy().astype(np.int64), found.dictionary)


def _unless_too_many(terms: Terms) -> Terms:
    """Return the terms of rows; or that they are not known, where too many differ."""
    codes, names = terms.codes, terms.names
    if len(names) > _MOST_DISTINCT < np.count_nonzero(np.bincount(codes)):
        return Terms(np.zeros(len(codes), dtype=np.int64), pa.array([None], pa.string()))
    return Terms(codes, names)


def _all_alike(rows: Integers) -> tuple[Integers, Terms]:
    return rows, Terms(np.zeros(len(rows), dtype=np.int64), _ALIKE)
