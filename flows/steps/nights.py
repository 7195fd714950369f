"""Earlier nights of a job, or hours: how odd the oddest new incident of each was.

An attack that nobody has called one makes its night an odd one, and later alarms rarer. A
verdict on what made the few oddest nights odd mends most of that (label-trim; Bashari, Sesia and
Romano, 2025). They are chosen by earlier nights alone, so the promise of the alarms still holds.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from anomaly.incidents.alarm_rules import NO_RULES, AlarmRules
from anomaly.incidents.alarms import MOST_NIGHTS, NUMBER_OF_ALL, middle
from anomaly.incidents.summary import OF_RECORDS, OF_WINDOW, P_VALUE_OF_VIEW
from flows.steps.run import Run
from flows.storage.runs.reader import PublishedRun
from schemas.job.job import JobSpec
from schemas.job.partitioned_location import partitions_a_day
from schemas.job.quiet_hours import quiet_minutes
from schemas.outputs.manifest import EarlierIncident, ModelSummary
from schemas.outputs.verdict import Verdict

_FEWEST_DAYS = 2
"""Days of a model that say something of what is new every day: one calibrates the other."""


OF_A_NIGHT = [
    "incident", "title", "status", "p_value", "records", "first_time", "last_time", "view",
    *P_VALUE_OF_VIEW.values(),
]  # fmt: skip
"""The columns of incidents that tell what a night had to show."""
_ROUNDING = 1e-9
_MOST_TO_REVIEW = 3
"""Earlier incidents that a run asks a verdict on."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class EarlierNight:
    """An earlier night, and what it is known by."""

    number: float
    """Of its oddest new incident (`anomaly.incidents.alarms`)."""
    oddest: EarlierIncident | None
    """That incident; None where none is known, or where it has a verdict."""


def knows_other_days(run: Run, model: ModelSummary) -> bool:
    """Tell whether a run is judged by days other than its own: it may be held against nights."""
    return run.model is not None and (model.days or 0) >= _FEWEST_DAYS


def alarm_rules(job: JobSpec) -> AlarmRules:
    """Return the rules of a job on which incidents may be alarms."""
    return AlarmRules(
        min_records=job.selection.min_records,
        quiet=quiet_minutes(job.selection.quiet_hours),
        timezone="UTC" if job.schedule is None else job.schedule.timezone,
        a_day=partitions_a_day(str(job.input)),
    )


def past_nights(
    earlier: Sequence[PublishedRun],
    rows: Sequence[Mapping[str, Any]],
    verdicts: Sequence[Verdict],
    rules: AlarmRules = NO_RULES,
    view: str = OF_RECORDS,
) -> list[EarlierNight]:
    """Return the earlier nights that a view of a night is held against, the oldest first.

    A night of which no record could be scored is none, nor one of which the view was not judged.

    Parameters
    ----------
    earlier
        The earlier runs of the job, the oldest first.
    rows
        Their incidents, with the place of the `run`, and the columns of `OF_A_NIGHT`. One with an
        odd day as evidence is of both views.
    verdicts
        All verdicts. What is malicious is no part of an ordinary night.
    rules
        Of the job, on which incidents may be alarms: others count no more on earlier nights. A
        night without one that may be had at most what its least odd incident is.
    view
        Of the incidents.
    """
    labels = {verdict.incident: verdict.label for verdict in verdicts}
    found = []
    for place, run in enumerate(earlier):
        number, scored = _number(run, view), run.manifest.units_scored
        if number is None or not scored:
            continue
        new = (row for row in rows if row["run"] == place and row["status"] != "recurring")
        own = [{**row, "p_value": p} for row in new if (p := _p_value(row, view)) is not None]
        ordinary = [row for row in own if labels.get(row["incident"]) != "malicious"]
        allowed = [row for row in ordinary if rules.allow_all or _allowed(rules, row)]
        if len(allowed) < len(own) or not rules.allow_all:
            of_all = NUMBER_OF_ALL.get(view, float(scored))
            least_odd = max((row["p_value"] * scored for row in ordinary), default=of_all)
            of_allowed = min((row["p_value"] * scored for row in allowed), default=least_odd)
            # Rows hold p-values with the moves of columns. Fewer incidents make no night odder.
            number = max(number, of_allowed)
        found.append(EarlierNight(number, _known_by(run, number, allowed, labels)))
    return found[-MOST_NIGHTS * rules.a_day :]


def to_review(views: Iterable[Sequence[EarlierNight]]) -> list[EarlierIncident]:
    """Return the incidents without a verdict that the oddest nights are known by, the oddest first.

    A verdict on them changes the alarms of later nights most. `views` are the nights of each view:
    a number is odd beside the middle one of its own view.
    """
    beside = [
        (night.number / middle([each.number for each in nights]), night)
        for nights in views
        for night in nights
    ]
    oddest = [night for _, night in sorted(beside, key=lambda each: each[0])[:_MOST_TO_REVIEW]]
    asked = [night.oddest for night in oddest if night.oddest is not None]
    # The records of an incident may be the oddest of a night, and its day of another view.
    return list({each.incident: each for each in asked}.values())


def _p_value(row: Mapping[str, Any], view: str) -> float | None:
    """Return the p-value of an incident by a view; None where that has no part in it.

    Runs of earlier versions tell one p-value.
    """
    if any(row[column] is not None for column in P_VALUE_OF_VIEW.values()):
        found: float | None = row[P_VALUE_OF_VIEW[view]]
        return found
    return float(row["p_value"]) if (row["view"] or OF_RECORDS) == view else None


def _number(run: PublishedRun, view: str) -> float | None:
    """Return what a night is known by; None where the view was not judged."""
    summary = run.manifest.incidents
    return summary.oddest_window if view == OF_WINDOW else summary.oddest


def _known_by(
    run: PublishedRun,
    number: float,
    rows: Sequence[Mapping[str, Any]],
    labels: Mapping[str, str],
) -> EarlierIncident | None:
    """Return the incident that a night's number is of; what is odder than that is of a move."""
    least = number * (1.0 - _ROUNDING) / run.manifest.units_scored
    as_odd = [row for row in rows if row["p_value"] >= least]
    row = min(as_odd, key=lambda row: row["p_value"], default=None)
    if row is None or row["incident"] in labels:
        return None
    day = run.manifest.partition
    return EarlierIncident(incident=row["incident"], title=row["title"], partition=day)


def _allowed(rules: AlarmRules, row: Mapping[str, Any]) -> bool:
    first, last = (_microseconds(row[end]) for end in ("first_time", "last_time"))
    return rules.allow(row["records"], first, last)


def _microseconds(time: datetime | None) -> int | None:
    return None if time is None else (time - _EPOCH) // timedelta(microseconds=1)
