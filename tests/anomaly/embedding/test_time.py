import datetime as dt

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from anomaly.embedding.hours import hour_bins, smooth_hours
from anomaly.embedding.time import TimeBlock
from tests import naive
from tests.anomaly.logs import MOMENTS, PATIENT

HOUR = 3_600_000_000
DAY = 24 * HOUR
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def fit(moments: list[int]) -> TimeBlock:
    return TimeBlock.fit(np.array(moments, dtype=np.int64))


def embed(block: TimeBlock, moments: list[int]) -> np.ndarray:
    return block.transform(np.array(moments, dtype=np.int64))


@PATIENT
@given(MOMENTS)
def test_the_hour_is_that_of_the_clock_before_1970_too(moment: int) -> None:
    clock = EPOCH + dt.timedelta(microseconds=moment)
    assert hour_bins(np.array([moment]))[0] == clock.hour


@PATIENT
@given(st.lists(MOMENTS, min_size=2, max_size=40))
def test_surprisals_are_those_of_the_hours_and_weekdays(moments: list[int]) -> None:
    block = fit(moments)
    clocks = [EPOCH + dt.timedelta(microseconds=m) for m in moments]
    expected = naive.hour_surprisals([c.hour for c in clocks])
    np.testing.assert_allclose(block.hour_surprisal, expected, rtol=1e-9, atol=1e-9)
    for weekday in range(7):
        count = sum((c.weekday() - 3) % 7 == weekday for c in clocks)
        expected_weekday = naive.surprisal(count, len(clocks))
        np.testing.assert_allclose(block.weekday_surprisal[weekday], expected_weekday, atol=1e-12)


@PATIENT
@given(sample=st.lists(MOMENTS, max_size=20), more=st.lists(MOMENTS, max_size=5))
def test_any_moment_has_finite_coordinates(sample: list[int], more: list[int]) -> None:
    X = embed(fit(sample), sample + more)
    assert X.dtype == np.float32
    assert X.shape == (len(sample) + len(more), 7)
    assert np.isfinite(X).all()


def test_midnight_is_near_midnight() -> None:
    block = fit([i * HOUR for i in range(24 * 30)])
    before, after, noon = embed(block, [DAY - 1, DAY, DAY + DAY // 2])[:, :2]
    assert np.linalg.norm(before - after) < 0.001
    assert np.linalg.norm(before - noon) > 1.99


def test_an_hour_at_which_nothing_happens_is_far() -> None:
    office = [day * DAY + hour * HOUR for day in range(20) for hour in range(8, 18)]
    at_work, at_night = embed(fit(office), [12 * HOUR, 2 * HOUR])[:, 2]
    assert at_night > at_work + 3.0


def test_a_day_or_week_not_covered_twice_is_not_embedded() -> None:
    one_day = [hour * HOUR for hour in range(24)]
    assert not embed(fit(one_day), [5 * HOUR, 100 * DAY]).any()
    ten_days = fit([hour * HOUR for hour in range(240)])
    X = embed(ten_days, [5 * HOUR])
    assert X[:, :3].any()
    assert not X[:, 3:].any()


def weeks_with_busy_evenings_on(weekday: int) -> list[int]:
    """Four weeks: a hundred events each noon, and each evening of one weekday (Thursday is 0)."""
    noons = [day * DAY + 12 * HOUR for day in range(28) for _ in range(100)]
    return noons + [day * DAY + 20 * HOUR for day in range(weekday, 28, 7) for _ in range(100)]


def test_an_hour_of_another_weekday_is_far_though_day_and_hour_are_usual() -> None:
    block = fit(weeks_with_busy_evenings_on(2))
    own, other = embed(block, [2 * DAY + 20 * HOUR, 3 * DAY + 20 * HOUR])
    assert own[6] == 0.0
    assert other[6] > 0.3
    np.testing.assert_allclose(own[2], other[2])


def test_an_hour_that_no_day_has_is_not_odd_again_on_its_weekday() -> None:
    block = fit(weeks_with_busy_evenings_on(2))
    assert not embed(block, [day * DAY + 3 * HOUR for day in range(7)])[:, 6].any()


def test_where_all_weekdays_are_alike_none_lacks_an_hour() -> None:
    random = np.random.default_rng(0)
    block = TimeBlock.fit(random.integers(0, 56 * DAY, 20_000))
    assert np.count_nonzero(block.lacks) < 10
    naive_lacks = naive.lacks_of_weekdays(block.weekday_hours.tolist())
    np.testing.assert_allclose(block.lacks, naive_lacks, atol=1e-12)


def test_smoothing_keeps_the_number_of_events() -> None:
    counts = np.random.default_rng(0).integers(0, 9, (3, 24))
    np.testing.assert_allclose(smooth_hours(counts).sum(axis=1), counts.sum(axis=1))
    hours = np.repeat(np.arange(24), counts[0]).tolist()
    np.testing.assert_allclose(smooth_hours(counts[0]), naive.smooth_hours(hours))
