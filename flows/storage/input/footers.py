"""Reads the footers of the input's files before any row, and names the files that have none.

A damaged file among many is set aside, named, and the rest is judged.
"""

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow.fs import FileInfo

from flows.storage.fs.filesystem import damaged, modified, naming_damage, naming_input_errors
from flows.storage.input.files import Located
from flows.storage.input.raw_footer import read_metadata, unread_columns
from flows.storage.tables.deleted_rows import live_sizes
from flows.storage.tables.live_files import LiveFile
from schemas.errors import DamagedFileError, InputError
from schemas.locations import without_secrets

INT96 = {"coerce_int96_timestamp_unit": "us"}
"""How the old 96-bit times are read: in nanoseconds, Arrow's choice, year 9999 wraps around."""

_FILES_TO_A_DAMAGED_ONE = 10
"""One file in so many may be damaged; where it is more, something else is wrong."""
_ROWS_OF_A_BYTE = 8
"""So many rows a byte of a file may stand for, at the most: a footer is not believed beyond."""
_SURELY_NO_BOMB = 256 * 2**20
"""Bytes up to which a row group may inflate as it likes."""
_MOST_INFLATION = 100
"""How many times the size of its file it may take otherwise; logs come to ten, or twenty."""
_FOOTERS_AT_ONCE = 16
_HIVE_NULL = "__HIVE_DEFAULT_PARTITION__"


@dataclass(frozen=True)
class PlannedFile:
    """A file of the input."""

    name: str
    """Its path below the input's root."""
    row_groups: tuple[int, ...]
    """The rows of each row group, without the deleted ones."""
    bytes: int
    modified: str | None
    """UTC time of the last change, if the store tells it."""
    partition: tuple[tuple[str, str | None], ...] = ()
    """Keys and values of its hive partition."""
    unread: tuple[tuple[str, str], ...] = ()
    """Columns of types that cannot be read, each with its type."""
    deleted: str = ""
    """Positions of the rows that its table has deleted, packed by `deleted_rows.pack`."""

    @property
    def rows(self) -> int:
        """All rows of the file."""
        return sum(self.row_groups)


@dataclass(frozen=True)
class DamagedFile:
    """A file of the input of which no row is judged."""

    name: str
    """Its path below the input's root."""
    rows: int
    """What its footer says, if that can be read and believed; else 0."""
    bytes: int
    modified: str | None
    """UTC time of the last change, if the store tells it."""
    why: str
    deleted: str = ""
    """As `PlannedFile.deleted`."""


def read_footers(
    location: str, located: Located, *, tolerant: bool = False
) -> tuple[list[tuple[PlannedFile, pa.Schema]], tuple[DamagedFile, ...]]:
    """Read the footers of files, a few at a time.

    Returns
    -------
    tuple
        The files with their schemas, and those without a footer; both in the order of their names.

    Raises
    ------
    InputError
        A file cannot be read though it is not damaged, or too many are damaged.
    """
    read = partial(_try_footer, location, located)
    with ThreadPoolExecutor(_FOOTERS_AT_ONCE) as pool:
        footers = list(pool.map(read, located.files, located.files.values()))
    sound = [footer for footer in footers if not isinstance(footer, DamagedFileError)]
    faults = {
        name: footer
        for name, footer in zip(located.files, footers, strict=True)
        if isinstance(footer, DamagedFileError)
    }
    check_damage(location, faults.values(), len(footers), tolerant=tolerant)
    without = (_without_footer(located, name, error.what) for name, error in faults.items())
    return sound, tuple(without)


def _without_footer(located: Located, name: str, why: str) -> DamagedFile:
    file, deleted = located.files[name], located.deleted(name)
    return DamagedFile(name, 0, file.size, modified(located.filesystem, file), why, deleted)


def check_damage(
    location: str,
    faults: Collection[DamagedFileError],
    total: int,
    already: int = 0,
    *,
    tolerant: bool = False,
) -> None:
    """Refuse an input of which more than one file in ten is damaged.

    Parameters
    ----------
    location
        The input.
    faults
        What was found wrong with some files, one each.
    total
        How many files there are in all.
    already
        How many were known to be damaged before.
    tolerant
        Whether one sound file is enough: of a history, which others judge too.

    Raises
    ------
    InputError
        They are too many.
    """
    first, most = next(iter(faults), None), total // _FILES_TO_A_DAMAGED_ONE
    n = already + len(faults)
    if first is None or n <= (total - 1 if tolerant else most):
        return
    if n == 1:
        raise first
    # The name alone: why a history is not used stands in the report, which holds no path.
    name = str(first.where).rpartition(": ")[2]
    raise InputError(
        f"{n:,} of {total:,} files are damaged, the first is {name} ({first.what})",
        where=without_secrets(location),
        remedy="write them anew, or leave them out",
    ) from first


def set_aside(file: PlannedFile, error: DamagedFileError) -> DamagedFile:
    """Describe a file whose footer can be read, but not all that follows."""
    believed = file.rows <= _ROWS_OF_A_BYTE * file.bytes
    rows = file.rows if believed else 0
    return DamagedFile(file.name, rows, file.bytes, file.modified, error.what, file.deleted)


def where_is(location: str, name: str) -> str:
    """Name a file of a location in an error."""
    shown = without_secrets(location)
    return shown if shown.endswith(name) else f"{shown}: {name}"


def _try_footer(
    location: str, located: Located, name: str, file: FileInfo
) -> tuple[PlannedFile, pa.Schema] | DamagedFileError:
    try:
        return _read_footer(location, located, name, file)
    except DamagedFileError as error:
        return error


def _read_footer(
    location: str, located: Located, name: str, file: FileInfo
) -> tuple[PlannedFile, pa.Schema]:
    where, filesystem = where_is(location, name), located.filesystem
    with (
        naming_input_errors(where),
        filesystem.open_input_file(file.path) as source,
        naming_damage(where),
        pq.ParquetFile(source, metadata=read_metadata(source), **INT96) as opened,
    ):
        metadata = opened.metadata
        groups = tuple(metadata.row_group(i).num_rows for i in range(metadata.num_row_groups))
        if min(groups, default=0) < 0 or sum(groups) != metadata.num_rows:
            raise damaged(where, "its footer contradicts itself")
        _check_inflation(metadata, file.size, where)
        when = modified(filesystem, file)
        live = LiveFile(_hive_partition(name)) if located.live is None else located.live[name]
        schema = opened.schema_arrow
        unread = unread_columns(metadata, schema)
        schema = pa.schema([field for field in schema if field.name not in unread])
        if located.table is not None and located.table.fields is not None:
            schema = located.table.fields.projected(schema, where)
        planned = PlannedFile(
            name,
            live_sizes(live.deleted, groups),
            file.size,
            when,
            live.partition,
            tuple(unread.items()),
            live.deleted,
        )
        str(
            schema
        )  # names are decoded when they are asked for: here, where it is known of which file
        return planned, schema


def _check_inflation(metadata: pq.FileMetaData, held: int, where: str) -> None:
    """Refuse a bomb: of a page that inflates without bounds, memory has to hold all."""
    for group in map(metadata.row_group, range(metadata.num_row_groups)):
        size = group.total_byte_size
        if size > max(_SURELY_NO_BOMB, _MOST_INFLATION * held):
            inflation = f"{held / 1e6:,.1f} MB would inflate to {size / 1e6:,.0f} MB"
            raise damaged(where, inflation)


def _hive_partition(name: str) -> tuple[tuple[str, str | None], ...]:
    pairs = [folder.partition("=") for folder in name.split("/")[:-1]]
    return tuple(
        (unquote(key), None if value == _HIVE_NULL else unquote(value))
        for key, equals, value in pairs
        if equals and key
    )
