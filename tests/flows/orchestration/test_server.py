"""Runs whose Prefect server is gone, or whose process is told to end."""
# Prefect must not be imported before its settings are in place, which the fixture sees to.
# ruff: noqa: PLC0415

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from flows.storage.runs.reader import PublishedRun, list_runs
from schemas.errors import ServerError
from tests.flows.prefect_processes import (
    plain_environment,
    prefect_server_process,
    processes_of,
    put_database,
)
from tests.flows.sample_logs import dataset_bytes, detect, job, small_log, written

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
OUTFIELD = (
    sys.executable,
    "-c",
    "import sys; from flows.cli.app import main; sys.exit(main(sys.argv[1:]))",
)


def started(folder: Path, *options: str, **more: str) -> subprocess.Popen[str]:
    """Start `outfield detect` on the log in a folder, as a user does."""
    return subprocess.Popen(  # noqa: S603 - our own code
        [*OUTFIELD, "detect", folder / "log.parquet", "--output", folder / "out", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=plain_environment(folder, PYTHONPATH=str(ROOT), **more),
        start_new_session=True,
    )


def wait_until(there: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 200
    while not there():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def has_begun(folder: Path) -> bool:
    return any((folder / "out/log/runs").glob(".*.partial"))


@pytest.fixture(scope="module")
def alone(tmp_path_factory) -> PublishedRun:
    """A run of the steps alone, on the log of the runs that go on without a server."""
    folder = tmp_path_factory.mktemp("alone")
    return detect(job(written(folder / "log.parquet", small_log(5_000)), folder / "out"))


def test_a_run_whose_server_is_killed_is_whole_and_says_so(alone, tmp_path):
    written(tmp_path / "log.parquet", small_log(5_000))
    with prefect_server_process(tmp_path / "server") as api:
        # Prefect's client tries each call again.
        run = started(tmp_path, PREFECT_API_URL=api, PREFECT_CLIENT_MAX_RETRIES="1")
        wait_until(lambda: has_begun(tmp_path))
        (server,) = [p for p in group_leaders(tmp_path / "server") if os.getpgid(p) == p]
        os.killpg(server, signal.SIGKILL)
        out, err = run.communicate(timeout=300)
    assert run.returncode == 0, err
    assert "the Prefect server no longer answers: it does not know of the run's end" in err
    assert "Traceback" not in err
    (published,) = list_runs(str(tmp_path / "out/log"))
    assert published.manifest.run_id in out
    for dataset in ("findings", "scores", "incidents"):
        assert dataset_bytes(published, dataset) == dataset_bytes(alone, dataset)


def group_leaders(home: Path) -> list[int]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if str(home).encode() in (process / "environ").read_bytes():
                found.append(int(process.name))
        except OSError:
            continue
    return found


def test_a_database_that_another_holds_is_told_in_one_line(tmp_path):
    written(tmp_path / "log.parquet", small_log())
    (tmp_path / "prefect").mkdir()
    with sqlite3.connect(tmp_path / "prefect/prefect.db", isolation_level=None) as database:
        database.execute("BEGIN EXCLUSIVE")
        began = time.monotonic()
        out, err = started(tmp_path).communicate(timeout=200)
        took = time.monotonic() - began
        database.execute("ROLLBACK")
    assert (out, err.count("\n")) == ("", 1)
    assert "prefect.db: another process has locked Prefect's database; end that" in err
    assert took < 100  # most of it is the start of Python on a busy machine
    assert not (tmp_path / "out").exists()
    assert processes_of(tmp_path) == []


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda path: path.write_bytes(b"no database " * 1_000), "database is damaged (file is"),
        (lambda path: path.mkdir(), "database cannot be written (unable to open"),
    ],
)
@pytest.mark.usefixtures("prefect_settings")
def test_a_database_of_no_use_is_told_in_one_line(damage, words, tmp_path, monkeypatch):
    from prefect.settings import PREFECT_API_DATABASE_CONNECTION_URL, temporary_settings

    from flows.orchestration.embedded_server import use_embedded_server

    monkeypatch.setattr("flows.orchestration.embedded_server._running", [])  # of another test
    path = tmp_path / "prefect.db"
    damage(path)
    url = {PREFECT_API_DATABASE_CONNECTION_URL: f"sqlite+aiosqlite:///{path}"}
    with temporary_settings(url), pytest.raises(ServerError) as told:
        use_embedded_server()
    assert words in str(told.value)
    assert "or run with --direct" in str(told.value)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("kill", [signal.SIGKILL, signal.SIGHUP])
@pytest.mark.parametrize("moment", ["as the server starts", "as the run writes"])
def test_the_embedded_server_ends_with_a_run_that_is_killed(kill, moment, tmp_path):
    written(tmp_path / "log.parquet", small_log(20_000))
    put_database(tmp_path)
    run = started(tmp_path)
    if moment == "as the run writes":  # a look at all processes may take longer than that
        wait_until(lambda: has_begun(tmp_path))
    wait_until(lambda: any("server_process" in each for each in processes_of(tmp_path)))
    run.send_signal(kill)
    run.communicate(timeout=60)
    deadline = time.monotonic() + 20
    while left := processes_of(tmp_path):
        assert time.monotonic() < deadline, left
        time.sleep(0.1)


def test_a_database_that_another_holds_for_a_while_only_makes_the_run_wait(alone, tmp_path):
    written(tmp_path / "log.parquet", small_log(5_000))
    put_database(tmp_path)
    run = started(tmp_path)
    wait_until(lambda: has_begun(tmp_path))
    path = tmp_path / "prefect/prefect.db"
    with sqlite3.connect(path, isolation_level=None, timeout=60) as database:
        database.execute("BEGIN EXCLUSIVE")
        time.sleep(15)
        assert run.poll() is None
        database.execute("ROLLBACK")
    _, err = run.communicate(timeout=200)
    assert (run.returncode, "Traceback" in err) == (0, False), err
    (published,) = list_runs(str(tmp_path / "out/log"))
    for dataset in ("findings", "scores", "incidents"):
        assert dataset_bytes(published, dataset) == dataset_bytes(alone, dataset)


def test_a_home_that_cannot_be_made_is_told_in_one_line(tmp_path):
    written(tmp_path / "log.parquet", small_log())
    (tmp_path / "home").write_text("no folder")
    home = {"HOME": str(tmp_path / "home"), "PREFECT_HOME": str(tmp_path / "home/prefect")}
    began = time.monotonic()
    run = started(tmp_path, **home)
    out, err = run.communicate(timeout=120)
    assert (run.returncode, out) == (2, "")
    (line,) = err.splitlines()
    assert "Prefect's database cannot be written (Not a " in line
    assert "or run with --direct" in line
    assert time.monotonic() - began < 100


@pytest.fixture
def no_signal_ignored():
    """Signals that are ignored here, as in a script's background, reach what is started."""
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    before = {number: signal.signal(number, signal.default_int_handler) for number in numbers}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("no_signal_ignored")
@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_run_that_is_told_to_end_says_so_and_leaves_nothing(tmp_path, stop):
    written(tmp_path / "log.parquet", small_log(20_000))
    run = started(tmp_path, "--direct")
    wait_until(lambda: has_begun(tmp_path))
    run.send_signal(stop)
    out, err = run.communicate(timeout=60)
    assert (run.returncode, out, err) == (128 + stop, "", "outfield: stopped\n")
    assert list((tmp_path / "out/log/runs").iterdir()) == []
