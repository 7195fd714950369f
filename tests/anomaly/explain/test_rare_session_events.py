from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomaly.explain.rare_session_events import MOST, oddest_events
from tests import naive
from tests.anomaly.logs import PATIENT

USUAL = ["login", "read", "logout"]


def table_of(sessions: list[dict[str, list[str]]]) -> pa.Table:
    columns = {c: [session[c] for session in sessions] for c in sessions[0]}
    return pa.table({c: pa.array(v, pa.list_(pa.string())) for c, v in columns.items()})


def told(sessions: list[list[str]], found: int = 0) -> list[tuple[int, int, str]]:
    """Give place, holders and sentence of the odd events of one session with one column."""
    table = table_of([{"action": steps} for steps in sessions])
    odd = oddest_events(table.slice(found, 1), ["action"], [table])[0]
    values = sessions[found]
    return [(e.position, e.holders, e.sentence(values[e.position])) for e in odd]


STEPS = st.sampled_from(["a", "a", "a", "b", "b", "c", "d", "e", "", "ß", "🦊"])
SESSIONS = st.lists(
    st.lists(st.tuples(STEPS, STEPS), min_size=1, max_size=12).map(
        lambda events: {
            "action": [action for action, _ in events],
            "note": [note for _, note in events],
        }
    ),
    min_size=1,
    max_size=40,
)


@PATIENT
@given(SESSIONS, st.data())
def test_the_oddest_events_are_those_whose_steps_few_sessions_take(
    sessions: list[dict[str, list[str]]], data: Any
) -> None:
    table = table_of(sessions)
    found = data.draw(st.lists(st.sampled_from(range(len(sessions))), max_size=4, unique=True))
    cut = data.draw(st.integers(0, len(sessions)))
    parts = [table.slice(0, cut), table.slice(cut)]
    odd = oddest_events(table.take(pa.array(found, pa.int64())), ["action", "note"], parts)
    for events, place in zip(odd, found, strict=True):
        expected = naive.oddest_events(sessions, place)
        assert [(e.position, e.column, e.holders) for e in events] == [e[:3] for e in expected]


def test_a_rare_step_is_named_and_not_the_one_that_follows_it() -> None:
    sessions = [["login", "erase", "read", "logout"]] + [USUAL] * 39
    assert told(sessions) == [(1, 1, "`action` is `erase`: in 1 of 40 sessions")]


def test_a_rare_turn_between_common_steps_is_named() -> None:
    sessions = [["login", "logout", "read"]] + [USUAL] * 39
    assert told(sessions) == [
        (1, 40, "`action` is `logout` right after `login`: in 1 of the 40 sessions with `login`"),
        (2, 40, "`action` is `read` right after `logout`: in 1 of the 40 sessions with `logout`"),
    ]


def test_a_rare_beginning_is_named() -> None:
    sessions = [["read", "logout"]] + [USUAL] * 19
    assert told(sessions) == [(0, 20, "`action` is `read` at the start: in 1 of 20 sessions")]


def test_a_session_like_the_others_has_no_odd_event() -> None:
    assert told([USUAL] * 40) == []


def test_a_repeated_step_is_listed_once_and_of_many_steps_the_rarest() -> None:
    odd = ["x", "x", *"abcdef"]
    sessions = [[*USUAL, *odd]] + [[*USUAL, *"abc"]] * 3 + [USUAL] * 36
    found = told(sessions)
    assert [place for place, *_ in found] == [3, 8, 9, 10, 5]
    assert len(found) == MOST


@pytest.mark.parametrize("columns", [[], ["action"]])
def test_no_session_and_no_steps_have_no_odd_events(columns: list[str]) -> None:
    table = table_of([{"action": USUAL}])
    assert oddest_events(table.slice(0, 0), columns, [table]) == []
    assert oddest_events(table, [], [table]) == [[]]


def test_a_missing_value_and_a_hostile_name_are_spelt_out() -> None:
    sessions = [{"a\nb": [""]}] + [{"a\nb": ["x"]}] * 19
    table = table_of(sessions)
    event = oddest_events(table.slice(0, 1), ["a\nb"], [table])[0][0]
    assert event.sentence(None) == "`a\\x0ab` is missing: in 1 of 20 sessions"
