"""The live files of a table of a lake: what each kind of table says of its rows, in one shape."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
from pyarrow.fs import FileInfo, FileSystem, FileType

from flows.storage.tables.table_fields import TableFields
from schemas.errors import InputError

Partition = tuple[tuple[str, str | None], ...]


@dataclass(frozen=True)
class NamedTable:
    """A table as the input names it, whole or in part."""

    where: str
    """The location as an error repeats it."""
    filesystem: FileSystem
    root: str
    """The folder of the table, in the filesystem."""
    address: str
    """The same as a URL or path."""
    below: str
    """What is read of it, in the filesystem: its folder, or a folder or file below."""
    version: int | None
    """The version that is asked for."""


@dataclass(frozen=True)
class LiveFile:
    """One file of a table: its partition, and its rows that are deleted."""

    partition: Partition = ()
    deleted: str = ""
    """Positions of the rows that are deleted, packed by `deleted_rows.pack`."""


@dataclass(frozen=True)
class TableState:
    """A table in the version that is read."""

    kind: str
    """`Delta` or `Iceberg`."""
    version: int
    """Of a Delta table the version, of an Iceberg table the id of the snapshot."""
    fields: TableFields | None = None
    """Its columns, where it knows them by ids and not by the names in the files."""

    @property
    def columns(self) -> str | None:
        """The fingerprint of its columns; None where they are those of the files."""
        return None if self.fields is None else self.fields.fingerprint


@dataclass(frozen=True)
class LiveFiles:
    """The files of a table that hold its rows, in one version."""

    root: str
    """The folder of the table."""
    infos: list[FileInfo]
    files: Mapping[str, LiveFile]
    """Path -> what the table says of the file."""
    state: TableState


def names_in_file(table: TableState | None, own: pa.Schema) -> dict[str, str]:
    """Give the columns that a file has: name in the input -> name in the file."""
    if table is None or table.fields is None:
        return {name: name for name in own.names}
    return table.fields.in_file(own)


def infos_of(named: NamedTable, paths: Collection[str], version: str) -> list[FileInfo]:
    """Look up the files of a version, in the order of their paths.

    Raises
    ------
    InputError
        Some are gone.
    """
    infos: list[FileInfo] = named.filesystem.get_file_info(sorted(paths))
    if any(file.type is not FileType.File for file in infos):
        raise InputError(
            f"files of {version} of the table are gone",
            where=named.where,
            remedy="they were vacuumed or expired, or are written right now: name a newer one",
        )
    return infos


def named_from(folder: str, files: Mapping[str, LiveFile]) -> dict[str, LiveFile]:
    """Name files from a folder above them."""
    return {path.removeprefix(folder).lstrip("/"): file for path, file in files.items()}


def merged(all_of_them: Sequence[Mapping[str, LiveFile] | None]) -> dict[str, LiveFile] | None:
    """Join the files of several locations; None where none is a table."""
    known = [files for files in all_of_them if files is not None]
    return {path: each for files in known for path, each in files.items()} or None
