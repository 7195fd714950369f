"""Holds the incidents of a run against those of earlier runs: status, alarms, and what is shown."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from anomaly.incidents.alarms import oddest, with_alarms, worth_showing
from anomaly.incidents.critical import critical_first, raised
from anomaly.incidents.recurrence import compared, gone
from anomaly.incidents.stacks import count_stacks, stacked
from anomaly.incidents.summary import OF_RECORDS, OF_WINDOW, Incident
from anomaly.incidents.teaching import taught
from anomaly.incidents.verdict_counts import verdict_counts
from flows.steps.column_drift import statements
from flows.steps.incident_pool import GroupingInputs
from flows.steps.named_incidents import Outcome
from flows.steps.nights import (
    OF_A_NIGHT,
    EarlierNight,
    alarm_rules,
    past_nights,
    to_review,
)
from flows.storage.runs.history import (
    earlier_runs,
    past_incidents,
    past_rows,
    runs_before,
    runs_with_incidents,
)
from flows.storage.runs.reader import PublishedRun
from schemas.outputs.manifest import IncidentSummary, VerdictEffect
from schemas.outputs.verdict import Verdict

PAST = "past-incidents"
"""What the scratch holds of earlier runs: `flows.storage.runs.history.past_rows`."""


@dataclass(frozen=True)
class _Beside:
    """The reported incidents of a run, held against earlier nights if it knows other days."""

    reported: Sequence[Incident]
    nights: dict[str, list[EarlierNight]]
    """View -> the earlier nights of which it was judged, where it is judged of this one."""
    oddest: dict[str, float]
    """View -> what later nights know this one by."""


def held_against_the_past(
    inputs: GroupingInputs,
    outcome: Outcome,
    covers: tuple[datetime, datetime] | None,
    views: Sequence[str],
) -> tuple[dict[str, list[Incident]], IncidentSummary]:
    """Part the incidents by the dataset that each goes into, and sum them up.

    `views` are those of the run: of what kinds its incidents may be.
    """
    run = inputs.run
    files = run.plan.manifest_files()
    published = runs_before(run.folder.job_folder, run.run_id)
    earlier = runs_with_incidents(earlier_runs(published, run.partition, covers, files))
    rows = past_rows(earlier)
    run.scratch.write_table(PAST, rows)
    past = past_incidents(rows)
    judged, moved = outcome.judged, compared(outcome.all_moved, past)
    reported, suppressed = compared(judged.reported, past), compared(judged.suppressed, past)
    beside = _Beside(reported, {}, {})
    if inputs.knows_other_days:
        beside = _beside_nights(inputs, earlier, rows, reported, suppressed, views)
    reported = [raised(each) for each in beside.reported]
    shown, unshown = _shown(inputs, reported, suppressed)
    shown = stacked(critical_first(taught(shown, inputs.verdicts, run.started.date())))
    unshown = sorted([*unshown, *moved], key=lambda each: each.odd_at)
    summary = IncidentSummary(
        incidents=len(shown),
        records=sum(incident.members.records for incident in shown),
        statuses=dict(Counter(incident.status for incident in shown)),
        **_beside_the_run_before(earlier, rows, [*reported, *suppressed, *moved], inputs.verdicts),
        suppressed=len(suppressed),
        unshown=len(unshown),
        alarms=sum(incident.alarm for incident in shown),
        alarm_stacks=count_stacks(incident for incident in shown if incident.alarm),
        lead_stacks=count_stacks(incident for incident in shown if not incident.alarm),
        **_nights(beside),
        moved=statements(inputs.run, inputs.drift, inputs.moved, outcome.of_moves),
        verdicts=_effects(inputs.verdicts, shown, suppressed),
        verdict_counts=verdict_counts(inputs.verdicts),
        refused_verdicts=list(run.refused_verdicts),
    )
    return {"incidents": shown, "suppressed": suppressed, "unshown": unshown}, summary


def _beside_nights(
    inputs: GroupingInputs,
    earlier: list[PublishedRun],
    rows: pa.Table,
    reported: Sequence[Incident],
    suppressed: Sequence[Incident],
    views: Sequence[str],
) -> _Beside:
    """Say which of the reported incidents are alarms beside earlier nights."""
    selection, n = inputs.run.job.selection, inputs.n_scored
    rules = alarm_rules(inputs.run.job)
    of_nights = rows.select(["run", *OF_A_NIGHT]).to_pylist()
    nights = {view: past_nights(earlier, of_nights, inputs.verdicts, rules, view) for view in views}
    numbers = {view: [night.number for night in some] for view, some in nights.items()}
    malicious = {each.verdict for each in inputs.verdicts if each.label == "malicious"}
    graded = with_alarms(reported, n, numbers, selection.alarms, rules, malicious)
    return _Beside(
        graded, nights, {view: oddest([*reported, *suppressed], n, view) for view in views}
    )


def _nights(beside: _Beside) -> dict[str, Any]:
    """Tell what a run was held against, and what later ones know it by."""
    counts = {view: len(nights) for view, nights in beside.nights.items()}
    return {
        "nights": counts.get(OF_RECORDS),
        "window_nights": counts.get(OF_WINDOW),
        "oddest": beside.oddest.get(OF_RECORDS),
        "oddest_window": beside.oddest.get(OF_WINDOW),
        "to_review": to_review(beside.nights.values()),
    }


def _beside_the_run_before(
    earlier: Sequence[PublishedRun],
    rows: pa.Table,
    incidents: Sequence[Incident],
    verdicts: Sequence[Verdict],
) -> dict[str, Any]:
    """Name the run before, and count its incidents that are not there any more."""
    if not earlier:
        return {"not_seen": 0}
    newest, now = earlier[-1].manifest, {incident.identity for incident in incidents}
    told = pc.not_equal(rows["dataset"], "unshown")
    own = pc.and_(told, pc.equal(rows["run_id"], newest.run_id))
    not_seen, resolved = gone(rows.filter(own).to_pylist(), now, verdicts)
    return {
        "compared_with": newest.run_id,
        "compared_day": newest.judged_day,
        "not_seen": len(not_seen),
        "resolved": len(resolved),
    }


def _shown(
    inputs: GroupingInputs, reported: Sequence[Incident], suppressed: Sequence[Incident]
) -> tuple[list[Incident], list[Incident]]:
    """Part the incidents in those to show, the alarms first, and the leads beyond the drop.

    Those with a critical value come first of each. A run whose records are judged against each
    other shows all.
    """
    alarms = critical_first([each for each in reported if each.alarm])
    leads = critical_first([each for each in reported if not each.alarm])
    if inputs.run.model is None:
        return leads, []
    by_score = sorted([*leads, *suppressed], key=lambda each: each.odd_at)
    first_ones = by_score[: worth_showing(by_score)] + [*alarms, *by_score][: inputs.fewest]
    wanted = {each.incident for each in first_ones}
    by_rule = [each for each in leads if each.basis == "rule" and each.beside_moves is None]
    wanted |= {each.incident for each in [*by_rule, *filter(_is_critical, leads)]}
    shown = [lead for lead in leads if lead.incident in wanted]
    return [*alarms, *shown], [lead for lead in leads if lead.incident not in wanted]


def _is_critical(incident: Incident) -> bool:
    return incident.critical is not None


def _effects(
    verdicts: Sequence[Verdict], reported: Sequence[Incident], suppressed: Sequence[Incident]
) -> list[VerdictEffect]:
    held_back = Counter(incident.verdict for incident in suppressed)
    let_through = Counter(incident.verdict for incident in reported)
    return [
        VerdictEffect(
            verdict=each.verdict,
            label=each.label,
            suppressed=held_back[each.verdict],
            let_through=let_through[each.verdict],
        )
        for each in verdicts
        if held_back[each.verdict] or let_through[each.verdict]
    ]
