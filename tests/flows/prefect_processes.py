"""Prefect as its users run it: a server in a process of its own, and an environment of nobody's."""

import fcntl
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

PREFECT = Path(sys.executable).with_name("prefect")

OUTFIELD_SCRIPT = Path(sys.executable).with_name("outfield")
"""The command as it is installed: Python looks for modules beside it, not in the working folder."""

_BUILD = Path(__file__).parents[2] / "build"
_MIGRATED = f"prefect-{version('prefect')}.db"


def hostile_modules(folder: Path) -> Path:
    """Put modules of well-known names into a folder; give the file that shows that one was run."""
    executed = folder / "executed"
    for name in ("uvicorn.py", "click.py", "struct.py", "flows/__init__.py", "schemas/__init__.py"):
        module = folder / name
        module.parent.mkdir(exist_ok=True)
        module.write_text(f"open({str(executed)!r}, 'a').write({name!r})\nraise SystemExit(9)\n")
    return executed


def plain_environment(home: Path, **more: str) -> dict[str, str]:
    """An environment of a user who has set nothing, with an empty home.

    The cache alone is the tests' own: the first report of an empty one bundles the charts' library.
    """
    ours = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT")}
    for name in ("DO_NOT_TRACK", "PYTHONSAFEPATH"):
        ours.pop(name, None)
    homes = {"HOME": home, "PREFECT_HOME": home / "prefect", "XDG_CACHE_HOME": _BUILD / "cache"}
    return {**ours, **{name: str(folder) for name, folder in homes.items()}, **more}


def processes_of(home: Path) -> list[str]:
    """List the processes that have `home` in their environment."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if str(home).encode() in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_text().replace("\0", " "))
        except OSError:
            continue
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def put_database(home: Path, name: str = "prefect/prefect.db") -> None:
    """Put a database into a home, as the first start of a server leaves it.

    The migrations of that start take longer than all else it does. They are run once, by the test
    process that asks first.
    """
    _BUILD.mkdir(exist_ok=True)
    made = _BUILD / _MIGRATED
    with (_BUILD / f"{_MIGRATED}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            _make_database(made)
    (home / name).parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(made, home / name)


def _make_database(path: Path) -> None:
    with TemporaryDirectory(dir=path.parent) as folder:
        home = Path(folder)
        with _server_process(home, free_port()):
            pass
        with (
            closing(sqlite3.connect(home / "prefect/prefect.db")) as database,
            closing(sqlite3.connect(home / "copy.db")) as copy,
        ):
            database.backup(copy)
        (home / "copy.db").rename(path)


@contextmanager
def prefect_server_process(home: Path, port: int | None = None, **more: str) -> Iterator[str]:
    """Run a server with its database in `home`, if nothing else is said; give its API's URL."""
    if not (home / "prefect/prefect.db").exists() and not more:
        put_database(home)
    with _server_process(home, port or free_port(), **more) as api:
        yield api


@contextmanager
def _server_process(home: Path, port: int, **more: str) -> Iterator[str]:
    home.mkdir(exist_ok=True)
    process = subprocess.Popen(  # noqa: S603 - our own command
        [PREFECT, "server", "start", "--host", "127.0.0.1", "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=plain_environment(home, PREFECT_SERVER_ANALYTICS_ENABLED="false", **more),
        start_new_session=True,
    )
    try:
        wait_until_healthy(f"http://127.0.0.1:{port}/api")
        yield f"http://127.0.0.1:{port}/api"
    finally:
        with suppress(ProcessLookupError):  # a test may have killed it
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=30)


def wait_until_healthy(api: str) -> None:
    deadline = time.monotonic() + 300
    while True:
        try:
            with urllib.request.urlopen(f"{api}/health", timeout=5):  # noqa: S310 - our own server
                return
        except OSError:
            assert time.monotonic() < deadline, "the server did not start"
            time.sleep(0.3)
