"""Calls of one function, some of them at a time."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

_AT_ONCE = 2
"""Columns need memory while they are learnt: more at once would need more."""

A = TypeVar("A")
B = TypeVar("B")


def side_by_side(function: Callable[[A], B], arguments: Iterable[A]) -> list[B]:
    """Call a function with each argument, on two threads; what it gives is in their order.

    Examples
    --------
    >>> side_by_side(len, ["a", "bcd"])
    [1, 3]
    """
    return list(ahead(function, arguments))


def ahead(function: Callable[[A], B], arguments: Iterable[A]) -> Iterator[B]:
    """Give what a function gives for each argument, in order, while two threads go on with more.

    Examples
    --------
    >>> [length for length in ahead(len, ["a", "bcd"])]
    [1, 3]
    """
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        yield from threads.map(function, arguments)
