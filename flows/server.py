"""Prefect's embedded server, started so that Ctrl-C in the terminal does not reach it.

Ctrl-C goes to every process of the terminal's group. A server that it stops leaves the run without
anybody to tell that it was stopped: Prefect's client tries again for more than a minute.
"""

import signal
from threading import Thread

from prefect.server.api.server import SubprocessASGIServer
from prefect.settings import get_current_settings


def start_embedded_server() -> None:
    """Start a server where none is configured; Prefect uses it, and stops it when Python ends.

    Raises
    ------
    RuntimeError
        It does not answer in time.
    """
    settings = get_current_settings()
    if settings.api.url is not None or not settings.server.ephemeral.enabled:
        return
    failures: list[Exception] = []
    # In a thread, whose blocked signals the server inherits: ours can still be interrupted.
    starting = Thread(target=_start_deaf, args=(failures,), daemon=True)
    starting.start()
    starting.join()
    if failures:
        raise failures[0]


def _start_deaf(failures: list[Exception]) -> None:
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        SubprocessASGIServer().start()
    except Exception as error:
        failures.append(error)
