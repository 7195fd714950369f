"""The share of a day's events that hold a value."""

from dataclasses import astuple

import numpy as np
import pytest

from anomaly.behaviour import shares
from anomaly.behaviour.measures import Kind, Measure
from anomaly.behaviour.shares import share_excess
from tests.anomaly.behaviour.office import FIRST, counted, day_of, office
from tests.anomaly.behaviour.planting import PLANTED

OUTCOMES = Measure("user", Kind.VALUES, "ok")


def test_a_day_of_failures_is_the_oddest_and_the_control_has_none():
    names, days, counts = counted(PLANTED["failures"].plant(office(2)), OUTCOMES)
    found = share_excess(days, counts.of_pairs)
    oddest = found.number.argmin()
    assert names[found.entity[oddest]] == "user-6"
    assert counts.values[found.value[oddest]] == "false"
    assert found.observed[oddest] == found.exposure[oddest]
    assert found.number[oddest] < 0.01
    _, days, counts = counted(office(2), OUTCOMES)
    assert share_excess(days, counts.of_pairs).number.min() > 0.05


@pytest.mark.parametrize("at_once", [1, 40, 300])
def test_any_number_of_rows_at_once_gives_the_same_bits(monkeypatch, at_once):
    _, days, counts = counted(PLANTED["failures"].plant(office(2)), OUTCOMES)
    whole = share_excess(days, counts.of_pairs)
    monkeypatch.setattr(shares, "_ROWS_AT_ONCE", at_once)
    found = share_excess(days, counts.of_pairs)
    assert all(map(np.array_equal, astuple(found)[:-1], astuple(whole)[:-1]))
    for own, known in zip(found.series.ranges, whole.series.ranges, strict=True):
        assert np.array_equal(own.mean, known.mean)
        assert np.array_equal(own.size, known.size)


def test_entities_without_an_odd_day_may_be_left_out():
    _, days, counts = counted(PLANTED["failures"].plant(office(2)), OUTCOMES)
    whole, found = share_excess(days, counts.of_pairs), share_excess(days, counts.of_pairs, 0.05)
    odd = np.isin(whole.entity, whole.entity[whole.number <= 0.05])
    assert 0 < odd.sum() < len(odd)
    for name in ("entity", "start", "number", "observed", "most", "known", "value", "exposure"):
        assert np.array_equal(getattr(found, name), getattr(whole, name)[odd])
    assert np.array_equal(found.series.observed, whole.series.observed[odd])


def test_one_value_has_no_share():
    _, days, counts = counted(office(2), Measure("user", Kind.VALUES, "country"))
    assert share_excess(days, counts.of_pairs) is None


def test_one_who_holds_a_value_all_day_or_not_at_all_is_not_odd_when_he_does():
    away = {FIRST + day for day in (0, 1, 2, 7, 8, 9, 14, 15, 16)}
    rows = [
        {**row, "country": "at"} if row["user"] == "user-3" and day_of(row) in away else row
        for row in office(2)
    ]
    rows = [{**row, "country": "at"} if i % 40 == 0 else row for i, row in enumerate(rows)]
    names, days, counts = counted(rows, Measure("user", Kind.VALUES, "country"))
    found = share_excess(days, counts.of_pairs)
    assert found.number[found.entity == names.index("user-3")].min() > 4.0
