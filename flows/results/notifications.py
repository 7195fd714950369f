"""Notifications to the people on duty, through the Apprise URL in `OUTFIELD_NOTIFY_URL`.

Sent once for a run that failed, and once for a run with critical findings or a fall of the recall.
Never with what stands in the events. The URL often holds a token: it is in no message and no log.
"""
# ruff: noqa: PLC0415 - Apprise takes half a second to import, and few runs send anything

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING

from flows.runtime.settings import Settings
from flows.storage.runs.reader import PublishedRun
from schemas.errors import JobError

if TYPE_CHECKING:
    from apprise import Apprise

_LONGEST_REASON = 500
_log = logging.getLogger("outfield")


@contextmanager
def telling_of_failure(job: str, partition: date | None) -> Iterator[None]:
    """Send word if what is done in this context fails; Ctrl-C is no failure."""
    try:
        yield
    except Exception as error:
        tell_of_failure(job, partition, f"{type(error).__name__}: {error}")
        raise


def tell_of_failure(job: str, partition: date | str | None, reason: str) -> None:
    """Send word that a run failed, and why in one line."""
    _send(f"{_named(job, partition)} failed", " ".join(reason.split())[:_LONGEST_REASON])


def tell_of_critical(run: PublishedRun) -> None:
    """Send word if a run has critical findings: how many, not which."""
    manifest = run.manifest
    critical = manifest.severities.get("critical", 0)
    if critical:
        findings = "finding" if critical == 1 else "findings"
        body = f"{critical:,} of {manifest.selection.findings:,} findings are critical."
        title = f"{_named(manifest.job, manifest.partition)}: {critical:,} critical {findings}"
        _send(title, f"{body} Run {manifest.run_id}.")


def tell_of_outcome(run: PublishedRun) -> None:
    """Send word of what a run found that cannot wait: critical findings, a fall of its recall."""
    tell_of_critical(run)
    _tell_of_fall(run)


def _tell_of_fall(run: PublishedRun) -> None:
    manifest, canaries = run.manifest, run.manifest.canaries
    if canaries is not None and canaries.fell:
        title = f"{_named(manifest.job, manifest.partition)}: the recall fell"
        usual = "" if canaries.usual is None else f", {canaries.usual:.0%} in the runs before"
        body = f"{canaries.recall:.0%} of the canaries would have been found{usual}."
        _send(title, f"{body} Run {manifest.run_id}.")


def check_notifications() -> None:
    """Check that the URL is one that Apprise can send to, if there is one.

    Raises
    ------
    JobError
        It is not; it is not repeated.
    """
    url = Settings.from_environment().notify_url
    with _quiet_apprise() as service:
        known = not url or service.add(url)
    if not known:
        raise JobError(
            "this is no URL that Apprise can send to",
            where="OUTFIELD_NOTIFY_URL",
            remedy="see Apprise's list of services, or leave it unset",
        )


def _named(job: str, partition: date | str | None) -> str:
    return f"outfield {job}" if partition is None else f"outfield {job} {partition}"


def _send(title: str, body: str) -> None:
    """Send a message; that it cannot be sent is logged, and fails no run."""
    url = Settings.from_environment().notify_url
    if not url:
        return
    with _quiet_apprise() as service:
        try:
            sent = service.add(url) and service.notify(body, title)
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
