"""Ten verdicts on the sample log: the next run reports less, and no planted incident is lost."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from anomaly.incidents.verdicts import verdict_on
from data.generate import generate, write
from flows.storage.runs.incident_search import find_incident
from flows.storage.runs.reader import PublishedRun, read_findings, read_incidents
from flows.storage.verdicts.store import keep_verdict
from schemas.outputs.verdict import Opinion
from tests.flows.sample_logs import detect, job

pytestmark = pytest.mark.slow

Planted = dict[str, str]
Row = dict[str, Any]


def run_of(day: int, folder: Path) -> PublishedRun:
    location = str(folder / f"events/date=2026-01-{day:02d}")
    return detect(job(location, folder / "out", selection={"at_least": 30}))


def shown(run: PublishedRun, planted: Planted) -> tuple[set[str], list[Row]]:
    """Give the planted incidents that a run shows, and the ordinary ones, the oddest first."""
    findings = read_findings(run, ["record_id", "incident"]).to_pylist()
    of = {
        row["incident"]: planted[row["record_id"]]
        for row in findings
        if row["record_id"] in planted
    }
    rows = read_incidents(run).to_pylist()
    return set(of.values()), [row for row in rows if row["incident"] not in of]


def names_a_value(row: Row) -> bool:
    return row["pattern"] not in [reason["column"] for reason in row["reasons"]]


def say_benign(row: Row, folder: Path) -> None:
    """Call an incident benign, as widely as its pattern allows."""
    found = find_incident(str(folder / "out"), row["incident"])
    opinion = Opinion(
        label="benign",
        scope="pattern" if names_a_value(row) else "this",
        who="ann",
        when=datetime(2026, 1, 7, tzinfo=UTC),
    )
    said = verdict_on(found.incident, found.records, found.run.manifest.run_id, opinion)
    keep_verdict(folder / "out/log", said)


def test_ten_verdicts_cut_the_noise_and_lose_no_planted_incident(tmp_path: Path) -> None:
    events, labels = generate(rows=20_000, days=4, seed=7)
    write(events, labels, tmp_path)
    planted = dict(
        zip(labels["event_id"].to_pylist(), labels["incident_id"].to_pylist(), strict=True)
    )
    _, noise = shown(run_of(6, tmp_path), planted)
    seen, before = shown(run_of(7, tmp_path), planted)
    known = [row for row in noise if row["entity"] is not None or names_a_value(row)]
    patterns = {row["pattern"]: row for row in reversed(known)}
    for row in list(patterns.values())[:10]:
        say_benign(row, tmp_path)
    run = run_of(7, tmp_path)
    still_seen, after = shown(run, planted)
    hidden = read_incidents(run, "suppressed")
    print(f"{len(before)} ordinary incidents before, {len(after)} after; {len(seen)} planted")
    assert seen
    assert still_seen == seen
    assert len(after) < len(before)
    assert len(after) + len(hidden) == len(before)
    assert {row["incident"] for row in after} <= {row["incident"] for row in before}
