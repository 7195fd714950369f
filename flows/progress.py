"""Who is told how far a run has come."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

OnProgress = Callable[[str, int, int], None]
"""Told the step, how many of its parts are done, and of how many."""

_listener: ContextVar[OnProgress | None] = ContextVar("listener", default=None)


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
    """Tell the listener, if there is one."""
    listener = _listener.get()
    if listener is not None:
        listener(step, done, total)
