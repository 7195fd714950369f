"""Incidents with a critical value, and where they stand."""

import numpy as np
import pyarrow as pa
import pytest

from anomaly.incidents.critical import critical_first, critical_values, raised
from anomaly.incidents.summary import Incident, Members
from schemas.columns.roles import Role

ROLES = {
    "user": Role.ENTITY,
    "action": Role.CATEGORY,
    "admin": Role.FLAG,
    "note": Role.TEXT,
    "bytes": Role.NUMBER,
}
EVENTS = pa.table(
    {
        "user": pa.array(["eve", "bob", "eve", "root", None]).dictionary_encode(),
        "action": ["read", "erase", "erase", "read", "list"],
        "admin": [False, False, True, False, True],
        "note": ["root"] * 5,
        "bytes": [7.0] * 5,
    }
)
NUMBERS = np.array([0, 1, 0, 0, 2])


@pytest.mark.parametrize(
    ("critical", "found"),
    [
        (["root"], {0: "root"}),  # an entity of any record
        (["erase"], {1: "erase"}),  # a category of the oddest record alone
        (["true"], {2: "true"}),
        (["bob", "erase"], {1: "bob"}),  # the first column
        (["7"], {}),
        (["nobody"], {}),
        ([], {}),
    ],
)
def test_a_value_is_looked_for_in_entities_and_in_the_oddest_record(critical, found):
    assert critical_values(EVENTS, NUMBERS, ROLES, ["user"], critical) == found


def test_no_records_have_no_critical_value():
    assert critical_values(EVENTS.slice(0, 0), NUMBERS[:0], ROLES, ["user"], ["root"]) == {}


def incident(name: str, severity: str, critical: str | None, *, alarm: bool = False) -> Incident:
    members = Members(1, None, None, [], None, None, ("e1",))
    scores = {"p_value": 0.1, "anomaly_score": 10.0}
    made = Incident(name, "t", severity, "rank", members, scores, "s", [], "k", "p")
    return Incident(**vars(made) | {"critical": critical, "alarm": alarm})


@pytest.mark.parametrize(
    ("severity", "alarm", "becomes"),
    [
        ("low", False, "medium"),
        ("medium", True, "high"),
        ("critical", True, "critical"),
        ("high", False, "high"),
    ],
)
def test_a_critical_incident_is_at_least_so_grave(severity, alarm, becomes):
    assert raised(incident("a", severity, "root", alarm=alarm)).severity == becomes
    assert raised(incident("a", severity, None, alarm=alarm)).severity == severity


def test_critical_incidents_come_first_and_the_order_stays():
    some = [incident(name, "low", "root" if name in "bd" else None) for name in "abcd"]
    assert [each.incident for each in critical_first(some)] == ["b", "d", "a", "c"]
