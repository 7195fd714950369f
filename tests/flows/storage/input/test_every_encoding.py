"""Every encoding, compression and page version that the writers at hand can write."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flows.storage.input.plan import plan_input
from flows.storage.input.rows import read_rows

_N = 3_000
_COLUMNS = {
    "text": pa.array([f"2026-evt-{i // 3:08d}" for i in range(_N)]),
    "bytes": pa.array([b"a%d" % (i % 9) for i in range(_N)], pa.binary()),
    "fixed": pa.array([b"%04d" % (i % 999) for i in range(_N)], pa.binary(4)),
    "long": pa.array(np.arange(_N) // 2),
    "int": pa.array((np.arange(_N) % 7).astype(np.int32)),
    "float": pa.array(np.arange(_N) / 8),
    "bool": pa.array([i % 3 == 0 for i in range(_N)]),
}
_OF_BYTES, _OF_NUMBERS = ("text", "bytes"), ("long", "int")
_ENCODINGS = {
    "PLAIN": tuple(_COLUMNS),
    "RLE": ("bool",),
    "DELTA_BINARY_PACKED": _OF_NUMBERS,
    "DELTA_LENGTH_BYTE_ARRAY": _OF_BYTES,
    "DELTA_BYTE_ARRAY": (*_OF_BYTES, "fixed"),
    "BYTE_STREAM_SPLIT": (*_OF_NUMBERS, "float", "fixed"),
}
_COMPRESSIONS = ("NONE", "SNAPPY", "GZIP", "BROTLI", "LZ4", "ZSTD")


def _read(folder: Path) -> pa.Table:
    """Read all rows, columns of codes as such."""
    plan = plan_input(str(folder))
    return read_rows(plan, np.arange(plan.rows), encoded=plan.repetitive)


def _hold(folder: Path, column: str) -> None:
    assert _read(folder)["x"].to_pylist() == _COLUMNS[column].to_pylist()


@pytest.mark.parametrize("version", ["1.0", "2.0"])
@pytest.mark.parametrize(
    ("encoding", "column"),
    [(encoding, column) for encoding, columns in _ENCODINGS.items() for column in columns],
)
def test_every_encoding_of_arrow_is_read(
    tmp_path: Path, encoding: str, column: str, version: str
) -> None:
    table = pa.table({"x": _COLUMNS[column]})
    how = {"column_encoding": {"x": encoding}, "data_page_version": version}
    pq.write_table(table, tmp_path / "a.parquet", use_dictionary=False, **how)
    _hold(tmp_path, column)


@pytest.mark.parametrize("compression", _COMPRESSIONS)
@pytest.mark.parametrize("column", _COLUMNS)
def test_every_compression_of_arrow_is_read(tmp_path: Path, column: str, compression: str) -> None:
    table = pa.table({"x": _COLUMNS[column]})
    pq.write_table(table, tmp_path / "a.parquet", compression=compression)
    _hold(tmp_path, column)


def _by_duckdb(table: pa.Table, path: Path, *, version: str, compression: str) -> None:
    options = f"FORMAT parquet, PARQUET_VERSION {version}, COMPRESSION {compression}"
    with duckdb.connect() as connection:
        connection.register("t", table)
        connection.execute(f"COPY t TO '{path}' ({options})")


def _by_polars(table: pa.Table, path: Path, *, version: str, compression: str) -> None:
    frame = pl.from_arrow(table)
    assert isinstance(frame, pl.DataFrame)
    frame.write_parquet(path, compression=compression)  # type: ignore[arg-type]


@pytest.mark.parametrize("compression", ["snappy", "gzip", "brotli", "zstd", "uncompressed"])
@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.parametrize("write", [_by_duckdb, _by_polars])
def test_every_compression_of_other_writers_is_read(
    tmp_path: Path, write: Callable[..., None], version: str, compression: str
) -> None:
    columns = {name: values for name, values in _COLUMNS.items() if name != "fixed"}
    table = pa.table(columns)
    write(table, tmp_path / "a.parquet", version=version, compression=compression)
    read: dict[str, Any] = _read(tmp_path).to_pydict()
    assert read == table.to_pydict()


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_column_of_codes_is_read_from_files_whose_encoding_has_none(
    tmp_path: Path, order: tuple[int, int]
) -> None:
    table = pa.table({"x": _COLUMNS["text"]})
    ways: list[dict[str, Any]] = [
        {"row_group_size": 1_000},
        {"use_dictionary": False, "column_encoding": {"x": "DELTA_BYTE_ARRAY"}},
    ]
    for number, way in zip(order, ways, strict=True):
        pq.write_table(table, tmp_path / f"{number}.parquet", **way)
    assert _read(tmp_path)["x"].to_pylist() == 2 * _COLUMNS["text"].to_pylist()
