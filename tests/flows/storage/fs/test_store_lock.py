"""The lock of a job in an object store, between real processes."""

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from flows.storage.fs.lock import LOCK, job_lock
from flows.storage.fs.store_path import StorePath, place_of
from schemas.errors import OutputError
from tests.flows.storage.fs.lock_holder import holder


@pytest.fixture
def job(s3) -> StorePath:
    s3.create_bucket(Bucket="locks")
    place = place_of(f"s3://locks/{os.urandom(4).hex()}/log")
    assert isinstance(place, StorePath)
    return place


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
