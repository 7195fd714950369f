"""The rows that a partition was to be expected to have."""

from datetime import date, timedelta

import numpy as np
import pytest

from anomaly.monitoring.partition_size import usual_rows

MONDAY = date(2026, 1, 5)


def feed(seed: int, mean: float, variation: float, weekend: float = 0.3) -> dict[date, int]:
    """Rows of eight weeks: Poisson about a mean that varies by a gamma distribution."""
    rng = np.random.default_rng(seed)
    days = [MONDAY + timedelta(int(rng.integers(7)) + i) for i in range(56)]
    means = np.where([day.weekday() >= 5 for day in days], weekend * mean, mean)
    if variation:
        means = rng.gamma(variation**-2, means * variation**2)
    return {day: int(rows) for day, rows in zip(days, rng.poisson(means), strict=True) if rows}


def shares(mean: float, variation: float, weekend: float) -> tuple[float, float]:
    """The share of nights of many feeds that is far, and the same if half of each day lacks."""
    far, halved = [], []
    for seed in range(20):
        rows = feed(seed, mean, variation, weekend)
        for day in rows:
            seen = usual_rows(day, rows[day], rows)
            if seen is None:
                continue
            far.append(seen.far)
            if seen.of_weekday:
                half = usual_rows(day, max(1, rows[day] // 2), rows)
                halved.append(half is not None and half.far)
    return float(np.mean(far)), float(np.mean(halved))


@pytest.mark.slow
@pytest.mark.parametrize("weekend", [1.0, 0.3])
@pytest.mark.parametrize("variation", [0.0, 0.1, 0.3])
@pytest.mark.parametrize("mean", [5, 1_000, 100_000])
def test_a_steady_feed_is_far_in_at_most_one_night_of_a_hundred(mean, variation, weekend):
    assert shares(mean, variation, weekend)[0] <= 0.01


@pytest.mark.slow
@pytest.mark.parametrize(("variation", "least"), [(0.0, 0.95), (0.05, 0.95), (0.1, 0.9)])
def test_half_a_day_that_lacks_is_far(variation, least):
    assert shares(2_000, variation, 0.3)[1] >= least


def test_an_hour_lies_outside_of_no_narrower_range_than_a_day():
    for seed in range(5):
        rows = feed(seed, 1_000, 0.1)
        day = max(rows)
        night, hour = usual_rows(day, rows[day], rows), usual_rows(day, rows[day], rows, 24)
        assert night is not None
        assert hour is not None
        assert hour.low < night.low
        assert hour.high > night.high


@pytest.mark.slow
def test_a_day_of_hours_of_a_steady_feed_is_far_as_rarely_as_a_day():
    far = []
    for seed in range(120):
        rows = feed(seed, 1_000, 0.1, 1.0)
        for day in list(rows)[28:]:
            seen = usual_rows(day, rows[day], rows, 24)
            far.append(seen is not None and seen.far)
    assert np.mean(far) <= 0.01 / 24 + 3 * np.sqrt(0.01 / 24 / len(far))


def test_an_earlier_outage_does_not_hide_the_next_one():
    rows = {MONDAY + timedelta(i): 1_000 + i for i in range(28)}
    rows[MONDAY + timedelta(21)] = 20
    seen = usual_rows(MONDAY + timedelta(28), 500, rows)
    assert seen is not None
    assert seen.far
    assert (seen.days, seen.of_weekday) == (4, True)


def test_a_new_level_is_usual_after_three_weeks():
    rows = {MONDAY + timedelta(i): 1_000 if i < 28 else 3_000 for i in range(60)}
    far = [seen.far for day in rows if (seen := usual_rows(day, rows[day], rows)) is not None]
    assert any(far[28 - 7 : 28])
    assert not any(far[-11:])


def test_nothing_is_said_with_fewer_than_five_days_or_none_of_the_weekday():
    four = {MONDAY + timedelta(7 * i): 1_000 for i in range(4)}
    assert usual_rows(MONDAY + timedelta(28), 1, four) is None
    working = {MONDAY + timedelta(i): 1_000 for i in range(5)}
    assert usual_rows(MONDAY + timedelta(5), 1, working) is None


def test_without_three_of_the_weekday_all_days_count():
    rows = {MONDAY + timedelta(i): 1_000 + i for i in range(8)}
    seen = usual_rows(MONDAY + timedelta(8), 500, rows)
    assert seen is not None
    assert (seen.days, seen.of_weekday, seen.far) == (8, False, True)
    assert seen.low < 1_000 < seen.high


def test_the_day_itself_and_later_days_do_not_count():
    rows = {MONDAY + timedelta(i): 1_000 for i in range(28)}
    day = MONDAY + timedelta(28)
    later = {day: 1, day + timedelta(7): 1, day + timedelta(14): 1}
    assert usual_rows(day, 900, rows | later) == usual_rows(day, 900, rows)


def test_equal_days_leave_a_fifth_and_chance():
    rows = {MONDAY + timedelta(i): 100_000 for i in range(28)}
    seen = usual_rows(MONDAY + timedelta(28), 100_000, rows)
    assert seen is not None
    assert (seen.low, seen.high) == pytest.approx((100_000 / 1.2, 120_000), abs=1)
