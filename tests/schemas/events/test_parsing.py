from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.events.parsing import TERMS, read_flags, read_numbers, read_terms


@pytest.mark.parametrize(
    ("values", "numbers"),
    [
        (pa.array([1, None], pa.int8()), [1.0, None]),
        (pa.array([2**64 - 1], pa.uint64()), [2.0**64]),
        (pa.array([1.5, float("nan")], pa.float32()), [1.5, None]),
        (pa.array(np.array([1.5], np.float16)), [1.5]),
        (pa.array([Decimal("1.25")]), [1.25]),
        (pa.array([True, False]), [1.0, 0.0]),
        (pa.array([timedelta(milliseconds=1500)], pa.duration("ms")), [1.5]),
        (pa.array([time(0, 1)], pa.time64("ns")), [60.0]),
        (pa.array([time(0, 1)], pa.time32("s")), [60.0]),
        (pa.array([date(1970, 1, 3)]), [2.0]),
        (pa.array([date(1970, 1, 3)], pa.date64()), [2.0]),
        (pa.array([datetime(1970, 1, 1, 0, 1)], pa.timestamp("ms")), [60.0]),
        (pa.array([" 2 ", "-1e3", "+.5", "nan", "", "-", "NULL"]), [2, -1000, 0.5] + [None] * 4),
        (pa.array(["7", "7"]).dictionary_encode(), [7.0, 7.0]),
        (pa.array([7, None]).dictionary_encode(), [7.0, None]),
        (pa.array([b"7"]), [7.0]),
        (pa.nulls(2), [None, None]),
        (pa.array([], pa.string()), []),
    ],
    ids=lambda value: str(value.type) if isinstance(value, pa.Array) else None,
)
def test_each_arrow_type_is_read_as_numbers(values: pa.Array, numbers: list[float | None]) -> None:
    reading = read_numbers(values)
    assert reading.values.to_pylist() == numbers
    assert not reading.unreadable.any()


@pytest.mark.parametrize("text", ["two", "1,000", "0x10", "1e", "True", "12 MB"])
def test_text_that_is_no_number_is_a_fault(text: str) -> None:
    reading = read_numbers(pa.array([text, "1", None]))
    assert reading.values.to_pylist() == [None, 1.0, None]
    assert reading.unreadable.tolist() == [True, False, False]


@given(st.lists(st.none() | st.floats(allow_nan=False)))
def test_numbers_survive_being_written_as_text(numbers: list[float | None]) -> None:
    written = pa.array(
        [None if number is None else repr(number) for number in numbers], pa.string()
    )
    assert read_numbers(written).values.to_pylist() == numbers


@pytest.mark.parametrize(
    ("values", "flags"),
    [
        (pa.array([True, False, None]), ["true", "false", None]),
        (pa.array([1, 0, None]), ["true", "false", None]),
        (pa.array([1.0, 0.0, float("nan")]), ["true", "false", None]),
        (pa.array([Decimal("1.00"), Decimal("0.00")]), ["true", "false"]),
        (pa.array(["Yes", "N", " on ", "OFF", "t", "0.0", ""]), [*["true", "false"] * 3, None]),
        (pa.array(["yes"]).dictionary_encode(), ["true"]),
        (pa.nulls(1), [None]),
        (pa.array([], pa.string()), []),
    ],
    ids=lambda value: str(value.type) if isinstance(value, pa.Array) else None,
)
def test_each_spelling_of_a_flag_is_read(values: pa.Array, flags: list[str | None]) -> None:
    reading = read_flags(values)
    assert reading.values.type == TERMS
    assert reading.values.to_pylist() == flags
    assert not reading.unreadable.any()


@pytest.mark.parametrize("value", [2, -1, 0.5, "maybe", date(2026, 1, 1)])
def test_text_that_is_neither_yes_nor_no_is_a_fault(value: Any) -> None:
    reading = read_flags(pa.array([value, None]))
    assert reading.values.to_pylist() == [None, None]
    assert reading.unreadable.tolist() == [True, False]


@given(st.lists(st.none() | st.sampled_from(["a", "b", "", "é"])), st.booleans(), st.integers(0, 3))
def test_terms_keep_the_values_and_repeat_no_entry(
    texts: list[str | None], encoded: bool, start: int
) -> None:
    values = pa.array(texts, pa.string())
    terms = read_terms((values.dictionary_encode() if encoded else values)[start:])
    assert terms.type == TERMS
    assert terms.to_pylist() == texts[start:]
    assert terms.dictionary.null_count == 0
    assert len(set(terms.dictionary.to_pylist())) == len(terms.dictionary)


def test_entries_that_become_one_text_become_one_entry() -> None:
    doubled = pa.DictionaryArray.from_arrays(pa.array([0, 1, 2]), pa.array([b"\xff", b"ff", None]))
    terms = read_terms(doubled)
    assert terms.to_pylist() == ["ff", "ff", None]
    assert terms.dictionary.to_pylist() == ["ff"]
