"""Iceberg tables: the live files of a snapshot, their deleted rows and the ids of their columns.

No catalog is asked: the table is what its newest file of metadata says, or the one that is named.
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from pyiceberg.manifest import DataFile, FileFormat, ManifestEntry

from flows.storage.tables.deleted_rows import pack
from flows.storage.tables.iceberg_deletes import deleted_positions
from flows.storage.tables.iceberg_io import TableIO
from flows.storage.tables.iceberg_partitions import (
    PartitionTexts,
    asked_keys,
    identity_sources,
    identity_values,
    is_in,
)
from flows.storage.tables.iceberg_schema import table_fields
from flows.storage.tables.iceberg_snapshot import (
    ReadSnapshot,
    naming_faults,
    no_row,
    read_snapshot,
)
from flows.storage.tables.live_files import LiveFile, LiveFiles, NamedTable, TableState, infos_of
from schemas.errors import InputError


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
    with naming_faults(named.where):
        read = read_snapshot(io, metadata_file)
        snapshot_id = read.snapshot.snapshot_id
        chosen = _chosen(_by_path(read.data, io), read, named)
        if not chosen:
            raise no_row(f"in snapshot {snapshot_id} of the table", named.where)
        _check_formats(entry.data_file for entry in chosen.values())
        files = _described(chosen, read, io)
        mapping = read.metadata.name_mapping()
        names = [] if mapping is None else mapping.root
        fields = table_fields(read.schema, names, identity_sources(read.metadata))
    infos = infos_of(named, files, f"snapshot {snapshot_id}")
    return LiveFiles(named.root, infos, files, TableState("Iceberg", snapshot_id, fields))


def _by_path(entries: Sequence[ManifestEntry], io: TableIO) -> dict[str, ManifestEntry]:
    by_path = {io.path_of(entry.data_file.file_path): entry for entry in entries}
    if len(by_path) < len(entries):
        raise InputError(
            "the Iceberg table has a file twice", remedy="rewrite its data files in the table"
        )
    return by_path


def _chosen(
    by_path: Mapping[str, ManifestEntry], read: ReadSnapshot, named: NamedTable
) -> dict[str, ManifestEntry]:
    """Choose the files that are in what is named: a partition, or a folder or file by its path."""
    asked = asked_keys(named)
    if asked is None:
        below = (path for path in by_path if f"{path}/".startswith(f"{named.below}/"))
        return {path: by_path[path] for path in below}
    texts = PartitionTexts(read.metadata)
    return {
        path: entry
        for path, entry in by_path.items()
        if not asked or is_in(texts.of(entry.data_file), asked)
    }


def _described(
    chosen: Mapping[str, ManifestEntry], read: ReadSnapshot, io: TableIO
) -> dict[str, LiveFile]:
    """Give the values that files have of their partitions, and their deleted rows."""
    deleted = deleted_positions(chosen.values(), read.deletes, io)
    return {
        path: LiveFile(
            identity_values(entry.data_file, read.metadata, read.schema),
            _packed(entry.data_file, deleted),
        )
        for path, entry in chosen.items()
    }


def _check_formats(files: Iterable[DataFile]) -> None:
    for file in files:
        if file.file_format != FileFormat.PARQUET:
            name = file.file_path.rpartition("/")[2]
            raise InputError(
                f"{name} is a file of {file.file_format.value}, and only Parquet is read",
                remedy="set write.format.default to parquet, and rewrite its data files",
            )


def _packed(file: DataFile, deleted: Mapping[str, np.ndarray]) -> str:
    """Pack the deleted rows of a file; a position beyond its end deletes nothing."""
    positions = deleted.get(file.file_path)
    if positions is None:
        return ""
    return pack(positions[(positions >= 0) & (positions < file.record_count)])
