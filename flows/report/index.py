"""The page over the runs of a job: what each read and found, with a link to its report."""

from collections.abc import Sequence
from dataclasses import dataclass

from flows.report import text as wording
from flows.report.overview import gone_parts, page_title
from flows.report.template import environment, source, trusted
from flows.report.text import listing, share, visible
from schemas.outputs.manifest import RunManifest
from schemas.outputs.tables import SEVERITIES, STATUSES

_COLUMNS_NAMED = 3
_HEIGHT = 36


@dataclass(frozen=True)
class IndexLine:
    """A run on one line."""

    run_id: str
    day: str
    """The day that it judged; of input without days, when its records happened, or it ran."""
    started: str
    read: str
    aside: str
    """Rows that were not scored, with why."""
    incidents: str
    alarms: str
    """How many alarms, or that it is quiet; empty where it is judged by no other days."""
    severities: list[tuple[str, int]]
    statuses: list[tuple[str, int]]
    beside: str
    """What verdicts keep back, and what of the run before was not seen or is resolved."""
    canaries: str
    drift: str


def render_index(runs: Sequence[RunManifest], more: int) -> str:
    """Write the page over some runs, the newest first.

    Parameters
    ----------
    runs
        What is known of each.
    more
        How many older runs are not among them.
    """
    oldest_first = [run.incidents for run in reversed(runs)]
    most = max((each.incidents for each in oldest_first), default=0)
    return (
        environment()
        .get_template("index.html.jinja")
        .render(
            job=wording.cut(runs[0].job, 120, 120).head if runs else "",
            lines=[_line(run) for run in runs],
            more=more,
            most=most,
            bars=_bars([each.incidents for each in oldest_first], most),
            new_bars=_bars([each.statuses.get("new", 0) for each in oldest_first], most),
            height=_HEIGHT,
            wording=wording,
            style=trusted(source("style.css")),
        )
    )


def _line(run: RunManifest) -> IndexLine:
    ledger, found = run.ledger, run.incidents
    fates = [*ledger.quarantined.items(), *ledger.skipped.items()]
    suppressed = [f"{found.suppressed:,} kept back"] if found.suppressed else []
    return IndexLine(
        run_id=run.run_id,
        day=run.judged_day,
        started=f"{run.started:%Y-%m-%d %H:%M}",
        read=f"{ledger.read:,}",
        aside=listing([f"{rows:,} {visible(why[:80])}" for why, rows in fates]),
        incidents=f"{found.incidents:,}",
        alarms="" if found.nights is None else page_title(run),
        severities=[(name, run.severities.get(name, 0)) for name in SEVERITIES],
        statuses=[(name, found.statuses[name]) for name in STATUSES if name in found.statuses],
        beside=listing([*suppressed, *gone_parts(found)]),
        canaries=_canaries(run),
        drift=_drift(run),
    )


def _canaries(run: RunManifest) -> str:
    canaries = run.canaries
    if canaries is None or not canaries.planted:
        return "–"
    return f"{share(canaries.recall)} of {canaries.planted:,}"


def _drift(run: RunManifest) -> str:
    moved = run.moved_columns
    named = [visible(name[:40]) for name in moved[:_COLUMNS_NAMED]]
    more = [f"{len(moved) - len(named):,} more"] if len(moved) > len(named) else []
    said = [f"moved: {listing([*named, *more])}"] if moved else []
    if run.moved_together and not moved:
        said.append("moved: what goes together")
    if run.selection.drift_at is not None:
        said.append(f"small p-values {run.selection.drift:.1f} times too often")
    return "; ".join(said) or "none"


def _bars(counts: Sequence[int], most: int) -> str:
    """Draw a bar for each run, as the path of a drawing as wide as there are runs."""
    heights = {i: max(1, round(_HEIGHT * n / most)) for i, n in enumerate(counts) if n}
    return "".join(f"M{i}.1 {_HEIGHT}v-{height}h.8v{height}z" for i, height in heights.items())
