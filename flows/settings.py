"""The environment, read once: how many workers, and how Prefect behaves where nobody set it."""

import os
from dataclasses import dataclass

_PREFECT_DEFAULTS = {
    # Nothing leaves the machine unasked.
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    # A first start migrates the database: half a minute on a slow machine, where 20 s are granted.
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
    # Results are paths and small objects of one run; none outlives it, and none is pickled to disk.
    "PREFECT_RESULTS_PERSIST_BY_DEFAULT": "false",
    "PREFECT_RESULTS_DEFAULT_SERIALIZER": "json",
}
_QUIET_PREFECT = {"PREFECT_LOGGING_LEVEL": "CRITICAL"}
"""Its log repeats each error with a traceback; the command line says it in one line."""


@dataclass(frozen=True)
class Settings:
    """What the environment says."""

    workers: int
    """Chunks scored at a time (`OUTFIELD_WORKERS`; the cores of the machine by default)."""

    @classmethod
    def from_environment(cls) -> "Settings":
        """Read `OUTFIELD_WORKERS`; anything but a positive number counts as not set."""
        asked = os.environ.get("OUTFIELD_WORKERS", "")
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
        return cls(int(asked) if asked.isdigit() and int(asked) > 0 else cores or 1)


def prepare_prefect(*, quiet: bool) -> None:
    """Set what Prefect reads at its import, where the user has not set it.

    Parameters
    ----------
    quiet
        Whether its own log stays silent.
    """
    for name, value in (_PREFECT_DEFAULTS | (_QUIET_PREFECT if quiet else {})).items():
        os.environ.setdefault(name, value)
