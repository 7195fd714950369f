"""Notifications to the people on duty, through the Apprise URL in `OUTFIELD_NOTIFY_URL`.

A run sends one where it failed, and where it found what the job's `notify` asks for. It also sends
one where its recall fell, or its partition has far fewer or more rows than usual. Of the events a
message holds the titles of incidents, in which secret columns are masked. The URL often holds a
token: it is in no message and no log.
"""
# ruff: noqa: PLC0415 - Apprise takes half a second to import, and few runs send anything

import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from anomaly.incidents.alarm_sentences import count_alarms, night_sentence
from flows.results.incident_stacks import stack_lines
from flows.results.report_link import report_address
from flows.runtime.settings import Settings, notify_url
from flows.storage.runs.reader import PublishedRun, read_incidents
from schemas.errors import JobError, OutfieldError
from schemas.escaping import chat
from schemas.job.job import Notify
from schemas.job.partition import Partition
from schemas.shortening import beginning

if TYPE_CHECKING:
    from apprise import Apprise

_LONGEST_REASON = 500
_LONGEST_NAME = 100
_LONGEST_TITLE = 220
_MOST_LINES = 5
"""Stacks that a message names."""
_WATCHED = ("new", "worse")
"""The statuses that `notify = "new"` is about."""
_log = logging.getLogger("outfield")

Row = Mapping[str, Any]


@dataclass(frozen=True)
class _Message:
    """A message: its title, the incidents that it names, and how grave it is."""

    title: str
    incidents: Sequence[Row]
    number: int
    """Incidents that it is about."""
    kind: Literal["info", "warning"]


@contextmanager
def telling_of_failure(job: str, partition: Partition | None) -> Iterator[None]:
    """Send word if what is done in this context fails; Ctrl-C is no failure."""
    try:
        yield
    except Exception as error:
        tell_of_failure(job, partition, f"{type(error).__name__}: {error}")
        raise


def tell_of_failure(job: str, partition: Partition | str | None, reason: str) -> None:
    """Send word that a run failed, and why in one line."""
    title = f"{_named(job, partition)} failed"
    _send(title, chat(" ".join(reason.split())[:_LONGEST_REASON]), "failure")


def tell_of_outcome(run: PublishedRun, notify: Notify) -> None:
    """Send word of what a run found that the job asks for, of its recall, and of its rows."""
    if not notify_url():
        return
    message = _message(run, _incidents(run), notify)
    if message is not None:
        title = f"{_named(run.manifest.job, run.manifest.partition)}: {message.title}"
        _send(title, "\n".join([*_lines(message), *_end(run)]), message.kind)
    _tell_of_fall(run)
    _tell_of_rows(run)


def _message(run: PublishedRun, rows: Sequence[Row], notify: Notify) -> _Message | None:
    """Compose the message about a run; None where the job does not ask for one."""
    summary = run.manifest.incidents
    if summary.alarms:
        alarms = [row for row in rows if row["alarm"]]
        title = count_alarms(summary.alarms, summary.alarm_stacks)
        return _Message(title, alarms, summary.alarms, "warning")
    critical = [row for row in rows if row["severity"] == "critical"]
    if summary.nights is None and critical:
        title = _count(len(critical), "critical incident")
        return _Message(title, critical, len(critical), "warning")
    number = sum(summary.statuses.get(status, 0) for status in _WATCHED)
    if notify == "alarm" or (notify == "new" and not number):
        return None
    title = _count(number, "new or worse incident") if number else "nothing new"
    if summary.quiet:
        title = f"quiet, {title}"
    fresh = [row for row in rows if row["status"] in _WATCHED]
    return _Message(title, fresh, number, "info")


def _incidents(run: PublishedRun) -> list[dict[str, Any]]:
    """Read the incidents of a run; none where they cannot be read, which fails no run."""
    try:
        found: list[dict[str, Any]] = read_incidents(run).to_pylist()
    except OutfieldError:
        _log.warning("a notification names no incident, as they cannot be read")
        return []
    return found


def _lines(message: _Message) -> Iterator[str]:
    """Yield a line for each of the first stacks, and how many more incidents there are."""
    named = stack_lines(message.incidents)[:_MOST_LINES]
    for line in named:
        severity, alike = line.incident["severity"], f", {line.times}" if line.times else ""
        yield f"{_cut(line.incident['title'])} ({severity}{_cut(alike)})"
    if (more := message.number - sum(line.incidents for line in named)) > 0:
        yield f"and {more:,} more"


def _cut(text: str) -> str:
    return chat(beginning(text, _LONGEST_TITLE))


def _end(run: PublishedRun) -> Iterator[str]:
    """Yield how many nights a run was held against, its id, and where its report is."""
    manifest, summary = run.manifest, run.manifest.incidents
    said = night_sentence(summary.alarms, summary.nights, summary.alarm_stacks, run.manifest.night)
    yield f"{said} Run {manifest.run_id}.".lstrip()
    if address := report_address(run):
        yield address


def _tell_of_fall(run: PublishedRun) -> None:
    manifest, canaries = run.manifest, run.manifest.canaries
    if canaries is not None and canaries.fell:
        title = f"{_named(manifest.job, manifest.partition)}: the recall fell"
        usual = "" if canaries.usual is None else f", {canaries.usual:.0%} in the runs before"
        body = f"{canaries.recall:.0%} of the canaries would have been found{usual}."
        _send(title, "\n".join([body, *_end(run)]), "info")


def _tell_of_rows(run: PublishedRun) -> None:
    manifest, seen = run.manifest, run.manifest.partition_rows
    if seen is not None and seen.far:
        which = "fewer" if seen.rows < seen.low else "more"
        title = f"{_named(manifest.job, manifest.partition)}: far {which} rows than usual"
        body = f"{seen.rows:,} rows, where {seen.low:,} to {seen.high:,} were to be expected."
        _send(title, "\n".join([body, *_end(run)]), "info")


def check_notifications() -> None:
    """Check that the URL is one that Apprise can send to, if there is one, and that of reports.

    Raises
    ------
    JobError
        One of them is wrong; it is not repeated.
    """
    url = Settings.from_environment().notify_url
    if not url:
        return
    with _quiet_apprise() as service:
        known = service.add(url)
    if not known:
        raise JobError(
            "this is no URL that Apprise can send to",
            where="OUTFIELD_NOTIFY_URL",
            remedy="see Apprise's list of services, or leave it unset",
        )


def _named(job: str, partition: Partition | str | None) -> str:
    named = ["outfield", job, *([] if partition is None else [str(partition)])]
    return " ".join(chat(part[:_LONGEST_NAME]) for part in named)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _send(title: str, body: str, kind: Literal["info", "warning", "failure"]) -> None:
    """Send a message; that it cannot be sent is logged, and fails no run."""
    url = notify_url()
    if not url:
        return
    with _quiet_apprise() as service:
        from apprise import NotifyFormat, NotifyType

        try:
            sent = service.add(url) and service.notify(
                body, title, notify_type=NotifyType(kind), body_format=NotifyFormat.TEXT
            )
        except Exception:  # whatever a service of its hundred does
            sent = False
    if not sent:
        _log.warning("no notification could be sent to OUTFIELD_NOTIFY_URL: %s", title)


@contextmanager
def _quiet_apprise() -> Iterator["Apprise"]:
    """Yield Apprise, without its warnings and without the logs that repeat parts of the URL."""
    loggers = [logging.getLogger(name) for name in ("apprise", "urllib3.connectionpool")]
    before = [logger.disabled for logger in loggers]
    for logger in loggers:
        logger.disabled = True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from apprise import Apprise

            yield Apprise()
    finally:
        for logger, disabled in zip(loggers, before, strict=True):
            logger.disabled = disabled
