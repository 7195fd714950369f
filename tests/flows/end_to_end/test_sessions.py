"""Sessions end to end: where they are cut, their names, and the events that findings list."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from flows.storage.runs.reader import PublishedRun, read_findings, read_scores
from schemas.errors import JobError
from schemas.outputs.tables import ODDEST_EVENTS
from tests.flows.sample_logs import detect, detect_in, job, written

pytestmark = pytest.mark.slow

DAY = datetime(2026, 1, 5, tzinfo=UTC)
ODD_AT = DAY + timedelta(days=4, hours=9, minutes=3)
ODD = "dropped table 77 <b>now</b>"


def shop_log(users: int = 12, days: int = 8) -> pa.Table:
    """Two visits of each user a day, at nine and at two; once `u03` drops a table in the midst."""
    events: list[dict[str, Any]] = []
    for day in range(days):
        for user in range(users):
            for hour in (9, 14):
                start = DAY + timedelta(days=day, hours=hour, seconds=user)
                for minute, message in enumerate(("came in", "saw item 12", "saw item 7", "left")):
                    at = start + timedelta(minutes=2 * minute)
                    events.append({"time": at, "user": f"u{user:02d}", "message": message})
    events.append({"time": ODD_AT, "user": "u03", "message": ODD})
    order = np.random.default_rng(0).permutation(len(events))
    log = [events[i] | {"event_id": f"e{n}", "cost": float(n % 7)} for n, i in enumerate(order)]
    return pa.Table.from_pylist(log)


SESSION = {"unit": "session", "session_key": "user", "columns": {"message": "text"}}
CUTS = {"gap": {"session_gap": "1h"}, "window": {"session_window": "12h"}}
STARTS = {"gap": "2026-01-09T09:00:03Z", "window": "2026-01-09T00:00:00Z"}


@pytest.fixture(scope="module", params=CUTS)
def cut_run(request, tmp_path_factory) -> tuple[str, PublishedRun]:
    folder = tmp_path_factory.mktemp("shop")
    return request.param, detect_in(shop_log(), folder, **SESSION, **CUTS[request.param])


def test_each_visit_is_a_record_and_the_ledger_counts_every_event(cut_run):
    _, run = cut_run
    assert run.manifest.units_scored == 12 * 8 * 2
    ledger = run.manifest.ledger
    assert (ledger.read, ledger.scored, ledger.quarantined) == (769, 769, {})
    ids = read_scores(run)["record_id"].to_pylist()
    assert len(set(ids)) == len(ids)
    assert ids == sorted(ids)


def test_the_first_finding_is_the_planted_visit_and_names_its_odd_event(cut_run):
    cut, run = cut_run
    first = read_findings(run).to_pylist()[0]
    assert first["record_id"] == f"u03 @ {STARTS[cut]}"
    assert first["user"] == "u03"
    log = {event["message"]: event for event in shop_log().to_pylist()}
    assert first[ODDEST_EVENTS.name] == [
        {
            "record_id": log[ODD]["event_id"],
            "time": ODD_AT,
            "column": "message",
            "value": ODD,
            "holders": 1,
            "sentence": f"`message` is `{ODD}`: in 1 of 192 sessions",
        }
    ]


def test_the_events_of_a_finding_are_those_of_its_session(cut_run):
    _, run = cut_run
    events = {event["event_id"]: event for event in shop_log().to_pylist()}
    for finding in read_findings(run).to_pylist():
        for odd in finding[ODDEST_EVENTS.name]:
            event = events[odd["record_id"]]
            assert (event["user"], event["time"]) == (finding["user"], odd["time"])
            assert event[odd["column"]] == odd["value"]
            until = finding["session.start"] + timedelta(seconds=finding["session.seconds"])
            assert finding["session.start"] <= event["time"] <= until


def test_the_page_lists_the_odd_events_and_no_markup_of_theirs(cut_run):
    page = (cut_run[1].folder / "report.html").read_text(encoding="utf-8")
    assert "Its oddest events" in page
    assert "dropped table 77 &lt;b&gt;now&lt;/b&gt;" in page


def test_the_page_sets_the_odd_step_beside_a_normal_session(cut_run):
    page = (cut_run[1].folder / "report.html").read_text(encoding="utf-8")
    card = page[page.index("Steps in message, incident 1") :]
    (line,) = re.findall(r"<tr[^>]*>(?:(?!</tr>).)*dropped table.*?</tr>", card, re.DOTALL)[:1]
    assert "only here<b>odd: never seen in 191 other sessions</b>" in line
    assert "5 steps here, 4 in the nearest normal session: 1 only here" in page
    assert "<b>now" not in page


def test_only_the_findings_of_sessions_list_events(cut_run, tmp_path):
    assert ODDEST_EVENTS.name not in read_scores(cut_run[1]).column_names
    run = detect_in(shop_log(), tmp_path)
    assert ODDEST_EVENTS.name not in read_findings(run).column_names
    assert "Its oddest events" not in (run.folder / "report.html").read_text(encoding="utf-8")


def test_an_event_without_an_id_is_named_by_file_and_row_and_without_a_time_has_none(tmp_path):
    log = shop_log().sort_by("time").drop(["event_id", "time"])
    visits = pa.array([f"v{i % 97:02d}" for i in range(len(log))])
    log = log.append_column("visit", visits).take(pa.array(np.arange(len(log))[::-1]))
    for part, start in enumerate((0, 300)):
        rows = log.slice(start, 300) if part == 0 else log.slice(start)
        written(tmp_path / f"logs/{part}.parquet", rows)
    spec = SESSION | {"session_key": "visit", "columns": {"message": "text", "user": "entity"}}
    run = detect(job(str(tmp_path / "logs"), tmp_path / "out", **spec))
    at = log["message"].to_pylist().index(ODD)
    place = f"0.parquet:{at}" if at < 300 else f"1.parquet:{at - 300}"
    odd = [e for f in read_findings(run).to_pylist() for e in f[ODDEST_EVENTS.name]]
    assert [(e["record_id"], e["time"]) for e in odd if e["value"] == ODD] == [(place, None)]


def test_rejected_rows_are_in_no_session(tmp_path):
    log = shop_log()
    times = log["time"].to_pylist()
    times[5] = times[100] = None
    log = log.set_column(log.column_names.index("time"), "time", [pa.array(times)])
    columns = {"message": "text", "time": "time"}
    run = detect_in(log, tmp_path, **SESSION | {"columns": columns}, session_gap=3600)
    assert run.manifest.ledger.quarantined == {"null time": 2}
    assert run.manifest.ledger.scored == 767
    ids = {f"e{n}" for n in range(769)} - {"e5", "e100"}
    odd = [e for f in read_findings(run).to_pylist() for e in f[ODDEST_EVENTS.name]]
    assert odd[0]["value"] == ODD
    assert {e["record_id"] for e in odd} <= ids


def test_sessions_of_numbers_alone_have_no_odd_events(tmp_path):
    log = shop_log().select(["user", "time", "cost"])
    columns = {"user": "entity", "cost": "number"}
    run = detect_in(log, tmp_path, **SESSION | {"columns": columns}, session_window="12h")
    assert (
        read_findings(run)[ODDEST_EVENTS.name].to_pylist() == [[]] * run.manifest.selection.findings
    )


@pytest.mark.parametrize("cut", CUTS)
def test_sessions_cannot_be_cut_without_a_time(cut, tmp_path):
    log = shop_log().drop("time")
    with pytest.raises(JobError) as raised:
        detect_in(log, tmp_path, **SESSION, **CUTS[cut])
    assert str(raised.value) == (
        f"session_{cut}: sessions are cut by time, and no column is the time of the event;"
        " give one the role `time` in the job file"
    )
