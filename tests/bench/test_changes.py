"""The changers do what they say: one column, and a value that is odd where it is put."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from schemas.columns.roles import Role
from tests.anomaly.logs import ROLES, company_log, conformed
from tests.bench.changes import KINDS, RARE, common_names
from tests.bench.explanations import as_events, make_odd
from tests.bench.habits import Event, Habits

ROWS = 3_000


@pytest.fixture(scope="module")
def log() -> pa.Table:
    return company_log(ROWS, 0)


@pytest.fixture(scope="module")
def habits(log: pa.Table) -> Habits:
    return Habits.of(log, ROLES)


@pytest.fixture(scope="module")
def events() -> list[Event]:
    return company_log(200, 1).to_pylist()


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_one_column_is_changed_and_nothing_else(
    habits: Habits, events: list[Event], kind: str
) -> None:
    random = np.random.default_rng(0)
    changes = [(event, KINDS[kind](habits, event, random)) for event in events]
    made = [(event, change) for event, change in changes if change is not None]
    assert len(made) > 100
    for event, change in made:
        after = change.apply(event)
        assert [column for column in event if event[column] != after[column]] == [change.column]


def test_a_rare_value_is_held_by_hardly_an_event(habits: Habits, events: list[Event]) -> None:
    random = np.random.default_rng(0)
    for event in events:
        change = KINDS["rare value"](habits, event, random)
        assert change is not None
        assert (habits.frame[change.column] == change.value).mean() < RARE


def test_no_name_is_odd_where_most_names_are_new() -> None:
    roles = {"kind": Role.CATEGORY}
    unique = conformed({"kind": [f"k{i}" for i in range(2_000)]}, roles)
    random = np.random.default_rng(0)
    assert KINDS["rare value"](Habits.of(unique, roles), {"kind": "k1"}, random) is None


@pytest.mark.slow
def test_anothers_habit_is_common_and_never_the_entitys_own(
    habits: Habits, events: list[Event]
) -> None:
    random = np.random.default_rng(0)
    changes = [(event, KINDS["other entity's habit"](habits, event, random)) for event in events]
    made = [(event, change) for event, change in changes if change is not None]
    assert {change.column for _, change in made} >= {"host", "user"}
    for event, change in made:
        assert change.given is not None
        of_entity = habits.frame[habits.frame[change.given] == event[change.given]]
        assert not (of_entity[change.column] == change.value).any()
        assert (habits.frame[change.column] == change.value).mean() > 0.01


def test_common_names_are_those_of_most_events() -> None:
    thousand = pd.Series({f"n{i}": 10 for i in range(1_000)})
    assert len(common_names(thousand)) == 1_000
    assert common_names(pd.Series({"a": 990, "b": 10, "c": 9})) == ["a"]


@pytest.mark.slow
def test_ten_times_lies_beyond_what_the_entity_shows(habits: Habits, events: list[Event]) -> None:
    random = np.random.default_rng(0)
    for event in events:
        change = KINDS["ten times the amount"](habits, event, random)
        assert change is not None
        assert change.given is not None
        own = habits.frame[habits.frame[change.given] == event[change.given]]["size"]
        assert (own < change.value).mean() >= 0.99


@pytest.mark.parametrize("values", [[7.0] * 50, [-3.0, 5.0] * 25, [0.0] * 50])
def test_a_number_that_cannot_be_odd_is_left_alone(values: list[float]) -> None:
    roles = {"x": Role.NUMBER}
    habits = Habits.of(conformed({"x": values}, roles), roles)
    random = np.random.default_rng(0)
    assert KINDS["ten times the amount"](habits, {"x": values[0]}, random) is None


@pytest.mark.slow
def test_the_small_hours_are_empty_of_the_entity_and_far_from_the_event(
    habits: Habits, events: list[Event]
) -> None:
    random = np.random.default_rng(0)
    changes = [(event, KINDS["3 a.m."](habits, event, random)) for event in events]
    made = [(event, change) for event, change in changes if change is not None]
    for event, change in made:
        assert change.value.date() == event["time"].date()
        assert abs(change.value.hour - event["time"].hour) >= 3
        own = habits.frame[habits.frame[change.given] == event[change.given]]
        assert not (own["time"].dt.hour == change.value.hour).any()


def test_no_hour_is_small_within_a_single_day(log: pa.Table, events: list[Event]) -> None:
    frame = log.to_pandas()
    today = frame["time"].dt.date == frame["time"].dt.date.iloc[0]
    one_day = Habits.of(log.filter(pa.array(today)), ROLES)
    random = np.random.default_rng(0)
    assert all(KINDS["3 a.m."](one_day, event, random) is None for event in events)


def test_an_odd_text_begins_as_the_event_had_it(habits: Habits, events: list[Event]) -> None:
    random = np.random.default_rng(0)
    for event in events:
        change = KINDS["odd text"](habits, event, random)
        assert change is not None
        assert change.value.startswith(event["message"] + " ")
        assert not (habits.frame["message"] == change.value).any()


def test_what_is_missing_is_not_changed(habits: Habits, events: list[Event]) -> None:
    random = np.random.default_rng(0)
    empty = {**events[0], "action": None, "size": None, "message": None}
    for kind in ("rare value", "ten times the amount", "odd text"):
        assert KINDS[kind](habits, empty, random) is None


def test_each_kind_has_its_part_of_the_events(habits: Habits, events: list[Event]) -> None:
    changed = make_odd(habits, events, 50, np.random.default_rng(0))
    assert [sum(c.kind == kind for c in changed) for kind in KINDS] == [10] * 5


def test_unchanged_events_come_back_as_they_were(log: pa.Table) -> None:
    assert as_events(log.to_pylist(), log.schema).to_pylist() == log.to_pylist()
    assert as_events(log.to_pylist(), log.schema).schema == log.schema
