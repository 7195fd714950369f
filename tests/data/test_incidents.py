import pyarrow as pa
import pyarrow.compute as pc
import pytest

from data.incidents import PLAN, plan
from schemas.job.job import SelectionSpec
from tests.data.conftest import Log


def of_kind(planted: pa.Table, kind: str) -> pa.Table:
    return planted.filter(pc.field("kind") == kind)


def pairs(events: pa.Table, first: str, second: str) -> set[tuple[str, str]]:
    return set(zip(events[first].to_pylist(), events[second].to_pylist(), strict=True))


def test_every_label_stands_in_the_events(log: Log, planted: pa.Table) -> None:
    assert sorted(planted["event_id"].to_pylist()) == sorted(log[1]["event_id"].to_pylist())


def test_planted_share_is_small_and_fits_a_default_budget(log: Log) -> None:
    assert sum(map(sum, plan(200_000).values())) <= SelectionSpec().budget
    assert len(log[1]) < 0.003 * len(log[0])


def test_incidents_are_as_planned(log: Log) -> None:
    found = log[1].group_by(["kind", "incident_id"]).aggregate([([], "count_all")])
    sizes: dict[str, list[int]] = {}
    for row in found.sort_by("incident_id").to_pylist():
        sizes.setdefault(row["kind"], []).append(row["count_all"])
    assert sizes == plan(40_000)
    assert {kind: list(each) for kind, each in PLAN.items()} == plan(200_000) == plan(10**7)


def test_no_column_tells_what_is_planted(log: Log, planted: pa.Table) -> None:
    told = {*PLAN, *planted["incident_id"].to_pylist(), "planted", "incident", "anomaly"}
    for column in log[0].column_names:
        if pa.types.is_string(log[0].schema.field(column).type):
            texts = pc.unique(log[0][column].drop_null())
            for word in told:
                assert not pc.any(pc.match_substring(texts, word)).as_py(), (column, word)


@pytest.mark.parametrize("turn", range(1, 5))
def test_spraying_fails_on_many_people_from_one_address(planted: pa.Table, turn: int) -> None:
    burst = planted.filter(pc.field("incident_id") == f"password_spraying-{turn}")
    assert pc.count_distinct(burst["user"]).as_py() == len(burst)
    assert pc.count_distinct(burst["source_ip"]).as_py() == 1
    span = pc.min_max(burst["timestamp"]).as_py()
    assert (span["max"] - span["min"]).total_seconds() < 20 * 60
    assert burst["status"].to_pylist()[:-1] == ["failure"] * (len(burst) - 1)
    assert burst["status"].to_pylist()[-1] == ("success" if turn == 3 else "failure")


def test_strange_sign_ins_come_at_night_from_a_host_new_to_the_user(
    planted: pa.Table, ordinary: pa.Table
) -> None:
    strange = of_kind(planted, "strange_sign_in")
    assert set(pc.hour(strange["timestamp"]).to_pylist()) <= {1, 2, 3, 4}
    assert not pairs(strange, "user", "host") & pairs(ordinary, "user", "host")


def test_bulk_exports_are_far_above_what_their_user_ever_fetched(
    planted: pa.Table, ordinary: pa.Table
) -> None:
    exports = of_kind(planted, "bulk_export")
    usual = ordinary.group_by("user").aggregate([("bytes", "max")])
    beside = exports.join(usual, keys="user")
    assert pc.all(pc.greater(beside["bytes"], pc.multiply(beside["bytes_max"], 4))).as_py()


def test_service_admin_calls_are_new_to_the_service(planted: pa.Table, ordinary: pa.Table) -> None:
    calls = of_kind(planted, "service_admin_call")
    assert not pairs(calls, "user", "action") & pairs(ordinary, "user", "action")
    assert set(calls["action"].to_pylist()) <= set(ordinary["action"].to_pylist())


def test_garbled_agents_are_new(planted: pa.Table, ordinary: pa.Table) -> None:
    agents = set(of_kind(planted, "garbled_agent")["user_agent"].to_pylist())
    assert len(agents) == 4
    assert not agents & set(ordinary["user_agent"].to_pylist())
