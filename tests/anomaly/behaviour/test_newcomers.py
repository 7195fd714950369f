"""Entities of a single day."""

import numpy as np
import pytest

from anomaly.behaviour.measures import Kind, Measure
from anomaly.behaviour.newcomers import newcomers
from tests.anomaly.behaviour.office import FIRST, counted, office, own_day, with_days_judged_from

EVENTS = Measure("user", Kind.EVENTS)


@pytest.mark.parametrize("others", [0, 1, 4])
def test_the_number_is_the_other_newcomers_and_half_a_one(others):
    rows = [*office(2), *own_day("zoe", 15)]
    rows += [row for i in range(others) for row in own_day(f"guest-{i}", 5 + i)]
    names, days, _ = counted(rows, EVENTS)
    found = newcomers(days)
    assert found.number.tolist() == pytest.approx([others + 0.5] * (others + 1))
    assert names.index("zoe") in found.entity


def test_those_of_the_first_day_are_none():
    _, days, _ = counted([*office(2), *own_day("zoe", 0)], EVENTS)
    assert not len(newcomers(days).entity)


def test_on_the_last_day_who_will_stay_is_expected_as_often_as_others_came_to_stay():
    rows = [*office(2), *own_day("zoe", 20)]
    for day in range(11, 20, 2):
        rows += [row for later in range(day, 21) for row in own_day(f"joiner-{day}", later)]
    _, days, _ = counted(rows, EVENTS)
    found = newcomers(with_days_judged_from(days, FIRST + 20))
    assert len(found.number) == 1
    assert found.number[0] == pytest.approx((5 + 0.5) / 10)
    assert np.isfinite(found.number).all()
