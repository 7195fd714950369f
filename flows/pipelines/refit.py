"""Pipeline `detect`, preceded by `train` where the job's `refit` setting asks for a new model."""

from datetime import UTC, date, datetime
from functools import partial

from flows.jobs.model_choice import choose_model, folder_of
from flows.pipelines.detect import detect_events
from flows.pipelines.train import train_model
from flows.runtime.progress import OnProgress
from flows.runtime.runner import Runner
from flows.steps.gather import gather_records
from flows.steps.monitor import Renewed, look_ahead
from flows.steps.plan import PlanStep, beside_damage
from flows.steps.run import passing_run
from flows.storage.models.registry import read_registry
from flows.storage.runs.reader import PublishedRun
from schemas.job.job import JobSpec


def detect_and_renew(
    job: JobSpec, runner: Runner, on_progress: OnProgress, partition: date | None = None
) -> PublishedRun:
    """Find the events that do not belong; before that, fit a new latest model if one is due.

    A batch that is not what the model was fitted on is so judged by one that knows it, and does
    not flood the analyst.

    Raises
    ------
    OutfieldError
        What the user can mend.
    """
    renewed = _due(job, runner, partition)
    if renewed is not None:
        train_model(job, runner, on_progress, promote=True, partition=partition)
    return detect_events(job, runner, on_progress, partition, renewed)


def _due(job: JobSpec, runner: Runner, partition: date | None) -> Renewed | None:
    """Say whether a new model is to come first, and why."""
    refit = job.model.refit
    if refit == "never":
        return None
    model = choose_model(job)
    if model is None:
        return Renewed("first")
    if refit == "on-drift":
        return beside_damage(partial(_look_ahead, job, runner, partition))
    fitted = read_registry(folder_of(job)).fitted_at(model.stored.model_id)
    if fitted is None:
        return Renewed("age")
    age = (datetime.now(UTC) - fitted).total_seconds()
    young = 0 <= age < float(refit)  # one of the future was fitted before the clock was set right
    return None if young else Renewed("age")


def _look_ahead(
    job: JobSpec, runner: Runner, partition: date | None, plan: PlanStep
) -> Renewed | None:
    with passing_run(job, runner.here(plan, job, partition)) as run:
        return runner.call(look_ahead, run, runner.call(gather_records, run))
