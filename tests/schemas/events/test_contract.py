from datetime import UTC, datetime
from time import perf_counter
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.columns.roles import Role
from schemas.events.contract import REJECTIONS, Conformed, Limits, RejectReason, conform
from schemas.events.instants import INSTANT
from schemas.events.parsing import TERMS

_CANONICAL = {
    Role.ID: pa.string(),
    Role.TIME: INSTANT,
    Role.ENTITY: TERMS,
    Role.CATEGORY: TERMS,
    Role.TEXT: TERMS,
    Role.FLAG: TERMS,
    Role.NUMBER: pa.float64(),
}


def _conform(columns: dict[str, Any], roles: dict[str, Role], **options: Any) -> Conformed:
    table = pa.table(columns)
    return conform(table, roles, np.zeros(table.num_rows, dtype=bool), **options)


def _reasons(conformed: Conformed) -> list[tuple[int, str, str]]:
    return [tuple(rejection.values()) for rejection in conformed.rejections.to_pylist()]


@pytest.mark.parametrize(
    ("role", "good", "bad", "reason"),
    [
        (Role.ID, "a", None, RejectReason.NULL_ID),
        (Role.ID, "a", "aaaaaa", RejectReason.TEXT_TOO_LONG),
        (Role.TIME, "2026-01-01", None, RejectReason.NULL_TIME),
        (Role.TIME, "2026-01-01", "", RejectReason.NULL_TIME),
        (Role.TIME, "2026-01-01", "yesterday", RejectReason.IMPOSSIBLE_TIME),
        (Role.TIME, datetime(2026, 1, 1), datetime(1899, 1, 1), RejectReason.IMPOSSIBLE_TIME),
        (Role.NUMBER, "1", "one", RejectReason.UNREADABLE_NUMBER),
        (Role.FLAG, "yes", "perhaps", RejectReason.UNREADABLE_FLAG),
    ],
)
def test_a_row_that_breaks_the_contract_is_rejected_alone(
    role: Role, good: Any, bad: Any, reason: RejectReason
) -> None:
    conformed = _conform({"c": [good, bad, good]}, {"c": role}, limits=Limits(characters=5))
    assert _reasons(conformed) == [(1, "c", str(reason))]
    assert conformed.accepted.tolist() == [0, 2]
    assert conformed.events["c"].type == _CANONICAL[role]
    assert conformed.events["c"].null_count == 0


@pytest.mark.parametrize("role", [Role.NUMBER, Role.FLAG, Role.TEXT, Role.CATEGORY, Role.ENTITY])
def test_a_missing_value_is_no_fault_where_none_is_needed(role: Role) -> None:
    conformed = _conform({"c": pa.array([None, None], pa.string())}, {"c": role})
    assert conformed.events["c"].to_pylist() == [None, None]
    assert conformed.events["c"].type == _CANONICAL[role]


def test_a_repeated_id_is_rejected() -> None:
    repeated = np.array([False, True, True])
    conformed = conform(pa.table({"i": [1, 1, None]}), {"i": Role.ID}, repeated)
    assert _reasons(conformed) == [(1, "i", "duplicate id"), (2, "i", "null id")]
    assert conformed.events.to_pylist() == [{"i": "1"}]


def test_the_session_key_must_be_there_whatever_its_role() -> None:
    columns = {"session": ["a", None], "n": [1, 2]}
    for role in (Role.ENTITY, Role.IGNORE):
        roles = {"session": role, "n": Role.NUMBER}
        conformed = _conform(columns, roles, required="session")
        assert _reasons(conformed) == [(1, "session", "null session key")]
        assert conformed.accepted.tolist() == [0]


def test_the_first_reason_in_the_order_of_the_roles_is_given() -> None:
    columns = {"n": ["x", "x"], "t": [None, "2026-01-01"]}
    roles = {"t": Role.TIME, "n": Role.NUMBER}
    assert _reasons(_conform(columns, roles)) == [
        (0, "t", "null time"),
        (1, "n", "unreadable number"),
    ]


def test_events_hold_the_columns_of_the_roles_in_their_order() -> None:
    columns = {"a": [1], "b": [2], "c": [3], "d": [4]}
    roles = {"c": Role.NUMBER, "b": Role.IGNORE, "a": Role.CATEGORY}
    assert _conform(columns, roles).events.to_pylist() == [{"c": 3.0, "a": "1"}]


def test_nothing_of_a_rejected_row_stays_in_the_events() -> None:
    secret = "x" * 100
    columns = {"t": ["a", secret, None], "n": ["1", "one", "2"]}
    conformed = _conform(columns, {"t": Role.TEXT, "n": Role.NUMBER})
    (chunk,) = conformed.events["t"].chunks
    assert chunk.dictionary.to_pylist() == ["a"]
    assert chunk.to_pylist() == ["a", None]


def test_empty_and_chunked_tables_conform() -> None:
    kinds = {role: pa.array([], pa.string()) for role in _CANONICAL}
    nothing = _conform(
        {str(role): values for role, values in kinds.items()}, {str(r): r for r in kinds}
    )
    assert [field.type for field in nothing.events.schema] == list(_CANONICAL.values())
    assert nothing.rejections.schema == REJECTIONS
    chunked = pa.chunked_array([["a"], ["b", "a"]])
    assert _conform({"c": chunked}, {"c": Role.ENTITY}).events["c"].to_pylist() == ["a", "b", "a"]


@pytest.mark.parametrize("role", [Role.TEXT, Role.CATEGORY, Role.ENTITY])
def test_a_text_beyond_the_limit_is_cut_and_judged(role: Role) -> None:
    values = ["short", "longer", "long", "longest"]
    conformed = _conform({"c": values}, {"c": role}, limits=Limits(characters=5))
    assert conformed.events["c"].to_pylist() == ["short", "longe", "long", "longe"]
    (chunk,) = conformed.events["c"].chunks
    assert len(chunk.dictionary) == 3


@pytest.mark.parametrize("values", [[1.0, np.inf, -np.inf], ["1", "inf", "-Infinity"]])
def test_an_infinite_number_is_the_largest_there_is(values: list[Any]) -> None:
    conformed = _conform({"c": values}, {"c": Role.NUMBER})
    largest = np.finfo(np.float64).max
    assert conformed.events["c"].to_pylist() == [1.0, largest, -largest]


@pytest.mark.parametrize("kind", [pa.float16(), pa.float32(), pa.float64(), pa.string()])
def test_a_negative_zero_is_no(kind: pa.DataType) -> None:
    values = pa.array([-0.0, 0.0, 1.0]).cast(kind)
    conformed = _conform({"c": values}, {"c": Role.FLAG})
    assert conformed.events["c"].to_pylist() == ["false", "false", "true"]


@pytest.mark.parametrize("kind", [pa.float16(), pa.float32(), pa.float64()])
def test_a_negative_zero_is_zero_as_a_name(kind: pa.DataType) -> None:
    values = pa.array([-0.0, 0.0, -1.0]).cast(kind)
    conformed = _conform({"c": values}, {"c": Role.CATEGORY})
    assert conformed.events["c"].to_pylist() == ["0", "0", "-1"]


def test_a_naive_time_is_utc() -> None:
    conformed = _conform({"t": [datetime(2026, 1, 1, 12)]}, {"t": Role.TIME})
    assert conformed.events["t"].to_pylist() == [datetime(2026, 1, 1, 12, tzinfo=UTC)]


_VALUES = st.lists(
    st.tuples(
        st.none() | st.integers(0, 3),
        st.none() | st.sampled_from(["2026-01-01", "", "never", "1767225600"]),
        st.none() | st.sampled_from(["1", "inf", "-", "x"]),
        st.none() | st.sampled_from(["yes", "0", "?", ""]),
        st.none() | st.text(max_size=4),
    ),
    max_size=8,
)
_ROLES = {"id": Role.ID, "t": Role.TIME, "n": Role.NUMBER, "f": Role.FLAG, "x": Role.TEXT}
_SCHEMA = pa.schema([("id", pa.int64()), *((name, pa.string()) for name in "tnfx")])


@pytest.mark.slow
@given(_VALUES, st.lists(st.booleans(), min_size=8, max_size=8))
def test_each_row_is_an_event_or_rejected_once(rows: list[Any], repeats: list[bool]) -> None:
    table = pa.Table.from_pylist([dict(zip(_ROLES, row, strict=True)) for row in rows], _SCHEMA)
    repeated = np.array(repeats[: len(rows)], dtype=bool)
    conformed = conform(table, _ROLES, repeated, limits=Limits(characters=3))
    rejected = conformed.rejections["position"].to_pylist()
    assert sorted([*conformed.accepted.tolist(), *rejected]) == list(range(len(rows)))
    assert conformed.events.num_rows == len(conformed.accepted)
    # Rows are judged one by one: alone, each has the same outcome.
    alone = [
        conform(table.slice(row, 1), _ROLES, repeated[row : row + 1], limits=Limits(characters=3))
        for row in range(len(rows))
    ]
    assert [position for position, one in enumerate(alone) if one.rejections.num_rows] == rejected
    events = pa.concat_tables([conformed.events.slice(0, 0), *(one.events for one in alone)])
    assert events.to_pylist() == conformed.events.to_pylist()


def test_a_chunk_conforms_without_a_loop_over_its_rows() -> None:
    rows = 100_000
    random = np.random.default_rng(0)
    columns = {f"n{i}": random.normal(size=rows) for i in range(30)}
    names = {f"c{i}": pa.array(random.integers(0, 50, rows)).cast(pa.string()) for i in range(10)}
    roles = {**dict.fromkeys(columns, Role.NUMBER), **dict.fromkeys(names, Role.CATEGORY)}
    started = perf_counter()
    _conform({**columns, **names}, roles)
    assert perf_counter() - started < 2  # 0.1 s on a free core; a loop takes far longer
