"""Counts of a day, and values that are of one day alone."""

import numpy as np
import pytest

from anomaly.behaviour.daily import daily_excess, new_values
from anomaly.behaviour.measures import Kind, Measure
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


def test_of_a_day_with_many_events_as_much_more_is_expected():
    rows = PLANTED["burst"].plant(office(2))
    names, days, _ = counted(rows, OBJECTS)
    burst = (days.entity == names.index("user-0")) & (days.day == days.covered[16])
    rising = np.round(0.4 * days.events)
    assert daily_excess(days, rising).number[burst][0] < 0.1
    assert daily_excess(days, rising, per_event=True).number[burst][0] > 1.0
