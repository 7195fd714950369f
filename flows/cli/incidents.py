"""The commands about incidents: what changed between runs, exports.

As in `flows/cli/detect.py`, what a command needs is imported inside it.
"""
# ruff: noqa: PLC0415 - see above

from dataclasses import dataclass
from typing import Annotated, Literal

from cyclopts import Parameter
from cyclopts.validators import Number

from flows.cli.console import Terminal
from flows.cli.options import Flag, Moment
from schemas.errors import InputError

Status = Literal["new", "worse", "recurring"]
Severity = Literal["critical", "high", "medium", "low"]
View = Literal["window", "records"]


@dataclass(frozen=True)
class IncidentCommands:
    """The commands, each a method that cyclopts reads its options and its help from."""

    terminal: Terminal

    def incidents(  # noqa: PLR0913 - each is an option of the command
        self,
        folder: Annotated[str, Parameter(name="DIR/NAME")],
        /,
        *,
        run: str | None = None,
        top: Annotated[int, Parameter(validator=Number(gte=1))] = 20,
        alarms: Flag = False,
        status: Annotated[tuple[Status, ...], Parameter(negative=())] = (),
        severity: Annotated[tuple[Severity, ...], Parameter(negative=())] = (),
        view: Annotated[tuple[View, ...], Parameter(negative=())] = (),
        since: Moment | None = None,
        all: Flag = False,
        json: Flag = False,
    ) -> None:
        """Show the incidents of a run, the oddest first, as far as no verdict moves them.

        Parameters
        ----------
        folder
            The job's folder, such as outfield-output/sample.
        run
            The run's id, as `outfield runs` lists it; the newest by default.
        top
            How many to show; a stack counts as one.
        alarms
            Show the alarms alone, and how rare each is.
        status
            Show those of this status alone; once or more.
        severity
            Show those of this severity alone; once or more.
        view
            Show those alone whose entity's hour or day is odd (`window`), or whose records are odd
            by themselves (`records`).
        since
            Show those alone that lasted until this day or time, or began later. It is in UTC unless
            it has an offset; incidents without a time are left out.
        all
            Show each incident of a stack; by default the first one stands for all.
        json
            Print one JSON document, with each incident and its reasons.
        """
        from flows.cli.incident_view import incident_document, show_run_incidents
        from flows.cli.run_view import run_document
        from flows.report.text import count
        from flows.results.incident_filter import matching
        from flows.results.incident_stacks import Line, stack_lines
        from flows.storage.runs.reader import find_run, read_incidents

        found = find_run(folder, run)
        total = read_incidents(found)
        rows = matching(total, status, severity, since, view)
        if alarms:
            rows = rows.filter(rows["alarm"])
        listed = rows.to_pylist()
        if json:
            told = [incident_document(row) for row in listed[:top]]
            self.terminal.json({**run_document(found), "incidents": told})
            return
        lines = [Line(row) for row in listed] if all else stack_lines(listed)
        shown = lines[:top]
        said = show_run_incidents(self.terminal, found.manifest, shown, alarms, folder)
        self.terminal.line()
        if status or severity or view or since:
            self.terminal.line(f"{len(rows):,} of {count(len(total), 'incident')} match")
        self.terminal.say(f"{said}; run {found.folder.name}")

    def diff(self, run_a: str, run_b: str, /, *, json: Flag = False) -> None:
        """Show what changed from one run to another: new, worse, recurring, not seen, resolved.

        A change means what it means in the run after. So what is new was in no earlier run, and
        what recurs may be from before the first of the two. Resolved is what a verdict calls benign
        or expected and is not seen any more.

        Parameters
        ----------
        run_a
            The folder of the run before, such as outfield-output/sample/runs/RUN_ID.
        run_b
            The folder of the run after. A job's folder stands for its newest run.
        json
            Print one JSON document.
        """
        from anomaly.incidents.recurrence import differences
        from flows.cli.incident_view import incident_document, show_differences
        from flows.storage.runs.history import all_incidents
        from flows.storage.runs.reader import run_at
        from flows.storage.verdicts.store import read_verdicts

        before, after = run_at(run_a), run_at(run_b)
        verdicts = read_verdicts(after.job_folder)
        changes = differences(all_incidents(before), all_incidents(after), verdicts)
        if json:
            self.terminal.json(
                [{"change": change} | incident_document(row) for change, row in changes]
            )
        else:
            show_differences(self.terminal, changes)

    def export(
        self,
        run: str,
        /,
        *,
        format: Literal["ocsf", "jsonl", "csv"] | None = None,
        of: Literal["incidents", "findings"] = "incidents",
        to: str | None = None,
    ) -> None:
        """Write incidents or findings for other tools.

        Parameters
        ----------
        run
            The run's folder; a job's folder stands for its newest run.
        format
            `ocsf`: incidents as OCSF Detection Findings, JSON lines, or Parquet where the file is
            called so. `jsonl` and `csv`: all columns. By default what the ending of the file says:
            .csv, .jsonl, .ndjson, or .parquet for `ocsf`.
        of
            What `jsonl` and `csv` hold; `ocsf` holds incidents.
        to
            The file, or the URL of an object; standard output by default.
        """
        from flows.results.export import (
            csv_lines,
            format_of,
            json_lines,
            ocsf_findings,
            ocsf_lines,
        )
        from flows.storage.fs.atomic import write_whole
        from flows.storage.fs.store_path import place_of
        from flows.storage.runs.parquet_parts import write_rows
        from flows.storage.runs.reader import run_at

        found, format = run_at(run), format or format_of(to)
        if format == "ocsf" and of == "findings":
            raise InputError(
                "OCSF holds incidents, no findings", where="--of", remedy="take csv or jsonl"
            )
        if format == "ocsf" and to is not None and to.endswith(".parquet"):
            write_rows(place_of(to), list(ocsf_findings(found)))
            return
        lines = {
            "ocsf": lambda: ocsf_lines(found),
            "jsonl": lambda: json_lines(found, of),
            "csv": lambda: csv_lines(found, of),
        }[format]()
        if to is not None:
            write_whole(place_of(to), "".join(f"{line}\n" for line in lines))
            return
        for line in lines:
            self.terminal.line(line)

    def columns(self) -> None:
        """Print what each column of the outputs means, as Markdown."""
        from schemas.outputs.dictionary import dictionary

        for line in dictionary().splitlines():
            self.terminal.line(line)
