"""The overview of a run: three sentences and a ledger."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from anomaly.incidents.alarm_sentences import night_sentence, recurrence_sentence
from anomaly.incidents.summary import OF_WINDOW
from anomaly.model.selection import NO_RULE
from anomaly.numerics.proportion import wilson_interval
from flows.report.columns import Driver
from flows.report.period import day_label
from flows.report.text import count, cut, listing, share, visible
from schemas.job.time_settings import unread_time_sentence
from schemas.outputs.manifest import IncidentSummary, MovedColumn, RunManifest
from schemas.outputs.tables import SEVERITIES, STATUSES

_REASON_LENGTH = 200
_FEWEST_VERDICTS = 20
"""Incidents with verdicts from which on a share of them is told."""
_FEWEST_CALIBRATING = 100
"""Records from which on a p-value of one in a hundred can be counted."""
_PERCENT = "\N{NO-BREAK SPACE}%"
_NAMED = 5
"""Columns or files that a sentence names at the most."""


@dataclass(frozen=True)
class LedgerLine:
    """A line of the ledger: rows read that had the same outcome."""

    outcome: str
    why: str
    rows: str
    share: str


def rows_sentence(manifest: RunManifest) -> str:
    """Say what was read and how much of it was judged."""
    ledger = manifest.ledger
    aside_rows = ((ledger.rows_quarantined, "quarantined"), (ledger.rows_skipped, "skipped"))
    aside = listing([f"{rows:,} {outcome}" for rows, outcome in aside_rows if rows])
    judged = f"{count(manifest.units_scored, manifest.unit)} scored"
    return f"{count(ledger.read, 'row')} read, {judged}{f', {aside}' if aside else ''}."


def damage_sentence(manifest: RunManifest) -> str:
    """Name the files that cannot be read; nothing if all can."""
    damaged = [visible(file.name) for file in manifest.damaged_files]
    if not damaged:
        return ""
    rest = len(damaged) - _NAMED
    names = listing([*damaged[:_NAMED], *([f"{rest:,} more"] if rest > 0 else [])])
    verb = "is" if len(damaged) == 1 else "are"
    total = count(len(manifest.input_files), "file")
    return f"{len(damaged):,} of {total} {verb} damaged, and no row judged of {names}."


def _table_sentence(manifest: RunManifest) -> str:
    version = manifest.table_version
    if manifest.table_kind == "Iceberg":
        return f"Snapshot {version} of an Iceberg table: its live rows."
    return f"Version {version} of a Delta table: its live rows."


def input_sentences(manifest: RunManifest) -> list[str]:
    """Say which version of a table was read, and which columns and files were left out."""
    left_out = manifest.ledger.files_left_out
    told = [] if manifest.table_version is None else [_table_sentence(manifest)]
    told += [
        f"Column {visible(column)} is not judged: a {kind} cannot be read."
        for column, kind in manifest.ledger.columns_left_out.items()
    ]
    told += [
        unread_time_sentence(visible(column), formats)
        for column, formats in manifest.ledger.times_not_read.items()
    ]
    if not left_out:
        return told
    n = sum(left_out.values())
    kinds = listing([f"{of_kind:,} .{kind}" for kind, of_kind in left_out.items()])
    verb = "is" if n == 1 else "are"
    named = f"{count(n, 'file')} in the input's folders"
    return [*told, f"{named} {verb} not Parquet and not read: {kinds}."]


def alarms_sentence(manifest: RunManifest) -> str:
    """Say how many alarms there are, or that the run is quiet; nothing without other days."""
    summary = manifest.incidents
    return night_sentence(summary.alarms, summary.nights, summary.alarm_stacks, manifest.night)


def recurrence_of(incident: Mapping[str, Any], manifest: RunManifest) -> str:
    """Say in how many nights one is as odd as an incident of a run, as far as its nights tell."""
    summary, view = manifest.incidents, incident["view"]
    nights = summary.window_nights if view == OF_WINDOW else summary.nights
    return recurrence_sentence(incident["recurrence"], nights, manifest.night, view)


def headline(manifest: RunManifest) -> str:
    """Say how many alarms, leads and known incidents the judged day has."""
    summary, day = manifest.incidents, day_label(manifest)
    if summary.nights is None:
        told = [count(summary.incidents, "incident") if summary.incidents else "no incident"]
    else:
        leads = summary.incidents - summary.alarms
        told = [count(summary.alarms, "alarm") if summary.alarms else "no alarm"]
        told += [count(leads, "lead") if leads else "no lead"]
    if summary.compared_with is not None and summary.incidents:
        told.append(f"{summary.incidents - summary.statuses.get('new', 0):,} known")
    said = ", ".join(told)
    return f"{day}: {said}." if day else f"{said[0].upper()}{said[1:]}."


def page_title(manifest: RunManifest) -> str:
    """Say in a few words what came of the run."""
    summary = manifest.incidents
    if summary.quiet:
        return "quiet"
    if summary.alarms:
        return count(summary.alarms, "alarm")
    return count(summary.incidents, "incident")


def findings_sentence(manifest: RunManifest) -> str:
    """Say how many records stand out and how many of them the budget left out."""
    selection = manifest.selection
    if selection.findings == 0:
        return f"No {manifest.unit} stands out from the normal ones."
    verb = "stands" if selection.selected == 1 else "stand"
    said = f"{count(selection.selected, manifest.unit)} {verb} out"
    if selection.rule == NO_RULE.rule:
        return f"Shown are the oddest {manifest.unit}s."
    if selection.by_rank and manifest.incidents.nights is not None:
        chosen = count(selection.selected, manifest.unit) if selection.selected else "none"
        return f"The rule selects {chosen}; the oddest of the rest are shown too."
    if selection.by_rank:
        oddest = "the oddest of the rest are shown too: leads, not alarms"
        none = f"No {manifest.unit} by itself surely stands out"
        return f"{said if selection.selected else none}; {oddest}."
    budget = f"the budget of {count(selection.budget, 'incident')}"
    if selection.cut_off:
        return f"{said}; {budget} left out {count(selection.cut_off, manifest.unit)}."
    return f"{said}; {budget} left none out."


def incidents_sentence(manifest: RunManifest) -> str:
    """Say what the findings come to, and what of it is known."""
    summary = manifest.incidents
    records = count(summary.records, manifest.unit)
    said = f"{count(summary.incidents, 'incident')} of {records}"
    told = [f"{summary.statuses[name]:,} {name}" for name in STATUSES if name in summary.statuses]
    if summary.compared_with is not None:
        said += f": {listing(told)}{gone_clause(summary)}"
    if summary.suppressed:
        said += f"; verdicts keep back {summary.suppressed:,} more"
    return f"{said}."


def gone_clause(summary: IncidentSummary) -> str:
    """Say how many incidents of the run before are not there any more; nothing if none are."""
    if not (parts := gone_parts(summary)):
        return ""
    day = summary.compared_day
    return f"; of {f'those of {day}' if day else 'the run before'} {listing(parts)}"


def gone_parts(summary: IncidentSummary) -> list[str]:
    """Count what was not seen again, and what a verdict had called benign or expected."""
    not_seen, resolved = summary.not_seen, summary.resolved
    if not_seen is None:  # a run of an earlier version, which did not ask for verdicts
        not_seen, resolved = resolved, 0
    counts = {"not seen": not_seen, "resolved": resolved}
    return [f"{number:,} {name}" for name, number in counts.items() if number]


@dataclass(frozen=True)
class VerdictLine:
    """A line of what incidents with verdicts turned out to be."""

    severity: str
    incidents: str
    real: str
    """How many were malicious, which share that is, and its 95 % interval."""


def verdicts_sentence(manifest: RunManifest) -> str:
    """Say how many of the incidents with verdicts were real; nothing below twenty."""
    counts = manifest.incidents.verdict_counts
    n = sum(each.incidents for each in counts)
    if n < _FEWEST_VERDICTS:
        return ""
    real = sum(each.malicious for each in counts)
    return f"Of the {n:,} incidents with verdicts {_real(real, n, ' were real')}."


def verdict_lines(manifest: RunManifest) -> list[VerdictLine]:
    """Give the same for each severity, the gravest first."""
    return [
        VerdictLine(each.severity, f"{each.incidents:,}", _real(each.malicious, each.incidents))
        for each in manifest.incidents.verdict_counts
    ]


def _real(real: int, n: int, verb: str = "") -> str:
    low, high = (share(end) for end in wilson_interval(real, n))
    interval = f"interval {low.removesuffix(_PERCENT)} to {high}"
    return f"{real:,}{verb} ({share(real / n)}, {interval})"


def review_sentence(manifest: RunManifest) -> str:
    """Name the earlier incidents on which a verdict changes later alarms most; nothing if none."""
    asked = [
        each.incident if each.partition is None else f"{each.incident} ({each.partition})"
        for each in manifest.incidents.to_review
    ]
    return f"A verdict on {listing(asked)} changes later alarms most." if asked else ""


def alone_sentence(manifest: RunManifest) -> str:
    """Say that no days before could be taken, and why; nothing if that is not so."""
    why = manifest.model.alone
    return "" if why is None else f"Judged against itself: {visible(why[:_REASON_LENGTH])}."


def expectation_sentence(manifest: RunManifest) -> str:
    """Say what cannot be expected of records that are alike or few; nothing of others."""
    unit, model = manifest.unit, manifest.model
    if manifest.selection.all_usual:
        return (
            f"No {unit} is odder than half of the normal ones, as where all are alike: so there is"
            " no finding."
        )
    if model.calibration_rows >= _FEWEST_CALIBRATING:
        return ""
    return (
        f"Few {unit}s are known: {model.calibration_rows:,} of {model.sample_rows:,} calibrate the"
        " p-values, and those of the oddest are extrapolated. Go by the order of the"
        " incidents, not by their scores."
    )


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
    told = {each.column for each in manifest.incidents.moved}
    moved = [name for name in manifest.moved_columns if name not in told]
    then = ", so a new one was fitted" if manifest.model.renewal else ""
    if not moved:
        together = f"The data changed since the model was fitted: other values go together{then}."
        return together if manifest.moved_together and not told else ""
    rest = len(moved) - _NAMED
    more = [f"{rest:,} more"] if rest > 0 else []
    names = listing([*(visible(name) for name in moved[:_NAMED]), *more])
    return f"The data changed since the model was fitted, in {names}{then}."


def whole_columns_sentence(manifest: RunManifest) -> str:
    """Say which columns moved as a whole, and to what; nothing if none did."""
    moved = manifest.incidents.moved
    said = [_moved_column(each, manifest.unit) for each in moved[:_NAMED]]
    rest = len(moved) - _NAMED
    more = [f"{count(rest, 'more column')} moved as a whole."] if rest > 0 else []
    return " ".join([*said, *more])


def _moved_column(moved: MovedColumn, unit: str) -> str:
    said = (
        f"{visible(moved.column)} moved as a whole: {share(moved.unseen)} of the {unit}s hold"
        " values that the model never saw"
    )
    if moved.examples:
        said += f", such as {listing([visible(value) for value in moved.examples])}"
    if not moved.incidents:
        return f"{said}."
    verb = "is" if moved.incidents == 1 else "are"
    return f"{said}. {count(moved.incidents, 'incident')} of that alone {verb} not shown."


def recall_sentence(manifest: RunManifest) -> str:
    """Say that fewer canaries were found than usual; nothing if they were not."""
    canaries = manifest.canaries
    if canaries is None or not canaries.fell or canaries.usual is None:
        return ""
    return (
        f"The recall fell: {share(canaries.recall)} of the canaries would have been found, in the"
        f" runs before it was {share(canaries.usual)}."
    )


def partition_rows_sentence(manifest: RunManifest) -> str:
    """Say that a partition has far fewer or more rows than usual; nothing if it has not."""
    seen, day = manifest.partition_rows, manifest.partition
    if seen is None or day is None or not seen.far:
        return ""
    which = "fewer" if seen.rows < seen.low else "more"
    kind = f"{day.day:%A}" if seen.of_weekday else "day"
    told_by = count(seen.days, f"earlier {kind}")
    if day.hour is not None:
        told_by = f"hour {day.hour:02d} of {told_by}"
    return (
        f"{day} has far {which} rows than usual: {seen.rows:,}, where {seen.low:,} to"
        f" {seen.high:,} were to be expected from {told_by}."
    )


def critical_sentence(value: str | None) -> str:
    """Say why an incident comes first; nothing if no value of it is critical."""
    return "" if value is None else f"`{cut(value, 80, 80).head}` is critical in the job file"


def drivers_sentence(leading: list[Driver]) -> list[tuple[str, str]]:
    """Give the leading columns with their shares, for the sentence that names them."""
    return [(driver.column, share(driver.share)) for driver in leading[:3]]


def severities(names: Iterable[str]) -> list[tuple[str, int]]:
    """Count each severity, the gravest first."""
    counts = Counter(names)
    return [(name, counts[name]) for name in SEVERITIES]


def ledger_lines(manifest: RunManifest) -> list[LedgerLine]:
    """Give each row's outcome: scored, quarantined or skipped, with the reason."""
    ledger = manifest.ledger
    outcomes = [("Scored", "", ledger.scored)]
    outcomes += [("Quarantined", why, rows) for why, rows in ledger.quarantined.items()]
    outcomes += [("Skipped", why, rows) for why, rows in ledger.skipped.items()]
    return [
        LedgerLine(
            outcome, visible(why[:_REASON_LENGTH]), f"{rows:,}", share(rows / max(1, ledger.read))
        )
        for outcome, why, rows in outcomes
    ]
