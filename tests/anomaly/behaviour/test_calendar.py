"""Named days: a log with some is judged as each of its parts would be alone."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anomaly.behaviour.activity import HOUR
from anomaly.behaviour.calendar import JudgedByName, Read, windows_by_name
from anomaly.behaviour.measures import Kind
from anomaly.behaviour.observations import MOST_EXPECTED, OddWindow
from anomaly.behaviour.odd_windows import odd_windows
from tests.anomaly.behaviour.office import (
    FIRST,
    MEASURES,
    Row,
    day_of,
    judged,
    office,
    row,
    tables_of,
)
from tests.anomaly.behaviour.planting import PLANTED

PAYDAYS = (2, 9, 16, 23)
BY_DAY = [each for each in MEASURES if each.kind is not Kind.RHYTHM]
"""Measures of which a day has as many whatever days the log has beside it."""


def busy(day: int, user: str, n: int = 200, hour: int = 9) -> list[Row]:
    """Return many events of one user on files of their own, within three hours."""
    random = np.random.default_rng(day)
    times = np.sort(random.integers(hour * HOUR, (hour + 3) * HOUR, n)).tolist()
    return [row(day, time, user, random, [f"staff-{i}" for i in range(60)]) for time in times]


def by_name(
    rows: list[Row], names: Mapping[int, str], judged_from: int | None = None
) -> JudgedByName:
    found = tables_of(rows, BY_DAY)
    return windows_by_name(
        lambda read: odd_windows(read, BY_DAY, "time", judged_from),
        lambda number: found[number],
        BY_DAY,
        names,
        judged_from,
    )


def named(*days: int, name: str = "payday") -> dict[int, str]:
    return {FIRST + day: name for day in days}


def on(windows: list[OddWindow], day: int) -> list[OddWindow]:
    return [each for each in windows if _begins(each) == FIRST + day]


def _begins(window: OddWindow) -> int:
    return window.observations[0].start // (24 * HOUR)


def plain(windows: list[OddWindow]) -> list[OddWindow]:
    """Return windows without what tells by which days they were judged."""
    return [
        replace(
            each,
            observations=tuple(replace(o, alone=None, left_out=()) for o in each.observations),
        )
        for each in windows
    ]


@cache
def paid() -> list[Row]:
    """An office of four weeks, in which one user is busy once a week."""
    rows = office(1, days=28)
    return sorted([*rows, *(r for day in PAYDAYS for r in busy(day, "user-1"))], key=_time)


def _time(each: Row) -> Any:
    return each["time"]


def test_a_named_day_without_others_is_not_judged_and_said():
    rows = sorted([*office(1, days=14), *busy(9, "user-1")], key=_time)
    assert on(judged(rows), 9)
    found = by_name(rows, named(9))
    assert not on(found.windows, 9)
    assert found.unjudged == ((FIRST + 9, "payday", 0),)


def test_a_name_is_told_whose_days_were_left_out_before():
    rows = [each for each in paid() if day_of(each) - FIRST not in PAYDAYS]
    days, last = named(*PAYDAYS, 40), FIRST + 27
    assert by_name(rows, days, last) == by_name(paid(), days, last)
    found = by_name(rows, days | named(2, name="closed"), last).windows
    assert found
    assert all(o.left_out == ("closed", "payday") for each in found for o in each.observations)


def test_ordinary_days_that_named_ones_leave_too_few_for_are_said():
    rows = office(1, days=7)
    days = [0, 1, 3, 4]
    found = by_name(rows, named(*days))
    assert [(each.day - FIRST, each.name, each.known) for each in found.unjudged] == [
        (day, None, 2) for day in (2, 5, 6)
    ]
    assert found.any_judged
    assert by_name(rows, named(0, 1, 3)).unjudged == tuple(
        (FIRST + day, "payday", 2) for day in (0, 1, 3)
    )


def test_an_ordinary_night_after_named_ones_is_said_once_their_name_has_come():
    last = FIRST + 2
    rows = [each for each in office(1, days=3) if day_of(each) <= last]
    before = by_name(rows, named(-1, -2), judged_from=last)
    assert before.unjudged == ((last, None, 2),)
    assert not before.any_judged
    assert by_name(rows, named(9), judged_from=last).unjudged == ()
    assert by_name(rows, {}, judged_from=last).unjudged == ()


def test_a_named_day_is_no_day_that_others_are_held_against():
    few = by_name(paid(), named(*PAYDAYS[:3])).windows
    left = [each for each in paid() if day_of(each) - FIRST not in PAYDAYS[:3]]
    assert plain(few) == judged(left, BY_DAY)
    assert all(o.left_out == ("payday",) for each in few for o in each.observations)


def test_what_is_usual_of_a_name_is_not_told_and_what_is_not_is():
    again = sorted([*paid(), *busy(23, "user-3")], key=_time)
    usual, odd = by_name(paid(), named(*PAYDAYS)), by_name(again, named(*PAYDAYS))
    assert not usual.unjudged
    assert not [each for each in on(usual.windows, 23) if each.number <= 0.5]
    first = on(odd.windows, 23)[0]
    assert (first.entity, first.observations[0].alone) == ("user-3", "payday")
    assert first.number < 0.1


def test_a_burst_on_another_day_is_found_beside_a_named_one():
    rows = sorted([*PLANTED["burst"].plant(office(2)), *busy(9, "user-1")], key=_time)
    first = by_name(rows, named(9)).windows[0]
    assert (first.entity, _begins(first)) == ("user-0", FIRST + 16)


def parted(
    days: Iterable[int], names: Mapping[int, str], judged_from: int | None, enough: int
) -> JudgedByName:
    """Part a log of these days; a part of `enough` days can be judged, and has nothing odd."""
    hours = pa.table({"hour": [24 * day for day in days]})

    def judge(read: Read) -> list[OddWindow] | None:
        return [] if sum(map(len, read(0))) >= enough else None

    return windows_by_name(judge, lambda number: [hours], BY_DAY[:1], names, judged_from)


def test_a_name_that_can_be_judged_is_not_called_unjudged_where_nothing_is_odd():
    assert parted(range(20), dict.fromkeys((3, 9, 15), "payday"), None, 3) == JudgedByName([])


def test_days_before_those_that_are_judged_are_known_and_not_told():
    names = {2: "payday", 16: "payday", 17: "payday", 5: "closed"}
    found = parted(range(20), names, 10, 4)
    assert found.unjudged == ((16, "payday", 2), (17, "payday", 2))


@pytest.mark.parametrize(
    ("names", "judged_from", "enough", "judged"),
    [
        ({}, None, 21, False),
        ({}, None, 20, True),
        ({19: "payday"}, 19, 2, False),
        ({18: "payday", 19: "payday"}, 19, 2, True),
        ({19: "payday"}, 18, 19, True),
        ({19: "payday"}, 18, 20, False),
        ({2: "closed", 3: "closed", 19: "payday"}, 19, 2, False),
    ],
)
def test_a_log_says_whether_any_of_its_days_could_be_judged(names, judged_from, enough, judged):
    assert parted(range(20), names, judged_from, enough).any_judged is judged


@pytest.mark.slow
@settings(max_examples=20, deadline=None)
@given(
    st.dictionaries(st.integers(-3, 30), st.sampled_from(["payday", "closed"]), max_size=20),
    st.sampled_from([None, FIRST + 20]),
)
def test_the_parts_of_a_log_are_judged_as_if_each_were_alone(days, judged_from):
    names = {FIRST + day: name for day, name in days.items()}
    rows = PLANTED["new files"].plant(paid())
    found = by_name(rows, names, judged_from)
    parts: dict[str | None, list[Row]] = {}
    for each in rows:
        parts.setdefault(names.get(day_of(each)), []).append(each)
    alone = {
        name: judged(sorted(own, key=_time), BY_DAY, judged_from) for name, own in parts.items()
    }
    told = {name: [o for w in found.windows for o in w.observations if o.alone == name]
            for name in (None, *parts)}  # fmt: skip
    assert plain_of(told[None]) == {o for w in alone.get(None, ()) for o in w.observations}
    days_of = {name: {day_of(each) for each in own} for name, own in parts.items() if name}
    unjudged = {each.name for each in found.unjudged}
    last = {name for name, own in days_of.items() if judged_from is None or max(own) >= judged_from}
    assert unjudged <= last
    for name in last:
        times = len(last - unjudged)
        own = {o for w in alone[name] for o in w.observations if o.number * times <= MOST_EXPECTED}
        retained = (
            {replace(o, number=o.number * times) for o in own} if name not in unjudged else set()
        )
        assert plain_of(told[name]) == retained
        assert name not in unjudged or len(days_of[name]) < 4 or not alone[name]
    assert [each.number for each in found.windows] == sorted(each.number for each in found.windows)


def plain_of(observations):
    return {replace(each, alone=None, left_out=()) for each in observations}


@settings(max_examples=5, deadline=None)
@given(st.sets(st.integers(-400, 400).filter(lambda day: not 0 <= day < 6), max_size=30))
def test_a_calendar_of_days_outside_of_the_log_changes_nothing(days):
    rows = few_days()
    assert by_name(rows, named(*days)) == JudgedByName(judged(rows, BY_DAY))


@cache
def few_days() -> list[Row]:
    return sorted([*office(0, days=6, people=4), *busy(3, "user-1")], key=_time)
