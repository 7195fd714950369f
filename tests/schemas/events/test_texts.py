import json
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.events.texts import as_json, as_text

_PLUS_TWO = timezone(timedelta(hours=2))


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        (pa.array([1, None], pa.uint8()), ["1", None]),
        (pa.array([1.0, 0.1, 1e20, float("nan")]), ["1", "0.1", "1e+20", None]),
        (pa.array(np.array([1.5], np.float16)), ["1.5"]),
        (pa.array([Decimal("1.50")]), ["1.50"]),
        (pa.array([True, False]), ["true", "false"]),
        (pa.array([date(2026, 1, 2)]), ["2026-01-02"]),
        (pa.array([time(1, 2, 3)], pa.time32("s")), ["01:02:03"]),
        (pa.array([timedelta(seconds=1.5)]), ["1.5"]),
        (pa.array([datetime(2026, 1, 2, 3)], pa.timestamp("s")), ["2026-01-02T03:00:00"]),
        (pa.array([2**62, -(2**62)], pa.timestamp("s")), [str(2**62), str(-(2**62))]),
        (pa.array([2**62, -(2**62)], pa.timestamp("ms", "UTC")), [str(2**62), str(-(2**62))]),
        (
            pa.array([datetime(2026, 1, 2, 3, tzinfo=_PLUS_TWO)], pa.timestamp("s", "+02:00")),
            ["2026-01-02T01:00:00Z"],
        ),
        (pa.array(["a", None]).dictionary_encode(), ["a", None]),
        (pa.array([2, None, 2]).dictionary_encode(), ["2", None, "2"]),
        (pa.array(["a"], pa.large_string()), ["a"]),
        (pa.array(["a"], pa.string_view()), ["a"]),
        (pa.array([b"ok\n", b"\x00\x01", b"\xff", None]), ["ok\n", "0001", "ff", None]),
        (pa.array([b"ab"], pa.binary(2)), ["ab"]),
        (pa.nulls(2), [None, None]),
        (pa.array([None, {"b": 1, "a": None}]), [None, '{"a":null,"b":1}']),
        (pa.array([[1, None], None, []]), ["[1,null]", None, "[]"]),
    ],
    ids=lambda value: str(value.type) if isinstance(value, pa.Array) else None,
)
def test_each_arrow_type_has_a_spelling(values: pa.Array, texts: list[str | None]) -> None:
    assert as_text(values).to_pylist() == texts


def test_strings_that_are_not_utf8_lose_only_their_bad_bytes() -> None:
    offsets = pa.py_buffer(np.array([0, 3, 5], np.int32).tobytes())
    garbled = pa.Array.from_buffers(pa.string(), 2, [None, offsets, pa.py_buffer(b"a\xffbok")])
    assert as_text(garbled).to_pylist() == ["a�b", "ok"]


@given(st.lists(st.none() | st.uuids(), max_size=5), st.integers(0, 5))
def test_uuids_are_spelt_as_python_spells_them(ids: list[UUID | None], start: int) -> None:
    stored = pa.array([value and value.bytes for value in ids], pa.uuid())
    expected = [value and str(value) for value in ids][start:]
    assert as_text(stored[start:]).to_pylist() == expected


_ITEMS = st.none() | st.fixed_dictionaries(
    {
        "z": st.none() | st.integers(-(2**53), 2**53),
        "a": st.none() | st.text(max_size=5),
        "l": st.none() | st.lists(st.none() | st.booleans(), max_size=3),
        "f": st.none() | st.floats(allow_nan=False, allow_infinity=False),
    }
)
_ITEM_TYPE = pa.struct(
    [("z", pa.int64()), ("a", pa.string()), ("l", pa.list_(pa.bool_())), ("f", pa.float64())]
)


@given(st.lists(_ITEMS, max_size=6), st.integers(0, 6))
def test_json_says_what_the_values_are(items: list[Any], start: int) -> None:
    values = pa.array(items, _ITEM_TYPE)[start:]
    assert [json.loads(text) for text in as_json(values).to_pylist()] == items[start:]


def test_json_sorts_keys_and_quotes_what_json_has_no_number_for() -> None:
    assert as_json(pa.array([{"b": float("inf"), "a": float("nan")}])).to_pylist() == [
        '{"a":null,"b":"inf"}'
    ]
