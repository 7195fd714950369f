"""The commands of `outfield`: their options, their help, and what each does.

What a command needs is imported inside it: `outfield --help` must not wait for Arrow or Prefect.
"""

# ruff: noqa: PLC0415 - see above

import sys
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter
from cyclopts.validators import Number

from flows.cli.console import Terminal
from schemas.errors import OutputError

if TYPE_CHECKING:
    from schemas.job.job import JobSpec
from flows.cli.options import Flag, PartitionOption, Services, job_of

_TOP_IN_SUMMARY = 5


@dataclass(frozen=True)
class DetectCommands:
    """The commands, each a method that cyclopts reads its options and its help from."""

    terminal: Terminal
    services: Services

    def detect(  # noqa: PLR0913 - each is an option of the command
        self,
        input: str | None = None,
        /,
        *,
        output: str | None = None,
        job: str | None = None,
        name: str | None = None,
        partition: PartitionOption | None = None,
        model: str | None = None,
        again: Flag = False,
        json: Flag = False,
        direct: Flag = False,
    ) -> None:
        """Find the events that do not belong, and write them with scores, reasons and a report.

        Parameters
        ----------
        input
            A Parquet file, a folder, a glob or a URL. May be left out if the job file names it.
        output
            The folder or URL that holds the results of all jobs; ./outfield-output by default.
        job
            A job file, as `outfield init` writes it. What stands on the command line wins.
        name
            The job's name below the output folder; by default that of the job file, or of the input
            where there is none.
        partition
            The day to judge, such as 2026-01-05, where the input holds {date}; the hour, such as
            2026-01-05T13, where it holds {hour} too. By default the newest one that is over.
        model
            "fit", the default, judges by a model of the records themselves; "latest" by the model
            that was promoted last. Or name one by its id.
        again
            Judge again what is judged as it stands: else a run with --job and without --partition
            has nothing to do there.
        json
            Print one JSON document instead of the summary.
        direct
            Run the same steps without Prefect: quicker to start, nothing to see in its interface.
        """
        from flows.cli.incident_view import incident_document
        from flows.cli.run_view import run_document, show_summary
        from flows.jobs.job_file import complete_job
        from flows.results.incident_stacks import stack_lines
        from flows.storage.runs.reader import read_incidents

        began = monotonic()
        spec = judging_by(model, complete_job(job_of(job), input, output, name))
        if job and not partition and not again and (why := self.services.why_not_due(spec)):
            self._show_nothing_to_do(why, json=json)
            return
        # Standard output is ours alone: what a library prints belongs beside the progress.
        with self.terminal.progress() as on_progress, redirect_stdout(sys.stderr):
            run = self.services.run_detect(
                spec, partition=partition, direct=direct, on_progress=on_progress
            )
        found = read_incidents(run).to_pylist()
        if json:
            top = [incident_document(row) for row in found[:_TOP_IN_SUMMARY]]
            self.terminal.json({**run_document(run), "top": top})
        else:
            lines = stack_lines(found)[:_TOP_IN_SUMMARY]
            show_summary(self.terminal, run, lines, monotonic() - began)

    def _show_nothing_to_do(self, why: str, *, json: bool) -> None:
        if json:
            self.terminal.json({"nothing_to_do": why})
        else:
            self.terminal.say(f"{why} --again judges it again.")

    def init(
        self,
        input: str,
        /,
        *,
        template: Literal["ocsf", "cloudtrail"] | None = None,
        output_file: str | None = None,
        force: Flag = False,
    ) -> None:
        """Look at the data and write a job file: each column, its role, and why. Edit and keep it.

        Parameters
        ----------
        input
            A Parquet file, a folder, a glob or a URL.
        template
            What the log is: OCSF events, or CloudTrail records. Their known columns get their
            roles, the others are inferred.
        output_file
            Where to write the job file; the input's name with .toml by default.
        force
            Replace the file if it is there.
        """
        from flows.jobs.job_file import job_name_of, job_template
        from schemas.columns.templates import with_template

        target = Path(output_file or f"{job_name_of(input)}.toml")
        if not force:
            _refuse_to_replace(target)
        profiles, choices = self.services.profile_input(input)
        if template is not None:
            choices = with_template(template, choices)
        _write_job_file(target, job_template(input, profiles, choices))
        rows = [[name, str(choice.role), choice.why] for name, choice in choices.items()]
        self.terminal.table({"column": "left", "role": "left", "why": "left"}, rows)
        self.terminal.line()
        self.terminal.line(f"Wrote {target}. Edit it, then: outfield detect --job {target}")

    def findings(
        self,
        folder: Annotated[str, Parameter(name="DIR/NAME")],
        /,
        *,
        run: str | None = None,
        incident: str | None = None,
        top: Annotated[int, Parameter(validator=Number(gte=1))] = 20,
        json: Flag = False,
    ) -> None:
        """Show the findings of a run, the oddest first.

        Parameters
        ----------
        folder
            The job's folder, such as outfield-output/sample.
        run
            The run's id, as `outfield runs` lists it; the newest by default.
        incident
            Show those of this incident alone, as `outfield incidents` names it.
        top
            How many to show.
        json
            Print one JSON document, with the records' own columns and the reasons.
        """
        from flows.cli.run_view import finding_documents, run_document, show_findings
        from flows.report.text import count
        from flows.storage.runs.incident_search import findings_of
        from flows.storage.runs.reader import find_run, read_findings

        found = find_run(folder, run)
        table = read_findings(found) if incident is None else findings_of(found, incident)
        shown = table.slice(0, top)
        if json:
            document = {**run_document(found), "findings": finding_documents(shown)}
            self.terminal.json(document)
            return
        show_findings(self.terminal, shown)
        self.terminal.line()
        total = count(len(table), "finding")
        about = "" if incident is None else f" of incident {incident}"
        self.terminal.line(f"{len(shown):,} of {total}{about} of run {found.folder.name}")

    def runs(
        self, folder: Annotated[str, Parameter(name="DIR/NAME")], /, *, json: Flag = False
    ) -> None:
        """Show the runs of a job, newest first, with where every row went.

        Parameters
        ----------
        folder
            The job's folder, such as outfield-output/sample.
        json
            Print one JSON document: a list of runs with their manifests.
        """
        from flows.cli.run_view import run_document, show_runs
        from flows.storage.runs.reader import list_runs

        found = list_runs(folder)
        if json:
            self.terminal.json([run_document(run) for run in found])
        elif found:
            show_runs(self.terminal, found)
        else:
            self.terminal.line("No finished run yet.")

    def schema(self) -> None:
        """Print the JSON Schema of the job file, for editors and checks."""
        from schemas.job.job import job_schema

        self.terminal.json(job_schema())


def judging_by(model: str | None, job: "JobSpec") -> "JobSpec":
    """Let the command line name the model; only the latest is ever replaced."""
    from schemas.job.job import build_job

    if model is None:
        return job
    refit = job.model.refit if model == "latest" else "never"
    chosen = {**job.model.model_dump(), "use": model, "refit": refit}
    return build_job({**job.model_dump(), "model": chosen}, "command line")


def _refuse_to_replace(target: Path) -> None:
    if target.exists():
        raise OutputError(
            "is there already",
            where=str(target),
            remedy="replace it with --force or choose another with --output-file",
        )


def _write_job_file(target: Path, text: str) -> None:
    from flows.storage.fs.atomic import write_whole

    write_whole(target, text)
