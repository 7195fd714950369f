"""Counts of a day, and values that are of one day alone."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from anomaly.behaviour.daily import daily_excess, new_values
from anomaly.behaviour.measures import Kind, Measure
from anomaly.behaviour.windows import ActiveDays
from tests.anomaly.behaviour.office import FIRST, counted, day_of, office
from tests.anomaly.behaviour.planting import PLANTED

OBJECTS = Measure("user", Kind.VALUES, "object")
COUNTRIES = Measure("user", Kind.VALUES, "country")


def test_new_values_are_those_of_one_day_alone():
    names, days, counts = counted(PLANTED["new files"].plant(office(2)), OBJECTS)
    new = new_values(days, counts)
    day = days.covered[17]
    found = [counts.values[place] for place in new.of_day(names.index("user-2"), day)]
    assert sum(value.startswith("secret-") for value in found) == 40
    assert new.counted(days).sum() == len(new.value)


@pytest.mark.parametrize(("holders", "told"), [(3, 3), (4, 0)])
def test_a_value_that_is_new_to_many_on_a_day_is_the_own_of_none(holders, told):
    users = {f"user-{i}" for i in range(holders)}
    rows = [
        {**row, "country": "at"} if row["user"] in users and day_of(row) == FIRST + 8 else row
        for row in office(2)
    ]
    _, days, counts = counted(rows, COUNTRIES)
    assert new_values(days, counts).counted(days).sum() == told


@pytest.mark.parametrize(
    ("people", "holders", "told"), [(2, 1, 1), (2, 2, 0), (5, 2, 2), (5, 3, 0)]
)
def test_a_value_that_is_new_to_half_of_few_entities_is_the_own_of_none(people, holders, told):
    names = [f"user-{i}" for i in range(people)]
    rows = [row for row in office(2) if row["user"] in names]
    day = next(d for d in range(FIRST + 8, FIRST + 21)
               if {row["user"] for row in rows if day_of(row) == d} == set(names))  # fmt: skip
    changed = [
        {**row, "country": "at"} if row["user"] in names[:holders] and day_of(row) == day else row
        for row in rows
    ]
    _, days, counts = counted(changed, COUNTRIES)
    assert new_values(days, counts).counted(days).sum() == told


def test_counts_that_are_all_none_are_odd_for_nobody():
    _, days, _ = counted(office(2), OBJECTS)
    found = daily_excess(days, np.zeros(len(days.day)))
    assert (found.number >= 0.5 * len(days.day)).all()


def test_the_most_and_the_known_days_are_those_of_the_others():
    _, days, _ = counted(office(2), OBJECTS)
    found = daily_excess(days, days.events.astype(float))
    for place in range(0, len(days.day), 17):
        others = (days.entity == days.entity[place]) & (days.day != days.day[place])
        assert found.known[place] == others.sum()
        assert found.most[place] == days.events[others].max(initial=0)


def _with_bursts(seed: int, days: list[int], times: int) -> tuple[ActiveDays, NDArray[np.bool_]]:
    """Make days of 40 entities; tell which are those on which one has so many times as many."""
    random = np.random.default_rng(seed)
    entity, day = np.repeat(np.arange(40), 35), np.tile(np.arange(35), 40)
    usual = 20.0 * random.gamma(4.0, 0.25, 40)
    events = random.poisson(usual[entity] * random.gamma(10.0, 0.1, len(day))) + 1
    burst = (entity == 0) & np.isin(day, days)
    events[burst] = times * events[entity == 0].mean() + np.arange(len(days))
    starts = np.searchsorted(entity, np.arange(41))
    return ActiveDays(entity, day, events, starts, np.arange(35), 0), burst


@pytest.mark.slow
@pytest.mark.parametrize("bursts", [[20], [20, 21], [10, 25], [15, 16, 17]])
def test_the_first_of_several_bursts_is_told_and_no_more_ordinary_days_are(bursts):
    first, ordinary = [], 0
    for seed in range(40):
        days, burst = _with_bursts(seed, bursts, 20)
        found = daily_excess(days, days.events.astype(np.float64))
        first.append(found.number[burst][0])
        ordinary += np.count_nonzero(found.number[days.entity > 0] <= 1.0)
    assert max(first) < 0.01
    assert ordinary < 1.3 * 40  # one is expected of each log


def test_a_burst_that_comes_again_is_told_once_and_says_that_it_does():
    days, burst = _with_bursts(0, [20, 21], 20)
    found = daily_excess(days, days.events.astype(np.float64))
    assert (found.number[burst] < 0.01).tolist() == [True, False]
    assert found.before[burst].tolist() == [True, False]
    assert found.known[burst].tolist() == [20, 34]
    assert found.most[burst][0] == days.events[:20].max()
    assert found.beside.own[burst].tolist() == [1, 0]
    of_night = replace(days, judged_from=34)
    assert not daily_excess(of_night, days.events.astype(np.float64)).before.any()


def test_of_a_day_with_many_events_as_much_more_is_expected():
    rows = PLANTED["burst"].plant(office(2))
    names, days, _ = counted(rows, OBJECTS)
    burst = (days.entity == names.index("user-0")) & (days.day == days.covered[16])
    rising = np.round(0.4 * days.events)
    assert daily_excess(days, rising).number[burst][0] < 0.1
    assert daily_excess(days, rising, per_event=True).number[burst][0] > 1.0
