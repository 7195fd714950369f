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
