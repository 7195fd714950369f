"""The environment, read once: how many workers, and how Prefect behaves where nobody set it."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass

from schemas.errors import JobError

_NO_TELEMETRY = {"PREFECT_SERVER_ANALYTICS_ENABLED": "false", "DO_NOT_TRACK": "1"}
_PREFECT_DEFAULTS = {
    # A first start migrates the database: half a minute on a slow machine, where 20 s are granted.
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
    # Results are paths and small objects of one run; none outlives it, and none is pickled to disk.
    "PREFECT_RESULTS_PERSIST_BY_DEFAULT": "false",
    "PREFECT_RESULTS_DEFAULT_SERIALIZER": "json",
    # Its log repeats each error with a traceback; the command line says it in one line.
    "PREFECT_LOGGING_LEVEL": "CRITICAL",
}


@dataclass(frozen=True)
class Settings:
    """What the environment says."""

    workers: int
    """Chunks scored at a time (`OUTFIELD_WORKERS`; the cores of the machine by default)."""

    @classmethod
    def from_environment(cls) -> "Settings":
        """Read `OUTFIELD_WORKERS`.

        Raises
        ------
        JobError
            It is not a number from 1 on.
        """
        asked = os.environ.get("OUTFIELD_WORKERS", "")
        if not asked:
            return cls(_cores())
        if not re.fullmatch("[1-9][0-9]{0,3}", asked):
            raise JobError(
                f"{asked!r} is not a number of workers",
                where="OUTFIELD_WORKERS",
                remedy="set it to 1 or more, or to nothing for one for each core",
            )
        return cls(int(asked))


def _cores() -> int:
    has_affinity = hasattr(os, "sched_getaffinity")
    return len(os.sched_getaffinity(0)) if has_affinity else os.cpu_count() or 1


def forbid_telemetry() -> None:
    """Keep Prefect from reporting to its makers, unless the user has decided otherwise."""
    _set_where_unset(_NO_TELEMETRY)


def prepare_prefect() -> None:
    """Set what Prefect reads at its import, where the user has not set it."""
    _set_where_unset(_NO_TELEMETRY | _PREFECT_DEFAULTS)


def _set_where_unset(variables: Mapping[str, str]) -> None:
    for name, value in variables.items():
        os.environ.setdefault(name, value)
