"""Verdicts: the incidents that they suppress, and those that they never hide."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from anomaly.incidents.summary import Incident
from anomaly.incidents.verdicts import apply_verdicts, is_about, known_malicious, verdict_on
from schemas.errors import JobError
from schemas.outputs.verdict import Opinion, Verdict
from tests.anomaly.incidents.test_recurrence import incident

TODAY = date(2026, 1, 10)


def verdict(on: Incident, label: Any = "benign", scope: Any = "this", **changes: Any) -> Verdict:
    row = on.row(1)
    for name in ("first_time", "last_time"):
        at = row[name]
        row[name] = (
            None if at is None else datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at)
        )
    said = {"label": label, "scope": scope, "who": "ann", "when": datetime(2026, 1, 9, tzinfo=UTC)}
    return verdict_on(row, ["e1"], "one", Opinion(**said | changes))


def suppressed(one: Incident, *verdicts: Verdict, today: date = TODAY) -> bool:
    outcome = apply_verdicts([one], verdicts, today)
    assert len(outcome.reported) + len(outcome.suppressed) == 1
    return bool(outcome.suppressed)


def odder(one: Incident, **scores: float) -> Incident:
    return replace(one, scores=dict(one.scores) | scores)


@pytest.mark.parametrize("label", ["benign", "expected"])
def test_a_recurring_benign_incident_is_suppressed_and_names_its_verdict(label: str) -> None:
    said = verdict(incident(), label)
    later = incident(at=900 * 3_600_000_000)
    (hidden,) = apply_verdicts([later], [said], TODAY).suppressed
    assert hidden.verdict == said.verdict


def test_the_scope_of_a_verdict_decides_which_incidents_it_is_about() -> None:
    on = incident("eve", "action")
    others = {
        "same": incident("eve", "action"),
        "entity": incident("eve", "bytes"),
        "pattern": incident("bob", "action"),
        "neither": incident("bob", "bytes"),
    }
    reach = {
        scope: [name for name, each in others.items() if is_about(verdict(on, scope=scope), each)]
        for scope in ("this", "entity", "pattern")
    }
    assert reach == {
        "this": ["same"],
        "entity": ["same", "entity"],
        "pattern": ["same", "pattern"],
    }


@pytest.mark.parametrize("score", ["density_score", "distance_score"])
def test_an_incident_of_a_higher_score_is_never_suppressed(score: str) -> None:
    on = incident()
    assert suppressed(odder(on, **{score: 1.05 * on.scores[score]}), verdict(on))
    outcome = apply_verdicts([odder(on, **{score: 1.2 * on.scores[score]})], [verdict(on)], TODAY)
    assert [each.verdict for each in outcome.reported] == [verdict(on).verdict]


def test_an_incident_with_a_new_reason_is_never_suppressed() -> None:
    on = incident("eve", "action")
    other = replace(on, reasons=[*on.reasons, replace(on.reasons[0], column="host", share=0.2)])
    faint = replace(on, reasons=[*on.reasons, replace(on.reasons[0], column="host", share=0.05)])
    assert not suppressed(other, verdict(on))
    assert suppressed(faint, verdict(on))


def test_a_verdict_ends_after_its_last_day() -> None:
    on = incident(at=1_768_003_200_000_000 - 3_600_000_000 * 2)  # 9 January 2026, 22:00
    assert suppressed(on, verdict(on, until=date(2026, 1, 9)))
    assert not suppressed(on, verdict(on, until=date(2026, 1, 8)))
    timeless = incident(at=None)
    assert suppressed(timeless, verdict(timeless, until=TODAY))
    assert not suppressed(timeless, verdict(timeless, until=TODAY - timedelta(days=1)))


def test_a_malicious_verdict_suppresses_nothing_and_revokes_earlier_ones() -> None:
    on = incident()
    benign, malicious = verdict(on), verdict(on, "malicious")
    assert suppressed(on, malicious, benign)
    assert not suppressed(on, benign, malicious)
    assert apply_verdicts([on], [benign, malicious], TODAY).reported[0].verdict == malicious.verdict


def test_a_narrow_newer_verdict_does_not_end_a_wider_older_one() -> None:
    calm, loud = incident(), odder(incident(), density_score=100.0)
    assert suppressed(loud, verdict(loud, scope="pattern"), verdict(calm))


def test_an_entity_s_verdict_needs_an_entity() -> None:
    nobody = replace(incident(), members=replace(incident().members, entity=None))
    with pytest.raises(JobError, match="not about one entity"):
        verdict(nobody, scope="entity")


def test_a_pattern_without_a_value_is_too_wide_for_a_verdict() -> None:
    with pytest.raises(JobError, match="any value of `bytes`"):
        verdict(incident(column="bytes"), scope="pattern")
    nobody = replace(incident(column="bytes").members, entity=None, entity_column=None)
    with pytest.raises(JobError, match="any value of `bytes`"):
        verdict(replace(incident(column="bytes"), members=nobody))
    assert verdict(replace(incident(column="bytes"), members=nobody), "malicious")


def test_every_verdict_has_a_name_of_its_own() -> None:
    said = [
        verdict(incident(), label, note=note) for label in ("benign", "expected") for note in "ab"
    ]
    assert len({each.verdict for each in said}) == 4


EVENTS = pa.table(
    {
        "id": ["e1", "e2", "e3", "e4"],
        "user": pa.array(["eve", "eve", "eve", "bob"]).dictionary_encode(),
        "time": pa.array([0, 100, 200, 100], pa.int64()).cast(pa.timestamp("us", "UTC")),
    }
)
"""Of eve at 0, 100 and 200; of bob at 100."""


@pytest.mark.parametrize(
    ("label", "scope", "expected"),
    [
        ("benign", "entity", [False, False, False, False]),
        ("malicious", "this", [True, True, False, False]),
        ("malicious", "pattern", [True, True, False, False]),
        ("malicious", "entity", [True, True, True, False]),
    ],
)
def test_events_of_a_malicious_verdict_are_no_reference(
    label: str, scope: str, expected: list[bool]
) -> None:
    one = incident("eve")
    seen = replace(one, members=replace(one.members, first_time=50, last_time=150))
    verdicts = [verdict(seen, label, scope)]
    found = known_malicious(EVENTS, EVENTS["id"], verdicts, "time")
    assert found.tolist() == expected


def test_a_malicious_verdict_without_time_or_entity_leaves_out_its_records_alone() -> None:
    said = [verdict(incident("eve"), "malicious")]
    assert known_malicious(EVENTS, EVENTS["id"], said, None).tolist() == [True] + [False] * 3
    other = EVENTS.drop("user")
    assert known_malicious(other, other["id"], said, "time").tolist() == [True] + [False] * 3


def test_a_row_tells_the_p_value_of_each_view() -> None:
    alone = incident("a")
    assert alone.row(1)["record_p_value"] == alone.scores["p_value"]
    assert alone.row(1)["window_p_value"] is None
    both = replace(alone, by_view={"records": 0.02, "window": 0.01}).row(1)
    assert (both["record_p_value"], both["window_p_value"]) == (0.02, 0.01)
