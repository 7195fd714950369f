"""Incidents as the command line shows them: tables and lines for people, documents for machines."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from anomaly.incidents.alarm_sentences import recurrence_sentence
from flows.cli.console import Justify, Terminal
from flows.report.overview import alarms_sentence, critical_sentence, gone_clause
from flows.report.text import count, listing
from schemas.outputs.manifest import RunManifest
from schemas.outputs.tables import STATUSES

_COLUMNS: dict[str, Justify] = {
    "rank": "right",
    "score": "right",
    "severity": "left",
    "status": "left",
    "records": "right",
    "when (UTC)": "left",
    "incident": "left",
    "title": "left",
}
_ALARMS: dict[str, Justify] = {
    "severity": "left",
    "records": "right",
    "when (UTC)": "left",
    "incident": "left",
    "how rare": "left",
    "title": "left",
}
_CHANGES: dict[str, Justify] = {
    "change": "left",
    "severity": "left",
    "records": "right",
    "incident": "left",
    "title": "left",
}


def show_incidents(terminal: Terminal, incidents: Iterable[Mapping[str, Any]]) -> None:
    """Print a table of incidents (rows of `schemas.outputs.tables.INCIDENT`)."""
    incidents = list(incidents)
    rows = [
        [
            str(each["rank"]),
            f"{each['anomaly_score']:.1f}",
            each["severity"],
            each["status"],
            f"{each['records']:,}",
            _when(each),
            each["incident"],
            _title(each),
        ]
        for each in incidents
    ]
    columns = _COLUMNS
    if any(each["alarm"] for each in incidents):
        columns = {"alarm": "left", **columns}
        marks = ["alarm" if each["alarm"] else "" for each in incidents]
        rows = [[mark, *row] for mark, row in zip(marks, rows, strict=True)]
    terminal.table(columns, rows)


def show_alarms(
    terminal: Terminal, alarms: Iterable[Mapping[str, Any]], nights: int | None
) -> None:
    """Print a table of alarms, each with how many nights have one as odd."""
    rows = [
        [
            each["severity"],
            f"{each['records']:,}",
            _when(each),
            each["incident"],
            recurrence_sentence(each["recurrence"], nights),
            each["title"],
        ]
        for each in alarms
    ]
    terminal.table(_ALARMS, rows)


def show_run_incidents(
    terminal: Terminal, run: RunManifest, shown: Sequence[Mapping[str, Any]], alarms: bool
) -> str:
    """Print incidents of a run, alarms with how rare they are; return what sums up the run."""
    if alarms:
        show_alarms(terminal, shown, run.incidents.nights)
        return alarms_line(run)
    show_incidents(terminal, shown)
    return incidents_line(run) or "No incident"


def _when(incident: Mapping[str, Any]) -> str:
    """Say from when to when it happened, in UTC, as short as that can be said."""
    first, last = incident["first_time"], incident["last_time"]
    if first is None or last is None:
        return ""
    begins, ends = f"{first:%Y-%m-%d %H:%M}", f"{last:%Y-%m-%d %H:%M}"
    if begins == ends:
        return begins
    if first.date() == last.date():
        return f"{begins} - {last:%H:%M}"
    return f"{begins} - {ends if first.year != last.year else f'{last:%m-%d %H:%M}'}"


def _title(incident: Mapping[str, Any]) -> str:
    said = listing(
        list(filter(None, (critical_sentence(incident["critical"]), incident["taught"])))
    )
    return f"{incident['title']} ({said})" if said else str(incident["title"])


def show_differences(terminal: Terminal, changes: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
    """Print what became of the incidents of one run in another."""
    if not changes:
        terminal.line("Neither run has an incident.")
        return
    rows = [
        [change, each["severity"], f"{each['records']:,}", each["incident"], each["title"]]
        for change, each in changes
    ]
    terminal.table(_CHANGES, rows)
    terminal.line()
    names = (*STATUSES, "not seen", "resolved")
    counts = {name: sum(change == name for change, _ in changes) for name in names}
    terminal.line(", ".join(f"{number:,} {name}" for name, number in counts.items()))


def incidents_line(manifest: RunManifest) -> str:
    """Sum up the incidents of a run; nothing where it has none."""
    summary = manifest.incidents
    if not summary.incidents and not summary.suppressed:
        return ""
    line = f"{count(summary.incidents, 'incident')} of {count(summary.records, 'record')}"
    told = [f"{number:,} {name}" for name, number in summary.statuses.items()]
    if told:
        line += f": {listing(told)}"
    line += gone_clause(summary)
    if summary.suppressed:
        line += f"; verdicts suppress {summary.suppressed:,} more"
    return line


def alarms_line(manifest: RunManifest) -> str:
    """Sum up the alarms of a run, or say why it can have none."""
    said = alarms_sentence(manifest).removesuffix(".")
    return said or "No alarm, as the records were judged against each other"


def incident_document(incident: Mapping[str, Any]) -> dict[str, Any]:
    """Describe an incident for a machine: its columns, times spelt in ISO 8601."""
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in incident.items()
    }
