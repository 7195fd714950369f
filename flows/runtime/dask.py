"""A Dask cluster that carries out the steps: an existing scheduler, whose workers share a folder.

Dask is an extra (`pip install 'outfield[dask]'`), so it is imported where it is used.
"""
# ruff: noqa: PLC0415 - see above

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import TYPE_CHECKING, TypeVar

from flows.runtime.work import PARTS_IN_TASK, Step, Ts, Work, carry_out_patiently, each_of, shares
from schemas.errors import JobError, ServerError, WorkerError
from schemas.locations import without_secrets

if TYPE_CHECKING:
    from distributed import Client
    from distributed.scheduler import WorkerState

T = TypeVar("T")

_SECONDS_TO_CONNECT = 10
_MEMORY_OF_WORKER = 300 * 2**20
_MEMORY_OF_THREAD = 400 * 2**20
"""Bytes that a worker takes, and each of its threads: measured on a log of nine columns."""
_MORE_MEMORY = "start workers with a higher --memory-limit, or a lower --nthreads"
_log = logging.getLogger("outfield")


class ClusterRunner:
    """Carries out the steps as tasks of a Dask cluster."""

    def __init__(self, client: "Client", parts_in_task: int = PARTS_IN_TASK) -> None:
        self._client, self._parts_in_task = client, parts_in_task

    def here(self, step: Step[*Ts, T], *arguments: *Ts) -> T:
        """Carry out a step in this process and return what it gives."""
        return carry_out_patiently(Work(step.function, *arguments))

    def call(self, step: Step[*Ts, T], *arguments: *Ts) -> T:
        """Have a worker carry out a step and return what it gives.

        Raises
        ------
        WorkerError
            One worker after the other was lost over it.
        """
        with naming_lost_workers():
            future = self._client.submit(
                carry_out_patiently, Work(step.function, *arguments), pure=False
            )
            result: T = future.result()
        return result

    def each(self, step: Step[*Ts, int, T], n: int, *arguments: *Ts) -> Iterator[tuple[int, T]]:
        """Have the workers carry out a step for each part; give each when it is done.

        Raises
        ------
        WorkerError
            One worker after the other was lost over the same parts.
        """
        from distributed import as_completed

        cut = shares(n, threads_of(self._client), self._parts_in_task)
        work = [Work(each_of, step.function, arguments, parts) for parts in cut]
        tasks = dict(zip(self._client.map(carry_out_patiently, work, pure=False), cut, strict=True))
        try:
            with naming_lost_workers():
                for done in as_completed(tasks, loop=self._client.loop):
                    yield from zip(tasks[done], done.result(), strict=True)
        finally:
            self._client.cancel(list(tasks))


@contextmanager
def connected(address: str) -> "Iterator[Client]":
    """Yield a client of the scheduler at `address`, whose workers can do the work.

    Raises
    ------
    JobError
        Dask is not installed here.
    ServerError
        The scheduler does not answer.
    WorkerError
        It or a worker has no outfield, or another version.
    """
    require_dask()
    from distributed import Client

    shown = without_secrets(address)
    try:
        client = Client(address, timeout=_SECONDS_TO_CONNECT, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise ServerError(
            f"no Dask scheduler answers at {shown}",
            where="OUTFIELD_DASK_ADDRESS",
            remedy="start it, correct the address, or choose another OUTFIELD_RUNNER",
        ) from error
    with client:
        _check_versions(client)
        _tell_without_workers(client)
        _tell_of_little_memory(client)
        yield client


def require_dask() -> None:
    """Raise a `JobError` where Dask is not installed."""
    missing = [name for name in ("distributed", "prefect_dask") if find_spec(name) is None]
    if missing:
        raise JobError(
            f"the runner `dask` needs {' and '.join(missing)}",
            where="OUTFIELD_RUNNER",
            remedy="pip install 'outfield[dask]'",
        )


def threads_of(client: "Client") -> int:
    """Count the tasks that the workers, as many as there are now, carry out at a time."""
    return max(sum(client.ncores().values()), 1)


@contextmanager
def naming_lost_workers() -> Iterator[None]:
    """Turn Dask's word that it has given up a task, or lost its scheduler, into an error of ours.

    Raises
    ------
    WorkerError
        Several workers were lost over one task.
    ServerError
        The scheduler was lost.
    """
    killed, lost = _given_up()
    try:
        yield
    except lost as error:
        raise ServerError(
            "the Dask scheduler was lost",
            where="OUTFIELD_DASK_ADDRESS",
            remedy="see why it ended, and run again when it is there",
        ) from error
    except killed as error:
        last: WorkerState = error.last_worker  # type: ignore[attr-defined]
        raise WorkerError(
            "several workers of the cluster were lost over the same task, perhaps for want of"
            f" memory; the last had {_memory(last.memory_limit, last.nthreads)}",
            where="OUTFIELD_RUNNER=dask",
            remedy=_MORE_MEMORY,
        ) from error


def _given_up() -> tuple[tuple[type[BaseException], ...], tuple[type[BaseException], ...]]:
    """Return Dask's errors for a task given up and for a lost scheduler; none if it is not used."""
    if "distributed" not in sys.modules:
        return (), ()
    from distributed import KilledWorker
    from distributed.client import FutureCancelledError
    from distributed.comm.core import CommClosedError

    return (KilledWorker,), (FutureCancelledError, CommClosedError)


def _tell_without_workers(client: "Client") -> None:
    """Say that a run will wait: a cluster may start its workers only when there is work."""
    if not client.ncores():
        _log.warning("the Dask scheduler has no worker yet; the run waits for one")


def _tell_of_little_memory(client: "Client") -> None:
    """Name a worker that Dask would end for want of memory, before the work of a run is lost.

    Smaller tasks are no way out. A task reads its chunk by batches, and the rounding of a product
    depends on their size: other batches would give other bytes.
    """
    for address, worker in client.scheduler_info(n_workers=-1)["workers"].items():
        needed = _MEMORY_OF_WORKER + worker["nthreads"] * _MEMORY_OF_THREAD
        if 0 < worker["memory_limit"] < needed:
            has = _memory(worker["memory_limit"], worker["nthreads"])
            _log.warning(
                "the Dask worker %s has %s and may need %s MiB; %s",
                address, has, needed // 2**20, _MORE_MEMORY,
            )  # fmt: skip
            return


def _memory(limit: int, threads: int) -> str:
    """Say what memory a worker has for how many threads; a limit of 0 is none."""
    has = f"{limit // 2**20} MiB" if limit else "memory without a limit"
    return f"{has} for {threads} thread{'s' * (threads != 1)}"


def _check_versions(client: "Client") -> None:
    """Hold the scheduler and the workers against this process: others would score otherwise."""
    own = _own_version()
    try:
        found = [client.run_on_scheduler(version, "outfield")]
    except PackageNotFoundError as error:
        raise _wrong_version("no outfield", own) from error
    # A worker that is lost meanwhile is an exception here too: Dask sees to its work.
    found += client.run(version, "outfield", on_error="return").values()
    for other in found:
        if isinstance(other, PackageNotFoundError):
            raise _wrong_version("no outfield", own) from other
        if isinstance(other, str) and other != own:
            raise _wrong_version(f"outfield {other}", own)


def _own_version() -> str:
    return version("outfield")


def _wrong_version(found: str, own: str) -> WorkerError:
    return WorkerError(
        f"the scheduler or a worker has {found}",
        where="OUTFIELD_DASK_ADDRESS",
        remedy=f"install outfield {own} there, with the same lock file",
    )
