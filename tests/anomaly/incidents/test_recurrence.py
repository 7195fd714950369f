"""The status of an incident beside those of earlier runs."""

from dataclasses import replace
from typing import Any

import pytest

from anomaly.explain.reasons import Reason
from anomaly.incidents.recurrence import PastIncident, compared, differences, resolved
from anomaly.incidents.sentence import Happening
from anomaly.incidents.summary import Incident, Members, describe_incident
from schemas.columns.roles import Role

HOUR = 3_600_000_000
ROLES = {"user": Role.ENTITY, "action": Role.CATEGORY, "bytes": Role.NUMBER}


def incident(
    entity: str = "eve", column: str = "action", at: int | None = 100 * HOUR, records: int = 2
) -> Incident:
    members = Members(records, at, None if at is None else at + HOUR, [], "user", entity, ("e1",))
    reasons = [Reason(column, "wipe", "read", 0.9, f"`{column}` is odd")]
    scores = {"record_id": "e1", "p_value": 1e-4, "anomaly_score": 40.0, "severity": "medium"}
    scores |= {"density_score": 5.0, "distance_score": 9.0, "basis": "rank"}
    what = Happening(members.records, None, {})
    return describe_incident("job", members, what, (reasons, "odd"), scores, ROLES)


def past(of: Incident, run: int = 0, **changes: Any) -> PastIncident:
    members = of.members
    known = PastIncident(
        of.identity, 40.0, members.records, run, members.first_time, members.last_time
    )
    return replace(known, **changes)


def earlier(of: Incident, hours: int, run: int = 0) -> PastIncident:
    assert of.members.first_time is not None
    start = of.members.first_time - hours * HOUR
    return past(of, run, first_time=start, last_time=start + HOUR)


def test_an_incident_that_no_earlier_run_had_is_new() -> None:
    (now,) = compared([incident()], [past(incident("adam"))])
    assert (now.status, now.since, now.occurrences) == ("new", None, 1)


def test_a_recurring_incident_says_since_when_and_how_often() -> None:
    one = incident()
    (now,) = compared([one], [earlier(one, 72), earlier(one, 24, run=1)])
    assert (now.status, now.since, now.occurrences) == ("recurring", 28 * HOUR, 3)


def test_an_occurrence_that_several_runs_saw_counts_once() -> None:
    one = incident()
    (now,) = compared([one], [earlier(one, 72), earlier(one, 72, run=1), past(one, run=2)])
    assert now.occurrences == 2


def test_each_run_is_an_occurrence_where_records_have_no_time() -> None:
    one = incident(at=None)
    (now,) = compared([one], [past(one, run=0), past(one, run=0), past(one, run=1)])
    assert (now.status, now.since, now.occurrences) == ("recurring", None, 3)


@pytest.mark.parametrize(
    ("records", "before", "status"),
    [
        (2, 40.0, "recurring"),
        (6, 40.0, "recurring"),
        (7, 40.0, "worse"),
        (2, 30.5, "recurring"),
        (2, 30.0, "worse"),
    ],
)
def test_an_incident_ten_times_as_rare_or_of_far_more_records_is_worse(
    records: int, before: float, status: str
) -> None:
    known = replace(earlier(incident(records=2), 24), anomaly_score=before)
    (now,) = compared([incident(records=records)], [known])
    assert now.status == status


def test_an_incident_is_recognised_by_entity_and_pattern_not_by_time_or_value() -> None:
    assert incident().identity == incident(at=7 * HOUR, records=9).identity
    assert len({incident(e, c).identity for e in ("eve", "bob") for c in ("action", "bytes")}) == 4


def test_the_pattern_holds_the_value_of_a_name_and_not_of_a_quantity() -> None:
    assert incident(column="action").pattern == "action = wipe"
    assert incident(column="bytes").pattern == "bytes"


def test_incidents_that_only_the_newest_earlier_run_had_are_resolved() -> None:
    gone, stays, old = incident("gone"), incident("stays"), incident("old")
    before = [past(old, run=0), past(gone, run=1), past(stays, run=1)]
    assert resolved([stays], before) == [gone.identity]
    assert resolved([stays], []) == []


def test_two_runs_differ_by_what_is_new_worse_recurring_and_resolved() -> None:
    def row(name: str, records: int = 1) -> dict[str, Any]:
        return {
            "identity": name,
            "anomaly_score": 20.0,
            "records": records,
            "first_time": None,
            "last_time": None,
        }

    found = differences([row("a"), row("b"), row("c")], [row("b"), row("c", 9), row("d")])
    assert [(change, each["identity"]) for change, each in found] == [
        ("new", "d"),
        ("worse", "c"),
        ("recurring", "b"),
        ("resolved", "a"),
    ]
