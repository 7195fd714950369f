"""The Prefect flows `detect` and `fit`: the pipelines, carried out and shown by Prefect."""
# ruff: noqa: E402 - see `forbid_telemetry`

from typing import cast

from flows.runtime.settings import Settings, forbid_telemetry
from schemas.job.partition import Partition

forbid_telemetry()  # before the import that reads it: the flow may be started by itself

from prefect import flow
from prefect.runtime import flow_run
from prefect.states import Completed

from flows.orchestration.artifacts import Artifacts
from flows.orchestration.checked_input import checked_input
from flows.orchestration.tasks import prefect_runner, task_runner
from flows.pipelines.refit import detect_with_refit
from flows.pipelines.train import train_model
from flows.report.overview import alarms_sentence, recall_sentence
from flows.runtime.progress import tell, tell_published
from flows.runtime.run_log import log_all
from flows.steps.fit import Registered
from flows.storage.runs.reader import PublishedRun
from schemas.job.job import JobSpec

_SETTINGS = Settings.from_environment()

TASK_RUNNER = prefect_runner(_SETTINGS)


def run_name(job: str, partition: Partition | None) -> str:
    """Name a flow run after its job, and after its partition if it has one."""
    return "-".join(["detect", job, *([] if partition is None else [str(partition)])])


def _run_name() -> str:
    parameters = flow_run.parameters
    return run_name(parameters["job"].name, parameters.get("partition"))


@flow(
    name="detect",
    flow_run_name=_run_name,
    task_runner=TASK_RUNNER,
    validate_parameters=True,
    persist_result=False,
)
def detect(job: JobSpec, partition: Partition | None = None) -> PublishedRun:
    """Find the events that do not belong, and write them with scores, reasons and a report.

    Parameters
    ----------
    job
        What to read, how, and where to write: the same settings as in a job file. `input` and
        `name` must be set.
    partition
        The day to judge, where the input holds `{date}`.
    """
    return ended(judge(job, partition))


def ended(run: PublishedRun) -> PublishedRun:
    """Return the end of a flow run that published a run: in a state whose name says what it found.

    What must be looked at comes first: `Alarm`, `RecallFell`, `Quiet`. Prefect unwraps the state,
    so that a caller of the flow gets the run.
    """
    manifest = run.manifest
    names = {
        "Alarm": manifest.incidents.alarms > 0,
        "RecallFell": manifest.canaries is not None and manifest.canaries.fell,
        "Quiet": manifest.incidents.quiet,
    }
    name = next((name for name, holds in names.items() if holds), None)
    if name is None:
        return run
    said = [alarms_sentence(manifest), recall_sentence(manifest)]
    message = " ".join([f"Run {manifest.run_id} is published.", *filter(None, said)])
    return cast("PublishedRun", Completed(name=name, message=message, data=run))


def judge(job: JobSpec, partition: Partition | None) -> PublishedRun:
    """Carry out the main job as tasks of the flow run this is called in; show what came of it."""
    log_all()
    artifacts = Artifacts()

    def on_progress(step: str, done: int, total: int) -> None:
        artifacts.progress(step, done, total)
        tell(step, done, total)

    published = detect_with_refit(
        job, task_runner(_SETTINGS), on_progress, partition, checked_input()
    )
    tell_published(published)
    artifacts.outcome(published)
    return published


@flow(
    name="fit",
    flow_run_name="fit-{job.name}",
    task_runner=prefect_runner(_SETTINGS),
    validate_parameters=True,
    persist_result=False,
)
def fit(job: JobSpec, promote: bool = True, partition: Partition | None = None) -> Registered:
    """Fit a model on the events of a job, and register it for its later runs.

    Parameters
    ----------
    job
        What to read, how, and where to write: the same settings as in a job file. `input` and
        `name` must be set.
    promote
        Whether the model becomes what `latest` means.
    partition
        The day to fit on, where the history holds `{date}`.
    """
    log_all()
    return train_model(
        job,
        task_runner(_SETTINGS),
        tell,
        promote=promote,
        partition=partition,
        checked=checked_input(),
    )
