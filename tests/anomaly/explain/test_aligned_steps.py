"""Steps of a session beside those of a normal one: each step once, and named for what it is."""

from collections import Counter

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from anomaly.explain.aligned_steps import (
    EXCHANGED,
    MISSING,
    MOVED,
    ONLY_HERE,
    SAME,
    align,
    aligned_steps,
)
from anomaly.explain.known_records import KnownRecords
from schemas.columns.roles import Role
from tests.anomaly.logs import PATIENT

STEPS = st.lists(st.sampled_from("abcde"), max_size=12)
USUAL = ["login", "read", "write", "logout"]


@PATIENT
@given(STEPS, STEPS)
def test_every_step_stands_on_one_line_of_the_kind_that_it_is(
    here: list[str], there: list[str]
) -> None:
    lines = align(here, there)
    assert [line.here for line in lines if line.here is not None] == list(range(len(here)))
    assert [line.there for line in lines if line.there is not None] == list(range(len(there)))
    ours = {line.here: line for line in lines if line.here is not None}
    theirs = {line.there: line for line in lines if line.there is not None}
    for line in lines:
        step = here[line.here] if line.here is not None else None
        other = there[line.there] if line.there is not None else None
        match line.kind:
            case "same":
                assert step == other is not None
            case "exchanged":
                assert step is not None
                assert other is not None
                assert step != other
            case "moved" if other is None:
                assert there[line.elsewhere] == step
                assert theirs[line.elsewhere].elsewhere == line.here
            case "moved":
                assert step is None
                assert here[line.elsewhere] == other
                assert ours[line.elsewhere].elsewhere == line.there
            case "only here":
                assert (step is None, other is None) == (False, True)
            case "missing":
                assert (step is None, other is None) == (True, False)


@PATIENT
@given(STEPS, STEPS)
def test_a_step_that_the_other_session_has_as_often_is_at_most_moved(
    here: list[str], there: list[str]
) -> None:
    lines = align(here, there)
    only = Counter(here[x.here] for x in lines if x.kind in (ONLY_HERE, EXCHANGED))
    missing = Counter(there[x.there] for x in lines if x.kind in (MISSING, EXCHANGED))
    assert only == Counter(here) - Counter(there)
    assert missing == Counter(there) - Counter(here)


def told(here: list[str], known: list[list[str]]) -> list[tuple[str, str | None, str | None]]:
    column = _aligned(here, known)
    return [
        (
            line.kind,
            None if line.here is None else column.here[line.here],
            None if line.there is None else column.there[line.there],
        )
        for line in column.lines
    ]


def _aligned(here: list[str], known: list[list[str]]):  # type: ignore[no-untyped-def]
    """Align a session with the first of the known ones, itself not among them."""
    kind = pa.list_(pa.string())
    table = pa.table({"step": pa.array(known, kind), "session.events": [1.0] * len(known)})
    roles = {"step": Role.TEXT, "session.events": Role.NUMBER}
    found = pa.table({"step": pa.array([here], kind), "session.events": [2.0]})
    ((place, column),) = aligned_steps(KnownRecords(table, roles), table, found, {0: 0})
    assert (place, column.column) == (0, "step")
    return column


def test_missing_odd_and_exchanged_steps_are_told_apart() -> None:
    assert told(["login", "erase", "logout", "write"], [USUAL] * 40) == [
        (SAME, "login", "login"),
        (EXCHANGED, "erase", "read"),
        (MOVED, None, "write"),
        (SAME, "logout", "logout"),
        (MOVED, "write", None),
    ]
    assert told(["login", "write", "logout"], [USUAL] * 40)[1] == (MISSING, None, "read")


def test_a_rare_step_is_told_with_the_sessions_that_hold_it() -> None:
    known = [USUAL] * 37 + [["login", "erase"]] * 3
    column = _aligned(["login", "erase", "burn"], known)
    assert column.rare == {
        "erase": "in 3 of 40 known sessions",
        "burn": "never seen in 40 known sessions",
    }


def test_of_long_sessions_the_beginning_is_compared_up_to_the_last_same_step() -> None:
    column = _aligned(["new", *["a", "b"] * 150], [["a", "b"] * 150] * 4)
    assert (column.n_here, column.n_there) == (301, 300)
    assert [line.kind for line in column.lines] == [ONLY_HERE] + [SAME] * 199
