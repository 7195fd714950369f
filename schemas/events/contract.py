"""The event contract: which rows are events, as which types, and why the others are not.

It rejects rows, never runs. A row that breaks the contract goes to the quarantine with the first of
its reasons, in the order of the columns.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from schemas.columns.roles import Role
from schemas.columns.time_formats import PLAIN, Spelling
from schemas.events.event_times import read_event_times
from schemas.events.parsing import TERMS, read_flags, read_numbers, read_terms
from schemas.events.texts import as_text


class RejectReason(StrEnum):
    """A reason for which a row is no event."""

    NULL_ID = "null id"
    """The column that names the record is empty."""
    DUPLICATE_ID = "duplicate id"
    """An earlier row has the same id."""
    NULL_TIME = "null time"
    """The time of the event is missing."""
    IMPOSSIBLE_TIME = "impossible time"
    """The time cannot be read, or lies before 1900 or after 2199."""
    UNREADABLE_NUMBER = "unreadable number"
    """The value of a number column is not a number."""
    UNREADABLE_FLAG = "unreadable flag"
    """The value of a flag column is neither yes nor no."""
    TEXT_TOO_LONG = "text too long"
    """The id is longer than the limit."""
    NULL_SESSION_KEY = "null session key"
    """The column that names the session is empty, so the row belongs to none."""
    DAMAGED_FILE = "damaged file"
    """The file that holds the row cannot be read to its end, so none of its rows is judged."""


@dataclass(frozen=True)
class Limits:
    """The largest values that are accepted."""

    characters: int = 65_536
    """The longest id; of an entity, category or text, what is read of a value."""


@dataclass(frozen=True)
class Conformed:
    """The rows of a table that are events, and those that are not."""

    events: pa.Table
    """The accepted rows, in canonical types; the columns are in the order of the roles."""
    accepted: np.ndarray
    """int64 (n_events,): their positions in the table."""
    rejections: pa.Table
    """`REJECTIONS`: one row for each rejected row, by position."""


REJECTIONS = pa.schema(
    [
        pa.field("position", pa.int64(), nullable=False),
        pa.field("column", pa.string(), nullable=False),
        pa.field("reason", pa.string(), nullable=False),
    ]
)

Fault = tuple[RejectReason, np.ndarray]
"""A reason and where it holds: bool (n_rows,)."""

LIMITS = Limits()


def conform(
    table: pa.Table,
    roles: Mapping[str, Role],
    repeated_ids: np.ndarray,
    *,
    required: str | None = None,
    spelling: Spelling = PLAIN,
    limits: Limits = LIMITS,
) -> Conformed:
    """Read a table's columns as their roles' types and part the events from the rest.

    The canonical types: `id` string; `time` timestamp[us, UTC]; `number` float64, null where it is
    missing. `entity`, `category`, `text` and `flag` are dictionary<int32, string>; a flag's values
    are `true` and `false`.

    Parameters
    ----------
    table
        n_rows rows, flattened (see `schemas/events/flattening.py`).
    roles
        Flattened column -> role. Columns that are ignored, or not named, are left out.
    repeated_ids
        bool (n_rows,): the row's id was seen in an earlier row of the input.
    required
        A column that must not be null: the session key.
    spelling
        How the time is written.
    limits
        How large a value may be.

    Examples
    --------
    >>> table = pa.table({"bytes": ["12", "many"], "host": ["a", "b"]})
    >>> roles = {"bytes": Role.NUMBER, "host": Role.ENTITY}
    >>> conformed = conform(table, roles, np.zeros(2, dtype=bool))
    >>> conformed.events.to_pylist()
    [{'bytes': 12.0, 'host': 'a'}]
    >>> conformed.rejections.to_pylist()
    [{'position': 1, 'column': 'bytes', 'reason': 'unreadable number'}]
    """
    columns: dict[str, pa.Array] = {}
    verdict = _Verdict(table.num_rows)
    for name, role in roles.items():
        if role is Role.TIME:
            columns[name], faults = _read_times(table, name, spelling)
            verdict.add(name, faults)
        elif role is not Role.IGNORE:
            columns[name], faults = _read_as(role, one_array(table[name]), repeated_ids, limits)
            verdict.add(name, faults)
        if name == required:
            verdict.add(name, [(RejectReason.NULL_SESSION_KEY, _nulls(table[name]))])
    accepted = verdict.accepted()
    if len(accepted) < table.num_rows:
        columns = {
            name: _compact(column.take(pa.array(accepted))) for name, column in columns.items()
        }
    return Conformed(pa.table(columns), accepted, verdict.rejections())


def one_array(column: pa.ChunkedArray) -> pa.Array:
    """Join the chunks of a column."""
    if column.num_chunks == 1:
        return column.chunk(0)
    whole = column.combine_chunks()
    return pa.concat_arrays(whole.chunks) if isinstance(whole, pa.ChunkedArray) else whole


class _Verdict:
    """The first fault of each row."""

    def __init__(self, rows: int) -> None:
        self._fault = np.full(rows, -1, dtype=np.int32)
        self._kinds: list[tuple[str, RejectReason]] = []

    def add(self, column: str, faults: list[Fault]) -> None:
        for reason, rows in faults:
            self._fault[rows & (self._fault < 0)] = len(self._kinds)
            self._kinds.append((column, reason))

    def accepted(self) -> np.ndarray:
        return np.flatnonzero(self._fault < 0)

    def rejections(self) -> pa.Table:
        positions = np.flatnonzero(self._fault >= 0)
        faults = pa.array(self._fault[positions])
        columns = pa.array([column for column, _ in self._kinds], pa.string())
        reasons = pa.array([str(reason) for _, reason in self._kinds], pa.string())
        return pa.table(
            [pa.array(positions), columns.take(faults), reasons.take(faults)], schema=REJECTIONS
        )


def _read_as(
    role: Role, values: pa.Array, repeated_ids: np.ndarray, limits: Limits
) -> tuple[pa.Array, list[Fault]]:
    if role is Role.ID:
        return _read_ids(values, repeated_ids, limits)
    if role is Role.NUMBER:
        return _read_numbers(values)
    if role is Role.FLAG:
        reading = read_flags(values)
        return reading.values, [(RejectReason.UNREADABLE_FLAG, reading.unreadable)]
    return _cut(read_terms(values), limits), []


def _read_ids(
    values: pa.Array, repeated_ids: np.ndarray, limits: Limits
) -> tuple[pa.Array, list[Fault]]:
    ids = as_text(values)
    return ids, [
        (RejectReason.NULL_ID, _nulls(ids)),
        (RejectReason.DUPLICATE_ID, repeated_ids),
        (RejectReason.TEXT_TOO_LONG, _longer_than(ids, limits)),
    ]


def _read_times(table: pa.Table, column: str, spelling: Spelling) -> tuple[pa.Array, list[Fault]]:
    day = None if spelling.date is None else one_array(table[spelling.date])
    reading = read_event_times(one_array(table[column]), day, spelling)
    missing = _nulls(reading.values) & ~reading.unreadable
    return reading.values, [
        (RejectReason.NULL_TIME, missing),
        (RejectReason.IMPOSSIBLE_TIME, reading.unreadable),
    ]


def _read_numbers(values: pa.Array) -> tuple[pa.Array, list[Fault]]:
    reading = read_numbers(values)
    return _finite(reading.values), [(RejectReason.UNREADABLE_NUMBER, reading.unreadable)]


def _finite(numbers: pa.Array) -> pa.Array:
    """Read infinity as the largest number: it is an extreme value, and no reason to look away."""
    largest = float(np.finfo(np.float64).max)
    return pc.if_else(pc.is_inf(numbers), pc.multiply(pc.sign(numbers), largest), numbers)


def _cut(terms: pa.DictionaryArray, limits: Limits) -> pa.DictionaryArray:
    """Cut the texts beyond the limit; the row keeps them whole, where its values are shown."""
    if not _longer_than(terms.dictionary, limits).any():
        return terms
    cut = pc.utf8_slice_codeunits(terms.dictionary, 0, limits.characters).dictionary_encode()
    return pa.DictionaryArray.from_arrays(cut.indices.take(terms.indices), cut.dictionary)


def _nulls(values: pa.Array | pa.ChunkedArray) -> np.ndarray:
    nulls = values.is_null(nan_is_null=True)
    return np.asarray(nulls)


def _longer_than(texts: pa.Array, limits: Limits) -> np.ndarray:
    longer = pc.greater(pc.utf8_length(texts), limits.characters)
    return longer.fill_null(False).to_numpy(zero_copy_only=False)


def _compact(column: pa.Array) -> pa.Array:
    """Drop the dictionary's entries that only rejected rows held, the longest texts among them."""
    if column.type != TERMS:
        return column
    used = np.unique(column.indices.drop_null().to_numpy())
    if len(used) == len(column.dictionary):
        return column
    codes = np.zeros(len(column.dictionary), dtype=np.int32)
    codes[used] = np.arange(len(used), dtype=np.int32)
    indices = pa.array(codes).take(column.indices)
    return pa.DictionaryArray.from_arrays(indices, column.dictionary.take(pa.array(used)))
