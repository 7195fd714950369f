"""The plan of the input, made before any row is read: files, row groups, the schema of all."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from flows.storage.fs.filesystem import naming_damage, naming_input_errors
from flows.storage.input.files import Located, locate
from flows.storage.input.footers import DamagedFile, PlannedFile, read_footers, where_is
from flows.storage.input.raw_footer import read_metadata
from flows.storage.input.unification import unify
from flows.storage.tables.deleted_rows import fingerprint, unpack
from flows.storage.tables.live_files import TableState, names_in_file
from flows.storage.tables.table_fields import TableFields
from schemas.errors import DamagedFileError, InputError
from schemas.events.flattening import flattened_origin
from schemas.locations import without_secrets
from schemas.outputs.manifest import InputFile

_BUFFER = 2**16
_CODE_BYTES = 4
"""Bytes that a row takes at most of a column of codes."""
_NO_CODES = "DELTA_BYTE_ARRAY"
"""The encoding of strings that Arrow cannot read as codes."""
_INTEGER = re.compile(r"0|-?[1-9]\d{0,17}")


@dataclass(frozen=True)
class Piece:
    """Consecutive row groups of one file."""

    file: int
    """Its position in the plan's files."""
    row_groups: tuple[int, ...]


@dataclass(frozen=True)
class Chunk:
    """Consecutive rows of the input, cut where row groups end: what one task reads."""

    first_row: int
    """Its number among all rows of the input."""
    rows: int
    pieces: tuple[Piece, ...]


@dataclass(frozen=True)
class InputPlan:
    """The input: small, the same for the same files, and fit to be sent to a worker."""

    location: str
    """As the user gave it; never written to an output."""
    root: str
    """The folder that the files' names are relative to; never written to an output."""
    files: tuple[PlannedFile, ...]
    """Those that can be read, in the order of their names: that of the rows."""
    schema: pa.Schema
    """All columns of all files, then the keys of the hive partitions."""
    repetitive: tuple[str, ...] = ()
    """Columns of strings of which the files hold little more than codes: best read as such."""
    damaged: tuple[DamagedFile, ...] = ()
    """Files that cannot be read; the rows of the input are those of the others."""
    tolerant: bool = False
    """Whether any number of files may be damaged but one: the input is a history."""
    left_out: Mapping[str, int] = field(default_factory=dict)
    """End of a name, such as `csv` -> files in its folders that are not Parquet."""
    table: TableState | None = None
    """The table that was read, in its version; None where the input is none."""

    @property
    def rows(self) -> int:
        """All rows of the input."""
        return sum(file.rows for file in self.files)

    @property
    def rows_read(self) -> int:
        """All rows, and those that damaged files say they had."""
        return self.rows + sum(file.rows for file in self.damaged)

    @property
    def unread(self) -> dict[str, str]:
        """The columns of types that cannot be read, each with its type."""
        return {column: kind for file in self.files for column, kind in file.unread}

    def where(self, file: PlannedFile) -> str:
        """Name a file in an error."""
        return where_is(self.location, file.name)

    def partition_values(self) -> dict[str, set[str]]:
        """Return the keys of the hive partitions, each with its values, null left out."""
        values: dict[str, set[str]] = {}
        for file in self.files:
            for key, value in file.partition:
                values.setdefault(key, set()).update([value] if value is not None else [])
        return values

    @property
    def fields(self) -> TableFields | None:
        """The columns of the table, where it knows them by ids."""
        return None if self.table is None else self.table.fields

    def states(self) -> set[tuple[str, int, str | None, str | None]]:
        """Return what a change of the files shows in, as `Located.states` does."""
        files: tuple[PlannedFile | DamagedFile, ...] = (*self.files, *self.damaged)
        return {(file.name, file.bytes, file.modified, fingerprint(file.deleted)) for file in files}

    def manifest_files(self) -> list[InputFile]:
        """List the files for the manifest, the damaged ones too."""
        files = [
            InputFile(
                name=file.name,
                rows=file.rows,
                bytes=file.bytes,
                modified=file.modified,
                deleted_rows=len(unpack(file.deleted)),
                deletions=fingerprint(file.deleted),
            )
            for file in self.files
        ]
        files += [
            InputFile(
                name=file.name,
                rows=file.rows,
                bytes=file.bytes,
                modified=file.modified,
                damaged=file.why,
                deleted_rows=len(unpack(file.deleted)),
                deletions=fingerprint(file.deleted),
            )
            for file in self.damaged
        ]
        return sorted(files, key=lambda file: file.name)

    def chunks(self, rows_per_chunk: int) -> tuple[Chunk, ...]:
        """Cut the input into chunks of at most `rows_per_chunk` rows, if no row group is larger.

        Small row groups and files are joined; each row is in one chunk, and their order is kept.
        """
        chunks: list[Chunk] = []
        taken: list[tuple[int, int]] = []
        first = rows = 0
        for file, group, size in self._row_groups():
            if taken and rows + size > rows_per_chunk:
                chunks.append(Chunk(first, rows, _pieces(taken)))
                first, rows, taken = first + rows, 0, []
            taken.append((file, group))
            rows += size
        return (*chunks, Chunk(first, rows, _pieces(taken))) if taken else tuple(chunks)

    def row_group_table(self) -> np.ndarray:
        """List the row groups that hold rows: file, row group, first row; int64 (n_groups, 3)."""
        groups = list(self._row_groups())
        sizes = np.array([size for *_, size in groups], dtype=np.int64)
        table = np.array([group[:2] for group in groups], dtype=np.int64).reshape(-1, 2)
        return np.column_stack([table, np.cumsum(sizes) - sizes])

    def _row_groups(self) -> list[tuple[int, int, int]]:
        return [
            (position, group, size)
            for position, file in enumerate(self.files)
            for group, size in enumerate(file.row_groups)
            if size
        ]


def plan_input(location: str, root: str | None = None) -> InputPlan:
    """Find the files of a location, read their footers and unify their schemas.

    Parameters
    ----------
    location
        A Parquet file, a folder, a glob (`logs/2026-01-*/*.parquet`, `logs/**`) or a
        hive-partitioned data set. Its folders `key=value` become columns: integers if all values
        are, else strings; a column of that name in the files is preferred. The location is a path,
        or a URL of `s3://`, `gs://` or `abfs://`, whose credentials come from the environment.
    root
        A folder above it that the files are named from.

    Raises
    ------
    InputError
        Nothing is there, too many files are not Parquet or damaged, the schemas cannot be unified,
        or there is no row at all.
    """
    return plan_located(location, locate(location, root))


def plan_located(location: str, located: Located, *, tolerant: bool = False) -> InputPlan:
    """Do the same for files that were found: those that `location` is to name in an error.

    `tolerant`: whether any number of them may be damaged but one.

    Raises
    ------
    InputError
        As `plan_input`.
    """
    footers, damaged = read_footers(location, located, tolerant=tolerant)
    files = tuple(file for file, _ in footers)
    if not any(file.rows for file in files):
        raise InputError(
            "no row in it", where=without_secrets(location), remedy="name files that hold events"
        )
    # The types of a file without rows say nothing: who wrote it had no value to tell them from.
    schema = unify((file.name, schema) for file, schema in footers if file.rows)
    schema = _with_partitions(schema, files)
    flattened_origin(schema)
    repetitive = _repetitive(location, located, files, schema)
    return InputPlan(
        location,
        located.root,
        files,
        schema,
        repetitive,
        damaged,
        tolerant,
        left_out=located.left_out,
        table=located.table,
    )


def _repetitive(
    location: str, located: Located, files: Sequence[PlannedFile], schema: pa.Schema
) -> tuple[str, ...]:
    """Name the columns of strings that the first row group with rows holds as codes."""
    file = next(file for file in files if file.rows)
    group = next(i for i, rows in enumerate(file.row_groups) if rows)
    strings = {field.name for field in schema if field.type == pa.string()}
    most = _CODE_BYTES * file.row_groups[group]
    try:
        sizes = _sizes_of_codes(located, file.name, group, strings, where_is(location, file.name))
    except DamagedFileError:
        return ()  # its reader will report it
    return tuple(name for name, size in sizes.items() if size <= most)


def _sizes_of_codes(
    located: Located, name: str, group: int, strings: Collection[str], where: str
) -> dict[str, int]:
    """Give the bytes of each column of strings in a row group that Arrow could read as codes."""
    with (
        naming_input_errors(where),
        located.filesystem.open_input_file(located.files[name].path) as source,
        naming_damage(where),
        pq.ParquetFile(
            source, metadata=read_metadata(source), pre_buffer=False, buffer_size=_BUFFER
        ) as opened,
    ):
        # Arrow ends the process if it is asked for a column of a footer that contradicts itself.
        # When it reads one, it raises an error like others.
        # Lists are left out: one row of them may be all that the row group holds.
        paths = opened.reader.column_paths
        numbers = {path[0]: number for number, path in enumerate(paths) if len(path) == 1}
        next(opened.iter_batches(1, row_groups=[group], columns=list(numbers)), None)
        chunks = opened.metadata.row_group(group)
        own = names_in_file(located.table, opened.schema_arrow)
        held = {name: chunks.column(numbers[own[name]]) for name in own if own[name] in numbers}
        return {
            name: chunk.total_uncompressed_size
            for name, chunk in held.items()
            if name in strings and _NO_CODES not in chunk.encodings
        }


def _with_partitions(schema: pa.Schema, files: Sequence[PlannedFile]) -> pa.Schema:
    values: dict[str, set[str]] = {}
    for file in files:
        for key, value in file.partition:
            values.setdefault(key, set()).update([value] if value is not None else [])
    added = [
        (key, _partition_type(texts)) for key, texts in values.items() if key not in schema.names
    ]
    return pa.schema([*schema, *pa.schema(added)])


def _partition_type(texts: set[str]) -> pa.DataType:
    return pa.int64() if all(_INTEGER.fullmatch(text) for text in texts) else pa.string()


def _pieces(groups: Sequence[tuple[int, int]]) -> tuple[Piece, ...]:
    by_file: dict[int, list[int]] = {}
    for file, group in groups:
        by_file.setdefault(file, []).append(group)
    return tuple(Piece(file, tuple(taken)) for file, taken in by_file.items())
