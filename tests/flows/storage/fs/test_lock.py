"""The lock of a job, between real processes."""

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from flows.runtime.run_log import logging_of
from flows.storage.fs.lock import LOCK, job_lock
from flows.storage.runs.reader import list_runs
from schemas.errors import OutputError
from tests.flows.sample_logs import dataset_bytes, small_log, written
from tests.flows.storage.fs.lock_holder import holder

ROOT = Path(__file__).parents[4]


def test_the_second_says_who_holds_the_lock_and_gives_up(tmp_path):
    with (
        holder(tmp_path) as process,
        pytest.raises(OutputError) as caught,
        job_lock(tmp_path, 0),
    ):
        pytest.fail("two hold it")
    assert f"another run is writing this job (process {process.pid} since " in str(caught.value)
    assert "OUTFIELD_LOCK_WAIT" in str(caught.value)


def test_the_second_waits_says_so_once_and_goes_on(tmp_path, caplog):
    with holder(tmp_path) as process, caplog.at_level(logging.WARNING, "outfield"):
        assert process.stdin is not None
        threading.Timer(0.7, process.stdin.write, ["\n"]).start()
        threading.Timer(0.8, process.stdin.flush).start()
        began = time.monotonic()
        with logging_of("nightly", "R1"), job_lock(tmp_path, 30):
            waited = time.monotonic() - began
    assert 0.6 < waited < 25
    (message,) = caplog.messages
    assert message.startswith(f"another run is writing this job (process {process.pid} since ")
    assert message.endswith("waiting job=nightly run=R1 up_to=30")


def test_a_holder_that_is_killed_lets_go(tmp_path):
    with holder(tmp_path) as process:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        with job_lock(tmp_path, 0):
            assert (tmp_path / LOCK).read_text().startswith(f"process {os.getpid()} since ")


def test_two_runs_in_one_process_exclude_each_other_too(tmp_path):
    with job_lock(tmp_path, 0), pytest.raises(OutputError), job_lock(tmp_path, 0):
        pytest.fail("two hold it")
    with job_lock(tmp_path, 0), job_lock(tmp_path / "another", 0):
        pass


def outfield_detect(tmp_path: Path, **more: str) -> subprocess.Popen[str]:
    location = written(tmp_path / "log.parquet", small_log())
    command = "import sys; from flows.cli.app import main; sys.exit(main(sys.argv[1:]))"
    return subprocess.Popen(  # noqa: S603 - our own code
        [sys.executable, "-c", command, "detect", location, "--output", tmp_path, "--direct"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, **more},
    )


@pytest.mark.slow
def test_a_run_waits_for_another_and_goes_on_when_that_is_killed(tmp_path):
    with holder(tmp_path / "log") as first, outfield_detect(tmp_path) as second:
        assert second.stderr is not None
        assert "another run is writing this job" in second.stderr.readline()
        assert second.poll() is None
        os.kill(first.pid, signal.SIGKILL)
        assert second.wait(timeout=60) == 0
    assert len(list_runs(str(tmp_path / "log"))) == 1


@pytest.mark.slow
def test_a_run_that_may_not_wait_ends_with_2_and_leaves_nothing(tmp_path):
    with holder(tmp_path / "log"), outfield_detect(tmp_path, OUTFIELD_LOCK_WAIT="0") as second:
        out, err = second.communicate(timeout=60)
    assert (second.returncode, out, err.count("\n")) == (2, "", 1)
    assert not (tmp_path / "log/runs").exists()


@pytest.mark.slow
def test_two_runs_at_once_are_both_whole(tmp_path):
    with outfield_detect(tmp_path) as one, outfield_detect(tmp_path) as other:
        assert {one.wait(timeout=60), other.wait(timeout=60)} == {0}
    first, second = list_runs(str(tmp_path / "log"))
    assert dataset_bytes(first, "findings") == dataset_bytes(second, "findings")


def test_an_error_frees_the_lock(tmp_path):
    with pytest.raises(ZeroDivisionError), job_lock(tmp_path, 0):
        raise ZeroDivisionError
    with job_lock(tmp_path, 0):
        pass


def test_a_job_that_cannot_be_written_is_an_output_error(tmp_path):
    (tmp_path / "job").write_text("")
    with pytest.raises(OutputError, match="cannot be written"), job_lock(tmp_path / "job", 0):
        pytest.fail("there is no such folder")


def test_a_link_in_place_of_the_lock_is_not_followed(tmp_path):
    (tmp_path / "job").mkdir()
    (tmp_path / "precious").write_text("precious")
    (tmp_path / "job" / LOCK).symlink_to(tmp_path / "precious")
    with pytest.raises(OutputError, match="cannot be written"), job_lock(tmp_path / "job", 0):
        pytest.fail("the lock is a link")
    assert (tmp_path / "precious").read_text() == "precious"


@pytest.mark.timeout(30)
def test_a_pipe_in_place_of_the_lock_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / LOCK)
    with pytest.raises(OutputError, match="is no plain file"), job_lock(tmp_path, 0):
        pytest.fail("the lock is a pipe")
