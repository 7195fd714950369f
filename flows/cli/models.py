"""The commands for models that are kept: fit, list, compare, promote and roll back.

As in `flows.cli.detect`, what a command needs is imported inside it.
"""
# ruff: noqa: PLC0415 - see above

import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from flows.cli.console import Terminal
from flows.cli.options import Flag, JobOrFolder, PartitionOption, Services, job_folder_of, job_of

if TYPE_CHECKING:
    from flows.storage.fs.store_path import Place
    from schemas.job.job import JobSpec


@dataclass(frozen=True)
class ModelCommands:
    """The commands, each a method that cyclopts reads its options and its help from."""

    terminal: Terminal
    services: Services

    def fit(  # noqa: PLR0913 - each option is an argument
        self,
        job: Annotated[str, Parameter(name="JOB")],
        /,
        *,
        input: str | None = None,
        output: str | None = None,
        name: str | None = None,
        partition: PartitionOption | None = None,
        candidate: Flag = False,
        json: Flag = False,
        direct: Flag = False,
    ) -> None:
        """Fit a model on the events of a job and keep it for its later runs.

        Parameters
        ----------
        job
            A job file, as `outfield init` writes it; or an input, as `outfield detect` takes it.
        input
            What to fit on: a window of the job's history; by default what it names as
            `[model] train`, or else its input.
        output
            The folder that holds the results of all jobs; ./outfield-output by default.
        name
            The job's name below the output folder; by default that of the job file, or of the input
            where there is none.
        partition
            The day or hour to fit on, where what is fitted on holds {date}; the newest one that is
            over by default.
        candidate
            Keep it, but leave `latest` as it is: `outfield promote` makes it the latest.
        json
            Print one JSON document instead of the summary.
        direct
            Run the same steps without Prefect: quicker to start, nothing to see in its interface.
        """
        from flows.cli.model_view import model_document, show_fitted

        spec = _fitted_on(input, _named_job(job, input, output, name))
        with self.terminal.progress() as on_progress, redirect_stdout(sys.stderr):
            model = self.services.run_fit(
                spec,
                partition=partition,
                promote=not candidate,
                direct=direct,
                on_progress=on_progress,
            )
        if json:
            self.terminal.json(model_document(model.stored.model_id, model.card))
        else:
            show_fitted(self.terminal, model)

    def models(self, folder: JobOrFolder, /, *, json: Flag = False) -> None:
        """List the models of a job: the latest, when each was fitted, on what, and who used it.

        Parameters
        ----------
        folder
            A job file, or the job's folder, such as outfield-output/sample.
        json
            Print one JSON document: a list of models with their cards.
        """
        from flows.cli.model_view import known_models, show_models

        found = known_models(job_folder_of(folder))
        if json:
            self.terminal.json([model.document() for model in found])
        elif found:
            show_models(self.terminal, found)
        else:
            self.terminal.line("No model yet.")

    def promote(self, folder: JobOrFolder, model: str, /) -> None:
        """Make a model of a job the latest.

        Parameters
        ----------
        folder
            A job file, or the job's folder, such as outfield-output/sample.
        model
            The model's id, as `outfield models` lists it.
        """
        from flows.storage.models.registry import promote

        with _locked(folder) as job:
            promoted = promote(job, model, datetime.now(UTC))
        self.terminal.line(f"The latest model is {promoted.model_id}.")

    def rollback(self, folder: JobOrFolder, /) -> None:
        """Restore the previously promoted model as the latest.

        Parameters
        ----------
        folder
            A job file, or the job's folder, such as outfield-output/sample.
        """
        from flows.storage.models.registry import roll_back

        with _locked(folder) as job:
            restored = roll_back(job, datetime.now(UTC))
        self.terminal.line(f"The latest model is {restored.model_id} again.")

    def compare(  # noqa: PLR0913 - each option is an argument
        self,
        job: Annotated[str, Parameter(name="JOB")],
        first: str,
        second: str,
        /,
        *,
        input: str | None = None,
        output: str | None = None,
        name: str | None = None,
        partition: PartitionOption | None = None,
    ) -> None:
        """Say how many findings on an input differ between two models of a job.

        Parameters
        ----------
        job
            A job file; or an input, as `outfield detect` takes it.
        first
            A model: its id, or `latest`.
        second
            The other model: its id, or `latest`.
        input
            What to judge instead of the job's input: a partition of it.
        output
            The folder that holds the results of all jobs; ./outfield-output by default.
        name
            The job's name below the output folder; by default that of the job file, or of the input
            where there is none.
        partition
            The day or hour to judge, where the input holds {date}; the newest one that is over by
            default.
        """
        from flows.cli.model_view import show_comparison
        from flows.orchestration.launch import run_compare

        spec = _named_job(job, input, output, name)
        with self.terminal.progress() as on_progress, redirect_stdout(sys.stderr):
            comparison = run_compare(
                spec, (first, second), partition=partition, on_progress=on_progress
            )
        show_comparison(self.terminal, comparison)


@contextmanager
def _locked(job_or_folder: str) -> Iterator["Place"]:
    """Yield the folder of a job while no run writes it."""
    from flows.runtime.settings import Settings
    from flows.storage.fs.lock import job_lock
    from flows.storage.maintenance.verify import require_job

    job = job_folder_of(job_or_folder)
    require_job(job)
    with job_lock(job, Settings.from_environment().lock_wait):
        yield job


def _named_job(job: str, location: str | None, output: str | None, name: str | None) -> "JobSpec":
    """Read the job; it keeps its own name, whatever else is read."""
    from flows.jobs.job_file import complete_job, job_name_of

    if job.endswith(".toml"):
        return complete_job(job_of(job), location, output, name)
    return complete_job(job_of(None), location or job, output, name or job_name_of(job))


def _fitted_on(location: str | None, job: "JobSpec") -> "JobSpec":
    """Let the input of the command line win over the history that the job names."""
    if location is None:
        return job
    return job.model_copy(update={"model": job.model.model_copy(update={"train": None})})
