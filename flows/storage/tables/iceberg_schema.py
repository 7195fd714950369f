"""The columns of an Iceberg table as Arrow knows them, each with its id."""

import math
from collections.abc import Collection

import pyarrow as pa
from pyiceberg import types
from pyiceberg.schema import Schema
from pyiceberg.table.name_mapping import MappedField

from flows.storage.tables.table_fields import (
    DEFAULT,
    FIELD_ID,
    PARTITION_SOURCE,
    Names,
    TableFields,
)
from schemas.errors import InputError

_PRIMITIVES: dict[type[types.IcebergType], pa.DataType] = {
    types.BooleanType: pa.bool_(),
    types.IntegerType: pa.int32(),
    types.LongType: pa.int64(),
    types.FloatType: pa.float32(),
    types.DoubleType: pa.float64(),
    types.DateType: pa.date32(),
    types.TimeType: pa.time64("us"),
    types.TimestampType: pa.timestamp("us"),
    types.TimestamptzType: pa.timestamp("us", "UTC"),
    types.TimestampNanoType: pa.timestamp("ns"),
    types.TimestamptzNanoType: pa.timestamp("ns", "UTC"),
    types.StringType: pa.string(),
    types.UUIDType: pa.uuid(),
    types.BinaryType: pa.binary(),
    types.UnknownType: pa.null(),
}


def table_fields(
    schema: Schema, mapping: Collection[MappedField], sources: Collection[int]
) -> TableFields:
    """Describe the columns of a table.

    Parameters
    ----------
    schema
        Its schema.
    mapping
        The ids of columns by the names in files that have none.
    sources
        Ids of the columns whose values partitions are made of as they are.

    Raises
    ------
    InputError
        A column is of a type that is not known here, or has bytes as its default. Or there is none.
    """
    if not schema.fields:
        raise InputError("the table has no column", remedy="add one, or name another table")
    columns = [_field(field, sources) for field in schema.fields]
    return TableFields.of(pa.schema(columns), _names(mapping))


def _field(field: types.NestedField, sources: Collection[int]) -> pa.Field:
    metadata = {FIELD_ID: str(field.field_id)}
    if field.initial_default is not None:
        metadata[DEFAULT] = as_text(field.initial_default, field.name)
    if field.field_id in sources:
        metadata[PARTITION_SOURCE] = ""
    return pa.field(field.name, _type(field.field_type, field.name, sources), metadata=metadata)


def _type(kind: types.IcebergType, column: str, sources: Collection[int]) -> pa.DataType:
    if isinstance(kind, types.StructType):
        return pa.struct([_field(field, sources) for field in kind.fields])
    if isinstance(kind, types.ListType):
        return pa.list_(_field(kind.element_field, sources))
    if isinstance(kind, types.MapType):
        key = _field(kind.key_field, sources).with_nullable(False)
        return pa.map_(key, _field(kind.value_field, sources))
    if isinstance(kind, types.FixedType):
        return pa.binary(len(kind))
    if isinstance(kind, types.DecimalType):
        return pa.decimal128(kind.precision, kind.scale)
    known = _PRIMITIVES.get(type(kind))
    if known is None:
        remedy = "write its live rows as Parquet, without the column"
        raise InputError(f"column {column!r} is of type {kind}, which is not read", remedy=remedy)
    return known


def as_text(value: object, column: str) -> str:
    """Give a value of a column that is the same in all rows of a file, as text to be cast.

    Raises
    ------
    InputError
        It is bytes, or no number.
    """
    if isinstance(value, bytes) or (isinstance(value, float) and not math.isfinite(value)):
        raise InputError(
            f"column {column!r} has a value of the table, {value!r}, that is not read",
            remedy="write its live rows as Parquet",
        )
    return str(value)


def _names(mapping: Collection[MappedField]) -> Names:
    return tuple(
        (name, field.field_id, _names(field.fields)) for field in mapping for name in field.names
    )
