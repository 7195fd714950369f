"""The commands of `outfield`: their options, their help, and what each does.

What a command needs is imported inside it: `outfield --help` must not wait for Arrow or Prefect.
"""
# ruff: noqa: PLC0415 - see above

import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter, Token
from cyclopts.validators import Number

from flows.progress import OnProgress
from flows.terminal import Terminal
from schemas.errors import JobError, OutputError

if TYPE_CHECKING:
    from flows.modelling import Registered
    from flows.storage.published import PublishedRun
    from schemas.columns import ColumnProfile, RoleChoice
    from schemas.job import JobSpec

    Profiled = tuple[dict[str, ColumnProfile], dict[str, RoleChoice]]

_TOP_IN_SUMMARY = 5


def _as_day(_type: object, tokens: "Sequence[Token]") -> date:
    """Read a day from the command line; nothing else is taken for a partition."""
    given = tokens[0].value
    try:
        return datetime.strptime(given, "%Y-%m-%d").replace(tzinfo=UTC).date()
    except ValueError:
        where = tokens[0].keyword or ""
        raise JobError(
            f"{given!r} is not a day", where=where, remedy="write it as 2026-01-05"
        ) from None


Day = Annotated[date, Parameter(converter=_as_day)]
"""A day of the calendar, spelt 2026-01-05."""

Flag = Annotated[bool, Parameter(negative=(), show_default=False)]
"""An option that is there or not; `--no-…` would only be noise."""


def _run_detect(
    job: "JobSpec", *, partition: date | None, direct: bool, on_progress: OnProgress
) -> "PublishedRun":
    from flows.launch import run_detect

    return run_detect(job, partition=partition, direct=direct, on_progress=on_progress)


def _run_fit(
    job: "JobSpec",
    *,
    partition: date | None,
    promote: bool,
    direct: bool,
    on_progress: OnProgress,
) -> "Registered":
    from flows.launch import run_fit

    return run_fit(
        job, partition=partition, promote=promote, direct=direct, on_progress=on_progress
    )


def _profile_input(location: str) -> "Profiled":
    from flows.profiling import profile_input

    return profile_input(location)


def _serve_jobs(jobs: "Mapping[str, JobSpec]", folder: str, limit: int) -> None:
    from flows.launch import serve_jobs

    serve_jobs(jobs, folder, limit)


@dataclass(frozen=True)
class Services:
    """The long work behind the commands: a test passes its own."""

    run_detect: Callable[..., "PublishedRun"] = _run_detect
    profile_input: Callable[[str], "Profiled"] = _profile_input
    serve_jobs: Callable[..., None] = _serve_jobs
    run_fit: Callable[..., "Registered"] = _run_fit


@dataclass(frozen=True)
class Commands:
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
        partition: Day | None = None,
        model: str | None = None,
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
            The job's name below the output folder; the input's name by default.
        partition
            The day to judge, such as 2026-01-05, where the input holds {date}; the newest one that
            is over by default.
        model
            "fit" judges by a model of the records themselves, which is the default; "latest" by the
            one that was fitted or promoted last; or name one by its id.
        json
            Print one JSON document instead of the summary.
        direct
            Run the same steps without Prefect: quicker to start, nothing to see in its interface.
        """
        from flows.incident_view import incident_document
        from flows.job_file import complete_job
        from flows.run_view import run_document, show_summary
        from flows.storage.published import read_incidents

        began = monotonic()
        spec = judging_by(model, complete_job(job_of(job), input, output, name))
        # Standard output is ours alone: what a library prints belongs beside the progress.
        with self.terminal.progress() as on_progress, redirect_stdout(sys.stderr):
            run = self.services.run_detect(
                spec, partition=partition, direct=direct, on_progress=on_progress
            )
        top = read_incidents(run).slice(0, _TOP_IN_SUMMARY).to_pylist()
        if json:
            self.terminal.json({**run_document(run), "top": [incident_document(i) for i in top]})
        else:
            show_summary(self.terminal, run, top, monotonic() - began)

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
        from flows.job_file import job_name_of, job_template
        from schemas.templates import with_template

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
        top
            How many to show.
        json
            Print one JSON document, with the records' own columns and the reasons.
        """
        from flows.report.wording import count
        from flows.run_view import finding_documents, run_document, show_findings
        from flows.storage.published import find_run, read_findings

        found = find_run(folder, run)
        table = read_findings(found)
        shown = table.slice(0, top)
        if json:
            document = {**run_document(found), "findings": finding_documents(shown)}
            self.terminal.json(document)
            return
        show_findings(self.terminal, shown)
        self.terminal.line()
        total = count(len(table), "finding")
        self.terminal.line(f"{len(shown):,} of {total} of run {found.folder.name}")

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
        from flows.run_view import run_document, show_runs
        from flows.storage.published import list_runs

        found = list_runs(folder)
        if json:
            self.terminal.json([run_document(run) for run in found])
        elif found:
            show_runs(self.terminal, found)
        else:
            self.terminal.line("No finished run yet.")

    def schema(self) -> None:
        """Print the JSON Schema of the job file, for editors and checks."""
        from schemas.job import job_schema

        self.terminal.json(job_schema())


def judging_by(model: str | None, job: "JobSpec") -> "JobSpec":
    """Let the command line name the model; only the latest is ever replaced."""
    from schemas.job import build_job

    if model is None:
        return job
    refit = job.model.refit if model == "latest" else "never"
    chosen = {**job.model.model_dump(), "use": model, "refit": refit}
    return build_job({**job.model_dump(), "model": chosen}, "command line")


def job_of(path: str | None) -> "JobSpec":
    """Read the job file, if one is named."""
    if path is None:
        from schemas.job import JobSpec

        return JobSpec()
    from flows.job_file import load_job

    return load_job(path)


def _refuse_to_replace(target: Path) -> None:
    if target.exists():
        raise OutputError(
            "is there already",
            where=str(target),
            remedy="replace it with --force or choose another with --output-file",
        )


def _write_job_file(target: Path, text: str) -> None:
    from flows.storage.atomic import write_whole

    write_whole(target, text)
