"""Memory that was freed and that the C library holds back, and how often cycles are freed."""

import ctypes
import gc
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_NEW_OBJECTS = 50_000
"""Objects that are made before Python looks for cycles among them; its own choice is 700."""


@contextmanager
def rare_collections() -> Iterator[None]:
    """Let Python look for cycles of objects less often in this context.

    A small job makes most of its objects as it imports modules, and these stay. What is in no
    cycle is freed at once, as ever.
    """
    before = gc.get_threshold()
    gc.set_threshold(_NEW_OBJECTS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def return_freed_memory() -> None:
    """Give freed memory back to the system, by glibc's `malloc_trim`; elsewhere do nothing."""
    with suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)
