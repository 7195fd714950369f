"""Incidents as the command line shows them: tables and lines for people, documents for machines."""

import shlex
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from anomaly.incidents.sentence import short
from anomaly.incidents.summary import OF_WINDOW
from flows.cli.console import Justify, Terminal
from flows.report.overview import alarms_sentence, critical_sentence, gone_clause, recurrence_of
from flows.report.text import count, listing
from flows.results.incident_stacks import Line
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

_MOST_OFFERS = 3
"""Stacks whose verdict's command is printed."""


def show_incidents(terminal: Terminal, lines: Sequence[Line]) -> None:
    """Print a table of incidents."""
    rows = [
        [
            str(each["rank"]),
            f"{each['anomaly_score']:.1f}",
            each["severity"],
            each["status"],
            f"{each['records']:,}",
            _when(each),
            each["incident"],
            _title(line),
        ]
        for line in lines
        for each in [line.incident]
    ]
    columns = _COLUMNS
    if any(line.incident["view"] == OF_WINDOW for line in lines):
        columns = {"view": "left", **columns}
        views = [line.incident["view"] or "" for line in lines]
        rows = [[view, *row] for view, row in zip(views, rows, strict=True)]
    if any(line.incident["alarm"] for line in lines):
        columns = {"alarm": "left", **columns}
        marks = ["alarm" if line.incident["alarm"] else "" for line in lines]
        rows = [[mark, *row] for mark, row in zip(marks, rows, strict=True)]
    terminal.table(columns, rows)


def show_alarms(terminal: Terminal, alarms: Sequence[Line], run: RunManifest) -> None:
    """Print a table of alarms of a run, each with how many nights have one as odd."""
    rows = [
        [
            each["severity"],
            f"{each['records']:,}",
            _when(each),
            each["incident"],
            recurrence_of(each, run),
            _with_times(each["title"], line.times),
        ]
        for line in alarms
        for each in [line.incident]
    ]
    terminal.table(_ALARMS, rows)


def show_run_incidents(
    terminal: Terminal, run: RunManifest, shown: Sequence[Line], alarms: bool, job_folder: str
) -> str:
    """Print incidents of a run, alarms with how rare they are, and the verdicts on whole stacks.

    Returns
    -------
    The line that sums up the run.
    """
    if alarms:
        show_alarms(terminal, shown, run)
    else:
        show_incidents(terminal, shown)
    _show_verdict_offers(terminal, shown, job_folder)
    return alarms_line(run) if alarms else incidents_line(run) or "No incident"


def _show_verdict_offers(terminal: Terminal, lines: Iterable[Line], job_folder: str) -> None:
    """Print the command of a verdict that is about all of a stack, for the first few stacks."""
    stacks = [line for line in lines if line.incidents > 1]
    if stacks:
        terminal.line()
    for line in stacks[:_MOST_OFFERS]:
        terminal.say(f"One verdict about all with {_in_common(line)}:")
        asked = f"{line.incident['incident']} --scope {line.scope} --label LABEL"
        terminal.line(f"  outfield verdict {asked} --output {shlex.quote(job_folder)}")


def _in_common(line: Line) -> str:
    entity = f" of `{short(line.incident['entity'])}`" if line.scope == "this" else ""
    return f"`{short(line.incident['pattern'])}`{entity}"


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


def _title(line: Line) -> str:
    incident = line.incident
    said = listing(
        list(filter(None, (critical_sentence(incident["critical"]), incident["taught"])))
    )
    title = f"{incident['title']} ({said})" if said else str(incident["title"])
    return _with_times(title, line.times)


def _with_times(title: str, times: str) -> str:
    return f"{title} ({times})" if times else title


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
