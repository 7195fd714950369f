"""Programs measured whole: how long, how much of the processor, how much memory at the most."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

_MEBIBYTE = 2**20
_MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024
_LONGEST_REASON = 200


@dataclass(frozen=True)
class Measured:
    """One run of a program."""

    seconds: float
    cpu_seconds: float
    """Of all its processes that ended before it."""
    peak_mib: float
    """Of the largest of its processes."""
    failed: str = ""
    """Why there is no result; empty if there is one."""


def measure(command: Sequence[str], limit: float, folder: Path) -> Measured:
    """Run a command from the project's root and measure it; after `limit` seconds it is killed."""
    log = folder / "stderr.txt"
    began = perf_counter()
    with log.open("wb") as errors:
        child = subprocess.Popen(  # noqa: S603 - the commands are this module's callers' own
            command, stdout=subprocess.DEVNULL, stderr=errors, start_new_session=True
        )
        over_time = threading.Event()

        def stop() -> None:
            over_time.set()
            os.killpg(child.pid, signal.SIGKILL)

        timer = threading.Timer(limit, stop)
        timer.start()
        _, status, usage = os.wait4(child.pid, 0)
        seconds = perf_counter() - began
        timer.cancel()
        child.returncode = os.waitstatus_to_exitcode(status)
    failed = f"over {limit:g} s" if over_time.is_set() else ""
    if child.returncode and not failed:
        last = log.read_text(errors="replace").strip().splitlines()[-1:]
        failed = "".join(last)[:_LONGEST_REASON] or f"exit code {child.returncode}"
    peak = usage.ru_maxrss * _MAXRSS_UNIT / _MEBIBYTE
    return Measured(seconds, usage.ru_utime + usage.ru_stime, peak, failed)
