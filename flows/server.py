"""The Prefect server of a run: the configured one, or an embedded one of its own.

The embedded one is started so that Ctrl-C in the terminal does not reach it. Ctrl-C goes to every
process of the terminal's group. A server that it stops leaves the run without anybody to tell that
it was stopped: Prefect's client tries again for more than a minute.
"""

import signal
from threading import Thread

from prefect.client.orchestration import get_client
from prefect.server.api.server import SubprocessASGIServer
from prefect.settings import get_current_settings

from schemas.errors import ServerError


def find_or_start_server() -> None:
    """Find the configured server, or start one; Prefect uses that and stops it when Python ends.

    Raises
    ------
    ServerError
        The configured server does not answer.
    RuntimeError
        The embedded server does not answer in time.
    """
    settings = get_current_settings()
    if settings.api.url is not None:
        _require_answer()
    elif settings.server.ephemeral.enabled:
        _start_embedded_server()


def require_server() -> None:
    """Find the configured server.

    Raises
    ------
    ServerError
        There is none, or it does not answer.
    """
    if get_current_settings().api.url is None:
        raise ServerError(
            "no Prefect server is configured",
            where="PREFECT_API_URL",
            remedy="run `prefect server start` and set it to http://127.0.0.1:4200/api",
        )
    _require_answer()


def _require_answer() -> None:
    with get_client(sync_client=True) as client:
        fault = client.api_healthcheck()
    if fault is not None:
        raise ServerError(
            f"the Prefect server does not answer ({fault})",
            where="PREFECT_API_URL",
            remedy="start it, correct the address, or run with --direct",
        )


def _start_embedded_server() -> None:
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
