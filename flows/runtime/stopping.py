"""Ends a process that is told to end: at once where Python can, and else within half a minute.

Python calls a handler of signals between two instructions of the main thread. While that waits in
a library, for a slow store or for memory, no handler is called, for minutes. So a thread listens
too. Where nothing has ended after a while, it removes what is to be removed and ends the process.
"""

import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread, current_thread, main_thread

_SECONDS_TO_END = 20
_SECONDS_TO_REMOVE = 5
ENDING_SIGNALS = (signal.SIGTERM, signal.SIGHUP)
"""Signals that ask the process to end, as Ctrl-C does."""

_remove_at_last: list[Callable[[], None]] = []
"""What is to be called if the process must be ended from outside of what it does."""


class ToldToEndError(KeyboardInterrupt):
    """A service manager or a terminal that is closed asks the process to end, as Ctrl-C does."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end what is done here as Ctrl-C would, and all three in time.

    Signals reach the main thread alone. One that is ignored, as under `nohup`, stays ignored.
    """
    if current_thread() is not main_thread():
        yield
        return
    handled = [
        number for number in ENDING_SIGNALS if signal.getsignal(number) is not signal.SIG_IGN
    ]
    before = {number: signal.signal(number, _end) for number in handled}
    try:
        with _watched({*handled, signal.SIGINT}):
            yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def removed_at_last(remove: Callable[[], None]) -> Iterator[None]:
    """Call `remove` if the process is ended while the body of the `with` statement waits."""
    _remove_at_last.append(remove)
    try:
        yield
    finally:
        _remove_at_last.remove(remove)


def _end(number: int, _frame: object) -> None:
    raise ToldToEndError(number)


@contextmanager
def _watched(numbers: set[int]) -> Iterator[None]:
    """Have a thread read the numbers of signals, which Python writes to a socket as they come."""
    reader, writer = socket.socketpair()
    writer.setblocking(False)
    ended = Event()
    monitor = Thread(target=_watch, args=(reader, numbers, ended), daemon=True)
    with reader, writer:
        with suppress(RuntimeError):  # no memory for a thread: Python's own handlers are left
            monitor.start()
        before = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(before)
            ended.set()
            with suppress(OSError):
                reader.shutdown(socket.SHUT_RDWR)
            if monitor.ident is not None:
                monitor.join()


def _watch(reader: socket.socket, numbers: set[int], ended: Event) -> None:
    told: int | None = None
    while told not in numbers:
        received = reader.recv(1)
        if not received:
            return
        told = received[0]
    if told is not None and not ended.wait(_SECONDS_TO_END):
        _force(told)


def _force(number: int) -> None:
    removing = Thread(target=_remove, daemon=True)  # a store may not answer that either
    with suppress(RuntimeError):
        removing.start()
        removing.join(_SECONDS_TO_REMOVE)
    with suppress(OSError):
        os.write(2, b"outfield: stopped\n")
    os._exit(128 + number)


def _remove() -> None:
    for remove in reversed(_remove_at_last):
        with suppress(Exception):
            remove()
