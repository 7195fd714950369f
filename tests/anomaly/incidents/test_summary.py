"""The entity of an incident, and the id that it keeps when its log is judged again."""

import numpy as np
import pyarrow as pa

from anomaly.incidents.summary import Members, members_of


def members(users: list[str | None], hosts: list[str | None]) -> Members:
    """One incident of these records, the oddest first."""
    events = pa.table({"user": pa.array(users, pa.string()), "host": pa.array(hosts, pa.string())})
    numbers = np.zeros(len(users), dtype=np.int64)
    (found,) = members_of(events, numbers, [0], ["user", "host"], None)
    return found


def test_an_incident_is_of_an_entity_of_its_most_telling_record() -> None:
    of_most = members(["eve", "bob", "bob", "bob"], ["h1", "h1", "h1", "h2"])
    assert (of_most.entity_column, of_most.entity) == ("host", "h1")


def test_the_entity_of_most_records_is_not_that_of_an_incident_told_by_another_record() -> None:
    assert members(["eve", "bob", "bob"], ["h1", "h2", "h3"]).entity is None


def test_a_telling_record_without_a_name_gives_none() -> None:
    assert members([None, "bob", "bob"], ["h1", "h2", "h3"]).entity is None
