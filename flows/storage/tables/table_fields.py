"""The columns of a table that knows them by ids: a file may call them otherwise than it does now.

Source: "Column Projection" and "Name Mapping Serialization" of the Iceberg table specification.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow as pa

from schemas.errors import InputError

FIELD_ID, DEFAULT, PARTITION_SOURCE = b"PARQUET:field_id", b"default", b"partition"
"""Keys of a field's metadata: its id, its default as text, and that partitions are made of it."""

Names = tuple[tuple[str, int | None, "Names"], ...]
"""Name in a file, id, and the names within: for files whose columns have no ids."""


@dataclass(frozen=True)
class TableFields:
    """The columns of a table as they are called now, each with its id, at any depth."""

    schema: str
    """Their Arrow schema, serialized, in hexadecimal digits."""
    names: Names = ()
    """The ids of columns by the names in files that have no ids."""

    @classmethod
    def of(cls, schema: pa.Schema, names: Names = ()) -> "TableFields":
        """Describe the columns of a schema whose fields have the metadata `FIELD_ID`."""
        return cls(schema.serialize().to_pybytes().hex(), names)

    @cached_property
    def columns(self) -> pa.Schema:
        """The columns, in the order of the table."""
        return pa.ipc.read_schema(pa.py_buffer(bytes.fromhex(self.schema)))

    @cached_property
    def fingerprint(self) -> str:
        """Hash the names, types, ids and defaults: rows are read otherwise once one changes."""
        described = f"{self.columns.to_string(truncate_metadata=False)}\n{self.names}"
        return hashlib.sha256(described.encode()).hexdigest()[:16]

    @cached_property
    def defaults(self) -> dict[str, str]:
        """Columns with a value, as text, in files that were written before they were added."""
        return {
            field.name: field.metadata[DEFAULT].decode()
            for field in self.columns
            if DEFAULT in field.metadata
        }

    def in_file(self, own: pa.Schema) -> dict[str, str]:
        """Give the columns that a file has: name now -> name in the file."""
        found = _by_id(own, self._names_for(own))
        ids = {field.name: _id(field) for field in self.columns}
        return {name: found[number][0].name for name, number in ids.items() if number in found}

    def projected(self, own: pa.Schema, where: str) -> pa.Schema:
        """Give the schema of a file as the table has it now: all columns, in the file's types.

        Raises
        ------
        InputError
            The file's columns have no ids, and the table does not say which is which. Or a column
            lacks a field whose value stands in the partition alone.
        """
        names = self._names_for(own)
        if names == ():
            raise InputError(
                "its columns have no field ids, and the table maps no names to them",
                where=where,
                remedy="set schema.name-mapping.default of the table, or write the file anew",
            )
        found = _by_id(own, names)
        pairs = ((field, found.get(_id(field))) for field in self.columns)
        try:
            kinds = {
                field.name: plain(field.type) if at is None else _kind(at[0], field, at[1])
                for field, at in pairs
            }
        except InputError as error:
            raise InputError(error.what, where=where, remedy=error.remedy) from error
        return pa.schema(list(kinds.items()))

    def project(self, batch: pa.RecordBatch, own: pa.Schema) -> pa.RecordBatch:
        """Give the rows of a file under the names that their columns have now.

        Parameters
        ----------
        batch
            Some columns of the file.
        own
            The schema of all its columns, with their ids.
        """
        names = self._names_for(own)
        found = _by_id(own, names)
        columns: dict[str, pa.Array] = {}
        for field in self.columns:
            at = found.get(_id(field))
            if at is not None and at[0].name in batch.schema.names:
                columns[field.name] = _project(batch[at[0].name], at[0], field, at[1])
        return pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))

    def _names_for(self, own: pa.Schema) -> Names | None:
        """Give the names that stand for ids in a file; None where it has ids."""
        return None if any(map(_has_id, own)) else self.names


def plain(kind: pa.DataType) -> pa.DataType:
    """Give a type without the metadata of its fields."""
    if not pa.types.is_nested(kind):
        return kind
    if pa.types.is_struct(kind):
        return pa.struct([(field.name, plain(field.type)) for field in kind])
    if pa.types.is_map(kind):
        return pa.map_(plain(kind.key_type), plain(kind.item_type))
    return pa.list_(plain(kind.value_type))


def _id(field: pa.Field) -> int:
    return int(field.metadata[FIELD_ID])


def _has_id(field: pa.Field) -> bool:
    return FIELD_ID in (field.metadata or {}) or any(map(_has_id, _within(field.type)))


def _within(kind: pa.DataType) -> Iterator[pa.Field]:
    if pa.types.is_nested(kind):
        yield from (kind.field(i) for i in range(kind.num_fields))


Found = dict[int, tuple[pa.Field, Names | None]]


def _by_id(fields: Iterable[pa.Field], names: Names | None) -> Found:
    """Find fields of a file by their ids, each with the names within it."""
    if names is None:
        marked = (field for field in fields if FIELD_ID in (field.metadata or {}))
        return {_id(field): (field, None) for field in marked}
    ids = {name: (number, within) for name, number, within in names}
    found: Found = {}
    for field in fields:
        number, within = ids.get(field.name, (None, ()))
        if number is not None:
            found.setdefault(number, (field, within))
    return found


def _names_within(names: Names | None, name: str) -> Names | None:
    if names is None:
        return None
    return next((within for each, _, within in names if each == name), ())


def _kind(own: pa.Field, wanted: pa.Field, names: Names | None) -> pa.DataType:
    """Give the type of a projected column."""
    return _project(pa.nulls(0, own.type), own, wanted, names).type


def _project(values: pa.Array, own: pa.Field, wanted: pa.Field, names: Names | None) -> pa.Array:
    """Give values the fields that the table has now, at any depth."""
    kind, target = values.type, wanted.type
    if pa.types.is_struct(kind) and pa.types.is_struct(target):
        return _project_struct(values, own, wanted, names)
    if pa.types.is_map(kind) and pa.types.is_map(target):
        return _project_map(values, own, wanted, names)
    if _is_list(kind) and _is_list(target):
        within = _names_within(names, "element")
        items = _project(values.values, own.type.value_field, target.value_field, within)
        rows = pa.large_list if pa.types.is_large_list(kind) else pa.list_
        return _with_children(values, rows(items.type), items)
    return values


def _is_list(kind: pa.DataType) -> bool:
    return pa.types.is_list(kind) or pa.types.is_large_list(kind)


def _project_struct(
    values: pa.Array, own: pa.Field, wanted: pa.Field, names: Names | None
) -> pa.Array:
    found, columns = _by_id(own.type, names), dict[str, pa.Array]()
    for field in wanted.type:
        at = found.get(_id(field))
        columns[field.name] = (
            _absent(field, len(values))
            if at is None
            else _project(values.field(at[0].name), at[0], field, at[1])
        )
    fields = [pa.field(name, column.type) for name, column in columns.items()]
    mask = values.is_null() if values.null_count else None
    return pa.StructArray.from_arrays(list(columns.values()), fields=fields, mask=mask)


def _project_map(
    values: pa.Array, own: pa.Field, wanted: pa.Field, names: Names | None
) -> pa.Array:
    pairs = (
        (values.keys, own.type.key_field, wanted.type.key_field, "key"),
        (values.items, own.type.item_field, wanted.type.item_field, "value"),
    )
    keys, items = (
        _project(part, of_own, of_wanted, _names_within(names, name))
        for part, of_own, of_wanted, name in pairs
    )
    entries = pa.StructArray.from_arrays(
        [keys, items],
        fields=[pa.field("key", keys.type, nullable=False), pa.field("value", items.type)],
    )
    return _with_children(values, pa.map_(keys.type, items.type), entries)


def _with_children(values: pa.Array, kind: pa.DataType, items: pa.Array) -> pa.Array:
    """Give lists other items, at the places of the old ones."""
    own: list[Any] = values.buffers()[:2]
    return pa.Array.from_buffers(
        kind, len(values), own, values.null_count, values.offset, children=[items]
    )


def _absent(field: pa.Field, rows: int) -> pa.Array:
    """Give the values of a field of a struct that a file was written without."""
    if PARTITION_SOURCE in field.metadata:
        raise InputError(
            f"{field.name!r} within a column is the value of a partition, and no column of a file",
            remedy="write the file anew with the column in it",
        )
    default = field.metadata.get(DEFAULT)
    if default is None:
        return pa.nulls(rows, plain(field.type))
    return pa.repeat(pa.scalar(default.decode()), rows).cast(plain(field.type))
