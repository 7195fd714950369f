"""The web address of a run's report, where OUTFIELD_REPORT_URL says how it starts."""

from urllib.parse import quote

from flows.runtime.settings import Settings
from flows.storage.runs.reader import REPORT, RUNS, PublishedRun


def report_address(run: PublishedRun) -> str | None:
    """Give the web address of a run's report; None where none is set."""
    base = Settings.from_environment().report_url
    job, run_id = quote(run.manifest.job), quote(run.manifest.run_id)
    return f"{base}/{job}/{RUNS}/{run_id}/{REPORT}" if base else None
