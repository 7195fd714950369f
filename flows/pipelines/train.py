"""Pipeline `train`: fits a model on a history of events, for one run or for later ones."""

from collections.abc import Callable
from functools import partial
from logging import WARNING
from typing import TypeVar

from flows.jobs.judged_partition import partitions_of_history, partitions_to_fit
from flows.jobs.model_choice import ChosenModel, check_kinds
from flows.pipelines.damage import PlanStep, beside_damage
from flows.runtime.progress import OnProgress, Steps
from flows.runtime.run_log import log
from flows.runtime.runner import Runner
from flows.steps.fit import FIT_HISTORY, REGISTER, Registered
from flows.steps.fitted_model import Fitted
from flows.steps.gather import GATHER_HISTORY
from flows.steps.plan import PLAN
from flows.steps.planned import Source
from flows.steps.run import Run, passing_run
from flows.storage.input.plan import InputPlan
from flows.storage.models.store import read_card
from schemas.errors import InputError, JobError
from schemas.events.flattening import flattened_origin
from schemas.job.job import JobSpec
from schemas.job.partition import Partition
from schemas.job.partitioned_location import THE_BATCH, days_of_window, is_hourly, is_partitioned

T = TypeVar("T")


def train_model(
    job: JobSpec,
    runner: Runner,
    on_progress: OnProgress,
    *,
    promote: bool,
    partition: Partition | None = None,
    checked: InputPlan | None = None,
) -> Registered:
    """Fit a model on the job's history, or its input, and register it; nothing else is left behind.

    Parameters
    ----------
    job
        What to read and how; its `model.use` makes no difference.
    runner
        Carries out the steps.
    on_progress
        Called with the progress of each step.
    promote
        Whether it becomes what `latest` means.
    partition
        What to fit on, where the history is partitioned; the last one of a window. Of an hour its
        day, where the history has days.
    checked
        The plan that `check_input` made of the history; it is made anew if None.

    Raises
    ------
    OutfieldError
        What the user can mend.
    """
    anew = job_for_fit(job)
    source = Source(_of_history(job, str(anew.input), partition), partitions_to_fit(job), checked)

    def registered(run: Run, fitted: Fitted) -> Registered:
        return runner.here(REGISTER, run, fitted, promote)

    return beside_damage(partial(_train, anew, runner, on_progress, source, registered))


def model_of_history(
    job: JobSpec, runner: Runner, on_progress: OnProgress, partition: Partition, judged: InputPlan
) -> tuple[ChosenModel | None, str | None]:
    """Fit a model on the days before a partition, for the run that judges it.

    A history that cannot be used does not stop the job: the records are judged against each other,
    and the run says why.

    Parameters
    ----------
    job, runner, on_progress
        As for `train_model`.
    partition
        The day or hour that is judged. It is no part of its history.
    judged
        The plan of its records: the model looks at no column that they lack.

    Returns
    -------
    The model, or None; and why there is none, though the job names a history of days.

    Raises
    ------
    OutfieldError
        What the user can mend, other than the history.
    """
    n, before = partitions_of_history(job), partition.shifted(-1)
    if n is None or before is None:
        return None, None
    columns = frozenset(flattened_origin(judged.schema))
    source = Source(before, n, judged=columns)

    def chosen(run: Run, fitted: Fitted) -> ChosenModel:
        model = ChosenModel(fitted.stored, read_card(fitted.stored))
        check_kinds(model, judged)
        return model

    try:
        fit = partial(_train, job_for_fit(job), runner, on_progress, source, chosen)
        return beside_damage(fit), None
    except InputError as error:
        log("judged without the days before", WARNING, what=error.what)
        return None, error.what


def _of_history(job: JobSpec, location: str, partition: Partition | None) -> Partition | None:
    """Return a partition as the location of the history has it; None where that has none.

    Raises
    ------
    JobError
        The job judges days, and its history has hours.
    """
    if partition is None or not is_partitioned(location):
        return None
    if not is_hourly(location):
        return Partition.of(partition.day)
    if partition.hour is None and not is_hourly(str(job.input)):
        raise JobError(
            f"its partitions are hours, and {partition} is a day",
            where="model.train",
            remedy="write `*` where the hour stands",
        )
    return partition


def _train(
    job: JobSpec,
    runner: Runner,
    on_progress: OnProgress,
    source: Source,
    outcome: Callable[[Run, Fitted], T],
    plan: PlanStep,
) -> T:
    step = Steps(on_progress)
    with step(PLAN.name):
        planned = runner.here(plan, job, source)
    with passing_run(job, planned) as run:
        with step(GATHER_HISTORY.name):
            gathered = runner.call(GATHER_HISTORY, run)
        with step(FIT_HISTORY.name):
            fitted = runner.call(FIT_HISTORY, run, gathered)
        return outcome(run, fitted)


def job_for_fit(job: JobSpec) -> JobSpec:
    """Return the job with its history for an input, and a model of that, whatever it judges by."""
    anew = job.model.model_copy(update={"use": "fit", "refit": "never"})
    train = job.model.train
    of_input = train in (None, THE_BATCH) or days_of_window(str(train)) is not None
    history = job.input if of_input else train
    return job.model_copy(update={"input": history, "model": anew})
