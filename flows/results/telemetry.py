"""Metrics of the last run of a job, sent to a collector of OpenTelemetry.

Where the collector is, how it is spoken to and for how long is tried, its own variables say
(https://opentelemetry.io/docs/specs/otel/protocol/exporter/). They are asked for by setting one of
the endpoints.
"""
# ruff: noqa: PLC0415 - few runs send metrics, and the library is an extra

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from flows.results.metrics import figures_of
from flows.runtime.settings import telemetry_protocol
from flows.storage.runs.reader import PublishedRun

_log = logging.getLogger("outfield")


def send_metrics(run: PublishedRun) -> None:
    """Send the metrics of a run, if they are asked for; what cannot be sent fails no run."""
    protocol = telemetry_protocol()
    if protocol is None:
        return
    if protocol != "http/protobuf":
        _log.warning("the metrics are not sent (the protocol is not http/protobuf)")
        return
    try:
        with _quiet():
            sent = _send(run)
    except ImportError:
        _log.warning("the metrics are not sent (pip install 'outfield[otel]')")
    except Exception as error:
        _log.warning("the metrics are not sent (%s)", type(error).__name__)
    else:
        if not sent:
            _log.warning("the metrics are not sent (the collector did not take them)")


def _send(run: PublishedRun) -> bool:
    """Send the figures of a run as gauges; tell whether the collector took them."""
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader, MetricExportResult
    from opentelemetry.sdk.resources import OTELResourceDetector, Resource

    reader, exporter = InMemoryMetricReader(), OTLPMetricExporter()
    resource = Resource({"service.name": "outfield"}).merge(OTELResourceDetector().detect())
    provider = MeterProvider([reader], resource, shutdown_on_exit=False)
    meter = provider.get_meter("outfield", run.manifest.outfield_version)
    for name, meaning, value in figures_of(run):
        gauge = meter.create_gauge(f"outfield_{name}", description=meaning)
        gauge.set(float(value), {"job": run.manifest.job})
    try:
        collected = reader.get_metrics_data()
        return collected is None or exporter.export(collected) is MetricExportResult.SUCCESS
    finally:
        exporter.shutdown()
        provider.shutdown()


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the library from logging: it repeats the address and each try in lines of its own."""
    log = logging.getLogger("opentelemetry")
    before = log.level
    log.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        log.setLevel(before)
