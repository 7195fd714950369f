"""The incidents of a run: what the budget counts, what a flood comes to, what stays the same."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from anomaly.incidents.verdicts import verdict_on
from flows.steps.group import FINDINGS_OF_ONE
from flows.storage.runs.reader import (
    PublishedRun,
    read_findings,
    read_incidents,
    read_members,
    read_scores,
)
from flows.storage.verdicts.store import keep_verdict
from schemas.outputs.verdict import Opinion
from tests.flows.sample_logs import dataset_bytes, detect, detect_in, job, small_log, written


def with_flood(ordinary: int, alike: int, users: int = 3) -> pa.Table:
    """Ordinary events, and within a quarter of an hour a flood of alike ones."""
    log, rng = small_log(ordinary), np.random.default_rng(1)
    start = int(log["time"].cast(pa.int64()).to_numpy().min()) + 10**11
    flood = {
        "event_id": [f"f{i}" for i in range(alike)],
        "time": pa.array(start + rng.integers(0, 900_000_000, alike)).cast(log["time"].type),
        "user": [f"u{i}" for i in rng.integers(0, users, alike)],
        "action": ["wipe"] * alike,
        "bytes": rng.lognormal(20, 0.1, alike).round(2),
        "message": [f"wiped {i} blocks" for i in rng.integers(0, 9_999, alike)],
    }
    return pa.concat_tables([log, pa.table(flood, schema=log.schema)])


def with_odd_sizes(busy: float, odd: int = 8) -> pa.Table:
    """A log in which one user does a part of all, and things of odd sizes within ten minutes."""
    log, rng = small_log(1_000).to_pydict(), np.random.default_rng(2)
    log["user"] = [f"u{i}" for i in rng.integers(0, 40, 1_000)]
    log["action"][-2], log["bytes"][-2] = "read", 100.0
    for i in np.flatnonzero(rng.random(1_000) < busy):
        log["user"][i] = "svc"
    for i in range(odd):
        log["user"][i], log["time"][i] = "svc", log["time"][0] + timedelta(minutes=i)
        log["bytes"][i] = 10.0 ** (5 + 3 * i)
    return pa.table(log, schema=small_log().schema)


def rows(run: PublishedRun) -> list[dict[str, Any]]:
    return read_incidents(run).to_pylist()


@pytest.fixture(scope="module")
def flooded(tmp_path_factory: pytest.TempPathFactory) -> PublishedRun:
    folder = tmp_path_factory.mktemp("flood")
    selection = {"threshold": 10.0, "budget": 5}
    return detect_in(with_flood(4_000, 200), folder, selection=selection, behaviour=False)


def test_a_flood_is_one_incident_that_counts_every_record(flooded: PublishedRun) -> None:
    first = rows(flooded)[0]
    assert 200 <= first["records"] < 220
    assert first["last_time"] - first["first_time"] < timedelta(hours=2)
    assert first["reasons"][0]["column"] in first["title"]
    assert {names["column"]: names["distinct"] for names in first["entities"]} == {"user": 3}


def test_the_budget_counts_incidents_and_findings_stay_few(flooded: PublishedRun) -> None:
    incidents, findings = rows(flooded), read_findings(flooded)
    assert len(incidents) == 5
    assert len(findings) <= 5 * FINDINGS_OF_ONE
    assert findings["incident"].to_pylist().count(incidents[0]["incident"]) == FINDINGS_OF_ONE
    assert set(findings["incident"].to_pylist()) == {each["incident"] for each in incidents}


def test_what_the_rule_selects_is_in_an_incident_or_cut_off(flooded: PublishedRun) -> None:
    selection, summary = flooded.manifest.selection, flooded.manifest.incidents
    assert selection.in_incidents == summary.records
    assert selection.cut_off == selection.selected - summary.records > 0


def test_an_incident_is_told_by_its_oddest_finding(flooded: PublishedRun) -> None:
    findings = {row["record_id"]: row for row in reversed(read_findings(flooded).to_pylist())}
    for incident in rows(flooded):
        finding = findings[incident["record_id"]]
        for column in ("severity", "basis", "p_value", "anomaly_score", "summary", "reasons"):
            assert incident[column] == finding[column], column
        assert incident["first_time"] <= finding["time"] <= incident["last_time"]


def test_incidents_are_ranked_by_their_oddest_record(flooded: PublishedRun) -> None:
    incidents = rows(flooded)
    assert [incident["rank"] for incident in incidents] == list(range(1, len(incidents) + 1))
    p_values = [incident["p_value"] for incident in incidents]
    assert p_values == sorted(p_values)


@pytest.mark.slow
@pytest.mark.parametrize(("busy", "expected"), [(0.05, True), (0.8, False)])
def test_an_entity_joins_its_odd_records_unless_it_holds_most_of_the_log(
    busy: float, expected: bool, tmp_path: Path
) -> None:
    run = detect_in(with_odd_sizes(busy), tmp_path, selection={"at_least": 12})
    of_bytes = [row for row in rows(run) if row["reasons"][0]["column"] == "bytes"]
    assert any(row["records"] >= 6 for row in of_bytes) is expected


@pytest.mark.slow
def test_records_counts_those_as_odd_as_the_oddest_of_the_last_incident(tmp_path: Path) -> None:
    run = detect_in(small_log(600), tmp_path, behaviour=False)
    incidents, p_values = rows(run), read_scores(run)["p_value"].to_numpy()
    cut = max(incident["p_value"] for incident in incidents)
    counted = sum(incident["records"] for incident in incidents)
    assert (p_values < cut).sum() < counted <= (p_values <= cut).sum()


def test_members_lists_every_record_of_every_incident_once(flooded: PublishedRun) -> None:
    members = read_members(flooded).to_pylist()
    counted = Counter(row["incident"] for row in members)
    assert counted == {row["incident"]: row["records"] for row in rows(flooded)}
    assert len({row["record_id"] for row in members}) == len(members)
    assert flooded.manifest.incidents.members == len(members)
    of = {row["record_id"]: row["incident"] for row in members}
    for finding in read_findings(flooded).to_pylist():
        assert of[finding["record_id"]] == finding["incident"]
    scores = dict(
        zip(*read_scores(flooded, ["record_id", "p_value"]).to_pydict().values(), strict=True)
    )
    p_values = [scores[row["record_id"]] for row in members]
    assert p_values == sorted(p_values)


@pytest.mark.slow
def test_without_a_rule_s_choice_there_are_as_many_incidents_as_asked_for(tmp_path: Path) -> None:
    run = detect_in(small_log(400), tmp_path, selection={"threshold": 900.0, "at_least": 30})
    assert [incident["basis"] for incident in rows(run)] == ["rank"] * 30
    assert len(read_findings(run)) >= 30


@pytest.mark.slow
def test_the_walk_passes_a_flood_to_reach_the_incidents_asked_for(tmp_path: Path) -> None:
    run = detect_in(with_flood(4_000, 200), tmp_path, selection={"at_least": 8})
    assert len(rows(run)) == 8
    assert max(incident["records"] for incident in rows(run)) >= 200


@pytest.mark.slow
def test_the_same_input_and_job_give_the_same_incidents_even_in_a_later_run(tmp_path: Path) -> None:
    spec = job(written(tmp_path / "log.parquet", small_log()), tmp_path / "out")
    first, again = detect(spec), detect(spec)
    assert first.folder != again.folder
    assert dataset_bytes(again, "incidents") == dataset_bytes(first, "incidents")
    assert dataset_bytes(again, "findings") == dataset_bytes(first, "findings")
    assert {incident["status"] for incident in rows(again)} == {"new"}


@pytest.mark.slow
def test_another_order_of_the_rows_gives_the_same_incidents(tmp_path: Path) -> None:
    log = with_flood(600, 40)
    shuffled = log.take(pa.array(np.random.default_rng(3).permutation(len(log))))
    first, other = detect_in(log, tmp_path / "log"), detect_in(shuffled, tmp_path / "shuffled")
    assert rows(other) == rows(first)


def ids_of_small_ones(run: PublishedRun) -> dict[frozenset[str], str]:
    """The records of each incident whose records are all findings -> its id."""
    of: dict[str, set[str]] = {}
    for row in read_findings(run).to_pylist():
        of.setdefault(row["incident"], set()).add(row["record_id"])
    return {
        frozenset(of[row["incident"]]): row["incident"]
        for row in rows(run)
        if row["records"] == len(of[row["incident"]])
    }


@pytest.mark.slow
def test_incidents_of_the_same_records_keep_their_ids_when_a_verdict_changes_the_model(
    tmp_path: Path,
) -> None:
    log = written(tmp_path / "log.parquet", with_flood(600, 40))
    spec = job(log, tmp_path / "out", behaviour=False)
    first = detect(spec)
    flood, before = rows(first)[0], ids_of_small_ones(first)
    found = read_findings(first).to_pylist()
    ids = [row["record_id"] for row in found if row["incident"] == flood["incident"]]
    opinion = Opinion(label="malicious", who="eve", when=datetime(2026, 1, 20, tzinfo=UTC))
    keep_verdict(first.job_folder, verdict_on(flood, ids, first.manifest.run_id, opinion))
    again = detect(spec)
    after = ids_of_small_ones(again)
    retained = before.keys() & after.keys()
    assert len(retained) >= 5
    assert [after[each] for each in retained] == [before[each] for each in retained]
    assert rows(again)[0]["p_value"] != rows(first)[0]["p_value"]


@pytest.mark.slow
def test_records_without_time_and_entity_have_incidents_too(tmp_path: Path) -> None:
    run = detect_in(small_log().select(["action", "bytes"]), tmp_path)
    incidents = rows(run)
    assert sum(incident["records"] for incident in incidents) >= 20
    assert {incident["first_time"] for incident in incidents} == {None}
    assert {incident["entity"] for incident in incidents} == {None}


@pytest.mark.slow
def test_sessions_of_a_key_that_follow_each_other_are_one_incident(tmp_path: Path) -> None:
    log = small_log(600)
    settings = {"unit": "session", "session_key": "user", "session_window": "30m"}
    run = detect_in(log, tmp_path, **settings)
    for incident in rows(run):
        assert [names["column"] for names in incident["entities"]] == ["user"]
    assert {incident["entity_column"] for incident in rows(run)} <= {"user", None}


@pytest.mark.slow
def test_a_flood_of_ten_thousand_is_one_incident(tmp_path: Path) -> None:
    selection = {"threshold": 10.0, "budget": 20}
    run = detect_in(with_flood(200_000, 10_000, users=9), tmp_path, selection=selection)
    assert max(incident["records"] for incident in rows(run)) >= 10_000
    findings = read_findings(run)
    wiped = findings.filter(pc.equal(findings["action"], "wipe"))
    assert len(wiped) == FINDINGS_OF_ONE
    assert len(set(wiped["incident"].to_pylist())) == 1
