"""Hands the input that the command line has checked to the flow it starts.

The plan is no parameter of the flow: Prefect keeps parameters, and a path is not to be kept.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from flows.storage.input.plan import InputPlan

_checked: ContextVar[InputPlan | None] = ContextVar("checked", default=None)


@contextmanager
def with_checked_input(plan: InputPlan) -> Iterator[None]:
    """Let a flow that is started in this context take `plan`, if its files are still the same."""
    token = _checked.set(plan)
    try:
        yield
    finally:
        _checked.reset(token)


def checked_input() -> InputPlan | None:
    """Return the input that was checked in this context; None where a schedule starts the flow."""
    return _checked.get()
