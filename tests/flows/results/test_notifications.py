"""Word to whoever is on duty, received by a server of ours."""

import json
import shutil
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, get_args

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flows.cli.app import main
from flows.results.notifications import check_notifications, tell_of_failure, tell_of_outcome
from flows.storage.runs.reader import PublishedRun
from schemas.errors import JobError
from schemas.job.fingerprint import job_fingerprint, model_fingerprint
from schemas.job.job import Notify, build_job
from schemas.job.partition import Partition
from schemas.outputs.manifest import IncidentSummary
from schemas.outputs.tables import INCIDENT
from tests.flows.partitioned_logs import job_file, partitions
from tests.flows.sample_runs import incidents as incident_table
from tests.flows.sample_runs import published

TOKEN = "planted-token"  # noqa: S105 - not one


class Duty:
    """Whoever is on duty: the messages that came, and the URL to send them to."""

    def __init__(self, status: int) -> None:
        self.messages: list[dict[str, Any]] = []
        duty = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                duty.messages.append(json.loads(body))
                self.send_response(status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"json://user:{TOKEN}@127.0.0.1:{self.server.server_port}/{TOKEN}"


@contextmanager
def on_duty(status: int) -> Iterator[Duty]:
    duty = Duty(status)
    threading.Thread(target=duty.server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield duty
    finally:
        duty.server.shutdown()
        duty.server.server_close()


@pytest.fixture
def duty(monkeypatch) -> Iterator[Duty]:
    with on_duty(200) as each:
        monkeypatch.setenv("OUTFIELD_NOTIFY_URL", each.url)
        yield each


def of_incidents(run: PublishedRun, nights: int | None, *incidents: dict[str, Any]) -> PublishedRun:
    """Give a run of 2026-01-05 these incidents in place of its own."""
    rows = [
        row | {"status": "recurring"} | changes
        for row, changes in zip(incident_table(len(incidents)).to_pylist(), incidents, strict=True)
    ]
    shutil.rmtree(run.folder / "incidents")
    (run.folder / "incidents").mkdir()
    table = pa.Table.from_pylist(rows, schema=INCIDENT)
    pq.write_table(table, run.folder / "incidents/part-00000.parquet")
    summary = IncidentSummary(
        incidents=len(rows),
        statuses=dict(Counter(row["status"] for row in rows)),
        alarms=sum(row["alarm"] for row in rows),
        nights=nights,
    )
    update = {"incidents": summary, "partition": Partition.of(date(2026, 1, 5))}
    return replace(run, manifest=run.manifest.model_copy(update=update))


ALARM = {"alarm": True, "severity": "high", "status": "new"}
NEW, WORSE, KNOWN = {"status": "new"}, {"status": "worse"}, {"status": "recurring"}
CRITICAL = {"severity": "critical"}


@pytest.mark.parametrize("notify", get_args(Notify))
def test_a_run_with_alarms_sends_a_line_for_each(notify, duty, tmp_path):
    tell_of_outcome(of_incidents(published(tmp_path), 28, ALARM, ALARM, NEW), notify)
    (message,) = duty.messages
    assert message["title"] == "outfield job 2026-01-05: 2 alarms"
    assert message["message"] == (
        "number 1 (high)\nnumber 2 (high)\n2 alarms, held against 28 nights before. Run one."
    )
    assert message["type"] == "warning"


def test_a_message_names_five_alarms_and_counts_the_others(duty, tmp_path):
    tell_of_outcome(of_incidents(published(tmp_path), 2, *[ALARM] * 7), "alarm")
    lines = duty.messages[0]["message"].splitlines()
    assert [line.split(" (")[0] for line in lines[:6]] == [
        *(f"number {rank}" for rank in range(1, 6)),
        "and 2 more",
    ]
    assert lines[6:] == ["7 alarms; learning, 2 of 7 nights known. Run one."]


def test_alarms_of_one_stack_are_one_line_and_all_are_counted(duty, tmp_path):
    alike = ALARM | {"stack": "i-1", "pattern": "action = wipe"}
    run = of_incidents(published(tmp_path), 28, alike, ALARM, alike, *[ALARM] * 4)
    summary = run.manifest.incidents.model_copy(update={"alarm_stacks": 6})
    told = replace(run, manifest=run.manifest.model_copy(update={"incidents": summary}))
    tell_of_outcome(told, "alarm")
    (message,) = duty.messages
    assert message["title"] == "outfield job 2026-01-05: 7 alarms in 6 stacks"
    first, second, third, *_, more, end = message["message"].splitlines()
    assert first == "number 1 (high, × 2: `action = wipe`)"
    assert (second, third) == ("number 2 (high)", "number 4 (high)")
    assert more == "and 1 more"
    assert end == "7 alarms in 6 stacks, held against 28 nights before. Run one."


def test_a_title_out_of_a_log_is_one_line_and_not_a_long_one(duty, tmp_path):
    alarm = ALARM | {"title": "`user` is `\x1b[31m\nfailed\u202e" + "a" * 9_000}
    tell_of_outcome(of_incidents(published(tmp_path), 28, alarm), "alarm")
    first, *others = duty.messages[0]["message"].splitlines()
    assert first.startswith(r"`user` is `\x1b[31m\nfailed\u202eaaa")
    assert first.endswith("a… (high)")
    assert len(first) < 300
    assert len(others) == 1


@pytest.mark.parametrize(
    ("nights", "found", "titles"),
    [
        (
            28,
            [NEW, WORSE, KNOWN],
            {"new": "2 new or worse incidents", "all": "quiet, 2 new or wor"},
        ),
        (28, [KNOWN, CRITICAL], {"all": "quiet, nothing new"}),
        (28, [], {"all": "quiet, nothing new"}),
        (None, [NEW], {"new": "1 new or worse incident", "all": "1 new or worse incident"}),
        (None, [KNOWN], {"all": "nothing new"}),
        (None, [CRITICAL, KNOWN], dict.fromkeys(get_args(Notify), "1 critical incident")),
    ],
)
def test_a_run_without_alarms_sends_what_the_job_asks_for(nights, found, titles, duty, tmp_path):
    run = of_incidents(published(tmp_path), nights, *found)
    for notify in get_args(Notify):
        tell_of_outcome(run, notify)
        told = [message["title"] for message in duty.messages]
        assert len(told) == (notify in titles)
        if told:
            assert titles[notify].removeprefix("quiet, ") in told[0]
            assert ("quiet" in told[0]) is (nights is not None)
            assert duty.messages[0]["type"] == ("warning" if "critical" in told[0] else "info")
        duty.messages.clear()


def test_a_message_links_to_the_report(duty, tmp_path, monkeypatch):
    monkeypatch.setenv("OUTFIELD_REPORT_URL", "https://logs.example:8443/out/")
    tell_of_outcome(of_incidents(published(tmp_path), 28, ALARM), "alarm")
    (message,) = duty.messages
    *_, link = message["message"].splitlines()
    assert link == "https://logs.example:8443/out/job/runs/one/report.html"


def test_incidents_that_cannot_be_read_do_not_hide_an_alarm(duty, tmp_path, caplog):
    run = of_incidents(published(tmp_path), 28, ALARM, ALARM)
    (run.folder / "incidents/part-00000.parquet").write_bytes(b"PAR1 not really")
    tell_of_outcome(run, "alarm")
    (message,) = duty.messages
    assert message["title"] == "outfield job 2026-01-05: 2 alarms"
    assert message["message"].startswith("and 2 more\n")
    assert "names no incident" in caplog.text


@pytest.mark.parametrize(
    "url",
    [
        "logs.example",
        "ftp://logs.example",
        "https://",
        "https://user:planted-token@logs.example",
        "https://logs.example/?a=1",
        "https://logs.example/#a",
        "https://logs.example:port/",
        "https://logs.example/a b",
        "https://logs.example/\u202e",
    ],
)
def test_a_wrong_address_of_reports_is_one_line_before_any_work(url, monkeypatch, capfd, tmp_path):
    monkeypatch.setenv("OUTFIELD_REPORT_URL", url)
    monkeypatch.chdir(tmp_path)
    assert main(["detect", "no-such.parquet", "--direct"]) == 2
    (line,) = capfd.readouterr().err.splitlines()
    assert "OUTFIELD_REPORT_URL: this is no address" in line
    assert TOKEN not in line


def test_a_run_of_the_command_line_tells_of_what_its_job_asks_for(duty, tmp_path, monkeypatch):
    run = of_incidents(published(tmp_path), 28, NEW)
    monkeypatch.setattr("flows.orchestration.launch.detect_with_refit", lambda *_: run)
    (tmp_path / "job.toml").write_text('input = "x.parquet"\n')
    assert main(["detect", "--job", str(tmp_path / "job.toml"), "--direct"]) == 0
    assert duty.messages == []
    (tmp_path / "job.toml").write_text('input = "x.parquet"\nnotify = "new"\n')
    assert main(["detect", "--job", str(tmp_path / "job.toml"), "--direct"]) == 0
    (message,) = duty.messages
    assert message["title"] == "outfield job 2026-01-05: quiet, 1 new or worse incident"


def test_whom_a_job_tells_makes_no_run_stale():
    told = build_job({"input": "x", "notify": "all"}, "test")
    assert job_fingerprint(told) == job_fingerprint(build_job({"input": "x"}, "test"))
    assert model_fingerprint(told) == model_fingerprint(build_job({"input": "x"}, "test"))


@pytest.mark.parametrize("command", ["detect", "backfill"])
def test_a_wrong_url_is_one_line_before_any_work(command, monkeypatch, capfd, tmp_path):
    monkeypatch.setenv("OUTFIELD_NOTIFY_URL", f"pigeon://{TOKEN}")
    partitions(tmp_path, [date(2026, 1, 5)])
    job = str(job_file(tmp_path))
    days = ["--from", "2026-01-05", "--to", "2026-01-05"]
    tokens = {
        "detect": ["detect", "--job", job, "--partition", "2026-01-05", "--direct"],
        "backfill": ["backfill", job, *days, "--direct"],
    }[command]
    assert main(tokens) == 2
    captured = capfd.readouterr()
    (line,) = captured.err.splitlines()
    assert "OUTFIELD_NOTIFY_URL: this is no URL" in line
    assert captured.out == ""
    assert TOKEN not in line
    assert not (tmp_path / "out").exists()


def test_a_run_that_fails_sends_one_message_with_its_reason(duty, tmp_path, capfd):
    partitions(tmp_path, [date(2026, 1, 5)])
    (tmp_path / "logs/date=2026-01-05/a.parquet").write_bytes(b"PAR1 not really")
    tokens = ["detect", "--job", str(job_file(tmp_path)), "--partition", "2026-01-05", "--direct"]
    assert main(tokens) == 2
    (message,) = duty.messages
    assert message["title"] == "outfield nightly 2026-01-05 failed"
    assert message["message"].startswith("DamagedFileError: ")
    assert message["type"] == "failure"
    assert "not a Parquet file" in message["message"]
    assert TOKEN not in "".join(capfd.readouterr())


def test_a_run_that_is_well_sends_none(duty, tmp_path):
    partitions(tmp_path, [date(2026, 1, 5)])
    tokens = ["detect", "--job", str(job_file(tmp_path)), "--partition", "2026-01-05", "--direct"]
    assert main(tokens) == 0
    assert duty.messages == []
    for file in (tmp_path / "out").rglob("*"):
        assert not file.is_file() or TOKEN.encode() not in file.read_bytes()


@pytest.mark.parametrize("url", ["json://127.0.0.1:9/planted-token", "planted-token", "json://"])
def test_what_cannot_be_sent_is_logged_without_the_url_and_fails_nothing(url, monkeypatch, caplog):
    monkeypatch.setenv("OUTFIELD_NOTIFY_URL", url)
    with caplog.at_level(0):
        tell_of_failure("job", None, "why")
    assert "no notification could be sent to OUTFIELD_NOTIFY_URL: outfield job failed" in (
        caplog.messages
    )
    assert TOKEN not in caplog.text


def test_a_refusal_is_logged_without_the_url(monkeypatch, caplog):
    with on_duty(401) as duty:
        monkeypatch.setenv("OUTFIELD_NOTIFY_URL", duty.url)
        with caplog.at_level(0):
            tell_of_failure("job", None, "why")
    assert any("no notification could be sent" in message for message in caplog.messages)
    assert TOKEN not in caplog.text


def test_a_url_that_apprise_does_not_know_is_refused_and_not_repeated(monkeypatch):
    monkeypatch.setenv("OUTFIELD_NOTIFY_URL", "pigeon://planted-token")
    with pytest.raises(JobError, match="OUTFIELD_NOTIFY_URL: ") as caught:
        check_notifications()
    assert TOKEN not in str(caught.value)


def test_no_url_sends_nothing_and_is_no_mistake(monkeypatch):
    monkeypatch.delenv("OUTFIELD_NOTIFY_URL", raising=False)
    check_notifications()
    tell_of_failure("job", None, "why")
