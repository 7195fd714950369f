"""The share of a day's events that hold a value."""

from dataclasses import astuple

import numpy as np
import pytest
from numpy.typing import NDArray

from anomaly.behaviour import shares
from anomaly.behaviour.measures import Kind, Measure
from anomaly.behaviour.shares import share_excess
from anomaly.behaviour.signals import Signals
from anomaly.behaviour.windows import ActiveDays, DaysOfPairs
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


def _failures(seed: int, bad: list[int]) -> tuple[Signals, NDArray[np.bool_]]:
    """Judge failures of 40 entities, one of which fails eight times as often on some days."""
    random = np.random.default_rng(seed)
    entity, day = np.repeat(np.arange(40), 35), np.tile(np.arange(35), 40)
    planted = (entity == 0) & np.isin(day, bad)
    rate = (0.05 * random.gamma(6.0, 1 / 6, 40))[entity] * random.gamma(8.0, 1 / 8, len(day))
    events = np.where(planted, 100, random.poisson(100, len(day)) + 1)
    n = random.binomial(events, np.where(planted, 0.4, np.minimum(rate, 0.9)))
    days = ActiveDays(entity, day, events, np.searchsorted(entity, range(41)), np.arange(35), 0)
    pairs = np.stack([entity * 2, entity * 2 + 1], axis=1).ravel()
    both = np.stack([n, events - n], axis=1).ravel().astype(np.float64)
    order = np.lexsort((np.repeat(day, 2), pairs))
    some = order[both[order] > 0]
    found = share_excess(days, DaysOfPairs(pairs[some], np.repeat(day, 2)[some], both[some], 2))
    own = (found.entity == 0) & (found.value == 0) & np.isin(found.start // 24, bad)
    return found, own


@pytest.mark.slow
def test_the_first_of_several_days_of_failures_is_told_and_no_more_ordinary_days_are():
    told = {1: 0, 2: 0}
    ordinary = 0
    for seed in range(40):
        for bad in ([20], [20, 21]):
            found, own = _failures(seed, bad)
            told[len(bad)] += found.number[own].min() <= 1.0
            ordinary += np.count_nonzero(found.number[found.entity > 0] <= 1.0)
    assert told[1] > 24
    assert told[2] > 0.8 * told[1]  # it was none
    assert ordinary < 80  # one is expected of each log


def test_failures_that_come_again_are_held_against_the_days_before():
    found, own = _failures(1, [20, 21])
    first, again = np.flatnonzero(own)
    assert found.before[own].tolist() == [True, False]
    assert found.number[first] < 0.5 < found.number[again]
    assert found.known[own].tolist() == [20, 34]
    earlier = (found.entity == 0) & (found.value == 0) & (found.start < found.start[first])
    assert found.most[first] == found.observed[earlier].max()
    assert found.most_share[first] == (found.observed / found.exposure)[earlier].max()


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
