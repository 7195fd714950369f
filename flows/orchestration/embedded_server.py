"""The embedded Prefect server: one for all runs of this process, on this machine alone.

Prefect can start one by itself, but that one outlives a process that is killed. It also waits for
minutes where the database is of no use. This one ends with its process, and says so at once.

Its address is in the environment until then. Threads of Prefect's own know no other settings: one
that found no address, even after the run, would start another server.
"""

import atexit
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from threading import Thread

import httpx
from prefect.context import refresh_global_settings_context
from prefect.settings import PREFECT_API_DATABASE_CONNECTION_URL, get_current_settings
from sqlalchemy.engine import make_url

from schemas.errors import ServerError

_PROGRAM = Path(__file__).with_name("server_process.py")
_OF_THE_SERVER = {
    "PREFECT_UI_ENABLED": "0",
    "PREFECT__SERVER_EPHEMERAL": "1",
    "PREFECT__SERVER_FINAL": "1",
    "PYTHONSAFEPATH": "1",
}
_BLOCKED = {signal.SIGINT, signal.SIGHUP}
"""Signals of a terminal to all its processes: the run ends by them, and ends the server."""
_SECONDS_FOR_DATABASE = 10
_SECONDS_TO_STOP = 5
_PAUSE = 0.1
_ADDRESS = "PREFECT_API_URL"
_ELSEWHERE = "set PREFECT_HOME to another folder, or run with --direct"


class _EmbeddedServer:
    """A server process, the address of its API, and the pipe that it lives by."""

    def __init__(self) -> None:
        with socket.socket() as bound:
            bound.bind(("127.0.0.1", 0))
            self.api_url = f"http://127.0.0.1:{bound.getsockname()[1]}/api"
            theirs, self._pipe = os.pipe()
            try:
                self.process = _started(bound.fileno(), theirs)
            finally:
                os.close(theirs)

    def stop(self) -> None:
        """End the process."""
        self.process.terminate()
        try:
            self.process.wait(_SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        with suppress(OSError):
            os.close(self._pipe)


_running: list[_EmbeddedServer] = []


def is_embedded(api_url: str) -> bool:
    """Tell whether an address is that of the server of this process, which may have ended."""
    return any(server.api_url == api_url for server in _running)


def use_embedded_server(meanwhile: Callable[[], object] = lambda: None) -> None:
    """Start the server of this process, if none runs; Prefect uses it until Python ends.

    Parameters
    ----------
    meanwhile
        Called while the server starts.

    Raises
    ------
    ServerError
        Its database is of no use, or it does not start in time.
    """
    if _running and _running[0].process.poll() is None:
        return
    _forget_ended()
    _require_database()
    server = _EmbeddedServer()
    try:
        meanwhile()
        _wait_until_healthy(server)
    except BaseException:  # Ctrl-C may come at any moment
        server.stop()
        raise
    _running.append(server)
    atexit.register(server.stop)
    os.environ[_ADDRESS] = server.api_url
    refresh_global_settings_context()


def _forget_ended() -> None:
    """Take the address of a server that has ended from the environment of the next."""
    if _running:
        _running.clear()
        os.environ.pop(_ADDRESS, None)
        refresh_global_settings_context()


def _started(bound: int, pipe: int) -> "subprocess.Popen[bytes]":
    """Start the process, deaf to what a terminal sends to all its processes."""
    started: list[subprocess.Popen[bytes]] = []
    failures: list[Exception] = []

    def start() -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, _BLOCKED)
        try:
            started.append(_process(bound, pipe))
        except Exception as error:
            failures.append(error)

    # In a thread, whose blocked signals the server inherits: ours can still be interrupted.
    starting = Thread(target=start, daemon=True)
    starting.start()
    starting.join()
    if failures:
        raise failures[0]
    return started[0]


def _process(bound: int, pipe: int) -> "subprocess.Popen[bytes]":
    settings = get_current_settings().to_environment_variables(exclude_unset=True)
    return subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-P", str(_PROGRAM), str(bound), str(pipe)],
        env={**os.environ, **settings, **_OF_THE_SERVER},
        pass_fds=(bound, pipe),
    )


def _wait_until_healthy(server: _EmbeddedServer) -> None:
    deadline = time.monotonic() + get_current_settings().server.ephemeral.startup_timeout_seconds
    with httpx.Client() as client:
        while server.process.poll() is None and time.monotonic() < deadline:
            with suppress(httpx.TransportError):
                if client.get(f"{server.api_url}/health").is_success:
                    return
            time.sleep(_PAUSE)
    status = server.process.poll()
    raise ServerError(
        "Prefect's embedded server did not start in time"
        if status is None
        else f"Prefect's embedded server ended as it started, with status {status}",
        where="PREFECT_HOME",
        remedy=f"see what it said, {_ELSEWHERE}",
    )


def _require_database() -> None:
    """Find a database of no use before the server does, which waits for it, or ends in a traceback.

    Raises
    ------
    ServerError
        Another process has locked it, it is damaged, or it cannot be written.
    """
    url = make_url(PREFECT_API_DATABASE_CONNECTION_URL.value())
    if url.get_backend_name() != "sqlite" or url.database in (None, "", ":memory:"):
        return
    path = Path(str(url.database))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with closing(
            sqlite3.connect(path, timeout=_SECONDS_FOR_DATABASE, isolation_level=None)
        ) as database:
            database.execute("BEGIN IMMEDIATE")
            database.execute("SELECT count(*) FROM sqlite_master").fetchone()
            database.execute("ROLLBACK")
    except (sqlite3.DatabaseError, OSError) as error:
        raise _useless(path, error) from error


def _useless(path: Path, error: Exception) -> ServerError:
    code = getattr(error, "sqlite_errorcode", None)
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        what = "another process has locked Prefect's database"
        remedy = f"end that process, {_ELSEWHERE}"
    elif code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        what = f"Prefect's database is damaged ({error})"
        remedy = f"move it away, {_ELSEWHERE}"
    else:
        what = f"Prefect's database cannot be written ({getattr(error, 'strerror', None) or error})"
        remedy = _ELSEWHERE
    return ServerError(what, where=str(path), remedy=remedy)
