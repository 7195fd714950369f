"""Pipeline `detect`, preceded by `train` where the job asks for a model of the days before."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

from flows.jobs.judged_partition import partitions_of_history
from flows.jobs.model_choice import ChosenModel, choose_model
from flows.pipelines.damage import PlanStep, beside_damage
from flows.pipelines.detect import detect_events
from flows.pipelines.train import model_of_history, train_model
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
from schemas.errors import NoInputError, TooFewRecordsError
from schemas.job.job import JobSpec
from schemas.job.partition import Partition


def detect_with_refit(
    job: JobSpec,
    runner: Runner,
    on_progress: OnProgress,
    partition: Partition | None = None,
    checked: InputPlan | None = None,
) -> PublishedRun:
    """Find the events that do not belong, judged against the days before where these are there.

    A job that fits its own model fits it on the days before the partition. One that takes the
    latest model fits a new one first, if that is due. So a batch of another kind than the latest
    model knows does not flood the analyst.

    Parameters
    ----------
    job, runner, on_progress
        As for `detect_events`.
    partition
        The day to judge, where the job's input is partitioned.
    checked
        The plan that `check_input` made of the partition; it is made anew if None.

    Raises
    ------
    OutfieldError
        What the user can mend.
    """
    of_history = partition is not None and job.model.use == "fit"
    if of_history or job.model.refit == "on-drift":  # it is looked at twice
        checked = checked or runner.here(CHECK_INPUT, job, partition, 1)
    source = Source(partition, plan=checked)
    if partition is not None and checked is not None and job.model.use == "fit":
        model, why_none = model_of_history(job, runner, on_progress, partition, checked)
        source = replace(source, model=model, alone=why_none)
        return detect_events(job, runner, on_progress, source)
    renewed = _due(job, runner, source)
    if renewed is not None:
        _renew(job, runner, on_progress, partition)
    return detect_events(job, runner, on_progress, source, renewed)


def _renew(
    job: JobSpec, runner: Runner, on_progress: OnProgress, partition: Partition | None
) -> None:
    """Fit a new latest model on the days before a partition; on itself if none of them is there."""
    fit = partial(train_model, job, runner, on_progress, promote=True)
    before = None if partition is None else partition.shifted(-1)
    if before is None or partitions_of_history(job) is None:
        fit(partition=partition)
        return
    try:
        fit(partition=before)
    except (NoInputError, TooFewRecordsError):
        fit(partition=partition)


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
    age = _age(job, model, source.partition)
    # One of the future was fitted on later days, or before the clock was set right.
    young = age is not None and 0 <= age.total_seconds() < float(refit)
    return None if young else RefitReason("age")


def _age(job: JobSpec, model: ChosenModel, partition: Partition | None) -> timedelta | None:
    """Return the age of a model: the days between what it was fitted on and a partition.

    A backfill so renews its models as the nights themselves would have. An input without partitions
    has no days to count: there the clock tells the age. None where nothing tells it.
    """
    through = model.card.through
    if partition is not None and through is not None:
        later, nothing = partition.start - through.start, timedelta()
        return later if later < nothing else max(later - through.length, nothing)
    fitted = read_registry(job_folder(job)).fitted_at(model.stored.model_id)
    return None if fitted is None else datetime.now(UTC) - fitted


def _look_ahead(job: JobSpec, runner: Runner, source: Source, plan: PlanStep) -> RefitReason | None:
    with passing_run(job, runner.here(plan, job, source)) as run:
        return runner.call(LOOK_AHEAD, run, runner.call(GATHER, run))
