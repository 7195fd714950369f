from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomaly.preprocess.session_windows import ByGap, ByKey, ByWindow, SessionCut, session_cut_of
from anomaly.preprocess.sessions import Sessions, sessionize
from schemas.columns.roles import Role
from schemas.job.job import build_job
from tests import naive
from tests.anomaly.logs import NAMES, PATIENT, conformed, terms

ROLES = {
    "id": Role.ID,
    "key": Role.ENTITY,
    "time": Role.TIME,
    "action": Role.CATEGORY,
    "user": Role.ENTITY,
    "size": Role.NUMBER,
    "note": Role.IGNORE,
}
EVENTS = st.lists(
    st.fixed_dictionaries(
        {
            "key": st.sampled_from(["s1", "s10", "s2", "ß", "🦊", ""]),
            "time": st.integers(0, 10**12),
            "action": NAMES,
            "user": NAMES,
            "size": st.one_of(st.none(), st.floats(-1e6, 1e6)),
        }
    ),
    min_size=1,
    max_size=30,
    unique_by=lambda event: (event["key"], event["time"]),
)


PRESENT = {c: r for c, r in ROLES.items() if c != "note"}
SPANS = st.one_of(st.integers(1, 10**4), st.integers(1, 10**12))
"""Gaps and windows, microseconds."""


def table_of(events: list[dict[str, Any]], roles: dict[str, Role]) -> pa.Table:
    return conformed({c: [event[c] for event in events] for c in roles}, roles)


def gathered(events: list[dict[str, Any]], boundaries: SessionCut) -> Sessions:
    events = [{"id": str(i), **event} for i, event in enumerate(events)]
    return sessionize(table_of(events, PRESENT), "key", ROLES, boundaries)


def assert_same(sessions: pa.Table, expected: list[dict[str, Any]]) -> None:
    for found, session in zip(sessions.to_pylist(), expected, strict=True):
        for column, value in session.items():
            assert found[column] == (
                pytest.approx(value, rel=1e-9, abs=1e-9) if isinstance(value, float) else value
            ), column


def times_in(events: list[dict[str, Any]], sessions: Sessions) -> list[list[int]]:
    """Give the times of the events of each session, in their order."""
    times = iter([events[i]["time"] for i in sessions.order])
    return [
        [next(times) for _ in range(int(n))] for n in sessions.table["session.events"].to_pylist()
    ]


@PATIENT
@given(EVENTS)
def test_the_columns_of_a_session_follow_from_its_events(events: list[dict[str, Any]]) -> None:
    sessions = gathered(events, ByKey())
    assert set(sessions.roles) == set(sessions.table.column_names)
    assert_same(sessions.table, naive.sessionize(events))
    assert ByKey().ids(sessions.table, "key").to_pylist() == sessions.table["key"].to_pylist()


@PATIENT
@given(EVENTS, SPANS)
def test_a_gap_cuts_where_nothing_happens_for_longer(
    events: list[dict[str, Any]], gap: int
) -> None:
    sessions = gathered(events, ByGap(gap))
    assert_same(sessions.table, naive.sessionize(events, lambda own: naive.by_gap(own, gap)))
    moments = times_in(events, sessions)
    assert all(late - early <= gap for own in moments for early, late in pairwise(own))
    ids = ByGap(gap).ids(sessions.table, "key").to_pylist()
    keys = sessions.table["key"].to_pylist()
    assert ids == [naive.session_id(k, own[0]) for k, own in zip(keys, moments, strict=True)]
    assert len(set(ids)) == len(ids)


@PATIENT
@given(EVENTS, SPANS)
def test_a_session_lies_within_a_window(events: list[dict[str, Any]], window: int) -> None:
    sessions = gathered(events, ByWindow(window))
    assert_same(sessions.table, naive.sessionize(events, lambda own: naive.by_window(own, window)))
    moments = times_in(events, sessions)
    starts = [own[0] // window * window for own in moments]
    assert all(own[-1] < start + window for own, start in zip(moments, starts, strict=True))
    ids = ByWindow(window).ids(sessions.table, "key").to_pylist()
    keys = sessions.table["key"].to_pylist()
    assert ids == [naive.session_id(k, start) for k, start in zip(keys, starts, strict=True)]
    assert len(set(ids)) == len(ids)


@PATIENT
@given(EVENTS, st.sampled_from([ByKey(), ByGap(10**10), ByWindow(10**11)]), st.randoms())
def test_every_event_is_in_one_session_whatever_the_order_of_the_rows(
    events: list[dict[str, Any]], boundaries: SessionCut, random: Any
) -> None:
    shuffled = random.sample(events, len(events))
    sessions, again = gathered(events, boundaries), gathered(shuffled, boundaries)
    assert sorted(sessions.order) == list(range(len(events)))
    assert sum(sessions.table["session.events"].to_pylist()) == len(events)
    assert [events[i] for i in sessions.order] == [shuffled[i] for i in again.order]
    assert sessions.table.to_pylist() == again.table.to_pylist()


def test_sessions_before_1970_and_at_the_edge_of_a_window_are_named_by_its_beginning() -> None:
    events = [
        {"key": "a", "time": time, "action": "x", "user": "u", "size": 1.0}
        for time in (-1, 0, 3_599_999_999, 3_600_000_000)
    ]
    assert ByWindow(3_600_000_000).ids(
        gathered(events, ByWindow(3_600_000_000)).table, "key"
    ).to_pylist() == [
        "a @ 1969-12-31T23:00:00Z",
        "a @ 1970-01-01T00:00:00Z",
        "a @ 1970-01-01T01:00:00Z",
    ]


def test_a_key_that_comes_back_is_an_entity() -> None:
    events = [{"key": "a", "time": 5, "action": "x", "user": "u", "size": 1.0}]
    for boundaries in (ByGap(1), ByWindow(1)):
        sessions = gathered(events, boundaries)
        assert sessions.roles["key"] is Role.ENTITY
        assert sessions.table["key"].type == terms([]).type


def test_the_job_says_what_tells_sessions_apart() -> None:
    job = {"unit": "session", "session_key": "key"}
    assert session_cut_of(build_job(job, "job")) == ByKey()
    gap = session_cut_of(build_job(job | {"session_gap": "1.5h"}, "job"))
    assert gap == ByGap(5_400_000_000)
    window = session_cut_of(build_job(job | {"session_window": 0.001}, "job"))
    assert window == ByWindow(1_000)


def test_each_column_of_a_session_has_a_role() -> None:
    events = [{"key": "a", "time": 5, "action": "x", "user": "u", "size": 1.0}]
    assert gathered(events, ByKey()).roles == {
        "key": Role.ID,
        "session.events": Role.NUMBER,
        "session.start": Role.TIME,
        "session.seconds": Role.NUMBER,
        "action": Role.TEXT,
        "user.distinct": Role.NUMBER,
        "size.mean": Role.NUMBER,
        "size.max": Role.NUMBER,
    }


def test_without_a_time_the_order_of_the_input_stands() -> None:
    events = pa.table({"key": terms(["b", "a", "b", "a"]), "step": terms(["1", "2", "3", "4"])})
    sessions = sessionize(events, "key", {"key": Role.ENTITY, "step": Role.CATEGORY}, ByKey()).table
    assert sessions["step"].to_pylist() == [["2", "4"], ["1", "3"]]
    assert "session.start" not in sessions.column_names


def test_texts_are_masked_and_numbers_that_name_the_session_are_text() -> None:
    events = pa.table({"key": pa.array([7.0, 7.0]), "message": terms(["took 5 ms", "took 31 ms"])})
    sessions = sessionize(events, "key", {"key": Role.NUMBER, "message": Role.TEXT}, ByKey()).table
    assert sessions["message"].to_pylist() == [["took 0 ms", "took 0 ms"]]
    assert sessions["key"].type == pa.string()


def test_a_session_without_a_number_lacks_it_and_the_largest_ones_do_not_overflow() -> None:
    events = pa.table(
        {
            "key": terms(["a", "a", "b", "c", "c"]),
            "size": pa.array([None, None, 3.0, 1.7e308, 1.7e308]),
        }
    )
    sessions = sessionize(events, "key", {"key": Role.ENTITY, "size": Role.NUMBER}, ByKey()).table
    assert sessions["size.mean"].to_pylist() == [None, 3.0, 1.7e308]
    assert sessions["size.max"].to_pylist() == [None, 3.0, 1.7e308]


def test_every_event_is_in_one_session() -> None:
    random = np.random.default_rng(0)
    keys = [f"k{i}" for i in random.integers(0, 50, 1_000)]
    sessions = sessionize(
        pa.table({"key": terms(keys)}), "key", {"key": Role.ENTITY}, ByKey()
    ).table
    assert sum(sessions["session.events"].to_pylist()) == 1_000
    assert sessions["key"].to_pylist() == sorted(set(keys))
