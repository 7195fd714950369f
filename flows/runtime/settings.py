"""Settings from the environment: the runner, its workers, and defaults of Prefect's own."""

import os
import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args
from urllib.parse import urlsplit

from pydantic_core import PydanticCustomError

from schemas.errors import JobError
from schemas.job.durations import seconds_of

Workers = Literal["threads", "processes", "dask"]

_NO_TELEMETRY = {"PREFECT_SERVER_ANALYTICS_ENABLED": "false", "DO_NOT_TRACK": "1"}
_PREFECT_DEFAULTS = {
    # A first start migrates the database: half a minute on a slow machine, where 20 s are granted.
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
    # Results are paths and small objects of one run; none outlives it, and none is pickled to disk.
    "PREFECT_RESULTS_PERSIST_BY_DEFAULT": "false",
    "PREFECT_RESULTS_DEFAULT_SERIALIZER": "json",
    # Its log repeats each error with a traceback; the command line says it in one line.
    "PREFECT_LOGGING_LEVEL": "CRITICAL",
    # Its services log under names of their own, such as `EventsWorker` (a slow end, after Ctrl-C).
    "PREFECT_LOGGING_ROOT_LEVEL": "CRITICAL",
    # It keeps ours beside the flow run.
    "PREFECT_LOGGING_EXTRA_LOGGERS": "outfield",
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",  # a run may also go without Prefect
}
_WORKING_FOLDER = "OUTFIELD_WORKING_FOLDER"
"""The variable in which `outfield serve` tells its runs where it was started."""
_SAFE_PATH = "PYTHONSAFEPATH"
"""A worker is started as `python -c`, Prefect's server and runs as `python -m`. Both look in the
working folder first: they would run a `uvicorn.py` or a package `flows` that lies there."""
_SERVING_DEFAULTS = {
    # A served run has no terminal: its events stand in the log, and on Prefect's page.
    "PREFECT_LOGGING_LEVEL": "INFO",
    "PREFECT_LOGGING_ROOT_LEVEL": "WARNING",
}


@dataclass(frozen=True)
class Settings:
    """The settings of outfield in the environment.

    The runner is no setting of a job: the same job file gives the same findings on each runner.
    """

    runner: Workers
    """The runner of the steps: `threads`, `processes` or `dask` (`OUTFIELD_RUNNER`; `threads`)."""
    workers: int
    """Chunks scored at a time on this machine (`OUTFIELD_WORKERS`; its cores)."""
    dask_address: str
    """The scheduler that the runner `dask` works for (`OUTFIELD_DASK_ADDRESS`)."""
    lock_wait: float
    """The wait for another run of the job: `0`, `30s`, `10m` (`OUTFIELD_LOCK_WAIT`; `10m`)."""
    jobs: Path
    """The folder of the job files that deployments name (`OUTFIELD_JOBS`; `jobs`)."""
    key_file: Path | None
    """The file of the masking key, made where it is not (`OUTFIELD_KEY_FILE`; in the output)."""
    metrics_file: Path | None
    """The file of each run's metrics, `{job}` is its name (`OUTFIELD_METRICS_FILE`; none)."""
    notify_url: str = field(repr=False)
    """Where Apprise sends notifications, a secret (`OUTFIELD_NOTIFY_URL`; empty for nowhere)."""
    report_url: str
    """The web address of the output folder, for links to reports (`OUTFIELD_REPORT_URL`; none)."""

    @classmethod
    def from_environment(cls) -> "Settings":
        """Read the variables whose names start with `OUTFIELD_`.

        Raises
        ------
        JobError
            The runner or the workers are none that can be, or the scheduler's address is missing.
            Or the wait is no duration, or the address of the reports is none. Or the folder of the
            metrics is not there.
        """
        runner = _runner()
        return cls(
            runner=runner,
            workers=_workers(),
            dask_address=_dask_address(runner),
            lock_wait=_lock_wait(),
            jobs=Path(os.environ.get("OUTFIELD_JOBS", "jobs")),
            key_file=_key_file(),
            metrics_file=_metrics_file(),
            notify_url=notify_url(),
            report_url=_report_url(),
        )


def notify_url() -> str:
    """Return where Apprise sends notifications, whatever else is wrong in the environment."""
    return os.environ.get("OUTFIELD_NOTIFY_URL", "").strip()


def telemetry_protocol() -> str | None:
    """Return how a collector of OpenTelemetry is spoken to; None where metrics go to none.

    The variables are its own: an endpoint asks for it, and there are two ways to turn it off.
    """
    if not _telemetry("ENDPOINT"):
        return None
    if os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return None
    if os.environ.get("OTEL_METRICS_EXPORTER", "").strip() not in ("", "otlp"):
        return None
    return _telemetry("PROTOCOL") or "http/protobuf"


def _telemetry(name: str) -> str:
    """Return a variable of OpenTelemetry's exporter; that of metrics alone goes first."""
    asked = os.environ.get(f"OTEL_EXPORTER_OTLP_METRICS_{name}", "").strip()
    return asked or os.environ.get(f"OTEL_EXPORTER_OTLP_{name}", "").strip()


def _runner() -> Workers:
    asked = os.environ.get("OUTFIELD_RUNNER", "")
    for known in get_args(Workers):
        if asked == known:
            return known
    if asked:
        raise JobError(
            f"no runner is called {asked!r}",
            where="OUTFIELD_RUNNER",
            remedy=f"set it to {', '.join(get_args(Workers)[:-1])} or {get_args(Workers)[-1]}",
        )
    return "threads"


def _dask_address(runner: Workers) -> str:
    address = os.environ.get("OUTFIELD_DASK_ADDRESS", "")
    if runner == "dask" and not address:
        raise JobError(
            "the runner `dask` needs a scheduler",
            where="OUTFIELD_DASK_ADDRESS",
            remedy="set it to the address, such as tcp://HOST:8786",
        )
    return address


def _workers() -> int:
    asked = os.environ.get("OUTFIELD_WORKERS", "")
    if not asked:
        return _cores()
    if not re.fullmatch("[1-9][0-9]{0,3}", asked):
        raise JobError(
            f"{asked!r} is not a number of workers",
            where="OUTFIELD_WORKERS",
            remedy="set it to 1 or more, or to nothing for one for each core",
        )
    return int(asked)


def _lock_wait() -> float:
    asked = os.environ.get("OUTFIELD_LOCK_WAIT", "") or "10m"
    try:
        return 0.0 if asked == "0" else seconds_of(asked)
    except PydanticCustomError:
        raise JobError(
            f"{asked!r} is not a duration",
            where="OUTFIELD_LOCK_WAIT",
            remedy="set it to `0`, `30s`, `10m` or the like, or to nothing for ten minutes",
        ) from None


def _key_file() -> Path | None:
    asked = os.environ.get("OUTFIELD_KEY_FILE", "")
    return Path(asked).expanduser().absolute() if asked else None


def _metrics_file() -> Path | None:
    asked = os.environ.get("OUTFIELD_METRICS_FILE", "")
    if not asked:
        return None
    file = Path(asked).expanduser().absolute()
    if not file.parent.is_dir() or file.is_dir():
        raise JobError(
            "no file of metrics can be written there",
            where="OUTFIELD_METRICS_FILE",
            remedy="set it to a file in a folder that is there, such as FOLDER/outfield-{job}.prom",
        )
    return file


def _report_url() -> str:
    """Return the address without a slash at its end; one that is wrong may hold a login."""
    asked = os.environ.get("OUTFIELD_REPORT_URL", "").strip()
    if asked and not _is_plain_address(asked):
        raise JobError(
            "this is no address that a link to a report can start with",
            where="OUTFIELD_REPORT_URL",
            remedy="set it to one such as https://HOST/outfield, without login, `?` and `#`",
        )
    return asked.rstrip("/")


def _is_plain_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    plain = url.isprintable() and not set(url) & set(' ?#@\\"<>')
    return plain and parts.scheme in ("http", "https") and bool(parts.hostname) and port != 0


def _cores() -> int:
    has_affinity = hasattr(os, "sched_getaffinity")
    return len(os.sched_getaffinity(0)) if has_affinity else os.cpu_count() or 1


def forbid_telemetry() -> None:
    """Keep Prefect from reporting to its makers, unless the user has decided otherwise."""
    _set_where_unset(_NO_TELEMETRY)


@contextmanager
def safe_path() -> Iterator[None]:
    """Keep modules of the working folder out of the Python processes that start in this context."""
    before = os.environ.get(_SAFE_PATH)
    os.environ.setdefault(_SAFE_PATH, "1")
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(_SAFE_PATH, None)


def prepare_prefect() -> None:
    """Set what Prefect and the processes that it starts read, where the user has not set it.

    Prefect warns of a home that it cannot make, in two lines. It needs one only for the database of
    an embedded server, which is looked at before that server starts.
    """
    warnings.filterwarnings("ignore", "Failed to create the Prefect home", UserWarning)
    _set_where_unset({_SAFE_PATH: "1"} | _NO_TELEMETRY | _PREFECT_DEFAULTS)
    # SQLAlchemy sets its level itself: an embedded server that is stopped while it writes would
    # print a traceback. The console has the level of Prefect's own log instead.
    _set_where_unset(
        {"PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": os.environ["PREFECT_LOGGING_LEVEL"]}
    )


def prepare_serving(jobs: str) -> None:
    """Set what the runs of a served folder of job files read, where the user has not set it."""
    os.environ["OUTFIELD_JOBS"] = str(Path(jobs).absolute())
    _leave_working_folder()
    _set_where_unset(_SERVING_DEFAULTS)
    prepare_prefect()


def _leave_working_folder() -> None:
    """Go to the folder of outfield's packages; a served run returns by `enter_working_folder`.

    To import a flow, Prefect always puts the working folder first on Python's path. A package
    `flows` of the user would then be imported instead of outfield's.
    """
    os.environ[_WORKING_FOLDER] = str(Path.cwd())
    os.chdir(Path(__file__).parents[2])


def enter_working_folder() -> bool:
    """Go to the folder that `outfield serve` was started in, where relative paths begin.

    Returns
    -------
    bool
        Whether this process is a run that `outfield serve` started.
    """
    folder = os.environ.get(_WORKING_FOLDER)
    if folder:
        os.chdir(folder)
    return bool(folder)


def _set_where_unset(variables: Mapping[str, str]) -> None:
    for name, value in variables.items():
        os.environ.setdefault(name, value)
