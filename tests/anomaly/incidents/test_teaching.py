"""Verdicts that change the order of later incidents, and what they never change."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomaly.explain.reasons import Reason
from anomaly.incidents.summary import Incident
from anomaly.incidents.teaching import MOST, taught
from schemas.outputs.verdict import Verdict
from tests.anomaly.incidents.test_recurrence import HOUR, incident
from tests.anomaly.incidents.test_verdicts import TODAY, verdict


def scored(one: Incident, score: float, **changes: Any) -> Incident:
    return replace(one, scores=dict(one.scores) | {"anomaly_score": score}, **changes)


def odd_in(one: Incident, *columns: str) -> Incident:
    """Give an incident reasons of equal shares; the pattern stays as it is."""
    share = 1 / len(columns)
    reasons = [Reason(column, "x", "y", share, f"`{column}` is odd") for column in columns]
    return replace(one, reasons=reasons)


def on(entity: str, column: str, n: int = 0, label: Any = "benign", **changes: Any) -> Verdict:
    """Give a verdict on an incident of its own, number `n`."""
    return verdict(incident(entity, column, at=(n + 1) * HOUR), label, **changes)


def order(incidents: Sequence[Incident], *verdicts: Verdict, today: date = TODAY) -> list[str]:
    return [str(each.members.entity) for each in taught(incidents, verdicts, today)]


def said(one: Incident, *verdicts: Verdict) -> str | None:
    (now,) = taught([one], verdicts, TODAY)
    return now.taught


OTHER = incident("zoe", "bytes")
"""An incident that no verdict here is on: of another entity, odd in another column."""


def test_without_a_verdict_nothing_moves_and_nothing_is_said() -> None:
    both = [scored(incident("bob"), 40.0), scored(OTHER, 38.0)]
    assert taught(both, [], TODAY) == both
    assert taught(both, [on("eve", "host")], TODAY) == both


@pytest.mark.parametrize("label", ["benign", "expected"])
def test_a_benign_verdict_lowers_a_later_incident_of_its_pattern(label: str) -> None:
    both = [scored(incident("bob"), 40.0), scored(OTHER, 37.0)]
    said_of = on("eve", "action", label=label)
    assert order(both, said_of) == ["zoe", "bob"]
    assert said(both[0], said_of) == "one verdict on `action = wipe` lowers it"


def test_a_malicious_verdict_raises_a_later_incident_of_its_entity() -> None:
    both = [scored(OTHER, 40.0), scored(odd_in(incident("eve", "bytes"), "bytes"), 37.0)]
    said_of = on("eve", "action", label="malicious")
    assert order(both, said_of) == ["eve", "zoe"]
    assert said(both[1], said_of) == "one verdict on `eve` raises it"


def test_an_incident_that_is_known_again_as_malicious_is_raised_by_half_of_the_most() -> None:
    again = scored(incident("eve"), 40.0)
    said_of = on("eve", "action", label="malicious")
    assert said(again, said_of) == "one verdict on it raises it"
    assert order([scored(OTHER, 44.9), again], said_of) == ["eve", "zoe"]
    assert order([scored(OTHER, 45.1), again], said_of) == ["zoe", "eve"]


@pytest.mark.parametrize(("score", "first"), [(34.1, "zoe"), (33.9, "eve")])
def test_three_verdicts_on_an_entity_are_worth_six_points(score: float, first: str) -> None:
    # 10 · (0 − 3/2) / (1 + 3/2) = −6
    verdicts = [on("eve", "action", n) for n in range(3)]
    one = scored(replace(incident("eve"), pattern="host = h", identity="k-other"), 40.0)
    assert said(one, *verdicts) == "three verdicts on `eve` lower it"
    assert order([one, scored(OTHER, score)], *verdicts)[0] == first


@pytest.mark.parametrize(("score", "first"), [(38.1, "zoe"), (37.9, "bob")])
def test_one_verdict_on_what_is_odd_in_the_same_columns_is_worth_two_points(
    score: float, first: str
) -> None:
    # 10 · (0 − 1/4) / (1 + 1/4) = −2
    one = scored(replace(incident("bob"), pattern="action = read", identity="k-other"), 40.0)
    assert said(one, on("eve", "action")) == "one verdict on incidents odd in `action` lowers it"
    assert order([one, scored(OTHER, score)], on("eve", "action"))[0] == first


def test_columns_are_the_same_from_a_cosine_of_eight_tenths_on() -> None:
    bob = odd_in(replace(incident("bob"), pattern="x = 1", identity="k-1"), "action", "bytes")
    both = odd_in(incident("eve"), "action", "bytes", "host")  # cosine .82
    third = odd_in(incident("eve"), "action", "bytes", "host", "mfa")  # cosine .71
    lowers = "one verdict on incidents odd in `action` and `bytes` lowers it"
    assert said(bob, verdict(both)) == lowers
    assert said(bob, verdict(third)) is None


def test_a_verdict_of_an_earlier_version_has_no_shares_and_counts_by_pattern_and_entity() -> None:
    def earlier(entity: str, column: str) -> Verdict:
        new = on(entity, column)
        return new.model_copy(update={"evidence": new.evidence.model_copy(update={"shares": None})})

    assert said(incident("bob"), earlier("eve", "action")) is not None
    one = replace(incident("bob"), pattern="action = read", identity="k-other")
    assert said(one, earlier("eve", "action")) is None


@pytest.mark.parametrize(
    "odder",
    [
        {"scores": {**incident().scores, "density_score": 6.0}},
        {"scores": {**incident().scores, "distance_score": 10.0}},
        {"reasons": odd_in(incident(), "action", "host").reasons},
    ],
)
def test_no_verdict_lowers_what_is_odder_or_odd_for_another_reason(odder: dict[str, Any]) -> None:
    one = replace(incident("bob"), **odder)
    assert said(one, on("eve", "action")) is None
    assert said(one, on("eve", "action", label="malicious")) is not None


def test_verdicts_that_have_ended_count_for_nothing() -> None:
    timeless = replace(incident("bob", at=None))
    ended = on("eve", "action", until=date(2026, 1, 9))
    assert taught([timeless], [ended], date(2026, 1, 9))[0].taught is not None
    assert taught([timeless], [ended], date(2026, 1, 10))[0].taught is None


def test_of_several_verdicts_on_one_incident_the_newest_counts() -> None:
    one = incident("bob")
    benign, malicious = on("eve", "action"), on("eve", "action", label="malicious")
    assert said(one, benign, malicious) == "one verdict on `action = wipe` raises it"
    assert said(one, malicious, benign) == "one verdict on `action = wipe` lowers it"
    assert said(one, benign, benign) == "one verdict on `action = wipe` lowers it"


def test_a_malicious_verdict_overrules_earlier_ones_on_what_lies_in_its_scope() -> None:
    one = incident("eve")
    benign = on("eve", "action", 1, scope="pattern")
    assert said(one, benign, on("eve", "action", 2, "malicious")) == "one verdict on it raises it"


def test_verdicts_that_disagree_are_both_told_those_that_prevail_first() -> None:
    one = incident("bob")
    verdicts = [on("eve", "action", n) for n in range(2)]
    verdicts.append(on("bob", "bytes", 2, "malicious"))
    lowers = "two verdicts on `action = wipe` lower it"
    assert said(one, *verdicts) == f"{lowers}; one verdict on `bob` raises it"
    assert said(one, *verdicts[1:]) is None  # one each: the incident stays where it is


def test_what_moves_an_incident_is_told_by_kind() -> None:
    verdicts = [on("eve", "action"), on("bob", "action", 1), on("bob", "action", 2)]
    one = replace(incident("bob"), identity="k-other")
    assert said(one, *verdicts) == "three verdicts on `action = wipe` lower it"
    other = replace(one, pattern="host = h")
    told = "two verdicts on `bob` and one on incidents odd in `action` lower it"
    assert said(other, *verdicts) == told


@pytest.mark.parametrize("ahead", [{"alarm": True}, {"basis": "rule"}])
def test_leads_stay_behind_alarms_and_what_the_rule_selects(ahead: dict[str, Any]) -> None:
    alarm = scored(incident("bob"), 40.0, **ahead)
    lead = scored(incident("eve"), 39.9, basis="rank")
    assert order([alarm, lead], on("eve", "action", label="malicious")) == ["bob", "eve"]


def test_hundreds_of_verdicts_are_worth_less_than_ten_points() -> None:
    verdicts = [on("eve", "action", n) for n in range(300)]
    one = scored(incident("bob"), 40.0)
    assert order([one, scored(OTHER, 40.0 - MOST)], *verdicts) == ["bob", "zoe"]


LABELS = st.sampled_from(["benign", "expected", "malicious"])
ENTITIES, COLUMNS = st.sampled_from(["eve", "bob", "ann"]), st.sampled_from(["action", "bytes"])


@given(
    st.lists(st.tuples(ENTITIES, COLUMNS, st.floats(1, 99)), max_size=8),
    st.lists(st.tuples(ENTITIES, COLUMNS, LABELS), max_size=8),
)
def test_no_incident_leaves_no_score_changes_and_none_passes_one_twenty_points_odder(
    cases: list[tuple[str, str, float]], opinions: list[tuple[str, str, str]]
) -> None:
    given_ones = [scored(incident(entity, column), score) for entity, column, score in cases]
    given_ones.sort(key=lambda each: -each.scores["anomaly_score"])
    verdicts = [on(*who, n, label) for n, (*who, label) in enumerate(opinions)]
    ordered = taught(given_ones, verdicts, TODAY)
    scores = [each.scores["anomaly_score"] for each in ordered]
    assert sorted(scores, reverse=True) == [each.scores["anomaly_score"] for each in given_ones]
    untold = [replace(each, taught=None) for each in ordered]
    assert all(each in given_ones for each in untold)
    for place, score in enumerate(scores):
        assert all(below < score + 2 * MOST for below in scores[place:])
    assert taught(given_ones, verdicts, TODAY) == ordered
