"""The lock of a job in an object store, between real processes."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from flows.storage.fs.lock import LOCK, job_lock
from flows.storage.fs.store_path import StorePath, place_of
from schemas.errors import OutputError

ROOT = Path(__file__).parents[4]
HOLD = (
    "from flows.storage.fs.lock import job_lock\nfrom flows.storage.fs.store_path import place_of\n"
)
HOLD += "with job_lock(place_of({!r}), 0): print('held', flush=True); input()"


@pytest.fixture
def job(s3) -> StorePath:
    s3.create_bucket(Bucket="locks")
    place = place_of(f"s3://locks/{os.urandom(4).hex()}/log")
    assert isinstance(place, StorePath)
    return place


@contextmanager
def holder(job: StorePath) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock of a job until it is killed or spoken to."""
    with subprocess.Popen(  # noqa: S603 - our own code
        [sys.executable, "-c", HOLD.format(str(job))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_the_second_says_who_holds_the_lock_and_gives_up(job):
    refused = pytest.raises(OutputError, match="another run is writing this job")
    with holder(job) as process, refused as caught, job_lock(job, 0):
        pytest.fail("two hold it")
    assert f"(process {process.pid} since " in str(caught.value)


def test_a_lock_that_is_given_back_is_free_and_leaves_nothing(job):
    with job_lock(job, 0), job_lock(job / "another", 0):
        pass
    with pytest.raises(ZeroDivisionError), job_lock(job, 0):
        raise ZeroDivisionError
    with job_lock(job, 0):
        pass
    assert list((job / LOCK).iterdir()) == []


def test_of_many_at_once_one_at_a_time_holds_it(job):
    inside: list[int] = []

    def write(number: int) -> int:
        with job_lock(job, 300):
            inside.append(number)
            time.sleep(0.05)
            found = len(inside)
            inside.remove(number)
        return found

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(write, range(6))) == [1] * 6


@pytest.mark.slow
def test_a_holder_that_is_killed_lets_go_after_a_minute(job):
    with holder(job) as process:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        began = time.monotonic()
        with job_lock(job, 90):
            waited = time.monotonic() - began
    assert 30 < waited < 75
    assert list((job / LOCK).iterdir()) == []


@pytest.mark.slow
def test_a_holder_that_lives_keeps_the_lock_for_longer_than_a_minute(job):
    with holder(job), pytest.raises(OutputError), job_lock(job, 70):
        pytest.fail("two hold it")
