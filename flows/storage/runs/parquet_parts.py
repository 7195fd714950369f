"""The Parquet datasets of a run: folders of numbered parts, the same bytes for the same table."""

from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from flows.storage.fs.atomic import naming_output_errors, naming_read_errors, replacing
from flows.storage.fs.store_path import Place, input_of
from schemas.errors import OutputError
from schemas.outputs.dictionary import described
from schemas.outputs.tables import (
    ACTIVITY_OF_RUN,
    FINDING,
    INCIDENT,
    MAP,
    MEMBER,
    RECORD,
    REJECTION,
    SCORES,
)

LEADING_COLUMNS = {
    "incidents": INCIDENT,
    "suppressed": INCIDENT,
    "findings": FINDING,
    "scores": SCORES,
    "quarantine": REJECTION,
}
"""Dataset -> the columns that stand before the record's own ones."""

OPTIONAL = {
    "map": MAP,
    "records": RECORD,
    "unshown": INCIDENT,
    "members": MEMBER,
    "activity": ACTIVITY_OF_RUN,
}
"""The same, of datasets that not every run has: runs of earlier versions have no map."""

_SETTINGS = {"compression": "zstd", "version": "2.6"}
_WITHOUT_REPEATS = "scores"
"""The dataset of nothing but numbers and ids: a dictionary would double the time to write it."""
_OF_TERMS = "activity"
"""The dataset whose texts come as dictionaries: they are written as such, and read as texts."""
_SETTINGS_OF_TERMS = {"store_schema": False, "write_statistics": False}
"""It is long, and read as a whole: statistics of its parts would cost as much as its texts."""
_ROWS_IN_GROUP = 131_072
_ROWS_TAKEN = {"records": 4_096}
"""The same, of what is read some rows at a time: to find one, its row group is read."""
_SUFFIX = ".parquet"
_ARROW_SCHEMA = b"ARROW:schema"
"""The key of the metadata of a Parquet file that holds its Arrow schema, serialised, in base64."""


class PartWriter:
    """Writes the tables of one part, one after the other."""

    def __init__(self, folder: Place, file: Path, schema: pa.Schema) -> None:
        self._folder = folder
        self._schema = schema
        self._rows_in_group = _ROWS_TAKEN.get(folder.name, _ROWS_IN_GROUP)
        how = {**_SETTINGS, "use_dictionary": folder.name != _WITHOUT_REPEATS}
        told = None
        if folder.name == _OF_TERMS:
            self._schema, told = _of_terms(schema), _metadata_of(schema)
            how.update(_SETTINGS_OF_TERMS, use_dictionary=_repeating(schema))
        with naming_output_errors(self._folder):
            self._file: Any = pq.ParquetWriter(file, self._schema, **how)
            if told is not None:
                self._file.add_key_value_metadata(told)

    def write(self, table: pa.Table) -> None:
        """Append the rows of a table that has the columns of the part."""
        # Arrow cuts pages where chunks end: one chunk, so that the same rows give the same bytes.
        whole = table.cast(self._schema).combine_chunks()
        with naming_output_errors(self._folder):
            self._file.write_table(whole, row_group_size=self._rows_in_group)

    def close(self) -> None:
        """Write the footer."""
        with naming_output_errors(self._folder):
            self._file.close()


def _of_terms(schema: pa.Schema) -> pa.Schema:
    """Return a schema with dictionaries for texts: these take less time to write."""
    terms = [
        field.with_type(pa.dictionary(pa.int32(), field.type))
        if pa.types.is_string(field.type)
        else field
        for field in schema
    ]
    return pa.schema(terms)


def _repeating(schema: pa.Schema) -> list[str]:
    """Return the columns whose values come again: all but sums."""
    return [field.name for field in schema if not pa.types.is_floating(field.type)]


def _metadata_of(schema: pa.Schema) -> dict[bytes, bytes]:
    """Return the metadata of a file that Arrow reads with a schema, whatever it was written as."""
    told = b64encode(schema.serialize().to_pybytes())
    return {_ARROW_SCHEMA: told, **(schema.metadata or {})}


@contextmanager
def open_part(folder: Place, part: int, schema: pa.Schema) -> Iterator[PartWriter]:
    """Yield a writer of the dataset's part number `part`; the part appears, whole, at the end.

    Raises
    ------
    OutputError
        The disk is full or the folder is gone.
    ValueError
        The schema does not start with the columns declared for the dataset.
    """
    declared = declared_schema(folder.name, schema)
    with (
        replacing(folder / f"part-{part:05d}{_SUFFIX}") as temporary,
        closing(PartWriter(folder, temporary, declared)) as writer,
    ):
        yield writer


def declared_schema(dataset: str, schema: pa.Schema) -> pa.Schema:
    """Give a table's schema the types, nullability and meanings declared for the dataset.

    Raises
    ------
    ValueError
        It does not start with the columns declared for the dataset.
    """
    lead = (LEADING_COLUMNS | OPTIONAL)[dataset]
    if schema.names[: len(lead)] != lead.names:
        raise ValueError(
            f"{dataset} starts with {lead.names}, not with {schema.names[: len(lead)]}"
        )
    fields = [*lead, *list(schema)[len(lead) :]]
    return described(dataset, pa.schema(fields, metadata=lead.metadata))


def write_rows(path: Place, rows: list[dict[str, Any]]) -> None:
    """Write rows to a Parquet file of its own, their types as the values say.

    Raises
    ------
    OutputError
        The disk is full or the folder is gone.
    """
    table = pa.Table.from_pylist(rows)
    with replacing(path) as temporary, naming_output_errors(path.parent):
        pq.write_table(table, temporary, **_SETTINGS)


def part_files(folder: Place) -> dict[int, Place]:
    """Find the parts of a dataset, number -> file, in the order of their numbers.

    Raises
    ------
    OutputError
        The folder cannot be read.
    """
    with naming_read_errors(folder):
        files = list[Place](folder.glob(f"part-*{_SUFFIX}"))
    return dict(sorted((int(file.stem.removeprefix("part-")), file) for file in files))


def count_rows(folder: Place) -> int:
    """Count the rows of a dataset from the footers of its parts."""
    rows = 0
    for place in part_files(folder).values():
        with input_of(place) as file:
            rows += pq.read_metadata(file).num_rows
    return rows


def read_parts(
    folder: Place, columns: Sequence[str] | None = None
) -> Iterator[tuple[int, pa.Table]]:
    """Read a dataset part by part: its number, and its table with the chosen columns.

    Raises
    ------
    OutputError
        A part is damaged, or has no such column.
    """
    for part, file in part_files(folder).items():
        yield part, _read_file(file, columns)


def read_part(folder: Place, part: int, columns: Sequence[str]) -> pa.Table:
    """Read some columns of one part of a dataset.

    Raises
    ------
    OutputError
        The part is damaged, or has no such column.
    """
    return _read_file(folder / f"part-{part:05d}{_SUFFIX}", columns)


def read_dataset(
    folder: Place, columns: Sequence[str] | None = None, terms: Sequence[str] = ()
) -> pa.Table:
    """Read all parts as one table; a column that a part lacks is null there.

    Columns of text in `terms` are read as dictionaries, as they are stored.
    """
    tables = [_read_file(file, columns, terms=terms) for file in part_files(folder).values()]
    if not tables:
        raise _no_part(folder)
    return pa.concat_tables(tables, promote_options="default").unify_dictionaries()


@dataclass(frozen=True)
class RowGroup:
    """A row group of a dataset's part."""

    file: Place
    number: int
    rows: int


def row_groups(folder: Place) -> tuple[list[RowGroup], pa.Schema]:
    """Find the row groups of a dataset, in order, and the schema of its parts.

    Raises
    ------
    OutputError
        There is no part, or one is damaged.
    """
    groups, schema = [], None
    for file in part_files(folder).values():
        with _opened(file) as opened:
            schema = opened.schema_arrow
            sizes = map(opened.metadata.row_group, range(opened.num_row_groups))
            groups += [RowGroup(file, i, group.num_rows) for i, group in enumerate(sizes)]
    if schema is None:
        raise _no_part(folder)
    return groups, schema


def read_row_groups(groups: Sequence[RowGroup], columns: Sequence[str]) -> Iterator[pa.Table]:
    """Read some columns of some row groups of a dataset, in their order: a table of each part.

    Raises
    ------
    OutputError
        A part is damaged, or has no such column.
    """
    for file, inside in groupby(groups, key=attrgetter("file")):
        yield _read_file(file, columns, [group.number for group in inside])


def _read_file(
    file: Place,
    columns: Sequence[str] | None,
    groups: Sequence[int] | None = None,
    terms: Sequence[str] = (),
) -> pa.Table:
    with _opened(file, terms) as opened:
        names = opened.schema_arrow.names
        missing = [name for name in columns or () if name not in names]
        if missing:
            raise OutputError(
                f"no column {', '.join(missing)}",
                where=str(file),
                remedy=f"choose from {', '.join(names)}",
            )
        held = range(opened.num_row_groups) if groups is None else groups
        table = opened.read_row_groups(held, columns=columns)
    # `a` would bring a column named `a.b` along: Parquet takes the dot for a path.
    return table if columns is None else table.select(list(columns))


@contextmanager
def _opened(file: Place, terms: Sequence[str] = ()) -> Iterator[pq.ParquetFile]:
    """Open a part, some columns to be read as dictionaries; what is wrong is an `OutputError`."""
    how = {"read_dictionary": list(terms)}
    try:
        with input_of(file) as source, pq.ParquetFile(source, **how) as opened:
            yield opened
    except (OSError, pa.ArrowException) as error:
        raise OutputError(
            f"cannot be read ({error})", where=str(file), remedy="run the job again"
        ) from error


def _no_part(folder: Place) -> OutputError:
    return OutputError("holds no Parquet part", where=str(folder), remedy="run the job again")
