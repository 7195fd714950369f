"""The commands about verdicts: give one, withdraw one, list them.

As in `flows/cli/detect.py`, what a command needs is imported inside it.
"""
# ruff: noqa: PLC0415 - see above

from dataclasses import dataclass
from datetime import UTC, date, datetime
from getpass import getuser
from typing import TYPE_CHECKING, Literal

from flows.cli.console import Terminal
from flows.cli.options import Flag, JobOrFolder, job_folder_of
from schemas.errors import JobError

if TYPE_CHECKING:
    from schemas.outputs.verdict import Opinion


@dataclass(frozen=True)
class VerdictCommands:
    """The commands, each a method that cyclopts reads its options and its help from."""

    terminal: Terminal

    def verdict(  # noqa: PLR0913 - each is an option of the command
        self,
        incident: str | None = None,
        /,
        *,
        label: Literal["benign", "malicious", "expected"] | None = None,
        scope: Literal["this", "entity", "pattern"] | None = None,
        until: date | None = None,
        note: str = "",
        withdraw: str | None = None,
        output: str = "outfield-output",
    ) -> None:
        """Say what an incident is; later runs heed it. Or withdraw what was said.

        Benign and expected incidents are suppressed in later runs, unless they are odder than this
        one. Malicious ones stay out of what later runs take for normal.

        Parameters
        ----------
        incident
            The incident, as `outfield incidents` and the report name it.
        label
            What it is.
        scope
            What the verdict holds for: this entity with this pattern, the default; the entity with
            any pattern; or the pattern of any entity. The last needs a pattern that names a value,
            such as `action = disable_mfa`.
        until
            The last day of events that it holds for, such as 2026-12-31; for good by default.
        note
            Why.
        withdraw
            Instead of an incident: the verdict to withdraw, as `outfield verdicts` lists it. Later
            runs act as if it had never been given.
        output
            The folder that holds the results of all jobs, or that of the job.
        """
        from schemas.outputs.verdict import Opinion

        if withdraw is not None:
            if any(option is not None for option in (incident, label, scope, until)):
                raise JobError(
                    "a verdict is given and one is withdrawn",
                    where="--withdraw",
                    remedy="leave out the incident, --label, --scope and --until",
                )
            self._withdraw(withdraw, note, output)
        elif incident is None or label is None:
            missing = "an incident" if incident is None else "a label"
            raise JobError(
                f"a verdict needs {missing}",
                remedy="name an incident and its --label, or --withdraw",
            )
        else:
            said = {"label": label, "scope": scope or "this", "until": until, "note": note}
            opinion = Opinion.model_validate(said | {"who": _user(), "when": datetime.now(UTC)})
            self._give(incident, opinion, output)

    def verdicts(self, folder: JobOrFolder, /, *, json: Flag = False) -> None:
        """List the verdicts of a job, the newest first, withdrawn ones too.

        Parameters
        ----------
        folder
            A job file, or the job's folder, such as outfield-output/sample.
        json
            Print one JSON document: a list of verdicts, with the incident that each was given on.
        """
        from flows.cli.verdict_view import known_verdicts, show_verdicts, verdict_document

        found = known_verdicts(job_folder_of(folder))
        if json:
            self.terminal.json([verdict_document(each) for each in found])
        elif found:
            show_verdicts(self.terminal, found)
        else:
            self.terminal.line("No verdict yet.")

    def _give(self, incident: str, opinion: "Opinion", output: str) -> None:
        from anomaly.incidents.verdicts import verdict_on
        from flows.cli.run_view import shown_path
        from flows.storage.runs.incident_search import find_incident
        from flows.storage.verdicts.store import keep_verdict

        found = find_incident(output, incident)
        said = verdict_on(found.incident, found.records, found.run.manifest.run_id, opinion)
        path = keep_verdict(found.run.job_folder, said)
        self.terminal.line(f"Wrote {shown_path(path)}: {opinion.label}, on {incident}")

    def _withdraw(self, name: str, note: str, output: str) -> None:
        from flows.storage.verdicts.search import find_verdict
        from flows.storage.verdicts.store import (
            keep_withdrawal,
            read_verdict,
            read_withdrawal,
            withdrawn_names,
        )
        from schemas.outputs.verdict import Withdrawal

        job = find_verdict(output, name)
        if name in withdrawn_names(job):
            by = read_withdrawal(job, name)
            self.terminal.line(f"Verdict {name} was withdrawn by {by.who} on {by.when:%Y-%m-%d}.")
            return
        said = read_verdict(job, name)
        now = datetime.now(UTC)
        keep_withdrawal(job, Withdrawal(verdict=name, note=note, who=_user(), when=now))
        what = f"{said.label}, on {said.incident}"
        self.terminal.line(
            f"Withdrew {name} ({what}): later runs act as if it had never been given."
        )


def _user() -> str:
    """Name who gives a verdict, as far as the machine knows."""
    try:
        return getuser()
    except (KeyError, OSError):  # in a container whose user has no name
        return "unknown"
