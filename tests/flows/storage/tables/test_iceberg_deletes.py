"""Deletes of an Iceberg table apply to files by their partitions and the order of commits."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow.fs import LocalFileSystem
from pyiceberg.manifest import (
    DataFile,
    DataFileContent,
    FileFormat,
    ManifestEntry,
    ManifestEntryStatus,
)
from pyiceberg.typedef import Record

from flows.storage.tables.iceberg_deletes import deleted_positions
from flows.storage.tables.iceberg_io import TableIO
from flows.storage.tables.live_files import NamedTable
from schemas.errors import InputError

_BY_POSITION, _BY_VALUE = DataFileContent.POSITION_DELETES, DataFileContent.EQUALITY_DELETES


def _entry(
    path: str,
    number: int,
    content: DataFileContent = DataFileContent.DATA,
    kind: FileFormat = FileFormat.PARQUET,
    day: int | None = 5,
) -> ManifestEntry:
    """A file of commit `number`, in the partition of a day or, with None, in no partition."""
    partition = Record() if day is None else Record(day)
    file = DataFile.from_args(
        content=content, file_path=path, file_format=kind, partition=partition, record_count=9
    )
    file.spec_id = 0 if day is None else 1
    added = ManifestEntryStatus.ADDED
    return ManifestEntry.from_args(status=added, sequence_number=number, data_file=file)


@pytest.fixture
def io(tmp_path: Path) -> TableIO:
    folder = str(tmp_path)
    return TableIO(NamedTable(folder, LocalFileSystem(), folder, folder, folder, None))


def _deletes(io: TableIO, paths: list[str]) -> str:
    file = f"{io.table.root}/deletes.parquet"
    pq.write_table(pa.table({"file_path": paths, "pos": range(len(paths))}), file)
    return file


def test_positions_are_deleted_of_files_that_are_not_newer(io: TableIO) -> None:
    data = [_entry(name, number) for name, number in [("a", 1), ("b", 2), ("c", 3)]]
    delete = _entry(_deletes(io, ["a", "b", "c"]), 2, _BY_POSITION)
    found = deleted_positions(data, [delete], io)
    assert {path: each.tolist() for path, each in found.items()} == {"a": [0], "b": [1]}


def test_deletes_that_apply_to_no_file_are_not_opened(io: TableIO) -> None:
    data = [_entry("a", 3)]
    older = _entry("gone.orc", 2, _BY_POSITION, FileFormat.ORC)
    of_another_day = _entry("gone.orc", 4, _BY_POSITION, FileFormat.ORC, day=6)
    assert deleted_positions(data, [older, of_another_day], io) == {}


@pytest.mark.parametrize(
    ("number", "day", "applies"),
    [(1, 5, False), (2, 5, False), (3, 5, True), (3, 6, False), (3, None, True), (2, None, False)],
)
def test_equality_deletes_apply_to_older_files_of_their_partition_or_of_all(
    io: TableIO, number: int, day: int | None, applies: bool
) -> None:
    data, delete = [_entry("a", 2)], _entry("gone", number, _BY_VALUE, day=day)
    if applies:
        with pytest.raises(InputError, match="has equality deletes, which are not applied here"):
            deleted_positions(data, [delete], io)
    else:
        assert deleted_positions(data, [delete], io) == {}
