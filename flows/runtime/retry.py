"""Faults of storage that may pass by themselves, and waiting for it.

A request that fails is tried again by the store's own client: Amazon's, in Arrow, gives up after
some thirty tries in seven seconds. What lasts longer is for the step as a whole: it is repeated.
"""

import errno
import re
import time
from collections.abc import Callable
from logging import WARNING
from typing import TypeVar

from flows.runtime.run_log import log
from schemas.errors import DamagedFileError

T = TypeVar("T")

PAUSES = (2, 10)
"""Seconds before a step is tried again, the second and the third time."""
_PASSING = {
    errno.EAGAIN,
    errno.EHOSTUNREACH,
    errno.EIO,
    errno.ENETDOWN,
    errno.ENETUNREACH,
    errno.ESTALE,
    errno.ETIMEDOUT,
}
"""What the system says of a disk in the network that is away for a moment."""
_STORE = re.compile(r"(AWS|Azure|GCS) Error|google::cloud::Status", re.IGNORECASE)
_FINAL = re.compile(
    r"ACCESS_DENIED|PERMISSION_DENIED|NO_SUCH|NOT_FOUND|INVALID_ACCESS_KEY|SIGNATURE|EXPIRED_TOKEN"
)


def may_pass(error: BaseException) -> bool:
    """Tell whether a failure may pass by itself: storage that did not answer, not bad input."""
    if isinstance(error, DamagedFileError):
        return False
    # Storage says its faults as errors of the user's kind; the system's own stands behind them.
    cause = error.__cause__ or error
    if isinstance(cause, ConnectionError | TimeoutError):
        return True
    if not isinstance(cause, OSError):
        return False
    said = str(cause)
    return cause.errno in _PASSING or bool(_STORE.search(said) and not _FINAL.search(said))


def patiently(work: Callable[[], T]) -> T:
    """Do some work, and again where it fails by what may pass."""
    for pause in PAUSES:
        try:
            return work()
        except Exception as error:
            if not may_pass(error):
                raise
            log("storage did not answer; trying again", WARNING, seconds=pause)
            time.sleep(pause)
    return work()
