"""Work in several processes, each in one thread."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from typing import TypeVar

from tests.bench.quality.runner import ONE_THREAD

Of = TypeVar("Of")
Outcome = TypeVar("Outcome")


def in_processes(
    work: Callable[[Of], Outcome], due: Sequence[Of], jobs: int
) -> Iterator[tuple[Of, Outcome]]:
    """Do work of each kind that is due, so many at a time, each in one thread.

    Parameters
    ----------
    work
        A function of a module, or a partial one: it is sent to other processes.
    due
        What to do it of, first things first.
    jobs
        How many processes.
    """
    os.environ.update(ONE_THREAD)
    pool = ProcessPoolExecutor(jobs, mp_context=get_context("spawn"))
    try:
        running = {pool.submit(work, each): each for each in due}
        for done in as_completed(running):
            yield running[done], done.result()
    finally:
        pool.shutdown(cancel_futures=True)
