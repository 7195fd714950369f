"""The other job as a paragraph: events in, a model that later runs judge by out."""

from datetime import date
from functools import partial

from flows.modelling import Registered, fit_model, register_model
from flows.pipeline import Runner
from flows.planning import PlanStep, beside_damage, passing_run
from flows.progress import OnProgress, Steps
from flows.steps import gather_records
from schemas.job import JobSpec
from schemas.partitions import is_partitioned


def train_model(
    job: JobSpec,
    runner: Runner,
    on_progress: OnProgress,
    *,
    promote: bool,
    partition: date | None = None,
) -> Registered:
    """Fit a model on the job's history, or its input, and register it; nothing else is left behind.

    Parameters
    ----------
    job
        What to read and how; its `model.use` makes no difference.
    runner
        Who carries out the steps.
    on_progress
        Is told of each step.
    promote
        Whether it becomes what `latest` means.
    partition
        The day to fit on, where the history is partitioned.

    Raises
    ------
    OutfieldError
        What the user can mend.
    """
    job = fitting_anew(job)
    day = partition if is_partitioned(str(job.input)) else None
    return beside_damage(partial(_train, job, runner, on_progress, promote, day))


def _train(
    job: JobSpec,
    runner: Runner,
    on_progress: OnProgress,
    promote: bool,
    day: date | None,
    plan: PlanStep,
) -> Registered:
    step = Steps(on_progress)
    with step("plan"):
        planned = runner.here(plan, job, day)
    with passing_run(job, planned) as run:
        with step("gather"):
            gathered = runner.call(gather_records, run)
        with step("fit"):
            fitted = runner.call(fit_model, run, gathered)
        return runner.here(register_model, run, fitted, promote)


def fitting_anew(job: JobSpec) -> JobSpec:
    """Return the job with its history for an input, and a model of that, whatever it judges by."""
    anew = job.model.model_copy(update={"use": "fit", "refit": "never"})
    return job.model_copy(update={"input": job.model.train or job.input, "model": anew})
