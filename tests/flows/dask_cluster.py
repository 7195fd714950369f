"""A Dask cluster of this machine: a scheduler and workers, each a process of its own."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

DASK = Path(sys.executable).with_name("dask")
_ROOT = Path(__file__).parents[2]
_LISTEN = ["--host", "127.0.0.1", "--no-dashboard"]


class DaskCluster:
    """A scheduler that listens on this machine alone, and its workers.

    Parameters
    ----------
    folder
        Where the processes run and keep their logs: not where the tests run, so that a relative
        path means nothing to them.
    options
        Of the scheduler, beside those that keep it on this machine.
    """

    def __init__(self, folder: Path, *options: str) -> None:
        self._folder = folder
        self._processes: list[subprocess.Popen[bytes]] = []
        log = self._start("scheduler", *_LISTEN, "--port", "0", *options)
        self.address = _found(r"Scheduler at:\s+(tcp://\S+)", log)

    def add_worker(self, *options: str) -> "subprocess.Popen[bytes]":
        """Start a worker with one thread, without a nanny that would start it again."""
        own = ["--nthreads", "1", "--no-nanny", "--local-directory", str(self._folder)]
        log = self._start("worker", self.address, *own, *_LISTEN, *options)
        _found(r"Registered to:\s+(tcp://\S+)", log)
        return self._processes[-1]

    def kill_scheduler(self) -> None:
        """End the scheduler outright."""
        self._processes[0].kill()

    def stop(self) -> None:
        """End all processes."""
        for process in reversed(self._processes):
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.terminate()
        for process in self._processes:
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _start(self, *arguments: str) -> Path:
        log = self._folder / f"{len(self._processes)}-{arguments[0]}.log"
        with log.open("wb") as file:
            process = subprocess.Popen(  # noqa: S603 - our own command
                [DASK, *arguments],
                stdout=file,
                stderr=file,
                cwd=self._folder,
                env={**os.environ, "PREFECT_LOGGING_LEVEL": "CRITICAL", "PYTHONPATH": str(_ROOT)},
                start_new_session=True,
            )
        self._processes.append(process)
        return log


@contextmanager
def dask_cluster(folder: Path, workers: int, *options: str) -> Iterator[DaskCluster]:
    """Yield a cluster of so many workers; the options are the scheduler's."""
    folder.mkdir(parents=True, exist_ok=True)
    cluster = DaskCluster(folder, *options)
    try:
        for _ in range(workers):
            cluster.add_worker()
        yield cluster
    finally:
        cluster.stop()


def _found(pattern: str, log: Path) -> str:
    """Wait until a process has logged what is looked for."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if found := re.search(pattern, log.read_text()):
            return found[1]
        time.sleep(0.05)
    raise AssertionError(log.read_text())
