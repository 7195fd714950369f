from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomaly.sessions import sessionize
from schemas.roles import Role
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


def table_of(events: list[dict[str, Any]], roles: dict[str, Role]) -> pa.Table:
    return conformed({c: [event[c] for event in events] for c in roles}, roles)


@PATIENT
@given(EVENTS)
def test_sessions_are_what_their_events_say(events: list[dict[str, Any]]) -> None:
    events = [{"id": str(i), **event} for i, event in enumerate(events)]
    present = {c: r for c, r in ROLES.items() if c != "note"}
    sessions, roles = sessionize(table_of(events, present), "key", ROLES)
    assert set(roles) == set(sessions.column_names)
    for found, expected in zip(sessions.to_pylist(), naive.sessionize(events), strict=True):
        for column, value in expected.items():
            assert found[column] == (
                pytest.approx(value, rel=1e-9, abs=1e-9) if isinstance(value, float) else value
            ), column


def test_each_column_of_a_session_has_a_role() -> None:
    events = [{"id": "1", "key": "a", "time": 5, "action": "x", "user": "u", "size": 1.0}]
    present = {c: r for c, r in ROLES.items() if c != "note"}
    _, roles = sessionize(table_of(events, present), "key", ROLES)
    assert roles == {
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
    sessions, _ = sessionize(events, "key", {"key": Role.ENTITY, "step": Role.CATEGORY})
    assert sessions["step"].to_pylist() == [["2", "4"], ["1", "3"]]
    assert "session.start" not in sessions.column_names


def test_texts_are_masked_and_numbers_that_name_the_session_are_text() -> None:
    events = pa.table({"key": pa.array([7.0, 7.0]), "message": terms(["took 5 ms", "took 31 ms"])})
    sessions, _ = sessionize(events, "key", {"key": Role.NUMBER, "message": Role.TEXT})
    assert sessions["message"].to_pylist() == [["took 0 ms", "took 0 ms"]]
    assert sessions["key"].type == pa.string()


def test_a_session_without_a_number_lacks_it_and_the_largest_ones_do_not_overflow() -> None:
    events = pa.table(
        {
            "key": terms(["a", "a", "b", "c", "c"]),
            "size": pa.array([None, None, 3.0, 1.7e308, 1.7e308]),
        }
    )
    sessions, _ = sessionize(events, "key", {"key": Role.ENTITY, "size": Role.NUMBER})
    assert sessions["size.mean"].to_pylist() == [None, 3.0, 1.7e308]
    assert sessions["size.max"].to_pylist() == [None, 3.0, 1.7e308]


def test_every_event_is_in_one_session() -> None:
    random = np.random.default_rng(0)
    keys = [f"k{i}" for i in random.integers(0, 50, 1_000)]
    sessions, _ = sessionize(pa.table({"key": terms(keys)}), "key", {"key": Role.ENTITY})
    assert sum(sessions["session.events"].to_pylist()) == 1_000
    assert sessions["key"].to_pylist() == sorted(set(keys))
