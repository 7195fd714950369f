"""Files of a few thousand bytes that stand for gigabytes of texts."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flows.storage.input.damaged_files import without_damaged_files
from flows.storage.input.plan import InputPlan, plan_input
from flows.storage.input.rows import read_batches, read_rows
from schemas.errors import DamagedFileError

_ROWS = 65_536
_LONG = "x" * 100_000
_LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (4 * 2**30, 4 * 2**30))
from flows.cli.app import main
sys.exit(main(sys.argv[1:]))
"""


def _coded(texts: list[str], codes: np.ndarray, kind: pa.DataType | None = None) -> pa.Array:
    values = pa.array(texts, kind or pa.string())
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), values)


def _bomb() -> pa.Array:
    return _coded([_LONG], np.zeros(_ROWS))


def _write(path: Path, column: pa.Array, **how: object) -> None:
    table = pa.table({"a": column})
    how = {"compression": "zstd", "write_statistics": False, "store_schema": False} | how
    pq.write_table(table, path, **how)


def _in_lists(values: pa.Array, length: int) -> pa.Array:
    offsets = np.arange(0, len(values) + 1, length)
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), values)


def _pairs(values: pa.Array) -> pa.Array:
    offsets = pa.array(np.arange(len(values) + 1), pa.int32())
    return pa.MapArray.from_arrays(offsets, pa.array(["k"] * len(values)), values)


_SHAPES: dict[str, Callable[[], pa.Array]] = {
    "text": _bomb,
    "bytes": lambda: _coded([_LONG], np.zeros(_ROWS), pa.binary()),
    "bytes of one length": lambda: _coded([_LONG], np.zeros(8_192), pa.binary(len(_LONG))),
    "in a struct": lambda: pa.StructArray.from_arrays([_bomb()], ["b"]),
    "in lists": lambda: _in_lists(_bomb(), 2),
    "in one list": lambda: _in_lists(_bomb(), _ROWS),
    "in maps": lambda: _pairs(_bomb()),
    "after short ones": lambda: _coded(["ok", _LONG], np.arange(2 * _ROWS) // _ROWS),
}


def _all_rows(plan: InputPlan) -> list[pa.Table]:
    chunks = plan.chunks(131_072)
    return [table for chunk in chunks for _, table in read_batches(plan, chunk, None, _ROWS)]


@pytest.mark.parametrize(
    ("shape", "store_schema"), [*((shape, False) for shape in _SHAPES), ("text", True)]
)
def test_texts_of_a_dictionary_are_measured_before_they_are_spelled_out(
    tmp_path: Path, shape: str, store_schema: bool
) -> None:
    _write(tmp_path / "a.parquet", _SHAPES[shape](), store_schema=store_schema)
    assert (tmp_path / "a.parquet").stat().st_size < 5_700
    before = pa.total_allocated_bytes()
    with pytest.raises(DamagedFileError, match=r"a\.parquet: the values of column 'a' would take"):
        _all_rows(plan_input(str(tmp_path)))
    assert pa.total_allocated_bytes() - before < 2**30


def test_a_text_that_is_the_beginning_of_a_thousand_others_is_measured(tmp_path: Path) -> None:
    texts, how = pa.array([_LONG] * 6_000), {"use_dictionary": False}
    _write(tmp_path / "a.parquet", texts, column_encoding={"a": "DELTA_BYTE_ARRAY"}, **how)
    assert (tmp_path / "a.parquet").stat().st_size < 1_000
    with pytest.raises(DamagedFileError, match="the values of column 'a' would take"):
        _all_rows(plan_input(str(tmp_path)))


@pytest.mark.slow
def test_a_bomb_is_refused_by_the_command_in_little_memory(tmp_path: Path) -> None:
    _write(tmp_path / "bomb.parquet", _bomb())
    arguments = ["detect", "bomb.parquet", "--output", "out", "--direct"]
    command = [sys.executable, "-c", _LIMITED, *arguments]
    ended = subprocess.run(  # noqa: S603 - the interpreter that runs the tests
        command, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1
    expected = "bomb.parquet: the values of column 'a' would take 6,554 MB in 65,536 rows"
    assert expected in ended.stderr
    assert "leave it out" in ended.stderr


def test_a_bomb_among_ten_sound_files_is_set_aside(tmp_path: Path) -> None:
    for number in range(10):
        _write(tmp_path / f"{number}.parquet", pa.array(["x", "y"]))
    _write(tmp_path / "bomb.parquet", _SHAPES["after short ones"]())
    plan = without_damaged_files(plan_input(str(tmp_path)))
    assert plan.rows == 20
    (damaged,) = plan.damaged
    assert (damaged.name, damaged.rows) == ("bomb.parquet", 0)
    assert "would take" in damaged.why


@pytest.mark.parametrize("wrap", [lambda v: v, lambda v: _in_lists(v, 1), _pairs])
def test_a_long_text_among_a_hundred_thousand_short_ones_is_read(
    tmp_path: Path, wrap: Callable[[pa.Array], pa.Array]
) -> None:
    codes = np.zeros(2 * _ROWS)
    codes[[5, 70_000]] = 1
    values = wrap(_coded(["ok", 10 * _LONG], codes))
    _write(tmp_path / "a.parquet", values)
    plan = plan_input(str(tmp_path))
    read = pa.concat_tables(_all_rows(plan))["a"].combine_chunks()
    assert read.equals(values.cast(read.type))
    rows = np.array([4, 5, 70_000])
    taken = read_rows(plan, rows)["a"].combine_chunks()
    assert taken.equals(read.take(pa.array(rows)))
