"""Faults of storage that may pass, and how often a step is then repeated."""

import errno

import pytest

from flows.runtime import retry as patience
from flows.runtime.retry import may_pass, patiently
from flows.runtime.run_log import logging_of
from schemas.errors import InputError, LedgerError


def behind(cause: Exception) -> Exception:
    error = InputError("cannot be read", where="s3://events")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    "error",
    [
        TimeoutError("no answer"),
        ConnectionResetError(),
        behind(OSError("AWS Error SLOW_DOWN during UploadPart operation: not now")),
        behind(OSError("AWS Error NETWORK_CONNECTION during GetObject operation: curlCode: 18")),
        behind(OSError("AWS Error UNKNOWN (HTTP status 503) during HeadObject operation")),
        OSError(errno.ESTALE, "Stale file handle"),
    ],
)
def test_a_storage_that_does_not_answer_may_come_back(error):
    assert may_pass(error)


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        PermissionError(errno.EACCES, "Permission denied"),
        FileNotFoundError(errno.ENOENT, "No such file or directory"),
        behind(OSError("AWS Error ACCESS_DENIED during GetObject operation")),
        behind(OSError("AWS Error NO_SUCH_BUCKET during CreateMultipartUpload operation")),
        behind(OSError("Couldn't deserialize thrift: TProtocolException: Invalid data")),
        InputError("only 3 rows"),
        LedgerError("3 rows read"),
        ValueError("ours"),
    ],
)
def test_what_stays_wrong_is_not_waited_for(error):
    assert not may_pass(error)


class Flaky:
    def __init__(self, failures: int, error: Exception) -> None:
        self.failures, self.error, self.done = failures, error, 0

    def __call__(self) -> str:
        self.done += 1
        if self.done <= self.failures:
            raise self.error
        return "done"


@pytest.fixture
def pauses(monkeypatch) -> list[float]:
    waited: list[float] = []
    monkeypatch.setattr(patience.time, "sleep", waited.append)
    return waited


def test_a_step_is_done_three_times_with_longer_pauses_and_says_so(pauses, caplog):
    with logging_of("log", "R1"):
        assert patiently(Flaky(2, TimeoutError())) == "done"
    assert pauses == [2, 10]
    assert len(caplog.messages) == 2
    assert all(" run=R1 " in message for message in caplog.messages)


def test_the_third_failure_is_told(pauses):
    step = Flaky(9, TimeoutError("no answer"))
    with pytest.raises(TimeoutError):
        patiently(step)
    assert (step.done, pauses) == (3, [2, 10])


def test_what_cannot_pass_is_told_at_once(pauses):
    step = Flaky(9, InputError("bad"))
    with pytest.raises(InputError):
        patiently(step)
    assert (step.done, pauses) == (1, [])
