"""The flow that fits a model for later runs, carried out by Prefect and seen in its interface."""
# ruff: noqa: E402 - see `forbid_telemetry`

from datetime import date

from flows.settings import Settings, forbid_telemetry

forbid_telemetry()  # before the import that reads it: the flow may be started by itself

from prefect import flow

from flows.modelling import Registered
from flows.progress import tell
from flows.run_log import log_all
from flows.tasks import prefect_runner, task_runner
from flows.training import train_model
from flows.writers import only_writer
from schemas.job import JobSpec

_SETTINGS = Settings.from_environment()


@flow(
    name="fit",
    flow_run_name="fit-{job.name}",
    task_runner=prefect_runner(_SETTINGS),
    validate_parameters=True,
    persist_result=False,
)
def fit(job: JobSpec, promote: bool = True, partition: date | None = None) -> Registered:
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
    with only_writer(job):
        return train_model(job, task_runner(_SETTINGS), tell, promote=promote, partition=partition)
