"""The status of an incident beside those of earlier runs."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from anomaly.explain.reasons import Reason
from anomaly.incidents.recurrence import (
    PastIncident,
    RunIncidents,
    compared,
    differences,
    gone,
)
from anomaly.incidents.sentence import Happening
from anomaly.incidents.summary import Incident, Members, describe_incident
from anomaly.incidents.verdicts import verdict_on
from schemas.columns.roles import Role
from schemas.outputs.verdict import Opinion, Verdict

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


def row(name: str, status: str = "new", records: int = 1) -> dict[str, Any]:
    return {
        "identity": name,
        "status": status,
        "anomaly_score": 20.0,
        "records": records,
        "first_time": None,
        "last_time": None,
        "entity_column": "user",
        "entity": name,
        "pattern": f"action = {name}",
    }


def verdict(name: str, label: str, scope: str = "this") -> Verdict:
    when = datetime(2026, 1, 1, tzinfo=UTC)
    opinion = Opinion.model_validate({"label": label, "scope": scope, "who": "me", "when": when})
    scores = {"severity": "low", "density_score": 1.0, "distance_score": 1.0, "reasons": []}
    return verdict_on(row(name) | scores | {"incident": f"i-{name}"}, ["e1"], "run", opinion)


def names(rows: Sequence[Mapping[str, Any]]) -> str:
    return "".join(each["identity"] for each in rows)


def test_what_a_later_run_has_not_is_not_seen() -> None:
    not_seen, resolved = gone([row("a"), row("b"), row("c")], {"b"}, [])
    assert (names(not_seen), names(resolved)) == ("ac", "")


@pytest.mark.parametrize(
    ("said", "resolved"),
    [
        ([("a", "benign", "this")], "a"),
        ([("a", "expected", "entity")], "a"),
        ([("b", "expected", "pattern")], "b"),
        ([("a", "malicious", "this")], ""),
        ([("a", "benign", "this"), ("a", "malicious", "this")], ""),
        ([("a", "malicious", "this"), ("a", "benign", "this")], "a"),
        ([("c", "benign", "this")], ""),
    ],
)
def test_what_a_verdict_calls_benign_or_expected_is_resolved_once_it_is_gone(
    said: list[tuple[str, str, str]], resolved: str
) -> None:
    verdicts = [verdict(*each) for each in said]
    assert names(gone([row("a"), row("b")], {"c"}, verdicts)[1]) == resolved


def test_two_runs_differ_by_what_is_new_worse_recurring_and_not_there_any_more() -> None:
    before = RunIncidents([row("a"), row("b"), row("c"), row("e")])
    after = RunIncidents([row("b"), row("c", records=9), row("d")])
    found = differences(before, after, [verdict("e", "benign")])
    assert [(change, each["identity"]) for change, each in found] == [
        ("new", "d"),
        ("worse", "c"),
        ("recurring", "b"),
        ("not seen", "a"),
        ("resolved", "e"),
    ]


def test_what_runs_before_the_first_of_two_had_is_not_new_in_the_second() -> None:
    after = RunIncidents([row("a", "recurring"), row("b", "worse"), row("c")])
    found = differences(RunIncidents([]), after)
    assert [change for change, _ in found] == ["new", "worse", "recurring"]


def test_what_a_run_keeps_back_or_does_not_show_is_there() -> None:
    before = RunIncidents([row("a"), row("b")], suppressed=[row("c")], unshown=[row("d")])
    after = RunIncidents([row("d")], suppressed=[row("a")], unshown=[row("b")])
    found = differences(before, after)
    assert [(change, each["identity"]) for change, each in found] == [
        ("recurring", "d"),
        ("not seen", "c"),
    ]
