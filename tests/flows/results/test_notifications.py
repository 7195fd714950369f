"""Word to whoever is on duty, received by a server of ours."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from flows.cli.app import main
from flows.results.notifications import check_notifications, tell_of_critical, tell_of_failure
from flows.storage.runs.reader import PublishedRun
from schemas.errors import JobError
from tests.flows.partitioned_logs import job_file, partitions
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


def with_critical(run: PublishedRun, critical: int) -> PublishedRun:
    update = {"severities": {"critical": critical, "low": 1}, "partition": date(2026, 1, 5)}
    return PublishedRun(run.folder, run.manifest.model_copy(update=update))


def test_a_run_with_critical_findings_sends_one_message(duty, tmp_path):
    run = published(tmp_path)
    tell_of_critical(with_critical(run, 2))
    (message,) = duty.messages
    assert message["title"] == "outfield job 2026-01-05: 2 critical findings"
    assert message["message"] == "2 of 3 findings are critical. Run one."


def test_a_run_without_critical_findings_sends_none(duty, tmp_path):
    tell_of_critical(with_critical(published(tmp_path), 0))
    assert duty.messages == []


def test_a_run_of_the_command_line_tells_of_critical_findings(duty, tmp_path, monkeypatch):
    run = with_critical(published(tmp_path), 1)
    monkeypatch.setattr("flows.orchestration.launch.detect_with_refit", lambda *_: run)
    assert main(["detect", "x.parquet", "--direct"]) == 0
    (message,) = duty.messages
    assert message["title"] == "outfield job 2026-01-05: 1 critical finding"


def test_a_run_that_fails_sends_one_message_with_its_reason(duty, tmp_path, capfd):
    partitions(tmp_path, [date(2026, 1, 5)])
    (tmp_path / "logs/date=2026-01-05/a.parquet").write_bytes(b"PAR1 not really")
    tokens = ["detect", "--job", str(job_file(tmp_path)), "--partition", "2026-01-05", "--direct"]
    assert main(tokens) == 2
    (message,) = duty.messages
    assert message["title"] == "outfield nightly 2026-01-05 failed"
    assert message["message"].startswith("DamagedFileError: ")
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
