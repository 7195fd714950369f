"""Runs of `outfield detect` in processes of their own, killed outright at a chosen point.

The commands come from one process that has imported everything and forks: only what a run does
takes time, so that many can be killed.
"""

import json
import math
import mmap
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
_CHANGES = ("open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.truncate")
"""What Python tells its audit hooks of, before it is done."""


@dataclass(frozen=True)
class Ended:
    """The end of a process."""

    killed: bool
    code: int
    changes: int
    """Files that it had opened, made, renamed or removed below its output."""
    seconds: float


class Killable:
    """The process that forks."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def run(
        self,
        tokens: list[str],
        *,
        changes: int | None = None,
        seconds: float | None = None,
        memory: int | None = None,
    ) -> Ended:
        """Run a command; kill it before that change of the output, or so long after it began.

        Or let it have so many bytes of memory more than it begins with.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        order = {"tokens": tokens, "changes": changes, "seconds": seconds, "memory": memory}
        print(json.dumps(order), file=self._process.stdin, flush=True)
        return Ended(**json.loads(self._process.stdout.readline()))


@contextmanager
def killable(log: Path) -> Iterator[Killable]:
    """Start the process that forks; what the commands say goes to `log`."""
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(  # noqa: S603 - our own code
        [sys.executable, "-m", __name__, str(log)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=environment,
    ) as process:
        yield Killable(process)
        assert process.stdin is not None
        process.stdin.close()


def _serve(log: Path) -> None:
    from flows.orchestration import launch  # noqa: F401, PLC0415 - before the fork, not in each child
    from flows.report.chart_library import chart_library  # noqa: PLC0415

    chart_library()
    for line in sys.stdin:
        print(json.dumps(_fork(json.loads(line), log)), flush=True)


def _fork(order: dict[str, Any], log: Path) -> dict[str, Any]:
    counted = mmap.mmap(-1, 8)
    began = time.monotonic()
    child = os.fork()
    if child == 0:
        _be_the_command(order, log, counted)
    limit = math.inf if order["seconds"] is None else order["seconds"]
    ended, status = os.waitpid(child, os.WNOHANG)
    while not ended:
        if time.monotonic() - began >= limit:
            os.kill(child, signal.SIGKILL)
        time.sleep(0.002)
        ended, status = os.waitpid(child, os.WNOHANG)
    return {
        "killed": os.WIFSIGNALED(status),
        "code": os.waitstatus_to_exitcode(status),
        "changes": int.from_bytes(counted[:], "little"),
        "seconds": time.monotonic() - began,
    }


def _be_the_command(order: dict[str, Any], log: Path, counted: mmap.mmap) -> None:
    said = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(said, stream)
    tokens = order["tokens"]
    output = tokens[tokens.index("--output") + 1]
    changes = 0

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal changes
        if event in _CHANGES and str(arguments[0]).startswith(output):
            changes += 1
            counted[:] = changes.to_bytes(8, "little")
            if changes == order["changes"]:
                os.kill(os.getpid(), signal.SIGKILL)

    if order["memory"] is not None:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        most = pages * os.sysconf("SC_PAGE_SIZE") + order["memory"]
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
    sys.addaudithook(watch)
    from flows.cli.app import main  # noqa: PLC0415

    code = main(tokens)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    _serve(Path(sys.argv[1]))
