"""Steps of a pipeline, and the work units sent to workers: paths and small objects; never rows.

A worker is a thread, a process of this machine or one of a cluster. A work unit passes through the
scheduler, so its objects leave out what a worker can read again.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import lru_cache
from itertools import pairwise
from typing import Any, Generic, TypeVar, TypeVarTuple

import pyarrow as pa
from threadpoolctl import ThreadpoolController

from flows.runtime.memory import return_freed_memory
from flows.runtime.retry import patiently

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

PARTS_IN_TASK = 8
"""Parts that are worth a task of another process: a million rows, which take seconds."""
_TASKS_FOR_A_WORKER = 4
"""Several tasks for a worker, so that at the end all do not wait for one slow task."""
_MOST_TASKS = 96
"""The most tasks of a step, but for a large cluster: each costs the scheduler and Prefect time."""


class FieldsOnly:
    """A dataclass that is pickled without its cached properties: a worker computes them again."""

    def __reduce__(self) -> tuple[type, tuple[Any, ...]]:
        """Be made anew from the fields alone."""
        return type(self), tuple(getattr(self, field.name) for field in fields(self))  # type: ignore[arg-type]


@dataclass(frozen=True)
class Step(Generic[*Ts, T]):
    """A step of a pipeline: a function, and what progress, logs, manifests and Prefect call it."""

    name: str
    function: Callable[[*Ts], T]
    """At the top of a module, so that a worker finds it there."""


class Work(Generic[T]):
    """A function and what it is given.

    Not a dataclass: Prefect searches those for futures, field by field, each time one is submitted.
    """

    def __init__(self, function: Callable[..., T], *arguments: object) -> None:
        self.function, self.arguments = function, arguments


def carry_out(work: Work[T]) -> T:
    """Carry out a step's function with a single BLAS thread.

    The parts of a step already run in parallel: threads that BLAS starts for each would only wait
    for each other. The rounding of a sum also depends on the number of threads. With one thread
    the same input gives the same bytes on any number of cores.

    Unused memory goes back to the system. Arrow's pool would stay as large as the largest part, and
    the C library holds back what threads have freed.
    """
    _libraries_of_threads(len(sys.modules)).limit(limits=1)
    try:
        return work.function(*work.arguments)
    finally:
        pa.default_memory_pool().release_unused()
        return_freed_memory()


@lru_cache(maxsize=1)
def _libraries_of_threads(_n_modules: int) -> ThreadpoolController:
    """Find the loaded libraries with threads of their own; again where modules were imported."""
    return ThreadpoolController()


def carry_out_patiently(work: Work[T]) -> T:
    """Carry out a step; repeat it where storage does not answer, as Prefect does with a task."""
    return patiently(lambda: carry_out(work))


def each_of(function: Callable[..., T], arguments: tuple[object, ...], parts: range) -> list[T]:
    """Call a step's function for some of its parts, one after the other."""
    return [function(*arguments, part) for part in parts]


def shares(n: int, workers: int, parts_in_task: int) -> list[range]:
    """Cut the parts 0 … n - 1 of a step into as many consecutive shares as there are to be tasks.

    Parameters
    ----------
    n
        The number of parts.
    workers
        How many tasks run at a time: each worker gets several.
    parts_in_task
        How many parts are worth a task; more where there would be too many tasks.

    Examples
    --------
    >>> shares(5, workers=1, parts_in_task=2)
    [range(0, 1), range(1, 2), range(2, 3), range(3, 5)]
    """
    tasks = min(n, max(_TASKS_FOR_A_WORKER * workers, min(n // parts_in_task, _MOST_TASKS)))
    cuts = [task * n // tasks for task in range(tasks + 1)] if tasks else []
    return [range(start, stop) for start, stop in pairwise(cuts)]
