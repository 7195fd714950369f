"""Processes that are told to end, whatever they wait for."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from flows.runtime import stopping
from tests.flows.faulty_store import Proxied, faulty_store, forward
from tests.flows.sample_logs import small_log, written

ROOT = Path(__file__).parents[3]
WAITING_IN_A_LIBRARY = """
import ctypes, sys
from pathlib import Path
from flows.runtime.stopping import ended_by_signals, removed_at_last

half = Path(sys.argv[1])
half.write_text("half")
mutex = ctypes.create_string_buffer(64)  # locked twice by one thread, it waits for ever
lock = ctypes.CDLL(None).pthread_mutex_lock
with ended_by_signals(), removed_at_last(half.unlink):
    lock(mutex)
    print("waiting", flush=True)
    lock(mutex)
"""
DETECT = "import sys; from flows.cli.app import main; sys.exit(main(sys.argv[1:]))"


def python(code: str, *arguments: str, **more: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(  # noqa: S603 - our own code
        [sys.executable, "-c", code, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, **more},
    )


def wait_until_asleep(pid: int) -> None:
    """Wait until the main thread of a process sleeps, and has slept for half a second."""
    asleep = 0
    while asleep < 5:
        state = Path(f"/proc/{pid}/task/{pid}/stat").read_text(encoding="utf-8")
        asleep = asleep + 1 if state.rpartition(")")[2].split()[0] == "S" else 0
        time.sleep(0.1)


def test_what_is_granted_to_a_process_that_is_told_to_end_is_less_than_half_a_minute():
    """The tests below wait until it has ended: how long that takes depends on the machine."""
    assert stopping._SECONDS_TO_END + stopping._SECONDS_TO_REMOVE < 30


@pytest.mark.slow
@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGHUP])
def test_a_process_that_waits_in_a_library_ends(stop, tmp_path):
    default = "import signal; signal.signal(signal.SIGHUP, signal.SIG_DFL)\n"  # even under `nohup`
    with python(default + WAITING_IN_A_LIBRARY, str(tmp_path / "half")) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "waiting\n"
        wait_until_asleep(process.pid)
        process.send_signal(stop)
        _, err = process.communicate(timeout=300)
    assert (process.returncode, err) == (128 + stop, "outfield: stopped\n")
    assert not (tmp_path / "half").exists()


@pytest.mark.slow
def test_a_run_on_a_store_that_does_not_answer_ends_before_that_does(s3, s3_endpoint, tmp_path):
    s3.create_bucket(Bucket="logs")
    s3.upload_file(written(tmp_path / "a.parquet", small_log()), "logs", "a.parquet")
    asked = []

    def silent(request: Proxied) -> None:
        asked.append(request.path)
        time.sleep(500)
        forward(request)

    with faulty_store(s3_endpoint) as store:
        store.faults, store.share = [silent], 1.0
        arguments = ("detect", "s3://logs/a.parquet", "--output", str(tmp_path / "out"), "--direct")
        with python(DETECT, *arguments, AWS_ENDPOINT_URL=store.endpoint) as process:
            while not asked:
                time.sleep(0.05)
            process.send_signal(signal.SIGTERM)
            _, err = process.communicate(timeout=300)
    assert (process.returncode, err) == (143, "outfield: stopped\n")


def test_a_signal_that_is_ignored_stays_ignored(tmp_path):
    code = (
        "import os, signal\nfrom flows.runtime.stopping import ended_by_signals\n"
        "signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "with ended_by_signals(): os.kill(os.getpid(), signal.SIGHUP); print('on')\n"
    )
    with python(code) as process:
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (0, "on\n", "")
