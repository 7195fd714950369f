"""Columns of every Arrow type that Parquet holds, in all files or in some of them."""

import tempfile
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.storage.input.plan import plan_input
from flows.storage.input.rows import read_rows
from schemas.events.flattening import flatten

_DAY, _MOMENT = date(2026, 1, 5), datetime(2026, 1, 5, 3)
_LEAVES: list[tuple[pa.DataType, Any]] = [
    (pa.null(), None),
    (pa.bool_(), True),
    *((kind, 1) for kind in (pa.int8(), pa.int16(), pa.int32(), pa.int64())),
    *((kind, 1) for kind in (pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64())),
    *((kind, 0.5) for kind in (pa.float16(), pa.float32(), pa.float64())),
    *((kind, Decimal("1.25")) for kind in (pa.decimal128(20, 2), pa.decimal256(50, 2))),
    *((kind, "a") for kind in (pa.string(), pa.large_string(), pa.string_view())),
    *((kind, b"ab") for kind in (pa.binary(), pa.large_binary(), pa.binary_view(), pa.binary(2))),
    *((kind, _DAY) for kind in (pa.date32(), pa.date64())),
    *((pa.time32(unit), time(3)) for unit in ("s", "ms")),
    *((pa.time64(unit), time(3)) for unit in ("us", "ns")),
    *((pa.timestamp(unit), _MOMENT) for unit in ("s", "ms", "us", "ns")),
    *((pa.timestamp(unit, "Europe/Berlin"), _MOMENT) for unit in ("s", "ms", "us", "ns")),
    *((pa.duration(unit), timedelta(seconds=3)) for unit in ("s", "ms", "us", "ns")),
    (pa.dictionary(pa.int8(), pa.string()), "a"),
    (pa.dictionary(pa.int32(), pa.int64()), 1),
]
_Typed = tuple[pa.DataType, Any]


def _nested(inner: st.SearchStrategy[_Typed]) -> st.SearchStrategy[_Typed]:
    return st.one_of(
        inner.map(lambda of: (pa.list_(of[0]), [of[1]])),
        inner.map(lambda of: (pa.large_list(of[0]), [of[1]])),
        inner.map(lambda of: (pa.list_(of[0], 2), [of[1], of[1]])),
        inner.map(lambda of: (pa.map_(pa.string(), of[0]), [("k", of[1])])),
        inner.map(lambda of: (pa.struct([("f", of[0])]), {"f": of[1]})),
    )


_UNWRITABLE = (pa.null(), pa.string_view(), pa.binary_view())
"""Types that Arrow does not write within all others."""
_INNER = [leaf for leaf in _LEAVES if leaf[0] not in _UNWRITABLE]
_TYPES = st.recursive(st.sampled_from(_INNER), _nested, max_leaves=3)


def _read(*files: pa.Table) -> tuple[pa.Table, pa.Table]:
    """Write tables as files of one folder; give its rows, and those flattened."""
    with tempfile.TemporaryDirectory() as folder:
        for number, table in enumerate(files):
            pq.write_table(table, Path(folder) / f"{number}.parquet")
        plan = plan_input(folder)
        rows = read_rows(plan, np.arange(plan.rows))
    return rows, flatten(rows)


def _hold_what_was_written(kind: pa.DataType, value: Any) -> None:
    """Hold both orders of two files, one with the column and one without, against it alone."""
    with_it = pa.table({"n": [1, 2], "x": pa.array([value, None], kind)})
    without = pa.table({"n": [3, 4]})
    alone = _read(with_it)[0]["x"].to_pylist()
    for files, expected in (
        ((with_it, without), [*alone, None, None]),
        ((without, with_it), [None, None, *alone]),
    ):
        rows, flat = _read(*files)
        assert rows["x"].to_pylist() == expected
        assert flat.num_rows == 4


@pytest.mark.parametrize(("kind", "value"), _LEAVES, ids=str)
def test_a_column_of_any_plain_type_is_null_where_a_file_lacks_it(
    kind: pa.DataType, value: Any
) -> None:
    _hold_what_was_written(kind, value)


@given(typed=_TYPES)
def test_a_column_of_any_type_is_null_where_a_file_lacks_it(typed: _Typed) -> None:
    _hold_what_was_written(*typed)


@pytest.mark.parametrize("kind", [pa.uuid(), pa.json_(), pa.bool8()], ids=str)
def test_a_column_of_an_extension_type_is_null_where_a_file_lacks_it(kind: pa.DataType) -> None:
    written = pa.nulls(2, kind)
    rows, _ = _read(pa.table({"n": [1]}), pa.table({"n": [2, 3], "x": written}))
    assert rows["x"].null_count == 3
