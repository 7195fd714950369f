"""A snapshot of an Iceberg table, as its file of metadata and its manifests describe it."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from itertools import chain

from pyiceberg.manifest import DataFileContent, ManifestEntry
from pyiceberg.schema import Schema
from pyiceberg.serializers import FromInputFile
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.table.snapshots import Snapshot

from flows.storage.fs.filesystem import modified
from flows.storage.tables.iceberg_io import TableIO
from flows.storage.tables.live_files import NamedTable
from schemas.errors import InputError, NoInputError, OutfieldError

_MANIFESTS_AT_ONCE = 16
_SNAPSHOTS_NAMED = 3


@dataclass(frozen=True)
class ReadSnapshot:
    """A snapshot with the metadata around it."""

    metadata: TableMetadata
    snapshot: Snapshot
    schema: Schema
    """The columns that rows are read with."""
    data: Sequence[ManifestEntry]
    """The live data files."""
    deletes: Sequence[ManifestEntry]
    """The live files of deletes."""


def read_snapshot(io: TableIO, metadata_file: str) -> ReadSnapshot:
    """Read metadata and manifests of the snapshot that is asked for, or of the current one.

    Parameters
    ----------
    io
        Opens the files of the table.
    metadata_file
        The file of metadata, in the filesystem.

    Raises
    ------
    InputError
        They cannot be read, there is no such snapshot, or they name files outside of the table.
    NoInputError
        Nothing was written to the table.
    """
    info = io.table.filesystem.get_file_info(metadata_file)
    return _read(io, metadata_file, (info.size, modified(io.table.filesystem, info)))


@lru_cache(maxsize=1)
def _read(io: TableIO, metadata_file: str, _: tuple[int, str | None]) -> ReadSnapshot:
    """Read them once for all days of a window.

    The last argument is the state of the file, in which a change of it shows.
    """
    named = io.table
    address = f"{named.address}/{metadata_file.removeprefix(named.root).lstrip('/')}"
    metadata = FromInputFile.table_metadata(io.new_input(address))
    snapshot = _snapshot(metadata, named)
    entries = _entries(snapshot, io)
    data = [each for each in entries if each.data_file.content == DataFileContent.DATA]
    deletes = [each for each in entries if each.data_file.content != DataFileContent.DATA]
    return ReadSnapshot(metadata, snapshot, _schema(metadata, snapshot, named), data, deletes)


@contextmanager
def naming_faults(where: str) -> Iterator[None]:
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


def no_row(what: str, where: str) -> NoInputError:
    """Say that no row is there."""
    remedy = "check how it is spelt, or whether its rows were deleted"
    return NoInputError(f"no row {what}", where=where, remedy=remedy)


def _snapshot(metadata: TableMetadata, named: NamedTable) -> Snapshot:
    """Give the snapshot that is asked for, or the current one."""
    if named.version is None:
        current = metadata.current_snapshot()
        if current is not None:
            return current
        if metadata.current_snapshot_id is None:
            raise no_row("in the table: nothing was written to it", named.where)
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
