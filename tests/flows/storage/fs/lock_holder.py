"""A process that holds the lock of a job."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flows.storage.fs.store_path import Place

_ROOT = Path(__file__).parents[4]
_HOLD = """
from flows.storage.fs.lock import job_lock
from flows.storage.fs.store_path import place_of
with job_lock(place_of({!r}), 0):
    print("held", flush=True)
    input()
"""


@contextmanager
def holder(job: Place) -> Iterator["subprocess.Popen[str]"]:
    """Another process that holds the lock of a job until it is killed or spoken to."""
    with subprocess.Popen(  # noqa: S603 - our own code
        [sys.executable, "-c", _HOLD.format(str(job))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=_ROOT,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()
