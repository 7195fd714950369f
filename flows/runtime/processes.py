"""Processes of this machine that carry out the steps, each with an interpreter of its own."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context, parent_process
from threading import Thread
from typing import TypeVar

from flows.runtime.settings import safe_path
from flows.runtime.work import PARTS_IN_TASK, Step, Ts, Work, carry_out_patiently, each_of, shares
from schemas.errors import WorkerError

T = TypeVar("T")


class ProcessRunner:
    """Carries out the steps in this process, and their parts in others.

    Parameters
    ----------
    pool
        So many `workers`; see `process_runner`.
    parts_in_task
        How many parts of a step are worth a task.
    """

    def __init__(self, pool: ProcessPoolExecutor, workers: int, parts_in_task: int) -> None:
        self._pool, self._workers, self._parts_in_task = pool, workers, parts_in_task

    def here(self, step: Step[*Ts, T], *arguments: *Ts) -> T:
        """Carry out a step in this process and return what it gives."""
        return carry_out_patiently(Work(step.function, *arguments))

    def call(self, step: Step[*Ts, T], *arguments: *Ts) -> T:
        """Carry out a step and return what it gives."""
        return carry_out_patiently(Work(step.function, *arguments))

    def each(self, step: Step[*Ts, int, T], n: int, *arguments: *Ts) -> Iterator[tuple[int, T]]:
        """Carry out a step for each part; give each part and its result when it is done.

        A single part is carried out in this process: nothing else would run beside it.

        Raises
        ------
        WorkerError
            A process was killed.
        """
        if n == 1:
            yield 0, carry_out_patiently(Work(step.function, *arguments, 0))
            return
        cut = shares(n, self._workers, self._parts_in_task)
        with naming_killed_processes():
            works = [Work(each_of, step.function, arguments, parts) for parts in cut]
            tasks = {
                self._pool.submit(carry_out_patiently, work): parts
                for work, parts in zip(works, cut, strict=True)
            }
            try:
                for done in as_completed(tasks):
                    yield from zip(tasks[done], done.result(), strict=True)
            finally:
                wait([task for task in tasks if not task.cancel()])  # what was begun still writes


@contextmanager
def process_runner(workers: int, parts_in_task: int = PARTS_IN_TASK) -> Iterator[ProcessRunner]:
    """Yield a runner with processes of its own, which start with the first parts.

    They are started anew, not forked: Arrow's and BLAS's threads do not survive a fork.
    """
    spawn = get_context("spawn")
    with safe_path(), ProcessPoolExecutor(workers, spawn, initializer=follow_parent) as pool:
        yield ProcessRunner(pool, workers, parts_in_task)


def follow_parent() -> None:
    """Leave Ctrl-C to the process that started this one, and end when that one does.

    A process that is killed outright tells nobody: its pool would wait for work for ever.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


@contextmanager
def naming_killed_processes() -> Iterator[None]:
    """Turn the end of a process that nobody asked for into a `WorkerError`."""
    try:
        yield
    except BrokenProcessPool as error:
        raise WorkerError(
            "a worker process was killed, perhaps for want of memory",
            where="OUTFIELD_RUNNER=processes",
            remedy="run again, with a lower OUTFIELD_WORKERS if memory is short",
        ) from error
