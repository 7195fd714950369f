"""Serves deployments until stopped: it waits for a server that is away, and frees lost places."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from threading import Event, Thread
from typing import Any, Self

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun
from prefect.deployments.runner import RunnerDeployment
from prefect.exceptions import TerminationSignal
from prefect.runner import Runner

from flows.orchestration.server import lost_server
from flows.orchestration.signs_of_life import SECONDS_BETWEEN_LOOKS, Watch, call_crashed

Poll = Callable[..., Coroutine[Any, Any, None]]
OnCrash = Callable[[FlowRun], None]
"""Called with a run that was found to be gone."""

_log = logging.getLogger("outfield")
_SECONDS_TO_PAUSE = 10
"""Seconds that the schedules are given to be paused, as the process is told to end."""


class PatientRunner(Runner):
    """Prefect's runner, which by itself ends after three polls that the server did not answer."""

    async def __aenter__(self) -> Self:
        """Begin; let the polls wait for the server."""
        await super().__aenter__()
        poller = self._scheduled_run_poller
        patient_poll = _patient(poller._get_and_submit_flow_runs, _log.warning)
        poller._get_and_submit_flow_runs = patient_poll  # type: ignore[method-assign]
        observer = self._cancelling_observer
        if observer is not None:  # else nobody would look any more for runs to be cancelled
            patient_look = _patient(observer._check_for_cancelled_flow_runs, _log.debug)
            observer._check_for_cancelled_flow_runs = patient_look  # type: ignore[method-assign]
            observer.logger.addFilter(_without_traceback)
            at_end = _unless_cancelled(observer._handle_polling_task_done)
            observer._handle_polling_task_done = at_end  # type: ignore[assignment, method-assign]
        return self

    async def _pause_schedules(self) -> None:
        """Pause the schedules, if the server answers: a process that is told to end must end."""
        try:
            pausing = super()._pause_schedules()  # type: ignore[no-untyped-call]
            await asyncio.wait_for(pausing, _SECONDS_TO_PAUSE)
        except Exception as error:
            if not isinstance(error, TimeoutError) and not lost_server(error):
                raise
            _log.warning("the Prefect server does not answer: the schedules are not paused")


def _unless_cancelled(
    at_end: Callable[[asyncio.Task[None]], None],
) -> Callable[[asyncio.Task[None]], None]:
    """Leave a polling that was cancelled alone: it has no exception that could be asked for."""

    def asked(task: asyncio.Task[None]) -> None:
        if not task.cancelled():
            at_end(task)

    return asked


def _without_traceback(record: logging.LogRecord) -> bool:
    """Leave out why a connection was lost: the line says that it was, and what happens now."""
    record.exc_info = None
    return True


def _patient(poll: Poll, say: Callable[[str], None]) -> Poll:
    """Let a poll pass that the server did not answer, and say so once."""
    away = False

    async def patient_poll(*arguments: Any) -> None:
        nonlocal away
        try:
            await poll(*arguments)
        except Exception as error:
            if not lost_server(error):
                raise
            if not away:
                say("the Prefect server does not answer; waiting for it")
            away = True
        else:
            if away:
                say("the Prefect server answers again")
            away = False

    return patient_poll


def serve_deployments(
    deployments: Sequence[RunnerDeployment], limit: int, on_crash: OnCrash
) -> None:
    """Serve deployments until the process is stopped; their schedules pause with it.

    Parameters
    ----------
    deployments
        Those of the flow `detect`.
    limit
        How many runs at once, of all together.
    on_crash
        Called with each run whose process was found to be gone.
    """
    runner = PatientRunner(pause_on_shutdown=True, limit=limit)
    for deployment in deployments:
        runner.add_deployment(deployment)
    ended = Event()
    watch = Watch([deployment.name for deployment in deployments])
    looking = Thread(target=_look, args=(watch, on_crash, ended), daemon=True)
    looking.start()
    try:
        asyncio.run(runner.start())
    except (KeyboardInterrupt, TerminationSignal):
        _log.info("stopped")
    finally:
        ended.set()


def _look(watch: Watch, on_crash: OnCrash, ended: Event) -> None:
    """Look for runs that are gone, again and again; what fails is tried again the next time."""
    while not ended.wait(SECONDS_BETWEEN_LOOKS):
        try:
            with get_client(sync_client=True) as client:
                for run in watch.gone(client):
                    if call_crashed(client, run):
                        _log.warning("the process of a run is gone: the run is called Crashed")
                        on_crash(run)
        except Exception as error:
            watch.forget()
            if not lost_server(error):
                _log.warning("runs that are gone cannot be looked for (%s)", type(error).__name__)
