"""Threads, processes and a Dask cluster do the same work; and what happens when some are killed."""

import os
import signal
import subprocess
import time
from pathlib import Path
from threading import Timer

import numpy as np
import pyarrow as pa
import pytest
from distributed.core import Status
from distributed.scheduler import KilledWorker, WorkerState

from flows.orchestration.launch import runner_of
from flows.runtime.dask import ClusterRunner, connected, naming_lost_workers
from flows.runtime.processes import process_runner
from flows.runtime.runner import DirectRunner
from flows.runtime.settings import Settings
from flows.runtime.work import Step, shares
from flows.steps.records import CHUNK_ROWS
from flows.storage.runs.reader import PublishedRun, find_run, list_runs
from schemas.errors import ServerError, WorkerError
from tests.flows.dask_cluster import dask_cluster
from tests.flows.prefect_processes import (
    OUTFIELD_SCRIPT,
    free_port,
    hostile_modules,
    plain_environment,
    prefect_server_process,
    processes_of,
    put_database,
)
from tests.flows.sample_logs import dataset_bytes, detect, job, written

pytestmark = pytest.mark.slow

CHUNKS = 5
"""One more than a single worker is given tasks: one of them holds two parts."""


@pytest.fixture(scope="module")
def log(tmp_path_factory) -> str:
    """A log in several chunks, with rows that are rejected in each; its path."""
    rng = np.random.default_rng(0)
    n = CHUNKS * (CHUNK_ROWS // 2 + 1)  # two row groups do not fit a chunk
    sizes = rng.normal(9, 2, n)
    seconds = np.datetime64("2026-01-05T00:00:00", "s") + np.arange(n)
    times = pa.array(seconds.astype("datetime64[us]"), mask=np.arange(n) % 10_000 == 0)
    users = pa.array([f"u{i}" for i in range(9)]).take(pa.array(rng.integers(0, 9, n)))
    table = pa.table({"user": users, "size": sizes, "time": times})
    folder = tmp_path_factory.mktemp("log")
    return written(folder / "log.parquet", table, row_group_size=CHUNK_ROWS // 2 + 1)


def run_bytes(run: PublishedRun) -> dict[str, dict[str, bytes]]:
    datasets = ("findings", "scores", "quarantine")
    return {dataset: dataset_bytes(run, dataset) for dataset in datasets}


@pytest.fixture(scope="module")
def expected(log, tmp_path_factory) -> dict[str, dict[str, bytes]]:
    """The output of one thread."""
    run = detect(job(log, tmp_path_factory.mktemp("one")), DirectRunner(1))
    written_bytes = run_bytes(run)
    assert len(written_bytes["scores"]) == len(written_bytes["quarantine"]) == CHUNKS
    return written_bytes


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    with dask_cluster(tmp_path_factory.mktemp("dask"), workers=2) as started:
        yield started


def test_threads_write_the_same_bytes(log, expected, tmp_path, monkeypatch):
    monkeypatch.setenv("OUTFIELD_WORKERS", "3")
    with runner_of(Settings.from_environment()) as runner:
        run = detect(job(log, tmp_path), runner)
    assert run_bytes(run) == expected


def test_a_process_with_two_parts_in_a_task_writes_the_same_bytes(log, expected, tmp_path):
    assert max(map(len, shares(CHUNKS, 1, CHUNKS))) == 2
    with process_runner(1, CHUNKS) as runner:
        run = detect(job(log, tmp_path), runner)
    assert run_bytes(run) == expected


def pid_for(_part: int) -> int:
    return os.getpid()


def test_a_single_part_is_carried_out_where_the_run_is():
    with process_runner(1, 1) as runner:
        assert list(runner.each(Step("part", pid_for), 1)) == [(0, os.getpid())]
        assert os.getpid() not in [process for _, process in runner.each(Step("part", pid_for), 2)]


def test_a_cluster_writes_the_same_bytes_from_a_path_relative_to_where_the_run_is_started(
    log, expected, cluster, tmp_path, monkeypatch
):
    monkeypatch.chdir(Path(log).parent)
    with connected(cluster.address) as client:
        run = detect(job("log.parquet", tmp_path), ClusterRunner(client))
    assert run_bytes(run) == expected


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with prefect_server_process(tmp_path_factory.mktemp("server")) as api:
        yield api


def started(log: str, output: Path, *options: str, **environment: str) -> "subprocess.Popen[str]":
    """Start the command with a home of its own, among hostile modules; name the job `log`."""
    home = output / "home"
    put_database(home)
    hostile_modules(home)
    return subprocess.Popen(  # noqa: S603 - our own code
        [OUTFIELD_SCRIPT, "detect", log, "--output", output, "--name", "log", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=home,
        env=plain_environment(home, **environment),
        start_new_session=True,
    )


def finished(process: "subprocess.Popen[str]") -> tuple[int, str]:
    """Wait for the command; give its exit code and what it said on standard error."""
    _, said = process.communicate(timeout=300)
    return process.returncode, said


def module_was_run(output: Path) -> bool:
    """Tell whether a command ran a module of the folder that it was started in."""
    return (output / "home/executed").exists()


def test_through_prefect_processes_write_the_same_bytes_and_run_no_module_of_the_working_folder(
    log, expected, tmp_path
):
    command = started(log, tmp_path, OUTFIELD_RUNNER="processes", OUTFIELD_WORKERS="2")
    seen: set[str] = set()
    while command.poll() is None:
        seen.update(processes_of(tmp_path / "home"))
        time.sleep(0.1)
    assert finished(command) == (0, "")
    assert run_bytes(find_run(str(tmp_path / "log"))) == expected
    assert not module_was_run(tmp_path)
    assert [line for line in seen if "server_process.py" in line]
    assert not [line for line in seen if "uvicorn" in line], "Prefect started a server of its own"


def test_through_prefect_a_cluster_loses_a_worker_and_writes_the_same_bytes(
    log, expected, cluster, server, tmp_path
):
    victim = cluster.add_worker()
    environment = {
        "OUTFIELD_RUNNER": "dask",
        "OUTFIELD_DASK_ADDRESS": cluster.address,
        "PREFECT_API_URL": server,
    }
    command = started(log, tmp_path / "out", **environment)
    wait_for_a_part(tmp_path / "out")
    victim.kill()
    assert finished(command) == (0, "")
    assert run_bytes(find_run(str(tmp_path / "out/log"))) == expected


def wait_for_a_part(output: Path) -> None:
    """Wait until a run below `output` has written some of its scores and not yet all."""
    deadline = time.monotonic() + 300
    while not any(output.glob("log/runs/.*.partial/scores/*.parquet")):
        assert time.monotonic() < deadline, "no part was written"
        time.sleep(0.01)


def test_a_cluster_that_loses_a_worker_writes_the_same_bytes(log, expected, cluster, tmp_path):
    class Killing(ClusterRunner):
        """Kills a worker when the first part is scored."""

        def each(self, step, n, *arguments):
            for first, part in enumerate(super().each(step, n, *arguments)):
                if first == 0:
                    victim.kill()
                yield part

    victim = cluster.add_worker()
    with connected(cluster.address) as client:
        run = detect(job(log, tmp_path / "out"), Killing(client, parts_in_task=1))
    assert victim.wait(timeout=10) == -signal.SIGKILL
    assert run_bytes(run) == expected
    assert [path.name for path in (tmp_path / "out/log/runs").iterdir()] == [run.folder.name]


@pytest.mark.parametrize("runner", ["processes", "dask"])
def test_after_a_run_whose_driver_was_killed_the_next_is_clean(
    log, expected, cluster, tmp_path, runner
):
    environment = {"OUTFIELD_RUNNER": runner, "OUTFIELD_DASK_ADDRESS": cluster.address}
    command = started(log, tmp_path, "--direct", OUTFIELD_WORKERS="2", **environment)
    wait_for_a_part(tmp_path)
    command.kill()
    command.communicate(timeout=60)
    assert list_runs(str(tmp_path / "log")) == []
    wait_until_alone(tmp_path)

    left = {path.name for path in (tmp_path / "log/runs").iterdir()}
    assert left
    assert all(name.startswith(".") for name in left)
    with connected(cluster.address) as client:
        run = detect(job(log, tmp_path), ClusterRunner(client))
    assert run_bytes(run) == expected
    assert [found.manifest.run_id for found in list_runs(str(tmp_path / "log"))] == [
        run.manifest.run_id
    ]


def wait_until_alone(home: Path) -> None:
    """Wait until no process is left that was started with `home`."""
    deadline = time.monotonic() + 30
    while processes_of(home):
        assert time.monotonic() < deadline, processes_of(home)
        time.sleep(0.1)


def test_a_killed_process_is_told_in_one_line_leaves_nothing_and_ran_no_module_of_the_folder(
    log, tmp_path
):
    command = started(log, tmp_path, "--direct", OUTFIELD_RUNNER="processes", OUTFIELD_WORKERS="2")
    wait_for_a_part(tmp_path)
    victims = children_of(command.pid)
    os.kill(victims[0], signal.SIGKILL)
    code, said = finished(command)
    assert code == 2
    (line,) = said.splitlines()
    assert "a worker process was killed" in line
    assert list((tmp_path / "log/runs").iterdir()) == []
    assert not module_was_run(tmp_path)
    wait_until_alone(tmp_path)


def children_of(pid: int) -> list[int]:
    """List the processes that a process has spawned to work for it."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == pid and b"spawn_main" in (process / "cmdline").read_bytes():
                found.append(int(process.name))
        except OSError:
            continue
    return found


def test_a_scheduler_that_does_not_answer_is_named(monkeypatch):
    monkeypatch.setattr("flows.runtime.dask._SECONDS_TO_CONNECT", 1)
    with (
        pytest.raises(ServerError, match="OUTFIELD_DASK_ADDRESS: no Dask scheduler answers at"),
        connected(f"tcp://127.0.0.1:{free_port()}"),
    ):
        pass


def rest(seconds: float) -> None:
    time.sleep(seconds)


def test_a_cluster_without_workers_is_told_and_a_scheduler_that_is_lost_is_named(tmp_path, caplog):
    with dask_cluster(tmp_path, workers=0) as cluster:
        with connected(cluster.address):
            told = "the Dask scheduler has no worker yet; the run waits for one"
            assert caplog.messages == [told]
        cluster.add_worker()
        lost = pytest.raises(ServerError, match="the Dask scheduler was lost")
        with lost, connected(cluster.address) as client:
            Timer(2, cluster.kill_scheduler).start()
            ClusterRunner(client).call(Step("rest", rest), 60.0)


def test_a_worker_with_little_memory_is_told(tmp_path, caplog):
    with dask_cluster(tmp_path, workers=0) as cluster:
        cluster.add_worker("--memory-limit", "0")  # none is set
        cluster.add_worker("--memory-limit", "4GiB")
        with connected(cluster.address):
            assert not caplog.messages
        cluster.add_worker("--memory-limit", "600MiB")
        with connected(cluster.address) as client:
            workers = client.scheduler_info(n_workers=-1)["workers"]
            [small] = [each for each in workers if workers[each]["memory_limit"] == 600 * 2**20]
        assert caplog.messages == [
            f"the Dask worker {small} has 600 MiB for 1 thread and may need 700 MiB; start"
            " workers with a higher --memory-limit, or a lower --nthreads"
        ]


def test_an_error_over_lost_workers_says_what_memory_they_had():
    worker = WorkerState(
        address="tcp://127.0.0.1:1", status=Status.closed, pid=1, name="w", nthreads=2,
        memory_limit=500 * 2**20, local_directory="", nanny=None, server_id="w",
    )  # fmt: skip
    told = "for want of memory; the last had 500 MiB for 2 threads; start workers with a higher"
    with pytest.raises(WorkerError, match=told), naming_lost_workers():
        raise KilledWorker("a task", worker, 3)


def test_workers_of_another_version_are_refused(cluster, monkeypatch):
    monkeypatch.setattr("flows.runtime.dask._own_version", lambda: "9.9")
    with (
        pytest.raises(WorkerError, match=r"has outfield \S+; install outfield 9.9 there"),
        connected(cluster.address),
    ):
        pass


def test_through_prefect_a_cluster_needs_a_server_that_lasts(log, cluster, tmp_path):
    environment = {"OUTFIELD_RUNNER": "dask", "OUTFIELD_DASK_ADDRESS": cluster.address}
    code, said = finished(started(log, tmp_path, **environment))
    assert code == 2
    (line,) = said.splitlines()
    assert "PREFECT_API_URL: the workers of a cluster need a Prefect server that lasts" in line
