"""Progress of a run: listeners for steps and publication, and the seconds each step took."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import perf_counter
from typing import Any

from flows.runtime.run_log import log

OnProgress = Callable[[str, int, int], None]
"""Told the step, how many of its parts are done, and of how many."""

_listener: ContextVar[OnProgress | None] = ContextVar("listener", default=None)

_on_publication: ContextVar[Callable[[Any], None] | None] = ContextVar(
    "on_publication", default=None
)


@contextmanager
def told_of_progress(on_progress: OnProgress) -> Iterator[None]:
    """Let `on_progress` hear of the steps of flows started in this context.

    It is no parameter of the flow, which Prefect keeps, and no global of the flow's module, which
    goes with the flow to the worker processes: it cannot be sent.
    """
    token = _listener.set(on_progress)
    try:
        yield
    finally:
        _listener.reset(token)


def tell(step: str, done: int, total: int) -> None:
    """Tell whoever listens in this context; nobody may."""
    listener = _listener.get()
    if listener is not None:
        listener(step, done, total)


@contextmanager
def told_of_publication(on_publication: Callable[[Any], None]) -> Iterator[None]:
    """Let `on_publication` be given what a flow started in this context publishes, at once.

    What comes after may fail, where Prefect's server is gone: the flow then returns nothing.
    """
    token = _on_publication.set(on_publication)
    try:
        yield
    finally:
        _on_publication.reset(token)


def tell_published(run: Any) -> None:
    """Tell whoever listens in this context that a run is published; nobody may."""
    listener = _on_publication.get()
    if listener is not None:
        listener(run)


class Steps:
    """Tells of each step when it begins and ends, and takes its time."""

    def __init__(self, on_progress: OnProgress) -> None:
        self._on_progress = on_progress
        self.seconds: dict[str, float] = {}
        """Step that ended -> wall seconds."""

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        """Tell of a step around what is done in it."""
        self._on_progress(name, 0, 1)
        began = perf_counter()
        yield
        self.seconds[name] = perf_counter() - began
        log("step ended", step=name, seconds=round(self.seconds[name], 3))
        self._on_progress(name, 1, 1)
