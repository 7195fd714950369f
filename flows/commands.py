"""The commands of `outfield`: their options, their help, and what each does.

What a command needs is imported inside it: `outfield --help` must not wait for Arrow or Prefect.
"""
# ruff: noqa: PLC0415 - see above

import re
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from flows.progress import OnProgress
from flows.terminal import Terminal
from schemas.errors import JobError, OutputError

if TYPE_CHECKING:
    from flows.storage.published import PublishedRun
    from schemas.columns import ColumnProfile, RoleChoice
    from schemas.job import JobSpec

    Profiled = tuple[dict[str, ColumnProfile], dict[str, RoleChoice]]

_TOP_IN_SUMMARY = 5

Flag = Annotated[bool, Parameter(negative=(), show_default=False)]
"""An option that is there or not; `--no-…` would only be noise."""


def _run_detect(job: "JobSpec", *, direct: bool, on_progress: OnProgress) -> "PublishedRun":
    from flows.launch import run_detect

    return run_detect(job, direct=direct, on_progress=on_progress)


def _profile_input(location: str) -> "Profiled":
    from flows.profiling import profile_input

    return profile_input(location)


@dataclass(frozen=True)
class Services:
    """The long work behind the commands: a test passes its own."""

    run_detect: Callable[..., "PublishedRun"] = _run_detect
    profile_input: Callable[[str], "Profiled"] = _profile_input


@dataclass(frozen=True)
class Commands:
    """The commands, each a method that cyclopts reads its options and its help from."""

    terminal: Terminal
    services: Services

    def detect(
        self,
        input: str | None = None,
        /,
        *,
        output: str | None = None,
        job: str | None = None,
        name: str | None = None,
        json: Flag = False,
        direct: Flag = False,
    ) -> None:
        """Find the events that do not belong, and write them with scores, reasons and a report.

        Parameters
        ----------
        input
            A Parquet file, a folder, a glob or a URL. May be left out if the job file names it.
        output
            The folder that holds the results of all jobs; ./outfield-output by default.
        job
            A job file, as `outfield init` writes it. What stands on the command line wins.
        name
            The job's name below the output folder; the input's name by default.
        json
            Print one JSON document instead of the summary.
        direct
            Run the same steps without Prefect: quicker to start, nothing to see in its interface.
        """
        from flows.run_view import finding_documents, run_document, show_summary
        from flows.storage.published import read_findings

        began = monotonic()
        spec = _resolved(_job_of(job), input, output, name)
        # Standard output is ours alone: what a library prints belongs beside the progress.
        with self.terminal.progress() as on_progress, redirect_stdout(sys.stderr):
            run = self.services.run_detect(spec, direct=direct, on_progress=on_progress)
        top = read_findings(run).slice(0, _TOP_IN_SUMMARY)
        if json:
            self.terminal.json({**run_document(run), "top": finding_documents(top)})
        else:
            show_summary(self.terminal, run, top, monotonic() - began)

    def init(
        self,
        input: str,
        /,
        *,
        output_file: str | None = None,
        force: Flag = False,
    ) -> None:
        """Look at the data and write a job file: each column, its role, and why. Edit and keep it.

        Parameters
        ----------
        input
            A Parquet file, a folder, a glob or a URL.
        output_file
            Where to write the job file; the input's name with .toml by default.
        force
            Replace the file if it is there.
        """
        from flows.job_file import job_template

        target = Path(output_file or f"{job_name_of(input)}.toml")
        if not force:
            _refuse_to_replace(target)
        profiles, choices = self.services.profile_input(input)
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


def job_name_of(location: str) -> str:
    """Name a job after its input: the last part of it that is no pattern, without its suffix.

    Examples
    --------
    >>> job_name_of("logs/kdd99/events.parquet"), job_name_of("s3://bucket/signins/day=*/*.parquet")
    ('events', 'signins')
    """
    from schemas.job import safe_name

    parts = re.split(r"[/\\]+", location)
    plain = "/".join(part for part in parts if not re.search(r"[*?\[\]{}]", part)).rstrip("/")
    if plain.rpartition("/")[2] in ("", ".", ".."):
        plain = str(Path(plain).resolve())
    return safe_name(plain)


def _resolved(
    job: "JobSpec", location: str | None, output: str | None, name: str | None
) -> "JobSpec":
    """Fill in the job's input, output and name; the command line wins over the job file."""
    from schemas.job import build_job

    location = location or job.input
    if not location:
        raise JobError(
            "no input", remedy="name a file, folder, glob or URL, or set `input` in the job file"
        )
    settings = {
        "input": location,
        "output": output or job.output,
        "name": name or job.name or job_name_of(location),
    }
    return build_job({**job.model_dump(), **settings}, "command line")


def _job_of(path: str | None) -> "JobSpec":
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
