"""The commands about incidents: what changed between runs, verdicts, exports.

As in `flows/commands.py`, what a command needs is imported inside it.
"""
# ruff: noqa: PLC0415 - see above

from dataclasses import dataclass
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from flows.commands import Flag
from flows.terminal import Terminal


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
        json: Flag = False,
    ) -> None:
        """Show the incidents of a run, that of the oddest finding first.

        Parameters
        ----------
        folder
            The job's folder, such as outfield-output/sample.
        run
            The run's id, as `outfield runs` lists it; the newest by default.
        top
            How many to show.
        json
            Print one JSON document, with the reasons.
        """
        from flows.incident_view import incident_document, incidents_line, show_incidents
        from flows.run_view import run_document
        from flows.storage.published import find_run, read_incidents

        found = find_run(folder, run)
        shown = read_incidents(found).slice(0, top).to_pylist()
        if json:
            told = [incident_document(row) for row in shown]
            self.terminal.json({**run_document(found), "incidents": told})
            return
        show_incidents(self.terminal, shown)
        self.terminal.line()
        said = incidents_line(found.manifest) or "No incident"
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
        from anomaly.recurrence import differences
        from flows.incident_view import incident_document, show_differences
        from flows.storage.published import read_incidents, run_at

        before, after = (read_incidents(run_at(run)).to_pylist() for run in (run_a, run_b))
        changes = differences(before, after)
        if json:
            self.terminal.json(
                [{"change": change} | incident_document(row) for change, row in changes]
            )
        else:
            show_differences(self.terminal, changes)
