"""The steps as Prefect tasks of the same names."""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, TypeVar

from prefect import Task, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.futures import as_completed, wait
from prefect.task_runners import ProcessPoolTaskRunner, ThreadPoolTaskRunner

from flows.runtime.dask import connected, naming_lost_workers, require_dask, threads_of
from flows.runtime.processes import follow_parent, naming_killed_processes
from flows.runtime.retry import PAUSES, may_pass
from flows.runtime.settings import Settings
from flows.runtime.work import PARTS_IN_TASK, Step, Ts, Work, carry_out, each_of, shares

T = TypeVar("T")


async def _may_pass(_task: "Task[..., Any]", _run: TaskRun, state: "State[Any]") -> bool:
    try:
        await state.aresult(raise_on_failure=True)
    except Exception as error:
        return may_pass(error)
    return False


def as_task(function: Callable[..., Any], name: str) -> "Task[..., Any]":
    """Wrap a function as a task, tried again where its failure may pass."""
    retrying = task(
        name=name,
        cache_policy=NO_CACHE,  # a path stays the same when the file behind it changes
        retries=len(PAUSES),
        retry_delay_seconds=list(PAUSES),
        retry_jitter_factor=0.5,
        retry_condition_fn=_may_pass,
        persist_result=False,
    )
    return retrying(function)


@cache
def task_of(step: str) -> "Task[..., Any]":
    """Return the task that carries out a step, under the step's name."""
    return as_task(carry_out, step)


def prefect_runner(settings: Settings) -> Any:
    """Make what Prefect runs the tasks of a flow on; its own type is narrower than `flow`'s.

    Raises
    ------
    JobError
        That is Dask, which is not installed.
    """
    match settings.runner:
        case "processes":
            return ProcessPoolTaskRunner(settings.workers, initializer=follow_parent)
        case "dask":
            require_dask()
            from prefect_dask.task_runners import DaskTaskRunner  # noqa: PLC0415 - an extra

            return DaskTaskRunner(address=settings.dask_address)
        case "threads":
            return ThreadPoolTaskRunner(settings.workers)


class TaskRunner:
    """Carries out the steps as tasks of the flow run it is used in.

    Parameters
    ----------
    workers
        How many tasks run at a time.
    parts_in_task
        How many parts of a step are worth a task.
    elsewhere
        Whether the workers are on other machines. On this one a step that nothing runs beside is
        carried out in this process: another one would import all that it needs once more.
    """

    def __init__(self, workers: int, parts_in_task: int, *, elsewhere: bool = False) -> None:
        self._workers, self._parts_in_task = workers, parts_in_task
        self._elsewhere = elsewhere

    def here(self, step: Step[*Ts, T], *arguments: *Ts) -> T:
        """Run the step's task in this process and return what it gives."""
        return _called(step.name, Work(step.function, *arguments))

    def call(self, step: Step[*Ts, T], *arguments: *Ts) -> T:
        """Run the step's task and wait for what it gives.

        Raises
        ------
        WorkerError
            Its worker was lost.
        """
        if not self._elsewhere:
            return self.here(step, *arguments)
        with naming_lost_workers():
            future = task_of(step.name).submit(Work(step.function, *arguments))
            try:
                result: T = future.result()
            finally:
                future.wait()  # after Ctrl-C it still writes, where all is to be removed
        return result

    def each(self, step: Step[*Ts, int, T], n: int, *arguments: *Ts) -> Iterator[tuple[int, T]]:
        """Submit the step's task for each share of the parts; give each part when it is done.

        Raises
        ------
        WorkerError
            A worker was lost.
        """
        if n == 1 and not self._elsewhere:
            yield 0, _called(step.name, Work(step.function, *arguments, 0))
            return
        with naming_killed_processes(), naming_lost_workers():
            task = task_of(step.name)
            cut = shares(n, self._workers, self._parts_in_task)
            tasks = {
                task.submit(Work(each_of, step.function, arguments, parts)): parts for parts in cut
            }
            try:
                for done in as_completed(list(tasks)):
                    yield from zip(tasks[done], done.result(), strict=True)
            finally:
                wait(list(tasks))  # when one fails the others still write


def _called(step: str, work: Work[T]) -> T:
    """Run the step's task in this process and return what its work gives."""
    task: Any = task_of(step)  # it may be a coroutine's, as far as its type says
    result: T = task(work)
    return result


def task_runner(settings: Settings) -> TaskRunner:
    """Make the runner of the steps for a flow whose tasks run on `prefect_runner(settings)`.

    Raises
    ------
    OutfieldError
        That is a Dask cluster, which does not answer or cannot do the work.
    """
    match settings.runner:
        case "processes":
            return TaskRunner(settings.workers, PARTS_IN_TASK)
        case "dask":
            with connected(settings.dask_address) as client:
                return TaskRunner(threads_of(client), PARTS_IN_TASK, elsewhere=True)
        case "threads":
            return TaskRunner(settings.workers, 1)
