"""Step `publish`: writes manifest and report, and makes the run visible."""

import resource
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version

import numpy as np
import pyarrow as pa

from flows.report.data import ReportData
from flows.report.page import render
from flows.results.metrics import write_metrics
from flows.results.telemetry import send_metrics
from flows.runtime.run_log import log
from flows.runtime.work import Step
from flows.steps.explain import MAP_VALUES, OF_PEERS, STEPS
from flows.steps.fit import column_roles
from flows.steps.fitted_model import Fitted
from flows.steps.gather import Gathered
from flows.steps.group import Grouped
from flows.steps.incident_context import SURROUNDED
from flows.steps.monitor import Watch
from flows.steps.run import Run
from flows.steps.run_index import write_index
from flows.steps.score import ChunkScored
from flows.steps.window_charts import CHARTS
from flows.steps.windows import JudgedWindows
from flows.storage.runs.reader import PublishedRun
from schemas.columns.roles import Role, RoleChoice
from schemas.events.contract import one_array
from schemas.events.event_times import read_event_times
from schemas.job.calendar import calendar_until
from schemas.job.fingerprint import job_fingerprint
from schemas.job.time_settings import time_setting
from schemas.outputs.figures import Metrics
from schemas.outputs.manifest import (
    Ledger,
    ModelSummary,
    RunManifest,
    SearchSummary,
    SelectionSummary,
)

_OURS, _WORKERS = resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN
_MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024
"""Bytes that the system counts the largest memory in."""


@dataclass(frozen=True)
class Judged:
    """The results of a run."""

    scored: ChunkScored
    grouped: Grouped
    watch: Watch
    stored: SearchSummary | None
    """The records stored for search, if the job asks for it."""
    windows: JudgedWindows


def publish_run(
    run: Run, gathered: Gathered, fitted: Fitted, judged: Judged, seconds: dict[str, float]
) -> PublishedRun:
    """Check the ledger, write manifest and report, and make the run visible.

    Raises
    ------
    LedgerError
        If rows were lost or invented; nothing is published then.
    """
    published = run.folder.published()  # by a try before, of which only the end failed
    if published is None:
        manifest = _manifest(run, gathered, fitted, judged, seconds)
        report = render(_report_data(run, manifest, judged.scored))
        published = run.folder.publish(manifest, report)
    write_index(published.job_folder)
    write_metrics(published)
    send_metrics(published)
    run.scratch.remove()
    _log_outcome(published.manifest)
    return published


PUBLISH = Step("publish", publish_run)


def _manifest(
    run: Run, gathered: Gathered, fitted: Fitted, judged: Judged, seconds: dict[str, float]
) -> RunManifest:
    scored, grouped = judged.scored, judged.grouped
    return RunManifest(
        outfield_version=version("outfield"),
        job=run.job.name or "",
        run_id=run.run_id,
        unit=run.job.unit,
        seed=run.job.seed,
        partition=run.partition,
        job_fingerprint=job_fingerprint(run.job),
        started=run.started,
        finished=max(run.started, datetime.now(UTC)),  # the clock may have been set back
        input_files=run.plan.manifest_files(),
        table_kind=None if run.plan.table is None else run.plan.table.kind,
        table_version=None if run.plan.table is None else run.plan.table.version,
        table_columns=None if run.plan.table is None else run.plan.table.columns,
        ledger=_ledger(run, gathered, scored),
        units_scored=scored.scored,
        columns=column_roles(run),
        model=_model(fitted, judged.watch, run.alone),
        selection=_selection(run, grouped),
        severities=dict(Counter(grouped.severities)),
        incidents=grouped.summary,
        covers=grouped.covers,
        canaries=judged.watch.canaries,
        column_drift=judged.watch.columns,
        embedding_drift=judged.watch.together,
        partition_rows=judged.watch.partition_rows,
        search=judged.stored,
        activity=judged.windows.activity,
        missed=judged.windows.missed,
        calendar=calendar_until(run.job.calendar, grouped.covers),
        unjudged_days=judged.windows.unjudged,
        seconds={step: round(taken, 3) for step, taken in seconds.items()},
        metrics=_metrics(run.plan.rows, sum(seconds.values())),
    )


def _metrics(rows: int, seconds: float) -> Metrics:
    taken = max(resource.getrusage(who).ru_maxrss for who in (_OURS, _WORKERS))
    return Metrics(rows_per_second=round(rows / seconds, 1), peak_memory=taken * _MAXRSS_UNIT)


def _log_outcome(manifest: RunManifest) -> None:
    ledger = manifest.ledger
    log(
        "run published",
        scored=ledger.scored,
        quarantined=ledger.rows_quarantined,
        skipped=ledger.rows_skipped,
        findings=manifest.selection.findings,
        incidents=manifest.incidents.incidents,
        **(manifest.metrics.model_dump() if manifest.metrics else {}),
    )


def _model(fitted: Fitted, watch: Watch, alone: str | None) -> ModelSummary:
    why = watch.renewed.why if watch.renewed else None
    return fitted.summary.model_copy(update={"renewal": why, "alone": alone})


def _ledger(run: Run, gathered: Gathered, scored: ChunkScored) -> Ledger:
    rejected = Counter(gathered.rejected) + Counter(scored.rejected)
    rows = gathered.events_gathered if run.job.unit == "session" else scored.scored
    return Ledger(
        read=run.plan.rows_read,
        scored=rows,
        quarantined=dict(sorted(rejected.items())),
        files_left_out=dict(run.plan.left_out),
        columns_left_out=run.plan.unread,
        times_not_read=_times_not_read(run.choices),
    )


def _times_not_read(choices: Mapping[str, RoleChoice]) -> dict[str, tuple[str, ...]]:
    """Give the columns that look like a time, and their settings; none where a time was read."""
    if any(choice.role is Role.TIME for choice in choices.values()):
        return {}
    unread = {column: choice.unread for column, choice in choices.items()}
    return {
        column: tuple(map(time_setting, spellings))
        for column, spellings in unread.items()
        if spellings is not None
    }


def _selection(run: Run, grouped: Grouped) -> SelectionSummary:
    selected = grouped.selected
    return SelectionSummary(
        rule=selected.rule,
        score_cut=selected.score_cut,
        selected=selected.by_rule,
        findings=len(grouped.rows),
        budget=run.job.selection.budget,
        by_rank=int((~grouped.by_rule & ~grouped.of_window).sum()),
        by_window=int(grouped.of_window.sum()),
        in_incidents=grouped.in_incidents,
        drift=selected.drift.ratio,
        drift_at=selected.drift.at,
        all_usual=selected.all_usual,
    )


def _report_data(run: Run, manifest: RunManifest, scored: ChunkScored) -> ReportData:
    found = _only_part(run, "findings")
    column = _time_column(run, found)
    findings = found if column is None else _with_times_read(run, found, column)
    return ReportData(
        manifest=manifest,
        findings=findings,
        incidents=_only_part(run, "incidents"),
        suppressed=_only_part(run, "suppressed"),
        score_counts=scored.histogram,
        score_edges=np.arange(len(scored.histogram) + 1, dtype=np.float64),
        map_points=_only_part(run, "map"),
        map_values=run.scratch.read_table(MAP_VALUES),
        time_column=column,
        incident_context=run.scratch.read_table(SURROUNDED),
        steps=run.scratch.read_table(STEPS),
        peers=run.scratch.read_table(OF_PEERS),
        window_charts=run.scratch.read_table(CHARTS),
    )


def _only_part(run: Run, dataset: str) -> pa.Table:
    return next(table for _, table in run.folder.read_parts(dataset))


def _with_times_read(run: Run, findings: pa.Table, column: str) -> pa.Table:
    """Read the times of findings for the page, where a format or a second column tells them."""
    spelling = run.time_spelling
    if run.job.unit == "session" or (spelling.format is None and spelling.date is None):
        return findings
    day = None if spelling.date is None else _own_name(findings, spelling.date)
    days = None if day is None else one_array(findings[day])
    read = read_event_times(one_array(findings[column]), days, spelling)
    return findings.set_column(findings.column_names.index(column), column, read.values)


def _time_column(run: Run, findings: pa.Table) -> str | None:
    if run.job.unit == "session":
        candidates = ["session.start"]
    else:
        candidates = [c for c, choice in run.choices.items() if choice.role is Role.TIME]
    found = (_own_name(findings, column) for column in candidates)
    return next((name for name in found if name is not None), None)


def _own_name(findings: pa.Table, column: str) -> str | None:
    """Return what findings call a column of the input."""
    names = (f"event.{column}", column)
    return next((name for name in names if name in findings.column_names), None)
