"""The flow: the main job, carried out by Prefect and seen in its interface."""
# ruff: noqa: E402 - see `forbid_telemetry`

from datetime import date

from flows.settings import Settings, forbid_telemetry

forbid_telemetry()  # before the import that reads it: the flow may be started by itself

from prefect import flow
from prefect.runtime import flow_run

from flows.artifacts import Artifacts
from flows.progress import tell, tell_published
from flows.renewal import detect_and_renew
from flows.run_log import log_all
from flows.storage.published import PublishedRun
from flows.tasks import prefect_runner, task_runner
from flows.writers import only_writer
from schemas.job import JobSpec

_SETTINGS = Settings.from_environment()

TASK_RUNNER = prefect_runner(_SETTINGS)


def run_name(job: str, partition: date | None) -> str:
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
def detect(job: JobSpec, partition: date | None = None) -> PublishedRun:
    """Find the events that do not belong, and write them with scores, reasons and a report.

    Parameters
    ----------
    job
        What to read, how, and where to write: the same settings as in a job file. `input` and
        `name` must be set.
    partition
        The day to judge, where the input holds `{date}`.
    """
    return judge(job, partition)


def judge(job: JobSpec, partition: date | None) -> PublishedRun:
    """Carry out the main job as tasks of the flow run this is called in; show what came of it."""
    log_all()
    artifacts = Artifacts()

    def on_progress(step: str, done: int, total: int) -> None:
        artifacts.progress(step, done, total)
        tell(step, done, total)

    with only_writer(job):
        published = detect_and_renew(job, task_runner(_SETTINGS), on_progress, partition)
    tell_published(published)
    artifacts.outcome(published)
    return published
