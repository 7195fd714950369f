"""Pipeline `detect`, preceded by `train` where the job's `refit` setting asks for a new model."""

from datetime import UTC, date, datetime
from functools import partial

from flows.jobs.model_choice import choose_model
from flows.pipelines.damage import PlanStep, beside_damage
from flows.pipelines.detect import detect_events
from flows.pipelines.train import train_model
from flows.runtime.progress import OnProgress
from flows.runtime.runner import Runner
from flows.steps.gather import GATHER
from flows.steps.monitor import LOOK_AHEAD, RefitReason
from flows.steps.plan import CHECK_INPUT
from flows.steps.planned import Source
from flows.steps.run import passing_run
from flows.storage.input.plan import InputPlan
from flows.storage.models.registry import read_registry
from flows.storage.runs.reader import PublishedRun
from flows.storage.runs.writer import job_folder
from schemas.job.job import JobSpec


def detect_with_refit(
    job: JobSpec,
    runner: Runner,
    on_progress: OnProgress,
    partition: date | None = None,
    checked: InputPlan | None = None,
) -> PublishedRun:
    """Find the events that do not belong; before that, fit a new latest model if one is due.

    A batch that is not what the model was fitted on is so judged by one that knows it, and does
    not flood the analyst.

    Parameters
    ----------
    job, runner, on_progress, partition, checked
        As for `detect_events`.

    Raises
    ------
    OutfieldError
        What the user can mend.
    """
    if job.model.refit == "on-drift":  # it is looked at twice
        checked = checked or runner.here(CHECK_INPUT, job, partition, 1)
    renewed = _due(job, runner, Source(partition, plan=checked))
    if renewed is not None:
        train_model(job, runner, on_progress, promote=True, partition=partition)
    return detect_events(job, runner, on_progress, partition, renewed, checked)


def _due(job: JobSpec, runner: Runner, source: Source) -> RefitReason | None:
    """Say whether a new model is to come first, and why."""
    refit = job.model.refit
    if refit == "never":
        return None
    model = choose_model(job)
    if model is None:
        return RefitReason("first")
    if refit == "on-drift":
        return beside_damage(partial(_look_ahead, job, runner, source))
    fitted = read_registry(job_folder(job)).fitted_at(model.stored.model_id)
    if fitted is None:
        return RefitReason("age")
    age = (datetime.now(UTC) - fitted).total_seconds()
    young = 0 <= age < float(refit)  # one of the future was fitted before the clock was set right
    return None if young else RefitReason("age")


def _look_ahead(job: JobSpec, runner: Runner, source: Source, plan: PlanStep) -> RefitReason | None:
    with passing_run(job, runner.here(plan, job, source)) as run:
        return runner.call(LOOK_AHEAD, run, runner.call(GATHER, run))
