"""The records that runs kept to be searched: found by id or value, and read as the model does.

A run may keep millions: only the columns and row groups that a question needs are read.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from flows.storage.runs.parquet_parts import RowGroup, read_row_groups, row_groups
from flows.storage.runs.reader import PublishedRun
from schemas.columns.roles import Role
from schemas.errors import InputError
from schemas.events.contract import one_array
from schemas.events.texts import as_text
from schemas.outputs.tables import RECORD

Places = npt.NDArray[np.int64]

_ID = RECORD.names[0]
_NAMED = (Role.ENTITY, Role.CATEGORY, Role.FLAG, Role.TEXT)
_GROUPS_AT_ONCE = 16


@dataclass(frozen=True)
class StoredRecords:
    """The records of a run that were kept, in the order of their vectors."""

    groups: Sequence[RowGroup]
    """Those of their dataset, in order."""
    schema: pa.Schema
    """`record_id`, then their columns as the model reads them, names and texts as strings."""

    @classmethod
    def of(cls, run: PublishedRun) -> "StoredRecords":
        """Find the records of a run.

        Raises
        ------
        OutputError
            They are damaged or missing.
        """
        return cls(*row_groups(run.folder / "records"))

    @property
    def total(self) -> int:
        """Return the number of stored records."""
        return int(self._sizes.sum())

    @property
    def columns(self) -> Sequence[str]:
        """The records' own columns."""
        return self.schema.names[1:]

    def place_of(self, record_id: str) -> int | None:
        """Return the place of a record; None if it is not there."""
        for first, table in self._scan([_ID]):
            place = pc.index(table[_ID], record_id).as_py()
            if place >= 0:
                return first + place
        return None

    def where(self, conditions: Mapping[str, str]) -> Places:
        """Return the places of the records that hold these values, spelt as text; they ascend.

        Raises
        ------
        InputError
            There is no such column.
        """
        for column in conditions:
            self.require(column)
        found = [np.empty(0, dtype=np.int64)]
        for first, table in self._scan(list(conditions)):
            held = np.ones(table.num_rows, dtype=bool)
            for column, value in conditions.items():
                texts = as_text(one_array(table[column]))
                held &= np.asarray(pc.fill_null(pc.equal(texts, value), False))
            found.append(first + np.flatnonzero(held))
        return np.concatenate(found)

    def require(self, column: str) -> None:
        """Refuse a column that the records do not have.

        Raises
        ------
        InputError
            They do not have it; those that they have are named.
        """
        if column not in self.columns:
            has = ", ".join(f"`{name}`" for name in self.columns)
            raise InputError(f"the records have no column `{column}`", remedy=f"they have {has}")

    def take(self, places: Places, columns: Sequence[str] | None = None) -> pa.Table:
        """Read the records of these places, which ascend; some of their columns, or all."""
        nothing = self.schema.empty_table().select(columns or self.schema.names)
        ends = np.cumsum(self._sizes)
        group_of = np.searchsorted(ends, places, side="right")
        needed, position = np.unique(group_of, return_inverse=True)
        groups, sizes = [self.groups[group] for group in needed], self._sizes[needed]
        firsts, starts = (ends - self._sizes)[group_of], (np.cumsum(sizes) - sizes)[position]
        read = read_row_groups(groups, nothing.column_names)
        return pa.concat_tables([nothing, *read]).take(pa.array(places - firsts + starts))

    def events(self, roles: Mapping[str, Role], places: Places) -> pa.Table:
        """Return the records of these places as a model of these roles reads them.

        Raises
        ------
        InputError
            They lack a column that it reads.
        """
        read = {c: Role(role) for c, role in roles.items() if role not in (Role.ID, Role.IGNORE)}
        for column in read:
            self.require(column)
        taken = self.take(places, list(read))
        return pa.table({c: _as_read(taken[c], role) for c, role in read.items()})

    @cached_property
    def _sizes(self) -> Places:
        return np.array([group.rows for group in self.groups], dtype=np.int64)

    def _scan(self, columns: Sequence[str]) -> Iterator[tuple[int, pa.Table]]:
        """Read some columns of all records, some row groups at a time: first place, table."""
        first = 0
        for start in range(0, len(self.groups), _GROUPS_AT_ONCE):
            for table in read_row_groups(self.groups[start : start + _GROUPS_AT_ONCE], columns):
                yield first, table
                first += table.num_rows


def _as_read(column: pa.ChunkedArray, role: Role) -> pa.Array:
    """Give a column the type that the event contract gives it."""
    array = one_array(column)
    coded = role in _NAMED and not pa.types.is_list(array.type)
    return array.dictionary_encode() if coded else array
