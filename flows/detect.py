"""The flow: the main job, carried out by Prefect and seen in its interface."""
# ruff: noqa: E402 - see `forbid_telemetry`

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from flows.settings import Settings, forbid_telemetry

forbid_telemetry()  # before the import that reads it: the flow may be started by itself

from prefect import flow
from prefect.task_runners import ThreadPoolTaskRunner

from flows.artifacts import ProgressArtifact, publish_artifacts
from flows.pipeline import detect_events
from flows.progress import OnProgress
from flows.storage.published import PublishedRun
from flows.tasks import TaskRunner
from schemas.job import JobSpec

_listener: ContextVar[OnProgress | None] = ContextVar("listener", default=None)

_THREADS: Any = ThreadPoolTaskRunner(max_workers=Settings.from_environment().workers)
"""Its own type is narrower than the one that `flow` declares."""


@flow(
    name="detect",
    flow_run_name="detect-{job.name}",
    task_runner=_THREADS,
    validate_parameters=True,
    persist_result=False,
)
def detect(job: JobSpec) -> PublishedRun:
    """Find the events that do not belong, and write them with scores, reasons and a report.

    Parameters
    ----------
    job
        What to read, how, and where to write: the same settings as in a job file. `input` and
        `name` must be set.
    """
    progress = ProgressArtifact()
    listener = _listener.get()

    def on_progress(step: str, done: int, total: int) -> None:
        progress(step, done, total)
        if listener is not None:
            listener(step, done, total)

    published = detect_events(job, TaskRunner(), on_progress)
    publish_artifacts(published)
    return published


@contextmanager
def told_of_progress(on_progress: OnProgress) -> Iterator[None]:
    """Let `on_progress` hear of the steps of flows started in this context."""
    token = _listener.set(on_progress)
    try:
        yield
    finally:
        _listener.reset(token)
