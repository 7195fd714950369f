"""Output of step `look around`, compared with the log itself."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from flows.report.data import ReportData
from flows.steps import publish as publishing
from flows.storage.runs.reader import PublishedRun, read_findings, read_incidents
from schemas.events.texts import as_text
from tests.flows.sample_logs import detect, detect_in, job, small_log, written

START = datetime(2026, 1, 5, tzinfo=UTC)
SETTINGS: dict[str, Any] = {
    "columns": {"user": "entity", "action": "category", "bytes": "number"},
    "selection": {"at_least": 1},
}


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[ReportData]:
    """The data that the reports of the runs are made of."""
    made: list[ReportData] = []
    render = publishing.render
    monkeypatch.setattr(publishing, "render", lambda data: made.append(data) or render(data))
    return made


def _log(n: int = 400) -> pa.Table:
    """Minute by minute, users in turn; the last but ten is odd: `u3` erases."""
    actions = ["read", "write"] * (n // 2)
    sizes = [float(100 + i % 7) for i in range(n)]
    actions[n - 13], sizes[n - 13] = "erase", 1e9
    return pa.table(
        {
            "event_id": [f"e{i}" for i in range(n)],
            "time": pa.array([START + timedelta(minutes=i) for i in range(n)]),
            "user": [f"u{i % 8}" for i in range(n)],
            "action": actions,
            "bytes": sizes,
        }
    )


def _around(data: ReportData, run: PublishedRun) -> dict[str, Any]:
    incident = next(i for i in read_incidents(run).to_pylist() if i["record_id"] == "e387")
    rows = data.incident_context.to_pylist()
    return next(row for row in rows if row["incident"] == incident["incident"])


@pytest.mark.slow
def test_the_events_of_the_entity_before_and_after_are_told(
    tmp_path: Path, shown: list[ReportData]
) -> None:
    run = detect_in(_log(), tmp_path, **SETTINGS)
    (data,) = shown
    around = _around(data, run)["around"]
    ids = [event["record_id"] for event in around]
    assert ids == [f"e{i}" for i in (347, 355, 363, 371, 379, 387, 395)]
    assert [event["rank"] for event in around][5] == 1
    assert around[0]["time"] == START + timedelta(minutes=347)
    told = _around(data, run)["told"]
    assert dict(zip(told, around[5]["values"], strict=True))["action"] == "erase"
    assert "e347" in (run.folder / "report.html").read_text()


@pytest.mark.slow
def test_what_is_around_an_incident_is_around_its_most_telling_record(
    tmp_path: Path, shown: list[ReportData]
) -> None:
    log = _log().to_pydict()
    for i in range(100):  # u3 is busy, and odd twice: a little, and 40 s later very
        log["event_id"].append(f"f{i}")
        log["time"].append(START + timedelta(minutes=387, seconds=i))
        log["user"].append("u3")
        log["action"].append("erase" if i in (10, 50) else "read")
        log["bytes"].append({10: 1e7, 50: 1e9}.get(i, 103.0))
    log["action"][387], log["bytes"][387] = "read", 103.0
    run = detect_in(pa.table(log), tmp_path, **SETTINGS)
    (incident,) = [row for row in read_incidents(run).to_pylist() if row["record_id"] == "f50"]
    around = next(
        row["around"]
        for row in shown[0].incident_context.to_pylist()
        if row["incident"] == incident["incident"]
    )
    assert [each["record_id"] for each in around] == [f"f{i}" for i in range(45, 61)]


@pytest.mark.slow
def test_the_history_counts_all_events_of_the_entity(
    tmp_path: Path, shown: list[ReportData]
) -> None:
    run = detect_in(_log(), tmp_path, **SETTINGS)
    history = _around(shown[0], run)["history"]
    assert (history["column"], history["entity"], sum(history["counts"])) == ("user", "u3", 50)
    assert history["width"] == 15 * 60_000_000
    usual = [(each["column"], each["value"], each["share"]) for each in history["usual"]]
    assert ("action", "write", 49 / 50) in usual


@pytest.mark.slow
def test_it_does_not_depend_on_chunks_or_batches(
    tmp_path: Path, shown: list[ReportData], monkeypatch: pytest.MonkeyPatch
) -> None:
    detect_in(_log(), tmp_path / "one", **SETTINGS)
    monkeypatch.setattr("flows.steps.records.BATCH_ROWS", 37)
    detect_in(_log(), tmp_path / "many", **SETTINGS)
    assert shown[0].incident_context.equals(shown[1].incident_context)


@pytest.mark.slow
def test_without_times_nothing_is_near_and_the_entity_is_counted_still(
    tmp_path: Path, shown: list[ReportData]
) -> None:
    run = detect_in(_log().drop_columns(["time"]), tmp_path, **SETTINGS)
    around = _around(shown[0], run)
    assert around["around"] == []
    assert around["history"]["counts"] == [50]


@pytest.mark.slow
def test_in_how_many_shares_the_events_are_looked_through_does_not_matter(
    tmp_path: Path, shown: list[ReportData], monkeypatch: pytest.MonkeyPatch
) -> None:
    log = _log()
    actions = log["action"].to_pylist()
    log = log.set_column(3, "action", pa.array([None] * 200 + actions[200:]))
    log = log.append_column("code", pa.array([f"c{i % 3}" for i in range(len(log))]))
    location = written(tmp_path / "log.parquet", log, row_group_size=25)
    several = SETTINGS | {"selection": {"at_least": 3}}
    detect(job(location, tmp_path / "whole", **several))
    for chunk_rows, shares in ((70, 1), (70, 4), (25, 16)):
        monkeypatch.setattr("flows.steps.records.CHUNK_ROWS", chunk_rows)
        monkeypatch.setattr("flows.steps.incident_context.MOST_SHARES", shares)
        detect(job(location, tmp_path / f"{shares} shares", **several))
    whole, *shared = (data.incident_context.drop_columns(["similar"]) for data in shown)
    assert sum(len(row["around"]) for row in whole.to_pylist()) > 16
    assert [each.equals(whole) for each in shared] == [True] * 3


@pytest.mark.slow
def test_sessions_have_the_events_of_their_key(tmp_path: Path, shown: list[ReportData]) -> None:
    log = small_log(600)
    keys = pa.array([f"s{i % 60}" for i in range(600)])
    detect_in(log.set_column(2, "user", keys), tmp_path, unit="session", session_key="user")
    rows = shown[0].incident_context.to_pylist()
    assert rows
    for row in rows:
        assert row["history"]["column"] == "user"
        assert {event["rank"] for event in row["around"]} == {None}
        assert 0 < len(row["around"]) <= 16


@pytest.mark.slow
def test_earlier_incidents_are_told_with_what_was_said_of_them(
    tmp_path: Path, shown: list[ReportData]
) -> None:
    first = detect_in(_log(), tmp_path, **SETTINGS)
    of_user = [row for row in read_incidents(first).to_pylist() if row["entity"] == "u3"]
    later = _log()
    moved = pa.array([at + timedelta(days=1) for at in later["time"].to_pylist()])
    run = detect_in(later.set_column(1, "time", moved), tmp_path, **SETTINGS)
    similar = _around(shown[1], run)["similar"]
    assert (similar[0]["why"], similar[0]["times"]) == ("same", 1)
    assert similar[0]["time"] == START + timedelta(minutes=387)
    runs = _around(shown[1], run)["history"]["runs"]
    assert [one["incidents"] for one in runs] == [len(of_user)]
    assert any(row["record_id"] == "e387" for row in of_user)


@pytest.mark.slow
def test_findings_name_the_normal_record_that_each_is_most_like(tmp_path: Path) -> None:
    run = detect_in(_log(), tmp_path, **SETTINGS)
    odd = next(row for row in read_findings(run).to_pylist() if row["record_id"] == "e387")
    nearest = {each["column"]: each for each in odd["nearest_normal"]}
    assert odd["nearest_normal_of"] == "user"
    assert set(nearest) == {"time", "user", "action", "bytes"}  # only references have an id
    log = {as_text(pa.array([row["time"]]))[0].as_py(): row for row in _log().to_pylist()}
    normal = log[nearest["time"]["value"]]
    assert normal["user"] == nearest["user"]["value"] == "u3"
    assert nearest["action"]["value"] == normal["action"] != "erase"
    assert (nearest["action"]["differs"], nearest["user"]["differs"]) == (True, False)
    assert np.isclose(float(nearest["bytes"]["value"]), normal["bytes"])
    assert "with `user` `u3`" in odd["reasons"][0]["sentence"]


def test_the_nearest_normal_record_of_a_hardly_known_user_is_one_of_all(tmp_path: Path) -> None:
    log = _log()
    users = [f"u{i}" for i in range(len(log))]
    run = detect_in(log.set_column(2, "user", pa.array(users)), tmp_path, **SETTINGS)
    odd = next(row for row in read_findings(run).to_pylist() if row["record_id"] == "e387")
    nearest = {each["column"]: each["value"] for each in odd["nearest_normal"]}
    assert odd["nearest_normal_of"] is None
    (row,) = (row for row in log.to_pylist() if row["event_id"] == nearest["event_id"])
    assert (nearest["action"], nearest["user"]) == (row["action"], f"u{nearest['event_id'][1:]}")
