"""Peers of an entity, counted one by one."""

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from anomaly.explain.known_records import KnownRecords
from anomaly.explain.peers import peers_of
from schemas.columns.roles import Role
from tests.anomaly.logs import PATIENT

ROLES = {"user": Role.ENTITY, "team": Role.CATEGORY}
NAMES = st.sampled_from(["a", "b", "c", "d", None])
RECORDS = st.lists(st.tuples(NAMES, st.sampled_from(["x", "y", None])), min_size=1, max_size=30)


def known(records: list[tuple[str | None, str | None]]) -> KnownRecords:
    users, teams = zip(*records, strict=True)
    columns = [pa.array(each, pa.string()).dictionary_encode() for each in (users, teams)]
    return KnownRecords(pa.table(columns, names=["user", "team"]), ROLES)


@PATIENT
@given(RECORDS)
def test_peers_are_the_others_that_hold_the_usual_value(
    records: list[tuple[str | None, str | None]],
) -> None:
    found = peers_of(known(records), "user", "a", "team")
    own = [team for user, team in records if user == "a"]
    if found is None:
        assert own.count(None) >= max(own.count("x"), own.count("y"))
        return
    assert own.count(found.value) == max(own.count(value) for value in ("x", "y"))
    others = {u for u, t in records if t == found.value and u not in ("a", None)}
    assert found.n == len(others)
    assert set(found.names) == others


def test_the_peers_with_the_most_records_are_named() -> None:
    records = [("a", "x")] + [(f"u{i}", "x") for i in range(9) for _ in range(i + 1)]
    found = peers_of(known(records), "user", "a", "team")
    assert found
    assert (found.n, found.names) == (9, ["u8", "u7", "u6", "u5", "u4"])
