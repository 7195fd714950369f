"""The steps as Prefect tasks: each a thin wrap of a plain function."""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from prefect import Task, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.futures import as_completed, wait

from flows.modelling import fit_model, register_model, take_up_model
from flows.planning import plan_run
from flows.publishing import publish_run
from flows.steps import (
    explain_findings,
    gather_records,
    score_chunk,
    select_findings,
)
from flows.watching import look_ahead, watch_run

T = TypeVar("T")


async def may_pass(_task: "Task[..., Any]", _run: TaskRun, state: "State[Any]") -> bool:
    """Tell whether a failure may pass by itself: storage that did not answer, not bad input."""
    try:
        await state.aresult(raise_on_failure=True)
    except Exception as error:
        # Storage says its faults as errors of the user's kind; the system's own stands behind them.
        cause = error.__cause__ or error
        final = (FileNotFoundError, PermissionError, FileExistsError, NotADirectoryError)
        return isinstance(cause, OSError) and not isinstance(cause, final)
    return False


def as_task(step: Callable[..., Any], name: str) -> "Task[..., Any]":
    """Wrap a step as a task, tried again where its failure may pass."""
    retrying = task(
        name=name,
        cache_policy=NO_CACHE,  # a path stays the same when the file behind it changes
        retries=2,
        retry_delay_seconds=[2, 10],
        retry_jitter_factor=0.5,
        retry_condition_fn=may_pass,
        persist_result=False,
    )
    return retrying(step)


TASKS = {
    plan_run: as_task(plan_run, "plan"),
    gather_records: as_task(gather_records, "gather"),
    fit_model: as_task(fit_model, "fit"),
    take_up_model: as_task(take_up_model, "take up the model"),
    score_chunk: as_task(score_chunk, "score"),
    select_findings: as_task(select_findings, "select"),
    explain_findings: as_task(explain_findings, "explain"),
    look_ahead: as_task(look_ahead, "look ahead"),
    watch_run: as_task(watch_run, "watch"),
    register_model: as_task(register_model, "register"),
    publish_run: as_task(publish_run, "publish"),
}


class TaskRunner:
    """Carries out the steps as tasks of the flow run it is used in."""

    def call(self, step: Callable[..., T], *arguments: object) -> T:
        """Run the step's task and wait for what it gives."""
        future = TASKS[step].submit(*arguments)
        try:
            result: T = future.result()
        finally:
            future.wait()  # after Ctrl-C it still writes, where all is to be removed
        return result

    def each(self, step: Callable[..., T], n: int, *arguments: object) -> Iterator[tuple[int, T]]:
        """Submit the step's task for each part; give each part and its result when it is done."""
        parts = {TASKS[step].submit(*arguments, part): part for part in range(n)}
        try:
            for done in as_completed(list(parts)):
                yield parts[done], done.result()
        finally:
            wait(list(parts))  # when one fails the others still write
