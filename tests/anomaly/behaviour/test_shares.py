"""The share of a day's events that hold a value."""

from anomaly.behaviour.measures import Kind, Measure
from anomaly.behaviour.shares import share_excess
from tests.anomaly.behaviour.office import counted, office
from tests.anomaly.behaviour.planting import PLANTED

OUTCOMES = Measure("user", Kind.VALUES, "ok")


def test_a_day_of_failures_is_the_oddest_and_the_control_has_none():
    names, days, counts = counted(PLANTED["failures"].plant(office(2)), OUTCOMES)
    found = share_excess(days, counts)
    oddest = found.number.argmin()
    assert names[found.entity[oddest]] == "user-6"
    assert counts.values[found.value[oddest]] == "false"
    assert found.observed[oddest] == found.exposure[oddest]
    assert found.number[oddest] < 0.01
    _, days, counts = counted(office(2), OUTCOMES)
    assert share_excess(days, counts).number.min() > 0.05


def test_one_value_has_no_share():
    _, days, counts = counted(office(2), Measure("user", Kind.VALUES, "country"))
    assert share_excess(days, counts) is None
