"""Rows of the input: chunk by chunk with bounded memory, or by their numbers."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow.fs import FileSystem, FileType

from flows.storage.fs.filesystem import (
    damaged,
    modified,
    naming_damage,
    naming_input_errors,
    open_location,
)
from flows.storage.input.expansion import bounded, in_castable_parts, plan_texts
from flows.storage.input.footers import INT96, PlannedFile
from flows.storage.input.plan import Chunk, InputPlan, Piece
from flows.storage.input.raw_footer import read_metadata
from flows.storage.input.unification import ENCODED, align
from flows.storage.tables.deleted_rows import positions_within, stored_positions, without_rows
from flows.storage.tables.live_files import TableState, names_in_file
from schemas.errors import DamagedFileError, InputError

_ROWS_AT_ONCE = 65_536
_CELLS_AT_ONCE = 128 * _ROWS_AT_ONCE  # fewer rows where there are thousands of columns
_ROWS_FETCHED = 1_048_576
"""Rows of row groups that are fetched at a time, about, to take some rows of them."""
_LARGE_ROW_GROUP = 128 * 2**20
"""Bytes from which on a row group is streamed, not fetched whole."""
_BUFFER = 2**20


def read_batches(
    plan: InputPlan,
    chunk: Chunk,
    columns: Sequence[str] | None,
    batch_rows: int,
    encoded: Collection[str] = (),
) -> Iterator[tuple[int, pa.Table]]:
    """Read a chunk in tables of `batch_rows` rows; the last one may be shorter.

    Parameters
    ----------
    plan
        The input.
    chunk
        One of its chunks.
    columns
        Top-level columns to read, at least one; all if None. They come in the order of the plan's
        schema.
    batch_rows
        Rows of a table. Memory is bounded by it, however large a row group is.
    encoded
        Columns of strings that come as `dictionary<int32, string>`: what the file holds once is
        not spelled out.

    Yields
    ------
    tuple
        The number of the table's first row in the input, and the table.

    Raises
    ------
    InputError
        A file has changed since it was planned, is gone or damaged.
    """
    schema = _chosen(plan.schema, columns, encoded)
    filesystem, _ = open_location(plan.location)
    tables = (
        table
        for piece in chunk.pieces
        for table in _read_piece(plan, filesystem, piece, schema, batch_rows)
    )
    first = chunk.first_row
    for table in _regroup(tables, batch_rows):
        yield first, table
        first += table.num_rows


def read_rows(
    plan: InputPlan,
    rows: np.ndarray,
    columns: Sequence[str] | None = None,
    encoded: Collection[str] = (),
) -> pa.Table:
    """Read rows by their numbers: only the row groups that hold them are touched.

    Parameters
    ----------
    plan
        The input.
    rows
        int64 (n,) numbers of rows, ascending.
    columns
        Top-level columns to read, at least one; all if None.
    encoded
        Columns of strings that come as `dictionary<int32, string>`.

    Raises
    ------
    InputError
        A file has changed since it was planned, is gone or damaged.
    """
    _check_rows(plan, rows)
    schema = _chosen(plan.schema, columns, encoded)
    filesystem, _ = open_location(plan.location)
    groups = plan.row_group_table()
    group_of_row = np.searchsorted(groups[:, 2], rows, side="right") - 1
    taken = [schema.empty_table()]
    for inside in _near_each_other(groups[group_of_row]):
        needed, group_of_row_inside = np.unique(group_of_row[inside], return_inverse=True)
        file = int(groups[needed[0], 0])
        piece = Piece(file, tuple(groups[needed, 1].tolist()))
        sizes = np.array([plan.files[file].row_groups[group] for group in piece.row_groups])
        starts = (np.cumsum(sizes) - sizes)[group_of_row_inside]
        positions = starts + rows[inside] - groups[group_of_row[inside], 2]
        taken.extend(_take(_read_piece(plan, filesystem, piece, schema, _ROWS_AT_ONCE), positions))
    return pa.concat_tables(taken).combine_chunks()


def source_of(plan: InputPlan, rows: np.ndarray) -> tuple[pa.Array, np.ndarray]:
    """Tell where rows come from.

    Parameters
    ----------
    plan
        The input.
    rows
        int64 (n,) numbers of rows.

    Returns
    -------
    tuple
        The names of their files, string (n,), and their numbers within the file, int64 (n,).
    """
    sizes = np.array([file.rows for file in plan.files], dtype=np.int64)
    starts = np.cumsum(sizes) - sizes
    files = np.searchsorted(starts, rows, side="right") - 1
    names = pa.array([file.name for file in plan.files], pa.string())
    places = np.asarray(rows - starts[files], dtype=np.int64)
    has_deleted = np.array([bool(file.deleted) for file in plan.files])
    for file in np.unique(files[has_deleted[files]]):
        inside = files == file
        places[inside] = stored_positions(plan.files[file].deleted, places[inside])
    return names.take(pa.array(files)), places


def _near_each_other(groups: np.ndarray) -> list[np.ndarray]:
    """Cut ascending rows where another file begins, or another million rows.

    Arrow keeps what it has fetched of a file until that is closed: read in one go, a large file
    would be in memory whole.

    Parameters
    ----------
    groups
        int64 (n, 3): the file, row group and first row of the row group that each row lies in.

    Returns
    -------
    list
        The positions of the rows of each cut, int64.
    """
    if not len(groups):
        return []
    reads = np.column_stack([groups[:, 0], groups[:, 2] // _ROWS_FETCHED])
    cuts = np.flatnonzero(np.diff(reads, axis=0).any(axis=1)) + 1
    return np.split(np.arange(len(groups)), cuts)


def _check_rows(plan: InputPlan, rows: np.ndarray) -> None:
    if len(rows) and (np.any(np.diff(rows) < 0) or rows[0] < 0 or rows[-1] >= plan.rows):
        raise ValueError(f"row numbers must ascend from 0 to {plan.rows - 1}")


def _chosen(
    schema: pa.Schema, columns: Sequence[str] | None, encoded: Collection[str]
) -> pa.Schema:
    """Restrict a schema to some of its columns, in its own order, some of them encoded."""
    chosen = set(schema.names if columns is None else columns)
    if not chosen:
        raise ValueError("name at least one column: a table without any cannot count its rows")
    unknown = chosen - set(schema.names)
    if unknown:
        raise KeyError(f"no column {sorted(unknown)} in the input")
    fields = [field for field in schema if field.name in chosen]
    return pa.schema([f.with_type(ENCODED) if f.name in encoded else f for f in fields])


def _read_piece(
    plan: InputPlan, filesystem: FileSystem, piece: Piece, schema: pa.Schema, batch_rows: int
) -> Iterator[pa.Table]:
    file = plan.files[piece.file]
    path = f"{plan.root}/{file.name}"
    encoded = [field.name for field in schema if field.type == ENCODED]
    missing = sum(file.row_groups[group] for group in piece.row_groups)
    with (
        naming_input_errors(plan.where(file)),
        _unchanged(plan, filesystem, file),
        filesystem.open_input_file(path) as source,
        naming_damage(plan.where(file)),
    ):
        asked = _Asked(piece, tuple(schema.names), tuple(encoded), batch_rows, plan.table)
        batches = _live(source, file, piece, _batches(source, asked))
        for batch in bounded(batches, batch_rows, file.bytes, plan.where(file)):
            missing -= batch.num_rows
            _check_codes(batch, plan.where(file))
            for part in in_castable_parts(batch, encoded):
                yield align(part, schema, _constants(plan, file), plan.where(file))
        if missing:
            raise damaged(plan.where(file), "its rows are not as many as its footer says")


def _constants(plan: InputPlan, file: PlannedFile) -> dict[str, str | None]:
    """Give the values that a file's rows share, of columns that it lacks."""
    defaults = {} if plan.fields is None else plan.fields.defaults
    return {**defaults, **dict(file.partition)}


def _live(
    source: pa.NativeFile, file: PlannedFile, piece: Piece, batches: Iterator[pa.RecordBatch]
) -> Iterator[pa.RecordBatch]:
    """Drop the rows that the table of a file has deleted."""
    if not file.deleted:
        return batches
    metadata = read_metadata(source)
    sizes = [metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)]
    return without_rows(batches, positions_within(file.deleted, piece.row_groups, sizes))


@dataclass(frozen=True)
class _Asked:
    """Rows and columns of a file that are to be read."""

    piece: Piece
    columns: tuple[str, ...]
    """By their names in the input."""
    encoded: tuple[str, ...]
    """Those that are to come as codes."""
    rows: int
    """Rows to read at a time, at most."""
    table: TableState | None


def _batches(source: pa.NativeFile, asked: _Asked) -> Iterator[pa.RecordBatch]:
    """Read the columns that a file has; what Arrow cannot read as codes comes spelled out."""
    done = 0
    try:
        for batch in _batches_as(source, asked):
            yield batch
            done += batch.num_rows
    except MemoryError:  # Arrow's is one of its exceptions
        raise
    except (OSError, pa.ArrowException):
        if not asked.encoded:
            raise
    else:
        return
    for batch in _batches_as(source, replace(asked, encoded=())):
        if batch.num_rows > done:
            yield batch.slice(done)
        done = max(done - batch.num_rows, 0)


def _batches_as(source: pa.NativeFile, asked: _Asked) -> Iterator[pa.RecordBatch]:
    metadata = read_metadata(source)
    # Not `metadata.schema`: that and the footer hold each other until Python looks for such rings.
    schema = pq.ParquetFile(source, metadata=metadata).schema_arrow
    own = names_in_file(asked.table, schema)
    wanted = [own[name] for name in asked.columns if name in own]
    at_once = min(asked.rows, _ROWS_AT_ONCE, max(_CELLS_AT_ONCE // max(len(wanted), 1), 1))
    as_codes = [own[name] for name in asked.encoded if name in own]
    spelled_out = [name for name in wanted if name not in set(as_codes)]
    groups = asked.piece.row_groups
    texts = plan_texts(source, metadata, groups, spelled_out, at_once)
    at_once = min(at_once, texts.most_rows or at_once)
    fields = None if asked.table is None else asked.table.fields
    with _open_parquet(source, metadata, [*as_codes, *texts.codes]) as opened:
        for batch in opened.iter_batches(at_once, row_groups=list(groups), columns=wanted):
            # `a` brings a column named `a.b` along: Parquet takes the dot for a path.
            chosen = batch.select(wanted)
            yield chosen if fields is None else fields.project(chosen, schema)


def _check_codes(batch: pa.RecordBatch, where: str) -> None:
    """Refuse codes that stand for nothing: Arrow takes them from a file as they are."""
    for column in batch.columns:
        if pa.types.is_dictionary(column.type):
            ends = pc.min_max(column.indices).as_py()
            if ends["max"] is not None and not (
                0 <= ends["min"] <= ends["max"] < len(column.dictionary)
            ):
                raise damaged(where, "a dictionary has fewer entries than its column names")


def _open_parquet(
    source: pa.NativeFile, metadata: pq.FileMetaData, codes: Sequence[str]
) -> pq.ParquetFile:
    """Open a file so that a large row group streams, and a small one comes in few requests."""
    groups = range(metadata.num_row_groups)
    largest = max((metadata.row_group(group).total_byte_size for group in groups), default=0)
    how = {"pre_buffer": False, "buffer_size": _BUFFER} if largest > _LARGE_ROW_GROUP else {}
    return pq.ParquetFile(
        source,
        metadata=metadata,
        read_dictionary=codes,
        page_checksum_verification=True,
        **INT96,
        **how,
    )


@contextmanager
def _unchanged(plan: InputPlan, filesystem: FileSystem, file: PlannedFile) -> Iterator[None]:
    """Read a file in the version that was planned: that it is, before and after.

    One that is written over while it is read looks damaged, or has rows of both versions.
    """
    _check_unchanged(plan, filesystem, file)
    try:
        yield
    except (OSError, pa.ArrowException, DamagedFileError):
        _check_unchanged(plan, filesystem, file)
        raise
    _check_unchanged(plan, filesystem, file)


def _check_unchanged(plan: InputPlan, filesystem: FileSystem, file: PlannedFile) -> None:
    found = filesystem.get_file_info(f"{plan.root}/{file.name}")
    there = found.type is FileType.File
    if there and (found.size, modified(filesystem, found)) == (file.bytes, file.modified):
        return
    raise InputError(
        "the file has changed since the run began" if there else "the file is gone",
        where=plan.where(file),
        remedy="run again when nothing writes to the input",
    )


def _regroup(tables: Iterable[pa.Table], rows: int) -> Iterator[pa.Table]:
    """Cut and join tables to `rows` rows each; the last one may be shorter."""
    pending: list[pa.Table] = []
    missing = rows
    for table in tables:
        start = 0
        while table.num_rows - start >= missing:
            yield _join([*pending, table.slice(start, missing)])
            start += missing
            pending, missing = [], rows
        if start < table.num_rows:
            pending.append(table.slice(start))
            missing -= table.num_rows - start
    if pending:
        yield _join(pending)


def _join(tables: list[pa.Table]) -> pa.Table:
    return tables[0] if len(tables) == 1 else pa.concat_tables(tables).combine_chunks()


def _take(tables: Iterable[pa.Table], positions: np.ndarray) -> Iterator[pa.Table]:
    """Take the rows at ascending positions of a stream of tables."""
    start = 0
    for table in tables:
        stop = start + table.num_rows
        first, last = np.searchsorted(positions, [start, stop])
        if first < last:
            yield table.take(pa.array(positions[first:last] - start))
        start = stop
