"""The share of a day's events that hold a value."""

from anomaly.behaviour.measures import Kind, Measure
from anomaly.behaviour.shares import share_excess
from tests.anomaly.behaviour.office import FIRST, counted, day_of, office
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


def test_one_who_holds_a_value_all_day_or_not_at_all_is_not_odd_when_he_does():
    away = {FIRST + day for day in (0, 1, 2, 7, 8, 9, 14, 15, 16)}
    rows = [
        {**row, "country": "at"} if row["user"] == "user-3" and day_of(row) in away else row
        for row in office(2)
    ]
    rows = [{**row, "country": "at"} if i % 40 == 0 else row for i, row in enumerate(rows)]
    names, days, counts = counted(rows, Measure("user", Kind.VALUES, "country"))
    found = share_excess(days, counts)
    assert found.number[found.entity == names.index("user-3")].min() > 4.0
