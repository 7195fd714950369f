"""The range of a window: what lies beyond it is what its judgement calls rare."""

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomaly.behaviour.activity import HOUR
from anomaly.behaviour.daily import daily_excess
from anomaly.behaviour.growth import growth
from anomaly.behaviour.hourly import hourly_excess
from anomaly.behaviour.levels import daily_levels
from anomaly.behaviour.measures import Kind, Measure
from anomaly.behaviour.observations import Observation
from anomaly.behaviour.predictive import away, size_of, surprisal
from anomaly.behaviour.ranges import MOST_DAYS, CountRange, LevelRange, Series, around, points_of
from anomaly.behaviour.same_hours import same_hours
from anomaly.behaviour.windows import FIRST_DAY
from tests.anomaly.behaviour.office import counted, day_of, hour_of, judged, office
from tests.anomaly.behaviour.planting import PLANTED

_TAIL = -math.log(0.025)


@given(
    st.integers(0, 300),
    st.floats(0.01, 200.0),
    st.floats(0.5, 500.0),
    st.floats(1.0, 50.0),
)
def test_a_count_above_its_range_is_rarer_than_one_in_forty(count, expected, shape, spread):
    arrays = [np.array([float(each)]) for each in (count, expected, shape, spread)]
    judged_by = CountRange(arrays[1], size_of(*arrays[1:]))
    found = surprisal(arrays[0], judged_by.mean, judged_by.size)[0]
    if abs(found - _TAIL) > 1e-6:
        assert (count > judged_by.ends().high[0]) == (found > _TAIL)


@given(st.floats(-20.0, 20.0), st.floats(-20.0, 20.0), st.floats(0.05, 5.0), st.integers(1, 60))
def test_a_level_out_of_its_range_is_rarer_than_one_in_twenty(level, mean, deviation, known):
    arrays = [np.array([float(each)]) for each in (level, mean, deviation, known)]
    found = away(*arrays)[0]
    low, high = (end[0] for end in LevelRange(*arrays[1:]).ends())
    typical = math.copysign(math.expm1(abs(level)), level)
    if abs(found + math.log(0.05)) > 1e-6:
        assert (not low <= typical <= high) == (found > -math.log(0.05))


def test_the_points_of_a_day_and_an_hour_are_counts_of_the_rows():
    rows = office(0)
    names, days, counts = counted(rows, Measure("user", Kind.EVENTS))
    of_days = Counter((row["user"], day_of(row)) for row in rows)
    of_hours = Counter((row["user"], day_of(row), hour_of(row)) for row in rows)
    for signals, known in (
        (daily_excess(days, days.events.astype(np.float64)), of_days),
        (hourly_excess(days, counts, same_hours(days, counts)), of_hours),
    ):
        series = signals.series
        assert series is not None
        told = zip(series.entity.tolist(), series.start.tolist(), series.observed, strict=True)
        hours = (signals.hours == 1) * 1
        found = {
            (names[who], start // 24 + FIRST_DAY, start % 24)[: 2 + hours]: n
            for who, start, n in told
        }
        assert found == known


def test_levels_and_growths_have_a_point_for_each_day_of_five_numbers():
    rows = office(1)
    names, days, counts = counted(rows, Measure("user", Kind.LEVELS, "bytes"))
    known = Counter((row["user"], day_of(row)) for row in rows)
    for signals in (daily_levels(days, counts), growth(days, counts)):
        series = signals.series
        assert series is not None
        found = {
            (names[who], start // 24 + FIRST_DAY)
            for who, start in zip(series.entity.tolist(), series.start.tolist(), strict=True)
        }
        assert found == {each for each, n in known.items() if n >= 5}
        for point in points_of(series):
            assert point.low is not None
            assert point.high is not None
            assert point.low <= point.high


@pytest.fixture(scope="module")
def told() -> list[Observation]:
    rows = PLANTED["burst"].plant(office(2))
    first = min(map(day_of, rows))
    rows = [row for row in rows if (row["user"], day_of(row)) != ("backup", first + 9)]
    windows = judged(sorted(rows, key=lambda each: each["time"]))
    return [each for window in windows for each in window.observations]


def test_the_odd_window_is_one_of_its_points_as_it_was_observed(told):
    assert {each.view for each in told} >= {"hour", "absent"}
    for each in told:
        start = each.start // HOUR - FIRST_DAY * 24
        own = [point for point in each.points() if point.start == start]
        if each.view != "growth":
            assert [point.observed for point in own] == [each.observed]
            assert len({(point.low, point.high) for point in each.points()}) == 1


def test_what_is_away_is_below_what_was_there_on_all_other_days(told):
    for each in told:
        if each.view == "absent":
            assert {point.low for point in each.points()} == {each.least}
            assert 0 < each.least <= each.most


@given(st.integers(0, 200), st.integers(1, 200), st.sampled_from([24, 240]))
def test_at_most_sixty_days_around_the_odd_one_are_told(day, n, hours):
    days = np.arange(n)
    series = Series(np.zeros(n, dtype=np.int64), days * 24, days.astype(np.float64))
    found = around(series, 0, day * 24, hours).start // 24
    assert len(found) == 0 or found.max() - found.min() < MOST_DAYS
    last = day + hours // 24 - 1
    if last < n:
        assert last in found
        assert len(found) == min(n, MOST_DAYS)
