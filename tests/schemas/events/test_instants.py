from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.events.instants import INSTANT, read_instants

_NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
_POSSIBLE = st.datetimes(datetime(1900, 1, 1), datetime(2199, 12, 31), timezones=st.just(UTC))


def _moments(values: pa.Array) -> list[Any]:
    reading = read_instants(values)
    assert reading.values.type == INSTANT
    return reading.values.to_pylist()


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-01",
        "2026-01-01T00:00:00Z",
        "2026-01-01t00:00:00z",
        "2026-01-01 00:00:00.000000",
        "2026-01-01T01:00:00+01:00",
        " 2026-01-01 00:00:00 UTC ",
        "2026-01-01 00:00:00,000",
        "20260101",
        "20260101000000",
        "1767225600",
        "1767225600.0",
        "1767225600000",
        "01/Jan/2026:00:00:00 +0000",
        "[01/Jan/2026:01:00:00 +0100]",
        "Thu, 01 Jan 2026 00:00:00 GMT",
        "Thu, 1 jan 2026 01:00:00 +0100",
    ],
)
def test_every_spelling_of_a_moment_is_read(text: str) -> None:
    assert _moments(pa.array([text])) == [_NEW_YEAR]


@pytest.mark.parametrize(
    "text", ["now", "today", "soon", "2026-02-30", "0001-01-01", "9999-12-31", "2200-01-01", "12"]
)
def test_text_that_is_no_possible_moment_is_impossible(text: str) -> None:
    reading = read_instants(pa.array([text, None, "2026-01-01"]))
    assert reading.values.to_pylist() == [None, None, _NEW_YEAR]
    assert reading.unreadable.tolist() == [True, False, False]


@pytest.mark.parametrize("text", ["", "-", "NaT", "null"])
def test_text_that_spells_nothing_is_missing(text: str) -> None:
    reading = read_instants(pa.array([text]))
    assert reading.values.to_pylist() == [None]
    assert not reading.unreadable.any()


@pytest.mark.parametrize("per_second", [1, 10**3, 10**6, 10**9])
@pytest.mark.parametrize("kind", [pa.int64(), pa.uint64(), pa.float64(), pa.string()])
def test_the_unit_of_a_count_is_told_by_its_size(per_second: int, kind: pa.DataType) -> None:
    counts = pa.array([1_767_225_600 * per_second, None], pa.int64()).cast(kind, safe=False)
    assert _moments(counts) == [_NEW_YEAR, None]


@pytest.mark.parametrize("kind", [pa.int64(), pa.uint64(), pa.string()])
def test_counts_of_windows_are_told_by_their_size(kind: pa.DataType) -> None:
    since_1601 = (1_767_225_600 + 11_644_473_600) * 10**7
    assert _moments(pa.array([since_1601, None]).cast(kind)) == [_NEW_YEAR, None]


@pytest.mark.parametrize("text", ["01.02.2026 03:11:00", "01/02/2026 03:11:00", "Jan  5 03:11:00"])
def test_text_that_leaves_day_month_or_year_open_is_impossible(text: str) -> None:
    assert read_instants(pa.array([text])).unreadable.all()


def test_one_odd_count_does_not_change_the_unit_of_the_others() -> None:
    reading = read_instants(pa.array([1_767_225_600, 1_767_225_600, 99_999_999_999, 0]))
    assert reading.values.to_pylist() == [
        _NEW_YEAR,
        _NEW_YEAR,
        None,
        datetime.fromtimestamp(0, UTC),
    ]
    assert reading.unreadable.tolist() == [False, False, True, False]


@pytest.mark.parametrize("unit", ["s", "ms", "us"])
def test_times_outside_1900_to_2199_are_impossible_whatever_their_unit(unit: str) -> None:
    ends = [
        datetime(1899, 12, 31),
        datetime(1900, 1, 1),
        datetime(2199, 12, 31),
        datetime(2200, 1, 1),
    ]
    reading = read_instants(pa.array([*ends, datetime(9999, 12, 31)], pa.timestamp(unit)))
    assert reading.unreadable.tolist() == [True, False, False, True, True]


def test_the_ends_of_the_integers_are_impossible_not_wrapped() -> None:
    extremes = pa.array([-(2**63), 2**63 - 1])
    for kind in (pa.timestamp("s"), pa.timestamp("ns"), pa.date64(), pa.int64()):
        assert read_instants(extremes.view(kind)).unreadable.all(), kind


@pytest.mark.parametrize(
    "values",
    [
        pa.array([date(2026, 1, 1)]),
        pa.array([date(2026, 1, 1)], pa.date64()),
        pa.array([_NEW_YEAR], pa.timestamp("ns", "Asia/Tokyo")),
        pa.array([datetime(2026, 1, 1)], pa.timestamp("ms")),
        pa.array([Decimal("1767225600.000")]),
        pa.array(["2026-01-01"]).dictionary_encode(),
        pa.array([date(2026, 1, 1)]).dictionary_encode(),
        pa.array(["2026-01-01"], pa.large_string()),
        pa.array([b"2026-01-01"]),
    ],
    ids=lambda values: str(values.type),
)
def test_every_type_that_holds_moments_is_read(values: pa.Array) -> None:
    assert _moments(values) == [_NEW_YEAR]


@pytest.mark.parametrize(
    "values", [pa.array([True]), pa.array([time(1)]), pa.array([timedelta(1)]), pa.array([[1]])]
)
def test_a_type_that_holds_no_moments_is_not_read(values: pa.Array) -> None:
    assert read_instants(values).unreadable.all()


def test_columns_of_nulls_and_of_no_rows_are_read() -> None:
    assert _moments(pa.nulls(2)) == [None, None]
    for kind in (pa.string(), pa.float64(), pa.int64(), pa.timestamp("ns")):
        assert _moments(pa.array([], kind)) == []


@given(st.lists(st.none() | _POSSIBLE, max_size=5))
def test_possible_moments_survive_every_way_of_storing_them(moments: list[datetime | None]) -> None:
    stored = pa.array(moments, pa.timestamp("us", "UTC"))
    assert _moments(stored) == moments
    assert _moments(stored.cast(pa.timestamp("us"))) == moments
    assert _moments(pa.array([moment and moment.isoformat() for moment in moments])) == moments


def test_nanoseconds_are_cut_not_rounded() -> None:
    assert _moments(pa.array([1_999], pa.timestamp("ns"))) == [
        datetime(1970, 1, 1, 0, 0, 0, 1, tzinfo=UTC)
    ]


def test_infinite_counts_are_impossible_and_nan_is_missing() -> None:
    reading = read_instants(pa.array([np.inf, -np.inf, np.nan]))
    assert reading.unreadable.tolist() == [True, True, False]
