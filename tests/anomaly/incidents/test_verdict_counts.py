"""Counts of incidents with verdicts, by severity."""

from datetime import UTC, datetime, timedelta

from anomaly.incidents.verdict_counts import verdict_counts
from schemas.outputs.manifest import VerdictCount
from schemas.outputs.verdict import Evidence, Label, Verdict


def verdict(number: int, incident: str, label: Label, severity: str) -> Verdict:
    evidence = Evidence(
        identity="k",
        entity_column=None,
        entity=None,
        pattern="a = b",
        columns=["a"],
        severity=severity,
        density_score=1.0,
        distance_score=1.0,
        records=[],
        first_time=None,
        last_time=None,
    )
    return Verdict(
        label=label,
        who="ann",
        when=datetime(2026, 1, 5, tzinfo=UTC) + timedelta(hours=number),
        verdict=f"v-{number:012x}",
        incident=incident,
        run_id="one",
        evidence=evidence,
    )


def test_verdicts_are_counted_by_severity_and_the_newest_of_an_incident_counts() -> None:
    said = [
        verdict(1, "i-1", "malicious", "medium"),
        verdict(2, "i-2", "malicious", "high"),
        verdict(3, "i-3", "expected", "high"),
        verdict(4, "i-4", "benign", "medium"),
        verdict(5, "i-1", "benign", "medium"),
        verdict(6, "i-3", "malicious", "high"),
    ]
    assert verdict_counts(said) == [
        VerdictCount(severity="high", incidents=2, malicious=2),
        VerdictCount(severity="medium", incidents=2, malicious=0),
    ]
    assert verdict_counts([]) == []
