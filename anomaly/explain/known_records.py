"""Known records: those that the model was fitted on, in columns that are quick to count in.

All counts of a reason are of them. They are the whole run where it is fitted on its own records
and has no more than a sample holds.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from anomaly.embedding.hours import hour_bins
from anomaly.explain.known_steps import ALL, Rows, StepColumn
from anomaly.explain.known_texts import KnownTextColumn
from anomaly.numerics.arrays import Doubles, Integers
from anomaly.preprocess.sessions import EVENTS
from schemas.columns.roles import Role
from schemas.events.contract import one_array

MOST_BYTES = 64 * 2**20
"""Of more, known records are fewer: a model is loaded by each process that scores."""
_DRAWN = b"drawn"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_WEEK = 7

Mask = npt.NDArray[np.bool_]


def known_records(
    sample: pa.Table, references: Integers, roles: Mapping[str, Role], *, drawn: bool
) -> pa.Table:
    """Return the records of a sample to count in: the references first, then all others.

    Parameters
    ----------
    sample
        The conformed records that a model was fitted on, in random order.
    references
        The positions of the references that explain, int64 (n_references,).
    roles
        Column -> role. Only references keep an id: those of the others are never told.
    drawn
        Whether there are more records than the sample has.
    """
    others = np.setdiff1d(np.arange(sample.num_rows), references)
    size = max(sample.nbytes, 1)
    if size > MOST_BYTES:
        others, drawn = others[: int(len(others) * MOST_BYTES / size)], True
    known = without_spare_names(sample.take(pa.array(np.concatenate([references, others]))))
    for place, name in enumerate(known.column_names):
        if roles.get(name) is Role.ID:
            ids = known[name].slice(0, len(references))
            nulls = pa.nulls(len(others), known[name].type)
            known = known.set_column(
                place, known.field(place), pa.chunked_array([*ids.chunks, nulls])
            )
    marked = {_DRAWN: b"yes"} if drawn else {}
    return known.replace_schema_metadata(marked).unify_dictionaries().combine_chunks()


def without_spare_names(table: pa.Table) -> pa.Table:
    """Return the table with dictionaries of no more names than it holds."""
    columns = [
        _without_spares(one_array(column)) if pa.types.is_dictionary(column.type) else column
        for column in table.columns
    ]
    return pa.table(columns, names=table.column_names)


def _without_spares(names: pa.DictionaryArray) -> pa.DictionaryArray:
    """Drop the entries that no row holds; the others are in the order of their first rows."""
    codes = names.indices.fill_null(-1).to_numpy()
    held = pd.unique(codes[codes >= 0])
    place = np.full(len(names.dictionary) + 1, -1, dtype=np.int32)
    place[held] = np.arange(len(held), dtype=np.int32)
    rows = place[codes]
    dictionary = names.dictionary.take(pa.array(held))
    return pa.DictionaryArray.from_arrays(pa.array(rows, mask=rows < 0), dictionary)


class NameColumn:
    """Names or texts, as codes."""

    def __init__(self, values: pa.Array) -> None:
        if not pa.types.is_dictionary(values.type):
            values = values.dictionary_encode()
        self.names: list[str] = values.dictionary.cast(pa.string()).to_pylist()
        self.codes: Integers = values.indices.fill_null(-1).to_numpy().astype(np.int64)
        self._code_of = {name: code for code, name in enumerate(self.names)}

    def holds(self, value: str | None, rows: Rows = ALL) -> Mask:
        """Return which records, all or some, hold `value`, bool (n,)."""
        return np.asarray(self.codes[rows] == self._code(value))

    def _code(self, value: str | None) -> int:
        return -1 if value is None else self._code_of.get(str(value), -2)

    def commonest(self, among: Mask, but: str | None) -> tuple[str | None, int]:
        """Return the name that most of some records hold, and how many; the name `but` left out."""
        counts = np.bincount(self.codes[among] + 1, minlength=len(self.names) + 1)
        left_out = self._code(but) + 1
        if left_out >= 0:
            counts[left_out] = 0
        best = int(np.argmax(counts))
        return (None if best == 0 else self.names[best - 1]), int(counts[best])


class NumberColumn:
    """Numbers, NaN where missing."""

    def __init__(self, values: pa.Array) -> None:
        self.values: Doubles = values.to_numpy(zero_copy_only=False).astype(np.float64)

    def holds(self, value: float | None, rows: Rows = ALL) -> Mask:
        """Return which records, all or some, hold `value`, bool (n,)."""
        values = self.values[rows]
        return np.isnan(values) if value is None else np.asarray(values == value)


class TimeColumn:
    """Moments, with their hours and weekdays."""

    def __init__(self, values: pa.Array) -> None:
        self.moments: Integers = values.cast(pa.int64()).fill_null(0).to_numpy().astype(np.int64)

    def holds(self, value: datetime | None, rows: Rows = ALL) -> Mask:
        """Return which records, all or some, are of the moment `value`, bool (n,)."""
        at = 0 if value is None else (value - _EPOCH) // _MICROSECOND
        return np.asarray(self.moments[rows] == at)

    @cached_property
    def hours(self) -> Integers:
        """The hour of the day of each."""
        return hour_bins(self.moments)

    @cached_property
    def weekdays(self) -> Integers:
        """The weekday of each, Monday is 0."""
        return (self.moments // 86_400_000_000 + 3) % _WEEK


Column = KnownTextColumn | NameColumn | NumberColumn | TimeColumn | StepColumn


class KnownRecords:
    """The known records, column by column; each is decoded when it is first asked for."""

    def __init__(self, table: pa.Table, roles: Mapping[str, Role]) -> None:
        self.n = table.num_rows
        self.roles = {c: r for c, r in roles.items() if r not in (Role.ID, Role.IGNORE)}
        self.drawn = _DRAWN in (table.schema.metadata or {})
        self.one = "session" if EVENTS in roles else "event"
        """What a record is called."""
        self.table = table
        self._columns: dict[str, Column] = {}
        self._held: dict[tuple[str, Any], Mask] = {}

    @classmethod
    def of(cls, known: "pa.Table | KnownRecords", roles: Mapping[str, Role]) -> "KnownRecords":
        """Take records as they are, or decode their table."""
        return known if isinstance(known, KnownRecords) else cls(known, roles)

    def column(self, name: str) -> Any:
        """Return a column in the form that its values are counted in."""
        if name not in self._columns:
            self._columns[name] = _decoded(one_array(self.table[name]), self.roles.get(name))
        return self._columns[name]

    def holding(self, column: str, value: Any) -> Mask:
        """Return which records hold `value`, bool (n,)."""
        key = (column, value)
        if key not in self._held:
            if len(self._held) > _MOST_HELD:
                self._held.clear()
            self._held[key] = self.column(column).holds(value)
        return self._held[key]

    def are_known(self, events: Sequence[Mapping[str, Any]]) -> list[bool]:
        """Return for each of `events` whether one of the known records is equal to it."""
        return [self._is_known(event) for event in events]

    def name_of_all(self, are_known: Sequence[bool]) -> str:
        """Name the known records beside some events, of which some or all are among them."""
        kind = "sampled " if self.drawn else "" if all(are_known) else "known "
        return f"{kind}{self.one}s"

    def _is_known(self, event: Mapping[str, Any]) -> bool:
        left = np.arange(self.n)
        for name in sorted(self.roles, key=lambda c: _ORDER.get(self.roles[c], 1)):
            left = left[self.column(name).holds(event[name], left)]
            if not len(left):
                return False
        return True


_MOST_HELD = 256
"""Masks that are kept: a quarter of a megabyte each, of a full sample."""


_ORDER = {Role.TIME: 0, Role.TEXT: 2}
"""Of the columns that a record is looked for by: few records share a time, and texts are slow."""


def _decoded(values: pa.Array, role: Role | None) -> Column:
    if pa.types.is_list(values.type):
        return StepColumn(values)
    if pa.types.is_timestamp(values.type):
        return TimeColumn(values)
    if pa.types.is_floating(values.type):
        return NumberColumn(values)
    if role is Role.TEXT:
        return KnownTextColumn(values)
    return NameColumn(values)
