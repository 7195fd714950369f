"""Runners carry out the steps of a pipeline: in this process, in others, or through Prefect."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextvars import copy_context
from functools import partial
from typing import Protocol, TypeVar

from flows.runtime.work import Step, Ts, Work, carry_out_patiently

T = TypeVar("T")


class Runner(Protocol):
    """Carries out steps: in this process, in others, or through Prefect."""

    def here(self, step: Step[*Ts, T], *arguments: *Ts) -> T:
        """Carry out a step in this process: where relative paths start, and once."""
        ...

    def call(self, step: Step[*Ts, T], *arguments: *Ts) -> T:
        """Carry out a step and return what it gives."""
        ...

    def each(self, step: Step[*Ts, int, T], n: int, *arguments: *Ts) -> Iterator[tuple[int, T]]:
        """Carry out a step for each part 0 … n - 1; give each and its result when it is done."""
        ...


class DirectRunner:
    """Carries out the steps in this process, on as many threads as there are workers."""

    def __init__(self, workers: int) -> None:
        self._workers = workers

    def here(self, step: Step[*Ts, T], *arguments: *Ts) -> T:
        """Carry out a step and return what it gives."""
        return carry_out_patiently(Work(step.function, *arguments))

    def call(self, step: Step[*Ts, T], *arguments: *Ts) -> T:
        """Carry out a step and return what it gives."""
        return carry_out_patiently(Work(step.function, *arguments))

    def each(self, step: Step[*Ts, int, T], n: int, *arguments: *Ts) -> Iterator[tuple[int, T]]:
        """Carry out a step for each part; give each part and its result when it is done."""
        with ThreadPoolExecutor(self._workers) as pool:
            parts = {
                pool.submit(_in_this_context(Work(step.function, *arguments, part))): part
                for part in range(n)
            }
            try:
                for done in as_completed(parts):
                    yield parts[done], done.result()
            finally:
                pool.shutdown(cancel_futures=True)


def _in_this_context(work: Work[T]) -> Callable[[], T]:
    """Let a thread carry out a step that logs as this one: for the same run."""
    return partial(copy_context().run, carry_out_patiently, work)
