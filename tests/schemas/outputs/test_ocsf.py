"""Incidents as Detection Findings: what the published schema (class 2004) says of them."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from schemas.outputs.ocsf import VERSION, detection_finding
from tests.flows.sample_runs import incidents, manifest
from tests.ocsf_schema import faults, published

MILLISECONDS = ("time", "start_time", "end_time")


def finding(suppressed: bool = False, **changes: Any) -> dict[str, Any]:
    row = incidents(1).to_pylist()[0] | changes
    return detection_finding(row, manifest("one", day=5), suppressed)


@pytest.mark.parametrize("suppressed", [False, True])
@pytest.mark.parametrize(
    "changes", [{}, {"first_time": None, "last_time": None, "since": None, "entities": []}]
)
def test_a_finding_is_as_the_published_schema_has_it(
    suppressed: bool, changes: dict[str, Any]
) -> None:
    assert faults(finding(suppressed, **changes)) == []


@pytest.mark.parametrize("name", ["severity_id", "finding_info", "metadata"])
def test_the_published_schema_misses_what_it_requires(name: str) -> None:
    (fault,) = faults({key: value for key, value in finding().items() if key != name})
    assert f"'{name}' is a required property" in fault


def test_the_published_schema_knows_what_it_does_not_know() -> None:
    (fault,) = faults(finding() | {"rank": 1})
    assert "'rank' was unexpected" in fault


def test_the_ocsf_numbers_name_the_class_and_the_activity() -> None:
    found = finding()
    assert (found["category_uid"], found["class_uid"]) == (2, 2004)
    assert found["type_uid"] == found["class_uid"] * 100 + found["activity_id"] == 200401
    assert found["metadata"]["version"] == VERSION


@pytest.mark.parametrize(
    ("severity", "number"), [("low", 2), ("medium", 3), ("high", 4), ("critical", 5)]
)
def test_severities_have_the_numbers_of_the_schema(severity: str, number: int) -> None:
    assert finding(severity=severity)["severity_id"] == number


def test_the_ocsf_status_is_suppressed_under_a_verdict_and_new_otherwise() -> None:
    assert (finding()["status_id"], finding(suppressed=True)["status_id"]) == (1, 3)


@pytest.mark.parametrize(
    ("alarm", "basis", "nights", "is_alert"),
    [
        (True, "rank", 28, True),
        (False, "rule", 28, False),
        (False, "rule", None, True),
        (False, "rank", None, False),
    ],
)
def test_an_alarm_is_an_alert_and_without_other_days_what_the_rule_selects(
    alarm: bool, basis: str, nights: int | None, is_alert: bool
) -> None:
    run = manifest("one", day=5)
    summary = run.incidents.model_copy(update={"nights": nights})
    row = incidents(1).to_pylist()[0] | {"alarm": alarm, "basis": basis, "recurrence": 29.0}
    found = detection_finding(row, run.model_copy(update={"incidents": summary}), False)
    assert found["is_alert"] is is_alert
    assert found["unmapped"]["recurrence"] == 29.0
    assert faults(found) == []


def test_an_unknown_recurrence_is_left_out_of_the_ocsf_finding() -> None:
    assert "recurrence" not in finding(recurrence=None)["unmapped"]


def test_times_are_whole_milliseconds() -> None:
    found = finding()
    assert all(type(found[name]) is int for name in MILLISECONDS)
    assert found["start_time"] == 1_000 * datetime(2026, 1, 1, tzinfo=UTC).timestamp()


def test_the_entity_of_an_incident_is_an_observable() -> None:
    (observable,) = finding()["observables"]
    assert observable["value"] == "eve"


@pytest.mark.parametrize(
    ("column", "name", "number", "caption"),
    [
        ("source_ip", "77.8.149.11", 2, "IP Address"),
        ("client", "2001:db8::1", 2, "IP Address"),
        ("user", "77.8.149.11", 2, "IP Address"),
        ("source_ip", "unknown", 99, "Other"),
        ("actor.user.name", "eve", 4, "User Name"),
        ("dst_host", "jump-03", 1, "Hostname"),
        ("card", "4711", 99, "Other"),
    ],
)
def test_an_observable_has_the_type_of_what_it_is(
    column: str, name: str, number: int, caption: str
) -> None:
    entities = [{"column": column, "distinct": 1, "names": [name]}]
    found = finding(entities=entities)
    assert found["observables"] == [
        {"name": column, "value": name, "type_id": number, "type": caption}
    ]
    known = published()["objects"]["observable"]["attributes"]["type_id"]["enum"]
    assert known[str(number)]["caption"] == caption
    assert faults(found) == []


def test_the_finding_of_an_odd_window_has_its_ends_and_its_entity() -> None:
    start = datetime(2026, 1, 3, tzinfo=UTC)
    window = {"view": "window", "window_start": start, "window_end": start + timedelta(1)}
    found = finding(**window, entity_column="host", entity="jump-03", records=7)
    assert faults(found) == []
    assert found["start_time"] == 1_000 * start.timestamp()
    assert found["end_time"] - found["start_time"] == 86_400_000
    assert found["unmapped"]["view"] == "window"
    assert (found["count"], found["finding_info"]["related_events_count"]) == (7, 7)
    assert [(each["value"], each["type"]) for each in found["observables"]] == [
        ("jump-03", "Hostname"),
        ("eve", "User Name"),
    ]


def test_the_entity_of_an_odd_window_is_told_once() -> None:
    found = finding(view="window", entity_column="user", entity="eve")
    assert [each["value"] for each in found["observables"]] == ["eve"]


def test_unknown_fields_are_left_out_of_the_ocsf_finding() -> None:
    found = finding(first_time=None, last_time=None, entities=[])
    assert not {"start_time", "end_time", "observables"} & set(found)
    assert None not in found.values()
    json.dumps(found, allow_nan=False)
