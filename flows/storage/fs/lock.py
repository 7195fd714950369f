"""The lock of a job: two runs never write OUTPUT/JOB at once.

It is the kernel's lock on the file OUTPUT/JOB/.lock, so it ends with its holder, also after a kill.
The file stays, and means nothing by itself. The lock holds between the processes of one machine,
and between machines where the output's file system passes such locks on. An object store has no
locks: there two runs may be written side by side, each in a folder of its own.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from logging import WARNING
from pathlib import Path

from flows.runtime.run_log import log
from flows.storage.fs.atomic import naming_output_errors
from flows.storage.fs.store_path import Place, StorePath
from schemas.errors import OutputError

LOCK = ".lock"
_PAUSE = 0.2


_lent: list[Place] = []
"""The jobs that this process writes under the lock of the one that started it."""


def lend_lock(job_folder: Place) -> None:
    """Let this process write a job under the lock that the one which started it holds for it.

    It must end when that does.
    """
    _lent.append(job_folder)


@contextmanager
def job_lock(job_folder: Place, patience: float) -> Iterator[None]:
    """Hold the lock of a job; wait for another holder, and say so.

    Parameters
    ----------
    job_folder
        OUTPUT/JOB; made if it is not there.
    patience
        Seconds to wait.

    Raises
    ------
    OutputError
        Another run still holds the lock, or the file cannot be written.
    """
    if isinstance(job_folder, StorePath) or job_folder in _lent:
        yield
        return
    with naming_output_errors(job_folder):
        job_folder.mkdir(parents=True, exist_ok=True)
        file = (job_folder / LOCK).open("a+b")
    with file:
        _acquire(file.fileno(), job_folder, patience)
        _sign(file.fileno())
        yield


def _acquire(descriptor: int, job_folder: Path, patience: float) -> None:
    deadline = time.monotonic() + patience
    told = False
    while not _try(descriptor, job_folder):
        if time.monotonic() >= deadline:
            raise OutputError(
                f"another run is writing this job ({_holder(descriptor)})",
                where=str(job_folder),
                remedy="run it when that has ended; OUTFIELD_LOCK_WAIT says how long to wait",
            )
        if not told:
            who = _holder(descriptor)
            log(f"another run is writing this job ({who}); waiting", WARNING, up_to=patience)
            told = True
        time.sleep(_PAUSE)


def _try(descriptor: int, job_folder: Path) -> bool:
    try:
        with naming_output_errors(job_folder):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OutputError as error:
        if isinstance(error.__cause__, BlockingIOError):
            return False
        raise
    return True


def _sign(descriptor: int) -> None:
    """Leave word of who holds the lock, for those who wait."""
    with suppress(OSError):  # a full disk: the lock holds without
        os.ftruncate(descriptor, 0)
        os.write(
            descriptor, f"process {os.getpid()} since {datetime.now(UTC):%H:%M:%S} UTC".encode()
        )


def _holder(descriptor: int) -> str:
    return os.pread(descriptor, 100, 0).decode(errors="replace") or "process unknown"
