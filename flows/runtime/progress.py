"""Progress of a run: listeners for steps and publication, and the seconds each step took."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import perf_counter
from typing import Any

from flows.runtime.run_log import log

OnProgress = Callable[[str, int, int], None]
"""Called with the step, the number of its parts that are done, and the number of all its parts."""

_listener: ContextVar[OnProgress | None] = ContextVar("listener", default=None)

_on_publication: ContextVar[Callable[[Any], None] | None] = ContextVar(
    "on_publication", default=None
)


@contextmanager
def told_of_progress(on_progress: OnProgress) -> Iterator[None]:
    """Call `on_progress` for the steps of flows started in this context.

    The function cannot be pickled, so it is neither a parameter of the flow nor a global of its
    module. Prefect stores the parameters, and sends the globals to worker processes.
    """
    token = _listener.set(on_progress)
    try:
        yield
    finally:
        _listener.reset(token)


def tell(step: str, done: int, total: int) -> None:
    """Report progress to the listener of this context, if it has one."""
    listener = _listener.get()
    if listener is not None:
        listener(step, done, total)


@contextmanager
def told_of_publication(on_publication: Callable[[Any], None]) -> Iterator[None]:
    """Call `on_publication` with each run that a flow started in this context publishes, at once.

    The rest of the flow may fail, where Prefect's server is lost: it then returns nothing.
    """
    token = _on_publication.set(on_publication)
    try:
        yield
    finally:
        _on_publication.reset(token)


def tell_published(run: Any) -> None:
    """Report a published run to the listener of this context, if it has one."""
    listener = _on_publication.get()
    if listener is not None:
        listener(run)


class Steps:
    """Reports the start and the end of each step, and measures its time."""

    def __init__(self, on_progress: OnProgress) -> None:
        self._on_progress = on_progress
        self.seconds: dict[str, float] = {}
        """Step that ended -> wall seconds."""

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        """Report a step before and after the body of the `with` statement."""
        self._on_progress(name, 0, 1)
        began = perf_counter()
        yield
        self.seconds[name] = perf_counter() - began
        log("step ended", step=name, seconds=round(self.seconds[name], 3))
        self._on_progress(name, 1, 1)
