"""Served runs give signs of life, and those that stop giving them are called Crashed.

A run that ends reports its state itself, and `outfield serve` reports for one that is killed. Where
both end at once, as in a reboot, or the server is away just then, nobody does. The run would stay
Running, and keep the place of its deployment for ever.

So a served run writes its host and process into its flow run every few seconds, always the same:
the server notes when. `serve` looks whether that time goes on. It compares the times with each
other, never with its own clock.
"""

import os
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterName,
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.responses import OrchestrationResult
from prefect.states import Crashed

_UNDER_WAY = [StateType.PENDING, StateType.RUNNING, StateType.CANCELLING]
_SECONDS_BETWEEN_SIGNS = 10
SECONDS_BETWEEN_LOOKS = 10
_SILENT_WITHOUT_PROCESS = 30
"""Seconds without a sign, after which a run is given up whose process is not on this machine."""
_SILENT_ELSEWHERE = 60
"""The same, where its machine is another one."""
_SILENT_BEFORE_START = 75
"""The same for a run that has not begun: Python's start and its imports take a while."""
_SILENT_WITH_PROCESS = 600
"""The same, where the process is there: it may be halted, or its machine may be too busy."""
REASON = "Its process is gone, and did not report how it ended."


@contextmanager
def signs_of_life(run_id: UUID) -> Iterator[None]:
    """Give signs of life of a flow run while the body of the `with` statement runs."""
    ended = Event()
    giving = Thread(target=_give, args=(run_id, ended), daemon=True)
    giving.start()
    try:
        yield
    finally:
        ended.set()


def _give(run_id: UUID, ended: Event) -> None:
    here = f"{socket.gethostname()}:{os.getpid()}"
    while True:
        # A server that is away for a while costs no run; without a sign, it is asked again.
        with suppress(Exception), get_client(sync_client=True) as client:
            client.update_flow_run(run_id, infrastructure_pid=here)
        if ended.wait(_SECONDS_BETWEEN_SIGNS):
            return


@dataclass(frozen=True)
class _Sign:
    """The last change of a flow run, and when it was seen first, by this process's clock."""

    change: tuple[object, ...]
    seen: float


class Watch:
    """Looks after the runs of some deployments of the flow `detect`.

    Parameters
    ----------
    deployments
        Their names.
    clock
        Seconds that only go on.
    """

    def __init__(
        self, deployments: Sequence[str], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._deployments, self._clock = list(deployments), clock
        self._signs: dict[UUID, _Sign] = {}

    def gone(self, client: SyncPrefectClient) -> list[FlowRun]:
        """Find the runs whose process is gone."""
        now = self._clock()
        under_way = self._under_way(client)
        self._signs = {run.id: self._sign(run, now) for run in under_way}
        return [run for run in under_way if now - self._signs[run.id].seen >= _patience(run)]

    def forget(self) -> None:
        """Begin anew, after a time in which no sign could be seen."""
        self._signs.clear()

    def _under_way(self, client: SyncPrefectClient) -> list[FlowRun]:
        """Read the runs under way, without those of a work pool: its worker looks after them."""
        found = client.read_flow_runs(
            flow_filter=FlowFilter(name=FlowFilterName(any_=["detect"])),
            deployment_filter=DeploymentFilter(name=DeploymentFilterName(any_=self._deployments)),
            flow_run_filter=FlowRunFilter(
                state=FlowRunFilterState(type=FlowRunFilterStateType(any_=_UNDER_WAY))
            ),
        )
        return [run for run in found if run.work_pool_name is None]

    def _sign(self, run: FlowRun, now: float) -> _Sign:
        change = (run.state_id, run.updated)
        before = self._signs.get(run.id)
        return before if before is not None and before.change == change else _Sign(change, now)


def call_crashed(client: SyncPrefectClient, run: FlowRun) -> bool:
    """Set the state of a run whose process is gone, which frees its place; tell whether it is."""
    result: OrchestrationResult[None] = client.set_flow_run_state(run.id, Crashed(message=REASON))
    return result.state is not None and result.state.is_crashed()


def _patience(run: FlowRun) -> float:
    """Give the seconds after which a run that gives no sign is given up."""
    if run.infrastructure_pid is None:  # it gives its first sign as soon as it runs
        begun = run.state_type is StateType.RUNNING
        return _SILENT_WITHOUT_PROCESS if begun else _SILENT_BEFORE_START
    host, _, process = run.infrastructure_pid.rpartition(":")
    if host != socket.gethostname():
        return _SILENT_ELSEWHERE
    return _SILENT_WITH_PROCESS if _is_there(process, run.id) else _SILENT_WITHOUT_PROCESS


def _is_there(process: str, run_id: UUID) -> bool:
    """Tell whether a process is that of a run: after a reboot another one may have its number."""
    if Path("/proc/self").exists():
        with suppress(OSError):
            return str(run_id).encode() in Path(f"/proc/{process}/environ").read_bytes()
        return False
    try:
        os.kill(int(process), 0)
    except (OSError, ValueError, OverflowError):
        return False
    return True
