"""Partitions of an Iceberg table: told by its metadata, whatever folders its files lie in."""

from collections.abc import Mapping, Sequence
from urllib.parse import unquote, unquote_plus

from pyiceberg.manifest import DataFile
from pyiceberg.partitioning import PartitionField
from pyiceberg.schema import Schema
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.transforms import IdentityTransform
from pyiceberg.types import NestedField

from flows.storage.tables.iceberg_schema import as_text
from flows.storage.tables.live_files import NamedTable, Partition
from schemas.errors import InputError

_DATA = "data"


class PartitionTexts:
    """The partitions of files as folders would name them."""

    def __init__(self, metadata: TableMetadata) -> None:
        schema = metadata.schema()
        self._fields: dict[int, list[tuple[PartitionField, NestedField]]] = {
            number: list(zip(spec.fields, spec.partition_type(schema).fields, strict=True))
            for number, spec in metadata.specs().items()
        }

    def of(self, file: DataFile) -> dict[str, str]:
        """Give the keys and values of a file's partition."""
        return {
            field.name: field.transform.to_human_string(kind.field_type, file.partition[i])
            for i, (field, kind) in enumerate(self._fields[file.spec_id])
        }


def asked_keys(named: NamedTable) -> list[tuple[str, str]] | None:
    """Give the keys and values of the partition that is named.

    Returns
    -------
    list or None
        Empty where the whole table is named; None where it is another folder or file in it.

    Examples
    --------
    >>> from pyarrow.fs import LocalFileSystem
    >>> def asked(below):
    ...     return asked_keys(NamedTable("", LocalFileSystem(), "/t", "/t", below, None))
    >>> asked("/t/data/day=2026-01-05/hour=3"), asked("/t/data"), asked("/t/data/x.parquet")
    ([('day', '2026-01-05'), ('hour', '3')], [], None)
    """
    names = [name for name in named.below.removeprefix(named.root).split("/") if name]
    pairs = [name.partition("=") for name in names[names[:1] == [_DATA] :]]
    if not all(equals for _, equals, _ in pairs):
        return None
    return [(unquote(key), value) for key, _, value in pairs]


def is_in(own: Mapping[str, str], asked: Sequence[tuple[str, str]]) -> bool:
    """Tell whether a file lies in a partition.

    Raises
    ------
    InputError
        The file was written before the table had such partitions.
    """
    for key, value in asked:
        if key not in own:
            raise InputError(
                f"some of its files are not partitioned by {key!r}",
                remedy="name the table itself, or rewrite its data files in its partitions",
            )
        if own[key] not in (value, unquote(value), unquote_plus(value)):
            return False
    return True


def identity_values(file: DataFile, metadata: TableMetadata, schema: Schema) -> Partition:
    """Give the columns whose value a partition has as it is: a file may lack them.

    Raises
    ------
    InputError
        A value is one that cannot be given as text.
    """
    columns = {column.field_id: column for column in schema.fields}
    values: list[tuple[str, str | None]] = []
    for position, field in enumerate(metadata.specs()[file.spec_id].fields):
        column = columns.get(field.source_id)
        if isinstance(field.transform, IdentityTransform) and column is not None:
            value = file.partition[position]
            if isinstance(value, bytes | float):
                as_text(value, column.name)
            text = field.transform.to_human_string(column.field_type, value)
            values.append((column.name, None if value is None else text))
    return tuple(values)


def identity_sources(metadata: TableMetadata) -> set[int]:
    """Give the ids of the columns that some partitions have as they are."""
    return {
        field.source_id
        for spec in metadata.partition_specs
        for field in spec.fields
        if isinstance(field.transform, IdentityTransform)
    }
