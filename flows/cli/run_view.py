"""A run as the command line shows it: lines and tables for people, documents for machines."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from anomaly.model.selection import NO_RULE
from flows.cli.console import Justify, Terminal
from flows.cli.incident_view import incidents_line, show_alarms, show_incidents
from flows.report.named_days import unjudged_sentences
from flows.report.overview import (
    alarms_sentence,
    alone_sentence,
    damage_sentence,
    drift_sentence,
    expectation_sentence,
    input_sentences,
    moved_sentence,
    partition_rows_sentence,
    recall_sentence,
    review_sentence,
    whole_columns_sentence,
)
from flows.report.text import count, listing
from flows.results.incident_stacks import Line
from flows.storage.fs.store_path import Place
from flows.storage.runs.reader import MANIFEST, REPORT, PublishedRun
from schemas.events.texts import as_text
from schemas.outputs.manifest import RunManifest
from schemas.outputs.tables import FINDING, SEVERITIES

_FINDING_COLUMNS: dict[str, Justify] = {
    "rank": "right",
    "score": "right",
    "severity": "left",
    "record": "left",
    "summary": "left",
}
_COLUMNS_NAMED = 5
"""Columns that a line names at the most."""
_RUN_COLUMNS: dict[str, Justify] = {
    "partition": "left",
    "run": "left",
    "started": "left",
    "read": "right",
    "scored": "right",
    "quarantined": "right",
    "skipped": "right",
    "findings": "right",
    "cut off": "right",
}


def shown_path(path: Place) -> str:
    """Give a path as the user would type it: relative if it lies below the working folder."""
    here = Path.cwd()
    if isinstance(path, Path) and path.is_relative_to(here):
        return str(path.relative_to(here))
    return str(path)


def show_summary(terminal: Terminal, run: PublishedRun, top: list[Line], seconds: float) -> None:
    """Print what a run did: alarms, rows, findings, the first leads, and where all lies."""
    _show_alarms(terminal, run, [each for each in top if each.incident["alarm"]])
    for line in (*_ledger_lines(run.manifest), *_damage_lines(run.manifest)):
        terminal.say(line)
    terminal.say(_findings_line(run.manifest))
    if said := incidents_line(run.manifest):
        terminal.say(said)
    for missed in run.manifest.missed:
        terminal.say(f"Missed: {missed}")
    for unjudged in unjudged_sentences(run.manifest):
        terminal.say(f"Named days: {unjudged}")
    for line in (*_model_lines(run.manifest), *_canary_lines(run.manifest)):
        terminal.say(line)
    for changed in (
        alone_sentence(run.manifest),
        expectation_sentence(run.manifest),
        partition_rows_sentence(run.manifest),
        whole_columns_sentence(run.manifest),
        moved_sentence(run.manifest),
        drift_sentence(run.manifest),
        recall_sentence(run.manifest),
        review_sentence(run.manifest),
    ):
        if changed:
            terminal.say(changed.replace("\N{NO-BREAK SPACE}", " "))  # it would be spelt out
    for refused in run.manifest.incidents.refused_verdicts:
        terminal.say(f"Left out: {refused}")
    terminal.line()
    if leads := [each for each in top if not each.incident["alarm"]]:
        show_incidents(terminal, leads)
        terminal.line()
    terminal.line(f"Report    {shown_path(run.folder / REPORT)}")
    terminal.line(f"Incidents {shown_path(run.folder / 'incidents')}")
    terminal.line(f"Findings  {shown_path(run.folder / 'findings')}")
    terminal.line(f"Took      {seconds:,.1f} s")


def _show_alarms(terminal: Terminal, run: PublishedRun, alarms: list[Line]) -> None:
    """Print the alarms of a run, or that it is quiet; nothing where it has no other days."""
    summary = run.manifest.incidents
    if said := alarms_sentence(run.manifest):
        terminal.say(said)
    if alarms:
        show_alarms(terminal, alarms, run.manifest)
    if (more := summary.alarms - sum(each.incidents for each in alarms)) > 0:
        folder = shown_path(run.job_folder)
        terminal.line(f"and {more:,} more: outfield incidents {folder} --alarms")
    if said:
        terminal.line()


def show_findings(terminal: Terminal, findings: pa.Table) -> None:
    """Print a table of findings, a row each."""
    rows = [
        [str(f["rank"]), f"{f['anomaly_score']:.1f}", f["severity"], f["record_id"], f["summary"]]
        for f in findings.select(
            ["rank", "anomaly_score", "severity", "record_id", "summary"]
        ).to_pylist()
    ]
    terminal.table(_FINDING_COLUMNS, rows)


def show_runs(terminal: Terminal, runs: list[PublishedRun]) -> None:
    """Print a table of runs with their ledgers, a row each.

    Partitions and findings that the budget cut off are shown where there are any.
    """
    manifests = [run.manifest for run in runs]
    names = [name for name in _RUN_COLUMNS if _is_told(name, manifests)]
    rows = [[_run_row(manifest)[name] for name in names] for manifest in manifests]
    terminal.table({name: _RUN_COLUMNS[name] for name in names}, rows)


def _is_told(column: str, manifests: Sequence[RunManifest]) -> bool:
    match column:
        case "partition":
            return any(manifest.partition for manifest in manifests)
        case "cut off":
            return any(manifest.selection.cut_off for manifest in manifests)
    return True


def run_document(run: PublishedRun) -> dict[str, Any]:
    """Describe a run for a machine: where its files lie, and its manifest."""
    files = ("incidents", "suppressed", "findings", "scores", "quarantine", REPORT, MANIFEST)
    return {
        "folder": shown_path(run.folder),
        "files": {name.partition(".")[0]: shown_path(run.folder / name) for name in files},
        "manifest": run.manifest.model_dump(mode="json"),
    }


def finding_documents(findings: pa.Table) -> list[dict[str, Any]]:
    """Describe findings for a machine: our columns, and the record's own ones under `event`.

    Numbers, flags and texts stay what they are; a value that JSON has no type for is spelt as text.
    """
    ours = findings.select(FINDING.names).to_pylist()
    names = findings.column_names[len(FINDING) :]
    own = {name: _json_values(findings[name].combine_chunks()) for name in names}
    return [
        {**finding, "event": {name: values[row] for name, values in own.items()}}
        for row, finding in enumerate(ours)
    ]


def _json_values(values: pa.Array) -> list[Any]:
    if pa.types.is_boolean(values.type) or pa.types.is_integer(values.type):
        return values.to_pylist()
    if pa.types.is_floating(values.type):
        return [v if v is None or math.isfinite(v) else None for v in values.to_pylist()]
    return as_text(values).to_pylist()


def _ledger_lines(manifest: RunManifest) -> list[str]:
    ledger = manifest.ledger
    first = (
        f"{count(ledger.read, 'row')} read = {ledger.scored:,} scored"
        f" + {ledger.rows_quarantined:,} quarantined + {ledger.rows_skipped:,} skipped"
    )
    if manifest.unit == "session":
        first += f"; {count(manifest.units_scored, 'session')}"
    reasons = {"quarantined": ledger.quarantined, "skipped": ledger.skipped}
    return [
        first,
        *(f"  {outcome}: {_counts(why)}" for outcome, why in reasons.items() if any(why.values())),
    ]


def _damage_lines(manifest: RunManifest) -> list[str]:
    lines = input_sentences(manifest)
    if not manifest.damaged_files:
        return lines
    first = manifest.damaged_files[0]
    return [damage_sentence(manifest), f"  {first.name}: {first.damaged}", *lines]


def _findings_line(manifest: RunManifest) -> str:
    selection = manifest.selection
    severities = {name: manifest.severities.get(name, 0) for name in SEVERITIES}
    line = count(selection.findings, "finding")
    if selection.findings:
        line += f" ({_counts(severities)})"
    if not selection.findings and selection.rule == NO_RULE.rule:
        return line
    of_days = f"; {selection.by_window:,} are of odd days" if selection.by_window else ""
    if selection.rule == NO_RULE.rule:
        return f"{line}: the oddest of the run{of_days}"
    line += f": {selection.by_rule:,} by {selection.rule}"
    if selection.by_rank:
        line += f", and the {selection.by_rank:,} oddest of the rest"
    line += of_days
    if selection.cut_off:
        line += f"; the budget of {selection.budget:,} cut off {selection.cut_off:,} more"
    return line


def _model_lines(manifest: RunManifest) -> list[str]:
    model = manifest.model
    if model.use == "fit":
        return []
    lines = [f"judged by model {model.model_id}{', the latest' if model.use == 'latest' else ''}"]
    if model.new_columns:
        names = listing(model.new_columns[:_COLUMNS_NAMED])
        more = len(model.new_columns) - _COLUMNS_NAMED
        lines.append(
            f"  not judged, as it does not know them: {names}{f' … (+{more})' * (more > 0)}"
        )
    return lines


def _canary_lines(manifest: RunManifest) -> list[str]:
    canaries = manifest.canaries
    if canaries is None or not canaries.planted:
        return []
    return [f"{canaries.found:,} of {canaries.planted:,} canaries would have been findings"]


def _run_row(manifest: RunManifest) -> dict[str, str]:
    ledger = manifest.ledger
    counts = {
        "read": ledger.read,
        "scored": ledger.scored,
        "quarantined": ledger.rows_quarantined,
        "skipped": ledger.rows_skipped,
        "findings": manifest.selection.findings,
        "cut off": manifest.selection.cut_off,
    }
    return {
        "partition": str(manifest.partition or ""),
        "run": manifest.run_id,
        "started": f"{manifest.started:%Y-%m-%d %H:%M}",
    } | {name: f"{rows:,}" for name, rows in counts.items()}


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{number:,} {name}" for name, number in counts.items() if number)
