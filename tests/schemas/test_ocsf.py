"""Incidents as Detection Findings: what the published schema (1.8.0, class 2004) requires.

The attributes stand in `events/base_event.json`, `events/findings/finding.json`,
`objects/metadata.json`, `objects/product.json` and `objects/finding_info.json` of ocsf-schema.
"""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from schemas.ocsf import VERSION, detection_finding
from tests.flows.sample_runs import incidents, manifest

REQUIRED = {
    "": {
        "activity_id": int,
        "category_uid": int,
        "class_uid": int,
        "finding_info": dict,
        "metadata": dict,
        "severity_id": int,
        "time": int,
        "type_uid": int,
    },
    "metadata": {"product": dict, "version": str},
    "finding_info": {"uid": str, "title": str},
    "metadata.product": {"name": str, "vendor_name": str},
    "finding_info.analytic": {"type_id": int},
}
OBSERVABLE = {"name": str, "type_id": int}
MILLISECONDS = ("time", "start_time", "end_time")


def finding(suppressed: bool = False, **changes: Any) -> dict[str, Any]:
    row = incidents(1).to_pylist()[0] | changes
    return detection_finding(row, manifest("one", day=5), suppressed)


def part_of(found: dict[str, Any], path: str) -> dict[str, Any]:
    for name in filter(None, path.split(".")):
        found = found[name]
    return found


@pytest.mark.parametrize("path", REQUIRED)
def test_every_required_attribute_is_there_in_its_type(path: str) -> None:
    part = part_of(finding(), path)
    for name, kind in REQUIRED[path].items():
        assert type(part[name]) is kind, f"{path}.{name}"


def test_the_numbers_name_the_class_and_what_happened() -> None:
    found = finding()
    assert (found["category_uid"], found["class_uid"]) == (2, 2004)
    assert found["type_uid"] == found["class_uid"] * 100 + found["activity_id"] == 200401
    assert found["metadata"]["version"] == VERSION


@pytest.mark.parametrize(
    ("severity", "number"), [("low", 2), ("medium", 3), ("high", 4), ("critical", 5)]
)
def test_severities_have_the_numbers_of_the_schema(severity: str, number: int) -> None:
    assert finding(severity=severity)["severity_id"] == number


def test_what_a_verdict_keeps_back_is_suppressed_and_the_rest_is_new() -> None:
    assert (finding()["status_id"], finding(suppressed=True)["status_id"]) == (1, 3)


def test_times_are_whole_milliseconds() -> None:
    found = finding()
    assert all(type(found[name]) is int for name in MILLISECONDS)
    assert found["start_time"] == 1_000 * datetime(2026, 1, 1, tzinfo=UTC).timestamp()


def test_who_it_is_about_can_be_searched_for() -> None:
    (observable,) = finding()["observables"]
    assert all(type(observable[name]) is kind for name, kind in OBSERVABLE.items())
    assert observable["value"] == "eve"


def test_what_is_not_known_is_left_out() -> None:
    found = finding(first_time=None, last_time=None, entities=[])
    assert not {"start_time", "end_time", "observables"} & set(found)
    assert None not in found.values()
    json.dumps(found, allow_nan=False)
