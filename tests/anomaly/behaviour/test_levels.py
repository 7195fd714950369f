"""Levels, sums and growth of numbers."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from anomaly.behaviour.growth import growth
from anomaly.behaviour.levels import daily_levels, daily_sums
from anomaly.behaviour.measures import Kind, Measure
from anomaly.behaviour.signals import Signals
from anomaly.behaviour.windows import ActiveDays, Counts
from tests.anomaly.behaviour.office import Row, counted, day_of, is_weekend, office
from tests.anomaly.behaviour.planting import PLANTED

Judge = Callable[[ActiveDays, Counts], Signals]
SIZES = Measure("user", Kind.LEVELS, "bytes")


@pytest.mark.parametrize(
    ("judge", "name"),
    [(daily_levels, "large level"), (daily_sums, "large sum"), (growth, "drip")],
)
def test_what_is_planted_is_the_oddest_and_the_control_has_none(judge, name):
    names, days, counts = counted(PLANTED[name].plant(office(2)), SIZES)
    found = judge(days, counts)
    oddest = found.number.argmin()
    assert names[found.entity[oddest]] == PLANTED[name].user
    assert found.number[oddest] < 0.05
    _, days, counts = counted(office(2), SIZES)
    assert judge(days, counts).number.min() > 0.02


def test_numbers_below_zero_are_told_below_zero():
    names, days, counts = counted(PLANTED["refunds"].plant(office(2)), SIZES)
    for found in (daily_levels(days, counts), daily_sums(days, counts)):
        own = found.entity == names.index("user-10")
        assert (found.observed[own] < 0.0).all()
        assert (found.most[own] < 0.0).all()
        assert (found.least[own] <= found.most[own]).all()
        assert (found.observed[~own] > 0.0).all()


def test_the_largest_numbers_have_finite_levels_and_sums():
    rows = office(2)
    largest = float(np.finfo(np.float64).max)
    rows = [{**row, "bytes": largest} if i % 50 < 5 else row for i, row in enumerate(rows)]
    _, days, counts = counted(rows, SIZES)
    for found in (daily_levels(days, counts), daily_sums(days, counts), growth(days, counts)):
        assert (found.number > 0.0).all()
        assert np.isfinite(found.observed).all()


def _with_level(days: list[int], times: float, last: float) -> list[Row]:
    """Let the numbers of one user be so many times as large on some days, and on the last day."""
    rows = [row for row in office(5, days=36, people=12, a_day=60.0) if not is_weekend(day_of(row))]
    end = max(map(day_of, rows))
    factors = {min(map(day_of, rows)) + day: times for day in days} | {end: last}
    return [
        {**row, "bytes": row["bytes"] * factors.get(day_of(row), 1.0)}
        if row["user"] == "user-3"
        else row
        for row in rows
    ]


def _of_user(rows: list[Row], judge: Judge = daily_levels, first: int = 0) -> Signals:
    """Return the signals of the user's days, in their order, judged from the first on."""
    names, days, counts = counted(rows, SIZES)
    found = judge(replace(days, judged_from=first), counts)
    return found.take(np.flatnonzero(found.entity == names.index("user-3")))


@pytest.mark.parametrize("judge", [daily_levels, daily_sums])
def test_of_days_that_hide_each_other_the_first_is_held_against_the_days_before(judge):
    rows = _with_level([14, 16], 20.0, 1.0)
    days = sorted({day_of(row) for row in rows if row["user"] == "user-3"})
    found = _of_user(rows, judge)
    first, again = np.flatnonzero(found.observed > 5.0 * np.median(found.observed))
    assert found.number[first] < 0.01
    assert found.number[again] > 0.3
    assert found.known.tolist() == [
        first if place == first else len(days) - 1 for place in range(len(days))
    ]
    assert found.before.nonzero()[0].tolist() == [first]
    assert found.most[first] == found.observed[:first].max()
    assert found.least[first] == found.observed[:first].min()
    lasts = _of_user(rows, judge, int(found.start[-1] // 24))
    assert not lasts.before.any()


def test_of_two_days_that_hide_each_other_within_the_first_week_none_is_told():
    found = _of_user(_with_level([2, 3], 20.0, 1.0))
    assert not found.before.any()
    assert found.number.min() > 0.3


def _of_last_day(rows: list[Row]) -> tuple[float, bool]:
    """Return the number of the user's level on the last day, and whether it is the highest."""
    names, days, counts = counted(rows, SIZES)
    found = daily_levels(days, counts)
    [own] = np.flatnonzero(
        (found.entity == names.index("user-3")) & (found.start == found.start.max())
    )
    return float(found.number[own]), bool(found.observed[own] > found.most[own])


def test_a_level_a_hair_beyond_the_highest_is_hardly_odd_and_one_that_is_new_stays_so():
    again, highest = _of_last_day(_with_level([3], 20.0, 24.0))
    assert highest
    new, _ = _of_last_day(_with_level([], 20.0, 24.0))
    beyond, _ = _of_last_day(_with_level([3], 20.0, 20_000.0))
    assert again > 0.3  # without the bound it is .03
    assert max(new, beyond) < 0.01


def test_a_level_that_another_day_reaches_is_ordinary():
    number, highest = _of_last_day(_with_level([3], 24.0, 16.0))
    assert not highest
    assert number == np.inf


def test_growth_of_few_entities_is_not_told():
    rows = [row for row in PLANTED["drip"].plant(office(2)) if row["user"] in ("user-9", "user-1")]
    _, days, counts = counted(rows, SIZES)
    assert not len(growth(days, counts).number)


@pytest.mark.parametrize("seed", range(3))
def test_the_level_of_few_numbers_is_held_to_vary_more(seed):
    random = np.random.default_rng(seed)
    rows = [
        {**row, "bytes": float(np.exp(random.normal(6.0, 1.0)))}
        for row in office(seed, days=28, people=30, a_day=60.0)
        if not is_weekend(day_of(row)) or random.random() < 0.12
    ]
    _, days, counts = counted(rows, SIZES)
    found = daily_levels(days, counts)
    few = found.exposure < 12
    assert few.sum() > 20
    oddest = np.argsort(found.number)[:20]
    assert few[oddest].mean() < 0.3  # without that it is .35 to .55


def test_one_that_stays_as_it_is_while_others_grow_is_not_odd():
    first = min(map(day_of, office(2)))
    grown = {"user-3"}
    rows = [
        row
        if row["user"] in grown
        else {**row, "bytes": row["bytes"] * 1.05 ** (day_of(row) - first)}
        for row in office(2, a_day=60.0)
    ]
    names, days, counts = counted(rows, SIZES)
    found = growth(days, counts)
    assert not np.isfinite(found.number[found.entity == names.index("user-3")]).any()
