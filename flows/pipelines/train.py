"""Pipeline `train`: fits a model on a history of events and registers it for later runs."""

from datetime import date
from functools import partial

from flows.jobs.partitions import days_to_fit
from flows.pipelines.damage import PlanStep, beside_damage
from flows.runtime.progress import OnProgress, Steps
from flows.runtime.runner import Runner
from flows.steps.fit import FIT, REGISTER, Registered
from flows.steps.gather import GATHER
from flows.steps.plan import PLAN
from flows.steps.planned import Source
from flows.steps.run import passing_run
from flows.storage.input.plan import InputPlan
from schemas.job.job import JobSpec
from schemas.job.partitions import days_of_window, is_partitioned


def train_model(
    job: JobSpec,
    runner: Runner,
    on_progress: OnProgress,
    *,
    promote: bool,
    partition: date | None = None,
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
        The day to fit on, where the history is partitioned; the last one of a window.
    checked
        The plan that `check_input` made of the history; it is made anew if None.

    Raises
    ------
    OutfieldError
        What the user can mend.
    """
    anew = job_for_fit(job)
    day = partition if is_partitioned(str(anew.input)) else None
    source = Source(day, days_to_fit(job), checked)
    return beside_damage(partial(_train, anew, runner, on_progress, promote, source))


def _train(
    job: JobSpec,
    runner: Runner,
    on_progress: OnProgress,
    promote: bool,
    source: Source,
    plan: PlanStep,
) -> Registered:
    step = Steps(on_progress)
    with step(PLAN.name):
        planned = runner.here(plan, job, source)
    with passing_run(job, planned) as run:
        with step(GATHER.name):
            gathered = runner.call(GATHER, run)
        with step(FIT.name):
            fitted = runner.call(FIT, run, gathered)
        return runner.here(REGISTER, run, fitted, promote)


def job_for_fit(job: JobSpec) -> JobSpec:
    """Return the job with its history for an input, and a model of that, whatever it judges by."""
    anew = job.model.model_copy(update={"use": "fit", "refit": "never"})
    train = job.model.train
    history = job.input if train is None or days_of_window(train) is not None else train
    return job.model_copy(update={"input": history, "model": anew})
