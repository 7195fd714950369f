"""Artifacts of a run in Prefect's interface: progress, a summary, top incidents, the report."""

import re
from collections.abc import Callable, Mapping
from logging import WARNING
from typing import Any
from uuid import UUID

from prefect.artifacts import (
    create_link_artifact,
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)

from flows.orchestration.server import lost_server
from flows.report.overview import alarms_sentence
from flows.results.report_link import report_address
from flows.runtime.run_log import log
from flows.steps.score import SCORE
from flows.storage.runs.reader import REPORT, PublishedRun, read_incidents
from schemas.escaping import markdown

_TOP = 10
_SHOWN = ["rank", "alarm", "severity", "status", "title", "records", "first_time", "incident"]


class Artifacts:
    """The artifacts of one run.

    They are optional: where the server is lost, the run goes on and does not ask it again.
    """

    def __init__(self) -> None:
        self._id: UUID | None = None
        self._gone = False

    def progress(self, step: str, done: int, total: int) -> None:
        """Note that `done` of `total` parts of `step` are done; only scoring is shown."""
        if step == SCORE.name:
            self._leave(lambda: self._note(100.0 * done / max(total, 1)))

    def outcome(self, run: PublishedRun) -> None:
        """Leave the summary, the top incidents and the link to the report of a published run."""
        self._leave(lambda: _publish(run))

    def _leave(self, make: Callable[[], None]) -> None:
        if self._gone:
            return
        try:
            make()
        except Exception as error:
            if not lost_server(error):
                raise
            self._gone = True
            log("the Prefect server does not answer; going on without", WARNING)

    def _note(self, share: float) -> None:
        if self._id is None:
            made = create_progress_artifact(share, description="Records scored")
            assert isinstance(made, UUID)  # noqa: S101 - called from a sync flow
            self._id = made
        else:
            update_progress_artifact(self._id, share)


def _publish(run: PublishedRun) -> None:
    key = re.sub(r"[^a-z0-9]+", "-", run.manifest.job.lower()).strip("-") or "job"
    create_markdown_artifact(_summary(run), key=f"{key}-summary")
    create_table_artifact(top_incidents(run), key=f"{key}-incidents")
    create_link_artifact(report_link(run), "The report", key=f"{key}-report")


def report_link(run: PublishedRun) -> str:
    """Give the web address of the report, or else that of its file.

    The absolute path of the report stands only here: no output of the run itself holds it.
    """
    return report_address(run) or (run.folder / REPORT).as_uri()


def _summary(run: PublishedRun) -> str:
    manifest, ledger = run.manifest, run.manifest.ledger
    alarms = f"{alarms_sentence(manifest)}\n\n".lstrip()
    what = manifest.job if manifest.partition is None else f"{manifest.job} {manifest.partition}"
    return (
        f"# {markdown(what)}: {manifest.selection.findings:,} findings\n\n"
        f"{alarms}"
        "| rows read | scored | quarantined | skipped |\n|---|---|---|---|\n"
        f"| {ledger.read:,} | {ledger.scored:,} | {ledger.rows_quarantined:,}"
        f" | {ledger.rows_skipped:,} |\n\n"
        f"Rule: {manifest.selection.rule}. It selects {manifest.selection.selected:,};"
        f" {manifest.selection.cut_off:,} of them are beyond the budget of"
        f" {manifest.selection.budget:,}, and {manifest.selection.by_rank:,} findings are the"
        f" oddest of the rest; {manifest.selection.by_window:,} are of odd days.\n"
    )


def top_incidents(run: PublishedRun) -> list[dict[str, object]]:
    """List the first incidents of a run, alarms before leads.

    Prefect's page renders each text as Markdown.
    """
    rows = read_incidents(run).select(_SHOWN).to_pylist()
    return [_cells(row) for row in sorted(rows, key=lambda row: not row["alarm"])[:_TOP]]


def _cells(row: Mapping[str, Any]) -> dict[str, object]:
    began = row["first_time"]
    told = {**row, "first_time": None if began is None else f"{began:%Y-%m-%d %H:%M} UTC"}
    return {name: markdown(each) if isinstance(each, str) else each for name, each in told.items()}
