"""The records that runs kept to be searched: found by id or value, and read as the model does."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from flows.storage.parquet_parts import read_dataset
from flows.storage.published import PublishedRun
from schemas.errors import InputError
from schemas.outputs import RECORD
from schemas.roles import Role
from schemas.texts import as_text

Places = npt.NDArray[np.int64]

_ID = RECORD.names[0]
_NAMED = (Role.ENTITY, Role.CATEGORY, Role.FLAG, Role.TEXT)


@dataclass(frozen=True)
class StoredRecords:
    """The records of a run that were kept, in the order of their vectors."""

    table: pa.Table
    """`record_id`, then their columns as the model reads them, names and texts as strings."""

    @classmethod
    def of(cls, run: PublishedRun) -> "StoredRecords":
        """Read the records of a run.

        Raises
        ------
        OutputError
            They are damaged or missing.
        """
        return cls(read_dataset(run.folder / "records").combine_chunks())

    @property
    def columns(self) -> list[str]:
        """The records' own columns."""
        return self.table.column_names[1:]

    @property
    def ids(self) -> pa.ChunkedArray:
        """The id of each record, string (n_records,)."""
        return self.table[_ID]

    def place_of(self, record_id: str) -> int | None:
        """Return the place of a record; None if it is not there."""
        place = pc.index(self.ids, record_id).as_py()
        return None if place < 0 else place

    def where(self, conditions: Mapping[str, str]) -> Places:
        """Return the places of the records that hold these values, spelt as text; they ascend.

        Raises
        ------
        InputError
            There is no such column.
        """
        held = np.ones(self.table.num_rows, dtype=bool)
        for column, value in conditions.items():
            self.require(column)
            texts = as_text(self.table[column].combine_chunks())
            held &= np.asarray(pc.fill_null(pc.equal(texts, value), False))
        return np.flatnonzero(held)

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
        taken = self.table.take(pa.array(places))
        return pa.table({c: _as_read(taken[c], role) for c, role in read.items()})


def _as_read(column: pa.ChunkedArray, role: Role) -> pa.Array:
    """Give a column the type that the event contract gives it."""
    whole = column.combine_chunks()
    array = pa.concat_arrays(whole.chunks) if isinstance(whole, pa.ChunkedArray) else whole
    coded = role in _NAMED and not pa.types.is_list(array.type)
    return array.dictionary_encode() if coded else array
