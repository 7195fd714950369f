"""The entity of an incident, and the id that it keeps when its log is judged again."""

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from anomaly.explain.reasons import Reason
from anomaly.incidents.sentence import Happening
from anomaly.incidents.summary import Members, describe_incident, members_of
from schemas.columns.roles import Role
from tests.anomaly.logs import PATIENT


def members(users: list[str | None], hosts: list[str | None]) -> Members:
    """One incident of these records, the oddest first."""
    events = pa.table({"user": pa.array(users, pa.string()), "host": pa.array(hosts, pa.string())})
    numbers = np.zeros(len(users), dtype=np.int64)
    ids = pa.array([f"e{i}" for i in range(len(users))])
    (found,) = members_of(events, ids, numbers, [0], ["user", "host"], None)
    return found


def test_an_incident_is_of_an_entity_of_its_most_telling_record() -> None:
    of_most = members(["eve", "bob", "bob", "bob"], ["h1", "h1", "h1", "h2"])
    assert (of_most.entity_column, of_most.entity) == ("host", "h1")


def test_the_entity_of_most_records_is_not_that_of_an_incident_told_by_another_record() -> None:
    assert members(["eve", "bob", "bob"], ["h1", "h2", "h3"]).entity is None


def test_a_telling_record_without_a_name_gives_none() -> None:
    assert members([None, "bob", "bob"], ["h1", "h2", "h3"]).entity is None


RECORDS = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from(["eve", "bob", None]), st.integers(0, 4)),
    min_size=1,
    max_size=12,
)
"""The time, user and incident of records."""


def ids_of(records: list[tuple[int, str | None, int]], order: list[int]) -> dict[str, set[str]]:
    """Name the incidents of records, given from the oddest on; each with the records it has."""
    some = [(f"e{i}", *records[i]) for i in order]
    events = pa.table(
        {
            "time": pa.array([each[1] for each in some], pa.timestamp("us", "UTC")),
            "user": pa.array([each[2] for each in some], pa.string()),
        }
    )
    numbers = np.array([each[3] for each in some], dtype=np.int64)
    wanted = np.unique(numbers).tolist()
    ids = pa.array([each[0] for each in some])
    found = {}
    for number, of_one in zip(
        wanted, members_of(events, ids, numbers, wanted, ["user"], "time"), strict=True
    ):
        oddest = next(each for each in some if each[3] == number)
        reason = Reason("user", oddest[2], None, 1.0, f"{oddest[0]} is odd")
        scores = {"record_id": oddest[0], "severity": "low", "basis": "rank"}
        what = Happening(of_one.records, None, {})
        told = ([reason], "odd")
        made = describe_incident("job", of_one, what, told, scores, {"user": Role.ENTITY})
        found[made.incident] = {each[0] for each in some if each[3] == number}
    return found


@PATIENT
@given(records=RECORDS, data=st.data())
def test_an_incident_of_the_same_records_keeps_its_id_whichever_of_them_is_the_oddest(
    records: list[tuple[int, str | None, int]], data: st.DataObject
) -> None:
    as_they_are = ids_of(records, list(range(len(records))))
    order = data.draw(st.permutations(range(len(records))))
    assert ids_of(records, order) == as_they_are


@PATIENT
@given(records=RECORDS)
def test_no_two_incidents_of_a_run_share_an_id(
    records: list[tuple[int, str | None, int]],
) -> None:
    found = ids_of(records, list(range(len(records))))
    assert len(found) == len({number for _, _, number in records})


@PATIENT
@given(records=RECORDS, gone=st.integers(0, 11))
def test_an_incident_keeps_its_id_if_a_record_after_its_first_is_no_longer_in_it(
    records: list[tuple[int, str | None, int]], gone: int
) -> None:
    whole = ids_of(records, list(range(len(records))))
    rest = ids_of(records, [i for i in range(len(records)) if i != gone])
    changed = {name for name in whole.keys() ^ rest.keys() if f"e{gone}" not in whole.get(name, ())}
    first_of = {min(ids, key=lambda e: (records[int(e[1:])][0], e)) for ids in whole.values()}
    assert not changed or f"e{gone}" in first_of
