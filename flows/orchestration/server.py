"""The Prefect server of a run: the configured one, or an embedded one of its own."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from queue import Empty

import httpx
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.events.worker import EventsWorker
from prefect.exceptions import PrefectHTTPStatusError
from prefect.settings import get_current_settings

from flows.orchestration.embedded_server import is_embedded, use_embedded_server
from schemas.errors import ServerError


def find_server(
    *, this_machine_alone: bool, meanwhile: Callable[[], object] = lambda: None
) -> None:
    """Find the configured server, or start one that Prefect uses and that stops when Python ends.

    Parameters
    ----------
    this_machine_alone
        Whether all workers run on this machine. Workers elsewhere cannot reach an embedded server,
        and that of the next run would have another address.
    meanwhile
        Called while an embedded server starts.

    Raises
    ------
    ServerError
        The configured server does not answer, none is configured where one is needed, or the
        embedded one does not start.
    """
    settings = get_current_settings()
    if settings.api.url is not None and not is_embedded(settings.api.url):
        _require_answer()
    elif not this_machine_alone:
        raise ServerError(
            "the workers of a cluster need a Prefect server that lasts",
            where="PREFECT_API_URL",
            remedy="set it to the address of one that they reach, or run with --direct",
        )
    elif settings.server.ephemeral.enabled:
        use_embedded_server(meanwhile)


def lost_server(error: BaseException) -> bool:
    """Tell whether an error means that Prefect's server does not answer, after all tries."""
    if isinstance(error, PrefectHTTPStatusError):
        return error.response.status_code >= httpx.codes.INTERNAL_SERVER_ERROR
    return isinstance(error, httpx.TransportError)


@contextmanager
def naming_lost_server() -> Iterator[None]:
    """Turn any error that means a lost Prefect server into a `ServerError`.

    What waits to be told to that server is dropped then.
    """
    try:
        yield
    except Exception as error:
        if not lost_server(error):
            raise
        _drop_events()
        raise ServerError(
            "the Prefect server no longer answers, and the run is not published",
            where="PREFECT_API_URL",
            remedy="run again when it does, or with --direct",
        ) from error


def _drop_events() -> None:
    """Drop the events that Prefect has not sent: at exit it would try each for eight seconds.

    It has no setting for that but one that drops events of runs whose server answers. Another
    Prefect may name its queue otherwise: then it tries.
    """
    with suppress(AttributeError):
        for worker in list(EventsWorker._instances.values()):  # type: ignore[misc]  # of its class
            with suppress(Empty):
                while True:
                    worker._queue.get_nowait()


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
        if fault is None:
            _require_welcome(client)
    if fault is not None:
        raise ServerError(
            f"the Prefect server does not answer ({fault})",
            where="PREFECT_API_URL",
            remedy="start it, correct the address, or run with --direct",
        )


def _require_welcome(client: SyncPrefectClient) -> None:
    """Check the password: unlike the health check, the version needs authentication."""
    try:
        client.api_version()
    except PrefectHTTPStatusError as error:
        if error.response.status_code not in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
            raise
        raise ServerError(
            "the Prefect server asks for a password, and this is not the right one",
            where="PREFECT_API_AUTH_STRING",
            remedy="set it to what the server has in PREFECT_SERVER_API_AUTH_STRING",
        ) from error
