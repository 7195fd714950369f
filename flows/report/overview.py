"""What happened, in three sentences and a ledger."""

from dataclasses import dataclass

from flows.report.drivers import Driver
from flows.report.wording import count, listing, share, visible
from schemas.manifest import RunManifest
from schemas.outputs import SEVERITY_CUTS

_REASON_LENGTH = 200
_MOVED_NAMED = 5
"""Columns that the sentence names at the most."""


@dataclass(frozen=True)
class LedgerLine:
    """Where some of the rows read went."""

    fate: str
    why: str
    rows: str
    share: str


def rows_sentence(manifest: RunManifest) -> str:
    """Say what was read and how much of it was judged."""
    ledger = manifest.ledger
    aside_rows = ((ledger.rows_quarantined, "quarantined"), (ledger.rows_skipped, "skipped"))
    aside = listing([f"{rows:,} {fate}" for rows, fate in aside_rows if rows])
    judged = f"{count(manifest.units_scored, manifest.unit)} scored"
    return f"{count(ledger.read, 'row')} read, {judged}{f', {aside}' if aside else ''}."


def findings_sentence(manifest: RunManifest) -> str:
    """Say how many findings there are and how many the budget left out."""
    selection = manifest.selection
    if selection.findings == 0:
        return f"No {manifest.unit} stands out from the normal ones."
    by_rule = selection.findings - selection.by_rank
    verb = "stands" if by_rule == 1 else "stand"
    said = f"{count(by_rule, manifest.unit)} {verb} out"
    if selection.by_rank:
        oddest = f"the {selection.by_rank:,} oddest of the rest are shown too: leads, not alarms"
        return f"{said if by_rule else f'No {manifest.unit} surely stands out'}; {oddest}."
    if selection.cut_off:
        return f"{said}; the budget of {selection.budget:,} left out {selection.cut_off:,} more."
    return f"{said}; the budget of {selection.budget:,} left none out."


def contamination_sentence(manifest: RunManifest) -> str:
    """Say how much was left out of the normal cluster, and how firmly."""
    model = manifest.model
    said = f"{share(model.trimmed_share)} of the sample was left out of the normal cluster"
    if model.agreement is None or not model.trimmed_share:
        return f"{said}."
    return f"{said}; two halves agree on {share(model.agreement)} of them."


def drift_sentence(manifest: RunManifest) -> str:
    """Say by how much the records have left what they are measured by; nothing if they have not."""
    selection = manifest.selection
    if selection.drift_at is None:
        return ""
    return (
        f"The data changed: ordinary {manifest.unit}s are {selection.drift:.1f} times as often"
        f" below p = {selection.drift_at:.1g} as in the reference; a false discovery rate takes"
        " p-values raised by that."
    )


def moved_sentence(manifest: RunManifest) -> str:
    """Name the columns that are not what the stored model was fitted on; nothing if none moved."""
    moved = manifest.moved_columns
    if not moved:
        return ""
    rest = len(moved) - _MOVED_NAMED
    more = [f"{rest:,} more"] if rest > 0 else []
    names = listing([*(visible(name) for name in moved[:_MOVED_NAMED]), *more])
    then = ", so a new one was fitted" if manifest.model.renewal else ""
    return f"The data changed since the model was fitted, in {names}{then}."


def drivers_sentence(leading: list[Driver]) -> list[tuple[str, str]]:
    """Give the leading columns with their shares, for the sentence that names them."""
    return [(driver.column, share(driver.share)) for driver in leading[:3]]


def severities(manifest: RunManifest) -> list[tuple[str, int]]:
    """Count the findings of each severity, the gravest first."""
    return [(name, manifest.severities.get(name, 0)) for name, _ in SEVERITY_CUTS]


def ledger_lines(manifest: RunManifest) -> list[LedgerLine]:
    """Give each row's fate: scored, quarantined or skipped, with the reason."""
    ledger = manifest.ledger
    fates = [("Scored", "", ledger.scored)]
    fates += [("Quarantined", why, rows) for why, rows in ledger.quarantined.items()]
    fates += [("Skipped", why, rows) for why, rows in ledger.skipped.items()]
    return [
        LedgerLine(
            fate, visible(why[:_REASON_LENGTH]), f"{rows:,}", share(rows / max(1, ledger.read))
        )
        for fate, why, rows in fates
    ]
