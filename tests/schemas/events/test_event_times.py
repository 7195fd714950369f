"""Times that need a format or a second column to be read."""

from datetime import UTC, date, datetime, time
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.columns.time_formats import PLAIN, Spelling
from schemas.events.event_times import read_event_times
from schemas.events.instants import INSTANT, read_instants

_EVE = datetime(2025, 12, 31, 23, 59, 59, tzinfo=UTC)


def _read(values: pa.Array, spelling: Spelling, days: pa.Array | None = None) -> list[Any]:
    reading = read_event_times(values, days, spelling)
    assert reading.values.type == INSTANT
    return reading.values.to_pylist()


@pytest.mark.parametrize(
    ("text", "spelling"),
    [
        ("31.12.2025 23:59:59", "%d.%m.%Y %H:%M:%S"),
        ("12/31/2025 11:59:59 PM", "%m/%d/%Y %I:%M:%S %p"),
        (" [Wed Dec 31 23:59:59 2025] ", "%a %b %d %H:%M:%S %Y"),
        ("31-Dec-2025 23:59:59", "%d-%b-%Y %H:%M:%S"),
        ("01.01.2026 00:59:59 +0100", "%d.%m.%Y %H:%M:%S %z"),
        ("365 2025 23:59:59", "%j %Y %H:%M:%S"),
    ],
)
def test_a_format_reads_what_is_written_in_it_and_nothing_else(text: str, spelling: str) -> None:
    reading = read_event_times(pa.array([text, None, "-", "soon"]), None, Spelling(spelling))
    assert reading.values.to_pylist() == [_EVE, None, None, None]
    assert reading.unreadable.tolist() == [False, False, False, True]


def test_a_time_without_a_year_has_the_last_one_before_the_given_day() -> None:
    texts = pa.array(["Dec 31 23:59:59", "Jan  1 00:00:00", "Jan  4 00:00:00", "Feb 29 00:00:00"])
    read = _read(texts, Spelling("%b %d %H:%M:%S", before=date(2025, 1, 4)))
    assert read == [
        datetime(2024, 12, 31, 23, 59, 59, tzinfo=UTC),
        datetime(2025, 1, 1, tzinfo=UTC),
        datetime(2024, 1, 4, tzinfo=UTC),
        datetime(2024, 2, 29, tzinfo=UTC),
    ]


def test_a_time_without_a_year_cannot_be_read_where_nothing_tells_it() -> None:
    reading = read_event_times(pa.array(["Jan  1 00:00:00"]), None, Spelling("%b %d %H:%M:%S"))
    assert reading.unreadable.all()


@pytest.mark.parametrize("days", [date(2025, 12, 31), datetime(2025, 12, 31), "2025-12-31"])
@pytest.mark.parametrize("clock", [time(23, 59, 59), "23:59:59", " 23:59:59 "])
def test_a_day_and_a_time_of_day_are_read_as_one(days: Any, clock: Any) -> None:
    values, no = pa.array([clock, None]), pa.array([days, days])
    assert _read(values, Spelling(date="day"), no) == [_EVE, None]


@pytest.mark.parametrize("unit", ["s", "ms"])
def test_a_typed_time_of_day_is_read_by_a_format_to_the_second(unit: str) -> None:
    clock = pa.array([time(23, 59, 59)], pa.time32(unit))
    spelling = Spelling("%d.%m.%Y %H:%M:%S", "day")
    assert _read(clock, spelling, pa.array(["31.12.2025"])) == [_EVE]


@given(st.lists(st.none() | st.text(max_size=6), max_size=5))
def test_times_that_need_no_format_are_read_as_instants(texts: list[str | None]) -> None:
    values = pa.array([*texts, "2026-01-01"])
    ours, theirs = read_event_times(values, None, PLAIN), read_instants(values)
    assert ours.values.equals(theirs.values)
    assert ours.unreadable.tolist() == theirs.unreadable.tolist()
