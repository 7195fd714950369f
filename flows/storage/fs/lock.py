"""The lock of a job: two runs never write OUTPUT/JOB at once.

It is the kernel's lock on the file OUTPUT/JOB/.lock, so it ends with its holder, also after a kill.
The file stays, and means nothing by itself. The lock holds between the processes of one machine,
and between machines where the output's file system passes such locks on. In an object store,
claims take its place: see `store_lock.py`.
"""

import fcntl
import os
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from logging import WARNING
from pathlib import Path

from flows.runtime.run_log import log
from flows.storage.fs.atomic import naming_output_errors
from flows.storage.fs.store_lock import Claim, pause
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
    if job_folder in _lent:
        yield
    elif isinstance(job_folder, StorePath):
        claim = Claim(job_folder / LOCK, _signature())
        _acquire(claim.acquired, pause, job_folder, patience)
        with claim.renewed():
            yield
    else:
        with _opened(job_folder) as descriptor:
            _acquire(partial(_acquired, descriptor, job_folder), _rest, job_folder, patience)
            _sign(descriptor)
            yield


def _acquire(
    acquired: Callable[[], str | None], rest: Callable[[], None], folder: Place, patience: float
) -> None:
    """Try to take a lock until there is no other holder whom the try names."""
    deadline = time.monotonic() + patience
    told = False
    while (holder := acquired()) is not None:
        who = holder or "process unknown"
        if time.monotonic() >= deadline:
            raise OutputError(
                f"another run is writing this job ({who})",
                where=str(folder),
                remedy="run it when that has ended; OUTFIELD_LOCK_WAIT says how long to wait",
            )
        if not told:
            log(f"another run is writing this job ({who}); waiting", WARNING, up_to=patience)
            told = True
        rest()


@contextmanager
def _opened(job_folder: Path) -> Iterator[int]:
    """Open the file that is locked; a link in its place is not followed, nor written through."""
    with naming_output_errors(job_folder):
        job_folder.mkdir(parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
        descriptor = os.open(job_folder / LOCK, flags, 0o666)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OutputError("is no plain file", where=str(job_folder / LOCK), remedy="remove it")
        yield descriptor
    finally:
        os.close(descriptor)


def _acquired(descriptor: int, job_folder: Path) -> str | None:
    return None if _try(descriptor, job_folder) else _holder(descriptor)


def _rest() -> None:
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
        os.pwrite(descriptor, _signature().encode(), 0)


def _signature() -> str:
    return f"process {os.getpid()} since {datetime.now(UTC):%H:%M:%S} UTC"


def _holder(descriptor: int) -> str:
    return os.pread(descriptor, 100, 0).decode(errors="replace")
