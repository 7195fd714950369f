"""Iceberg tables: the live files of a snapshot, their deleted rows and the ids of their columns.

No catalog is asked: the table is what its newest file of metadata says, or the one that is named.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from itertools import chain
from urllib.parse import unquote, unquote_plus

import numpy as np
from pyiceberg.manifest import DataFile, DataFileContent, FileFormat, ManifestEntry
from pyiceberg.schema import Schema
from pyiceberg.serializers import FromInputFile
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.table.name_mapping import MappedField
from pyiceberg.table.snapshots import Snapshot
from pyiceberg.transforms import IdentityTransform

from flows.storage.fs.filesystem import modified
from flows.storage.input.deleted_rows import pack
from flows.storage.input.iceberg_deletes import deleted_positions
from flows.storage.input.iceberg_io import TableIO
from flows.storage.input.iceberg_schema import as_text, table_fields
from flows.storage.input.live_files import (
    LiveFile,
    LiveFiles,
    NamedTable,
    Partition,
    TableState,
    infos_of,
)
from schemas.errors import InputError, NoInputError, OutfieldError

_MANIFESTS_AT_ONCE = 16
_SNAPSHOTS_NAMED = 3
_DATA = "data"


def live_files(named: NamedTable, metadata_file: str) -> LiveFiles:
    """Find the live files of an Iceberg table.

    Parameters
    ----------
    named
        The table, and the snapshot that is asked for.
    metadata_file
        The file of metadata that describes it, in the filesystem.

    Raises
    ------
    InputError
        It cannot be read, or has what is not read here. Or it names files outside of its folder.
    NoInputError
        No live file is there.
    """
    io = TableIO(named)
    with _naming_faults(named.where):
        read = _read(io, metadata_file, _state(metadata_file, named))
        metadata, snapshot = read.metadata, read.snapshot
        by_path = _by_path(read.data, io)
        chosen = {
            path: read.data[number]
            for path, number in by_path.items()
            if _is_below(path, read.partitions[number], named)
        }
        if not chosen:
            raise _no_row(f"in snapshot {snapshot.snapshot_id} of the table", named.where)
        _check_formats(entry.data_file for entry in chosen.values())
        deleted = deleted_positions(chosen.values(), read.deletes, io)
        schema = _schema(metadata, snapshot, named)
        fields = table_fields(schema, *_names_and_sources(metadata))
        files = {
            path: LiveFile(
                _identity_values(entry.data_file, metadata, schema),
                _packed(entry.data_file, deleted),
            )
            for path, entry in chosen.items()
        }
    infos = infos_of(named, files, f"snapshot {snapshot.snapshot_id}")
    state = TableState("Iceberg", snapshot.snapshot_id, fields)
    return LiveFiles(named.root, infos, files, state)


@contextmanager
def _naming_faults(where: str) -> Iterator[None]:
    """Turn what the library raises into an `InputError` at `where`."""
    try:
        yield
    except OutfieldError as error:
        if error.where:
            raise
        raise InputError(error.what, where=where, remedy=error.remedy) from error
    except MemoryError:
        raise
    except FileNotFoundError as error:
        raise InputError(
            "files of its metadata are gone",
            where=where,
            remedy="the snapshot has expired, or the table is written right now: name a newer one",
        ) from error
    except Exception as error:  # its readers raise what they meet in damaged bytes
        said = (str(error).splitlines() or [""])[0][:200] or type(error).__name__
        raise InputError(
            f"the metadata of the Iceberg table cannot be read ({said})",
            where=where,
            remedy="check the table, or name an older file of its metadata",
        ) from error


@dataclass(frozen=True)
class _Read:
    """A snapshot, as metadata and manifests describe it."""

    metadata: TableMetadata
    snapshot: Snapshot
    data: Sequence[ManifestEntry]
    """The live data files."""
    partitions: Sequence[Mapping[str, str]]
    """Of each, the keys and values of its partition as folders would name it."""
    deletes: Sequence[ManifestEntry]
    """The live files of deletes."""


@lru_cache(maxsize=1)
def _read(io: TableIO, metadata_file: str, _: tuple[int, str | None]) -> _Read:
    """Read metadata and manifests, once for all days of a window.

    The last argument is the state of the file, in which a change of it shows.
    """
    named = io.table
    address = f"{named.address}/{metadata_file.removeprefix(named.root).lstrip('/')}"
    metadata = FromInputFile.table_metadata(io.new_input(address))
    snapshot = _snapshot(metadata, named)
    entries = _entries(snapshot, io)
    data = [each for each in entries if each.data_file.content == DataFileContent.DATA]
    deletes = [each for each in entries if each.data_file.content != DataFileContent.DATA]
    return _Read(metadata, snapshot, data, _partition_texts(data, metadata), deletes)


def _state(metadata_file: str, named: NamedTable) -> tuple[int, str | None]:
    info = named.filesystem.get_file_info(metadata_file)
    return info.size, modified(named.filesystem, info)


def _no_row(what: str, where: str) -> NoInputError:
    remedy = "check how it is spelt, or whether its rows were deleted"
    return NoInputError(f"no row {what}", where=where, remedy=remedy)


def _snapshot(metadata: TableMetadata, named: NamedTable) -> Snapshot:
    """Give the snapshot that is asked for, or the current one."""
    if named.version is None:
        current = metadata.current_snapshot()
        if current is not None:
            return current
        if metadata.current_snapshot_id is None:
            raise _no_row("in the table: nothing was written to it", named.where)
    else:
        asked = metadata.snapshot_by_id(named.version)
        if asked is not None:
            return asked
    newest = sorted(metadata.snapshots, key=lambda each: each.timestamp_ms, reverse=True)
    ids = (
        f"{each.snapshot_id} of "
        f"{datetime.fromtimestamp(each.timestamp_ms / 1000, UTC).isoformat(' ', 'seconds')}"
        for each in newest[:_SNAPSHOTS_NAMED]
    )
    number = metadata.current_snapshot_id if named.version is None else named.version
    raise InputError(
        f"no snapshot {number} in the Iceberg table",
        where=named.where,
        remedy=f"the newest are {', '.join(ids)}" if newest else "it has none",
    )


def _schema(metadata: TableMetadata, snapshot: Snapshot, named: NamedTable) -> Schema:
    """Give the schema that rows are read in: of a snapshot that is asked for its own."""
    if named.version is None or snapshot.schema_id is None:
        return metadata.schema()
    own = metadata.schema_by_id(snapshot.schema_id)
    if own is None:
        raise InputError(
            f"its metadata has no schema {snapshot.schema_id}, that of the snapshot",
            remedy="name another snapshot",
        )
    return own


def _entries(snapshot: Snapshot, io: TableIO) -> list[ManifestEntry]:
    """List the live entries of a snapshot, data files and deletes, in the order of manifests."""
    with ThreadPoolExecutor(_MANIFESTS_AT_ONCE) as pool:
        read = pool.map(lambda manifest: manifest.fetch_manifest_entry(io), snapshot.manifests(io))
        return list(chain.from_iterable(read))


def _by_path(entries: Sequence[ManifestEntry], io: TableIO) -> dict[str, int]:
    """Give the path of each file, and its number among the entries."""
    by_path = {io.path_of(each.data_file.file_path): i for i, each in enumerate(entries)}
    if len(by_path) < len(entries):
        raise InputError(
            "the Iceberg table has a file twice", remedy="rewrite its data files in the table"
        )
    return by_path


def _check_formats(files: Iterable[DataFile]) -> None:
    for file in files:
        if file.file_format != FileFormat.PARQUET:
            name = file.file_path.rpartition("/")[2]
            raise InputError(
                f"{name} is a file of {file.file_format.value}, and only Parquet is read",
                remedy="set write.format.default to parquet, and rewrite its data files",
            )


def _is_below(path: str, own: Mapping[str, str], named: NamedTable) -> bool:
    """Tell whether a file is in what is named: by its partition, not by the folder it lies in."""
    asked = named.below.removeprefix(named.root).strip("/")
    asked = asked.removeprefix(_DATA).lstrip("/") if asked.split("/")[0] == _DATA else asked
    keys = [name.partition("=") for name in asked.split("/") if name]
    if not all(equals for _, equals, _ in keys):
        return named.below == path or path.startswith(f"{named.below}/")
    if not keys:
        return True
    for key, _, value in keys:
        if unquote(key) not in own:
            raise InputError(
                f"some of its files are not partitioned by {unquote(key)!r}",
                remedy="name the table itself, or rewrite its data files in its partitions",
            )
        if own[unquote(key)] not in (value, unquote(value), unquote_plus(value)):
            return False
    return True


def _partition_texts(
    entries: Sequence[ManifestEntry], metadata: TableMetadata
) -> list[dict[str, str]]:
    """Give the partitions of files as folders would name them."""
    schema = metadata.schema()
    fields = {
        number: list(zip(spec.fields, spec.partition_type(schema).fields, strict=True))
        for number, spec in metadata.specs().items()
    }
    return [
        {
            field.name: field.transform.to_human_string(kind.field_type, file.partition[i])
            for i, (field, kind) in enumerate(fields[file.spec_id])
        }
        for file in (entry.data_file for entry in entries)
    ]


def _identity_values(file: DataFile, metadata: TableMetadata, schema: Schema) -> Partition:
    """Give the columns whose value a partition has as it is: a file may lack them."""
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


def _names_and_sources(metadata: TableMetadata) -> tuple[Sequence[MappedField], set[int]]:
    """Give the table's mapping of names, and the columns that partitions have as they are."""
    mapping = metadata.name_mapping()
    sources = {
        field.source_id
        for spec in metadata.partition_specs
        for field in spec.fields
        if isinstance(field.transform, IdentityTransform)
    }
    return ([] if mapping is None else mapping.root), sources


def _packed(file: DataFile, deleted: Mapping[str, np.ndarray]) -> str:
    """Pack the deleted rows of a file; a position beyond its end deletes nothing."""
    positions = deleted.get(file.file_path)
    if positions is None:
        return ""
    return pack(positions[(positions >= 0) & (positions < file.record_count)])
