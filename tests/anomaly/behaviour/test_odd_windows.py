"""Odd windows of whole logs: found where something is planted, and not elsewhere."""

from dataclasses import replace

import numpy as np
import pytest

from anomaly.behaviour.activity import DAY
from anomaly.behaviour.measures import Kind, measures_of
from anomaly.behaviour.observations import OddWindow, joined
from anomaly.behaviour.odd_windows import odd_windows
from tests.anomaly.behaviour.office import FIRST, MINUTE, ROLES, day_of, judged, office, tables_of
from tests.anomaly.behaviour.planting import PLANTED, own_rows

CONTROLS = range(6)
ENDS = (-2_208_988_800_000_000, 7_258_000_000_000_000)
"""The first and the last moment that the contract allows, about."""


@pytest.mark.parametrize("name", PLANTED)
def test_what_is_planted_is_among_the_oddest_and_not_in_the_control(name):
    planted = PLANTED[name]
    found = judged(sorted(planted.plant(office(2)), key=lambda row: row["time"]))
    assert [planted_in(each, name) for each in found[:3]].count(True) == 1
    assert not any(planted_in(each, name) for each in judged(office(2))[:3])


def planted_in(window, name):
    planted = PLANTED[name]
    days = {told.start // DAY - FIRST for told in window.observations}
    views = {told.view for told in window.observations}
    same_day = planted.day is None or planted.day in days
    # What is not there is ordered by numbers of its own: half a window is the least.
    return window.entity == planted.user and same_day and bool(views & planted.views)


def test_few_windows_of_ordinary_logs_are_as_odd_as_one_expected():
    numbers = [
        window.number
        for seed in CONTROLS
        for window in judged(office(seed, days=14 + seed % 2 * 7, people=10 + seed))
    ]
    # One of what is there is expected of each log, and one of what is away. Counts of a day go
    # together, which makes half as many more.
    assert sum(number <= 1.0 for number in numbers) <= 3 * len(CONTROLS)
    assert sum(number <= 0.01 for number in numbers) <= 1


def test_the_order_of_rows_makes_no_difference():
    rows = list({row["time"]: row for row in PLANTED["burst"].plant(office(4))}.values())
    shuffled = [rows[place] for place in np.random.default_rng(0).permutation(len(rows))]
    for one, other in zip(judged(rows), judged(shuffled), strict=True):
        assert one.entity == other.entity
        assert one.number == pytest.approx(other.number)
        assert [told.values for told in one.observations] == [
            told.values for told in other.observations
        ]


def test_counts_of_small_batches_tell_the_same_of_events_values_and_levels():
    rows = PLANTED["new files"].plant(office(4))
    added = [Kind.EVENTS, Kind.VALUES, Kind.LEVELS]
    measures = [each for each in measures_of(ROLES) if each.kind in added]
    whole, parts = judged(rows, measures), judged(rows, measures, batches=40)

    def told(windows):
        observed = [each for window in windows for each in window.observations]
        return sorted(
            (each.view, each.column, each.entity, each.start, each.observed, each.most, each.values)
            for each in observed
            if each.number < 10.0
        )

    for one, other in zip(told(whole), told(parts), strict=True):
        assert one[:4] == other[:4]
        assert one[4:6] == pytest.approx(other[4:6])
        assert one[6] == other[6]


@pytest.mark.parametrize("days", [1, 2, 3])
def test_a_log_of_few_days_has_no_odd_windows(days):
    assert judged(PLANTED["burst"].plant(office(0, days=days))[: 25 * days]) == []


def test_an_empty_log_and_one_of_nobody_have_no_odd_windows():
    assert judged([]) == []
    assert judged([{**row, "user": None} for row in office(0, days=6)]) == []


def test_one_entity_alone_is_judged():
    rows = [row for row in PLANTED["burst"].plant(office(0)) if row["user"] == "user-0"]
    assert judged(rows)[0].observations[0].view in ("hour", "day", "repeats", "changes")


def test_names_that_never_come_back_are_left_out():
    rows = [{**row, "user": f"session-{i // 20}"} for i, row in enumerate(office(0))]
    assert judged(rows) == []


def test_what_most_do_on_the_same_day_is_odd_for_none():
    rows = office(3)
    day = FIRST + 17
    again = [
        {**row, "time": row["time"] + (i + 1) * MINUTE, "bytes": row["bytes"] + i}
        for row in rows
        if row["time"] // DAY == day and row["user"] != "backup"
        for i in range(2)
    ]
    agents = [
        {**row, "country": "at"} if row["time"] // DAY == day else row for row in [*rows, *again]
    ]
    told = {
        (told.view, told.column)
        for window in judged(agents)
        for told in window.observations
        if told.start // DAY == day and told.number < 1.0
    }
    common = {("day", "user"), ("hour", "user"), ("new", "country"), ("share", "country")}
    assert not told & common


def test_a_day_of_the_history_is_never_told():
    rows = [*PLANTED["burst"].plant(PLANTED["night"].plant(office(2)))]
    judged_from = FIRST + 18
    for window in judged(sorted(rows, key=lambda row: row["time"]), judged_from=judged_from):
        assert all(told.stop > judged_from * DAY for told in window.observations)
        assert all(told.start >= judged_from * DAY or told.view == "growth"
                   for told in window.observations)  # fmt: skip
    assert judged(rows, judged_from=FIRST + 30) == []


def test_a_judged_day_is_held_against_the_history():
    rows = [*office(2, days=20), *own_rows("user-0", 19, [3], 60)]
    found = judged(sorted(rows, key=lambda row: row["time"]), judged_from=FIRST + 19)
    assert found[0].entity == "user-0"
    assert found[0].number < 0.1


def test_an_event_before_1970_or_far_ahead_disturbs_no_other():
    planted = PLANTED["burst"].plant(office(2))
    lost = [
        {**planted[0], "time": time} for time in (-2_208_988_800_000_000, 7_258_000_000_000_000)
    ]
    found = judged(sorted([*planted, *lost], key=lambda row: row["time"]))
    assert any(window.entity == "user-0" and window.number < 0.1 for window in found[:3])
    assert all(told.exposure >= 0 for window in found for told in window.observations)


@pytest.mark.slow
@pytest.mark.parametrize("judged_from", [None, FIRST + 17])
def test_values_that_stay_for_some_days_are_seldom_odd_at_the_ends_of_a_log(judged_from):
    told = [
        each
        for seed in range(10)
        for window in judged(with_projects(seed), judged_from=judged_from)
        for each in window.observations
        if each.view in ("new", "first seen") and each.number <= 1.0
    ]
    assert len(told) <= 3  # one is expected of each log, over all fourteen measures


def with_projects(seed):
    """Let people hold a project of their own for three of their days, now and then."""
    random = np.random.default_rng(seed)
    rows = [{**row, "object": "none"} for row in office(seed, people=20)]
    held: dict[tuple[str, int], str] = {}
    for person in range(20):
        user, since = f"user-{person}", -int(random.integers(10))
        for place, day in enumerate(sorted({day_of(row) for row in rows if row["user"] == user})):
            if place >= since + 3 and random.random() < 0.15:
                since = place
            if since <= place < since + 3:
                held[user, day] = f"{user}-{since}"
    return [{**row, "object": held.get((row["user"], day_of(row)), "none")} for row in rows]


def test_a_measure_that_earlier_days_do_not_have_is_not_judged():
    rows = office(5)
    measures = measures_of(ROLES)
    of_last = [row for row in rows if row["time"] // DAY == FIRST + 20]
    whole, part = tables_of(rows, measures), tables_of(of_last, measures)
    mixed = [
        part[i] if each.kind in (Kind.VALUES, Kind.LEVELS) else whole[i]
        for i, each in enumerate(measures)
    ]
    views = {
        told.view
        for window in odd_windows(lambda i: mixed[i], measures, "time", FIRST + 20)
        for told in window.observations
    }
    assert views
    assert not views & {"first seen", "share", "absent value", "level", "sum", "growth"}


def test_what_is_very_odd_is_told_by_the_most_specific_thing():
    told = judged(sorted(PLANTED["burst"].plant(office(2)), key=lambda row: row["time"]))[0]
    some = told.observations[0]
    hour, files = (
        replace(some, view=view, number=n) for view, n in (("hour", 1e-6), ("new", 0.05))
    )
    window = joined(OddWindow("user", "a", (hour,)), OddWindow("user", "b", (files,)))
    assert [each.view for each in window.observations] == ["new", "hour"]
    assert window.number == 1e-6
    less = replace(files, number=0.5)
    window = joined(OddWindow("user", "a", (hour,)), OddWindow("user", "b", (less,)))
    assert [each.view for each in window.observations] == ["hour", "new"]


def test_the_oddest_window_of_an_ordinary_log_counts_as_two_at_most():
    numbers = [min((w.number for w in judged(office(seed))), default=2.0) for seed in CONTROLS]
    assert any(number > 1.0 for number in numbers)
    assert max(numbers) <= 2.0
