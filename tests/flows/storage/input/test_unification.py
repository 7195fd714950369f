from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flows.storage.input.plan import plan_input
from flows.storage.input.rows import read_rows
from flows.storage.input.unification import unify
from schemas.errors import InputError

_NEW_YEAR = datetime(2026, 1, 1)
_NEVER = datetime(9999, 12, 31)


def _read_together(folder: Path, *columns: pa.Array) -> pa.ChunkedArray:
    """Write each array as the column `c` of a file of its own and read all of them."""
    for number, column in enumerate(columns):
        pq.write_table(pa.table({"c": column}), folder / f"{number}.parquet")
    plan = plan_input(str(folder))
    return read_rows(plan, np.arange(plan.rows))["c"]


@pytest.mark.parametrize(
    ("one", "other", "kind", "values"),
    [
        (pa.array([1], pa.int32()), pa.array([2**40]), pa.int64(), [1, 2**40]),
        (pa.array([1], pa.uint8()), pa.array([-1], pa.int8()), pa.int16(), [1, -1]),
        (pa.array([1]), pa.array([0.5]), pa.float64(), [1.0, 0.5]),
        (pa.array([2**60 + 1]), pa.array([0.5]), pa.float64(), [float(2**60), 0.5]),
        (pa.array([0.5], pa.float32()), pa.array([0.1]), pa.float64(), [0.5, 0.1]),
        (pa.nulls(1), pa.array(["a"]), pa.string(), [None, "a"]),
        (pa.array(["a"]), pa.array(["b"], pa.large_string()), pa.large_string(), ["a", "b"]),
        (pa.array(["a"]), pa.array(["b"]).dictionary_encode(), pa.string(), ["a", "b"]),
        (
            pa.array(["a"]).dictionary_encode(),
            pa.array(["b"]).cast(pa.dictionary(pa.int8(), pa.string())),
            pa.string(),
            ["a", "b"],
        ),
        (
            pa.array([_NEVER], pa.timestamp("ms")),
            pa.array([_NEW_YEAR], pa.timestamp("ns")),
            pa.timestamp("us"),
            [_NEVER, _NEW_YEAR],
        ),
        (
            pa.array([{"a": 1}], pa.struct([("a", pa.int32())])),
            pa.array([{"b": "x", "a": 2}]),
            pa.struct([("a", pa.int64()), ("b", pa.string())]),
            [{"a": 1, "b": None}, {"a": 2, "b": "x"}],
        ),
        (
            pa.array([[1]], pa.list_(pa.int32())),
            pa.array([[2**40]]),
            pa.list_(pa.field("element", pa.int64())),
            [[1], [2**40]],
        ),
    ],
)
@pytest.mark.parametrize("turned", ["so", "the other way round"])
def test_types_that_differ_meet_in_one_that_holds_both(
    tmp_path: Path,
    one: pa.Array,
    other: pa.Array,
    kind: pa.DataType,
    values: list[Any],
    turned: str,
) -> None:
    pair = (one, other) if turned == "so" else (other, one)
    together = _read_together(tmp_path, *pair)
    expected = values if turned == "so" else values[::-1]
    assert together.to_pylist() == expected
    if not pa.types.is_struct(kind):  # the order of its fields is that of their appearance
        assert together.type == kind


def test_zoned_timestamps_meet_in_utc(tmp_path: Path) -> None:
    ticks = pa.array([0])
    zones = [ticks.cast(pa.timestamp("ms", zone)) for zone in ("Asia/Tokyo", "UTC")]
    assert _read_together(tmp_path, *zones).type == pa.timestamp("ms", "UTC")


def test_columns_that_come_and_go_are_null_where_they_are_not(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [1], "old": ["x"]}), tmp_path / "1.parquet")
    pq.write_table(pa.table({"new": [True], "a": [2]}), tmp_path / "2.parquet")
    plan = plan_input(str(tmp_path))
    assert read_rows(plan, np.array([0, 1])).to_pylist() == [
        {"a": 1, "old": "x", "new": None},
        {"a": 2, "old": None, "new": True},
    ]


@pytest.mark.parametrize(
    ("one", "other", "types"),
    [
        (pa.array([1]), pa.array(["a"]), ("int64", "string")),
        (pa.array([True]), pa.array([1]), ("bool", "int64")),
        (
            pa.array([_NEW_YEAR], pa.timestamp("ms")),
            pa.array([_NEW_YEAR], pa.timestamp("ms", "UTC")),
            ("timestamp[ms]", "timestamp[ms, tz=UTC]"),
        ),
        (pa.array([{"a": 1}]), pa.array([[1]]), ("struct<a: int64>", "list<element: int64>")),
    ],
)
def test_types_that_cannot_meet_are_named_with_a_file_of_each(
    tmp_path: Path, one: pa.Array, other: pa.Array, types: tuple[str, str]
) -> None:
    with pytest.raises(InputError) as raised:
        _read_together(tmp_path, one, one, other)
    message = str(raised.value)
    assert message.startswith(
        f"column 'c': {types[0]} in 0.parquet, but {types[1]} in 2.parquet; write the files"
    )


def test_the_pair_that_clashes_is_named_not_a_type_no_file_has() -> None:
    schemas = [
        (file, pa.schema([("c", kind)]))
        for file, kind in [
            ("a", pa.null()),
            ("b", pa.int32()),
            ("c", pa.float64()),
            ("d", pa.string()),
        ]
    ]
    with pytest.raises(InputError, match="int32 in b, but string in d"):
        unify(schemas)


def test_a_value_that_the_common_type_cannot_hold_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"1\.parquet: column 'c' holds uint64"):
        _read_together(tmp_path, pa.array([1]), pa.array([2**64 - 1], pa.uint64()))


def test_a_column_that_stands_twice_in_a_file_is_refused(tmp_path: Path) -> None:
    twice = pa.table([pa.array([1]), pa.array([2])], names=["n", "n"])
    pq.write_table(twice, tmp_path / "twice.parquet")
    with pytest.raises(InputError, match=r"twice\.parquet: two columns are called 'n'"):
        plan_input(str(tmp_path))
