"""Metrics of the last run of a job, as a text file that Prometheus' node exporter reads.

`OUTFIELD_METRICS_FILE` names the file; `{job}` in it stands for the job's name.
"""
# ruff: noqa: PLC0415 - few runs write metrics

import logging
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path

from flows.runtime.settings import Settings
from flows.storage.fs.atomic import write_whole
from flows.storage.runs.reader import PublishedRun, newest_run
from schemas.errors import OutfieldError
from schemas.outputs.manifest import RunManifest

_log = logging.getLogger("outfield")

Figure = tuple[str, str, float]
"""A name, its meaning and its value."""


def write_metrics(run: PublishedRun) -> None:
    """Write the metrics of a run, if they are asked for; what cannot be written fails no run."""
    asked = Settings.from_environment().metrics_file
    if asked is None:
        return
    target = Path(str(asked).replace("{job}", run.manifest.job))
    try:
        write_whole(target, metrics_text(run))
    except (OSError, OutfieldError) as error:
        _log.warning("the metrics are not written (%s)", type(error).__name__)


def metrics_text(run: PublishedRun) -> str:
    """Write the metrics of a run in the text format of Prometheus."""
    from prometheus_client import CollectorRegistry, Gauge, generate_latest

    registry = CollectorRegistry()
    for name, meaning, value in figures_of(run):
        gauge = Gauge(f"outfield_{name}", meaning, ["job"], registry=registry)
        gauge.labels(run.manifest.job).set(value)
    return generate_latest(registry).decode()


def figures_of(run: PublishedRun) -> Iterator[Figure]:
    """Yield the metrics of a run."""
    yield from _of_run(run.manifest)
    yield from _of_newest(run)


def _of_run(manifest: RunManifest) -> Iterator[Figure]:
    ledger, taken = manifest.ledger, manifest.finished - manifest.started
    yield "rows_read", "Rows that the last run read.", ledger.read
    yield "rows_scored", "Rows that it scored.", ledger.scored
    yield "rows_quarantined", "Rows that it quarantined.", ledger.rows_quarantined
    yield "rows_skipped", "Rows that it skipped.", ledger.rows_skipped
    yield "findings", "Findings of the last run.", manifest.selection.findings
    yield "incidents", "Incidents of the last run.", manifest.incidents.incidents
    yield "alarms", "Alarms of the last run.", manifest.incidents.alarms
    if (canaries := manifest.canaries) is not None:
        yield "canaries_planted", "Canaries that the last run planted.", canaries.planted
        yield "canaries_found", "Canaries that would have been findings.", canaries.found
    yield "run_seconds", "Seconds that the last run took.", taken.total_seconds()
    if manifest.metrics is not None:
        yield "peak_memory_bytes", "Memory at the most.", manifest.metrics.peak_memory
    yield "run_finished_timestamp_seconds", "When it ended.", manifest.finished.timestamp()


def _of_newest(run: PublishedRun) -> Iterator[Figure]:
    """Yield when the newest judged partition ended, in UTC; nothing where the input has none."""
    newest = newest_run(run.job_folder) or run
    if (partition := newest.manifest.partition) is not None:
        # Not as a time: the last partition of the calendar ends beyond it.
        end = partition.start.replace(tzinfo=UTC).timestamp() + partition.length.total_seconds()
        meaning = "When the newest judged partition ended."
        yield "newest_partition_end_timestamp_seconds", meaning, end
