"""The commands about incidents: what changed between runs, exports.

As in `flows/cli/detect.py`, what a command needs is imported inside it.
"""
# ruff: noqa: PLC0415 - see above

from dataclasses import dataclass
from typing import Annotated, Literal

from cyclopts import Parameter
from cyclopts.validators import Number

from flows.cli.console import Terminal
from flows.cli.options import Flag
from schemas.errors import InputError


@dataclass(frozen=True)
class IncidentCommands:
    """The commands, each a method that cyclopts reads its options and its help from."""

    terminal: Terminal

    def incidents(
        self,
        folder: Annotated[str, Parameter(name="DIR/NAME")],
        /,
        *,
        run: str | None = None,
        top: Annotated[int, Parameter(validator=Number(gte=1))] = 20,
        alarms: Flag = False,
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
            How many to show.
        alarms
            Show the alarms alone, and how rare each is.
        json
            Print one JSON document, with the reasons.
        """
        from flows.cli.incident_view import (
            alarms_line,
            incident_document,
            incidents_line,
            show_alarms,
            show_incidents,
        )
        from flows.cli.run_view import run_document
        from flows.storage.runs.reader import find_run, read_incidents

        found = find_run(folder, run)
        rows = read_incidents(found)
        if alarms:
            rows = rows.filter(rows["alarm"])
        shown = rows.slice(0, top).to_pylist()
        if json:
            told = [incident_document(row) for row in shown]
            self.terminal.json({**run_document(found), "incidents": told})
            return
        if alarms:
            show_alarms(self.terminal, shown, found.manifest.incidents.nights)
            said = alarms_line(found.manifest)
        else:
            show_incidents(self.terminal, shown)
            said = incidents_line(found.manifest) or "No incident"
        self.terminal.line()
        self.terminal.line(f"{said}; run {found.folder.name}")

    def diff(self, run_a: str, run_b: str, /, *, json: Flag = False) -> None:
        """Show what changed from one run to another: new, worse, recurring, resolved.

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
        from flows.storage.runs.reader import read_incidents, run_at

        before, after = (read_incidents(run_at(run)).to_pylist() for run in (run_a, run_b))
        changes = differences(before, after)
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
