"""Metrics that are sent: a collector gets what the file for Prometheus says."""

import logging
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from prometheus_client.parser import text_string_to_metric_families

from flows.cli.app import main
from flows.results.metrics import metrics_text
from flows.results.telemetry import send_metrics
from flows.runtime.settings import telemetry_protocol
from tests.flows.sample_logs import small_log, written
from tests.flows.sample_runs import published


@pytest.fixture
def collector() -> Iterator[SimpleNamespace]:
    """A collector on this machine, with what it got and the status that it answers."""
    state = SimpleNamespace(got=[], status=200)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            state.got.append((self.path, headers, body))
            self.send_response(state.status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        state.address = f"http://127.0.0.1:{server.server_port}"
        yield state
        server.shutdown()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, collector: SimpleNamespace) -> SimpleNamespace:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.address)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "1")
    return collector


def request_in(body: bytes) -> ExportMetricsServiceRequest:
    request = ExportMetricsServiceRequest()
    request.ParseFromString(body)
    return request


def test_a_collector_gets_the_figures_of_the_file(tmp_path, asked, caplog):
    run = published(tmp_path)
    send_metrics(run)
    [(path, headers, body)] = asked.got
    assert (path, headers["content-type"]) == ("/v1/metrics", "application/x-protobuf")
    [resource] = request_in(body).resource_metrics
    [scope] = resource.scope_metrics
    sent = {}
    for metric in scope.metrics:
        [point] = metric.gauge.data_points
        assert [(each.key, each.value.string_value) for each in point.attributes] == [
            ("job", "job")
        ]
        sent[metric.name] = (metric.description, point.as_double)
    families = text_string_to_metric_families(metrics_text(run))
    assert sent == {f.name: (f.documentation, f.samples[0].value) for f in families}
    assert not caplog.records


def test_the_service_is_called_outfield_unless_it_is_given_a_name(tmp_path, asked, monkeypatch):
    run = published(tmp_path)
    send_metrics(run)
    monkeypatch.setenv("OTEL_SERVICE_NAME", "nightly-logs")
    send_metrics(run)
    names = []
    for _, _, body in asked.got:
        attributes = request_in(body).resource_metrics[0].resource.attributes
        names += [each.value.string_value for each in attributes if each.key == "service.name"]
    assert names == ["outfield", "nightly-logs"]


def test_headers_and_the_address_of_metrics_are_the_users(tmp_path, collector, monkeypatch):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", f"{collector.address}/taken/here")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-key=abc")
    send_metrics(published(tmp_path))
    [(path, headers, _)] = collector.got
    assert (path, headers["x-key"]) == ("/taken/here", "abc")


@pytest.mark.parametrize(
    "setting", [{}, {"OTEL_SDK_DISABLED": "true"}, {"OTEL_METRICS_EXPORTER": "none"}]
)
def test_nothing_is_sent_unless_it_is_asked_for(tmp_path, collector, monkeypatch, caplog, setting):
    if setting:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.address)
    for name, value in setting.items():
        monkeypatch.setenv(name, value)
    assert telemetry_protocol() is None  # so the library need not be there
    send_metrics(published(tmp_path))
    assert not collector.got
    assert not caplog.records


def test_a_protocol_that_is_not_spoken_is_told_in_one_line(tmp_path, asked, monkeypatch, caplog):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
    send_metrics(published(tmp_path))
    assert not asked.got
    assert caplog.messages == ["the metrics are not sent (the protocol is not http/protobuf)"]


@pytest.mark.parametrize("endpoint", ["not an address", "ftp://user:secret@nowhere"])
def test_a_wrong_address_is_told_in_one_line_without_it(tmp_path, monkeypatch, caplog, endpoint):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "1")
    send_metrics(published(tmp_path))
    [line] = caplog.messages
    assert line.startswith("the metrics are not sent (")
    assert endpoint not in line
    assert logging.getLogger("opentelemetry").level == logging.NOTSET  # as before


@pytest.mark.slow
@pytest.mark.parametrize("status", [400, None])
def test_a_collector_that_refuses_or_is_away_fails_no_run(
    tmp_path, asked, monkeypatch, capsys, status
):
    if status is None:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    else:
        asked.status = status
    log = written(tmp_path / "log.parquet", small_log())
    assert main(["detect", log, "--output", str(tmp_path / "out"), "--direct"]) == 0
    told = [line for line in capsys.readouterr().err.splitlines() if "not sent" in line]
    assert len(told) == 1
    assert "the collector did not take them" in told[0]
