"""Recurrence of incidents over runs: new, recurring or worse ones, and those that are resolved."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from anomaly.incidents.summary import Incident
from schemas.outputs.tables import STATUSES

_MORE = 3
"""An incident is worse with more than so many times the records that it ever had."""
_HIGHER = 10.0
"""It is worse with a score higher by so many points than it ever had: ten times as rare."""


@dataclass(frozen=True)
class PastIncident:
    """An incident of an earlier run."""

    identity: str
    anomaly_score: float
    records: int
    run: int
    """The place of its run among the earlier ones, the oldest first."""
    first_time: int | None
    last_time: int | None
    """Microseconds since 1970; None where the records have no time."""

    @classmethod
    def of(cls, row: Mapping[str, Any], run: int) -> "PastIncident":
        """Take what is needed of a row of `tables.INCIDENT`, its times as numbers."""
        return cls(run=run, **{name: row[name] for name in PAST_INCIDENT_COLUMNS})


PAST_INCIDENT_COLUMNS = ("identity", "anomaly_score", "records", "first_time", "last_time")


def compared(incidents: Iterable[Incident], past: Sequence[PastIncident]) -> list[Incident]:
    """Give each incident its status beside those of earlier runs.

    An occurrence counts once, in however many runs it is: times that overlap are one.
    """
    known: dict[str, list[PastIncident]] = {}
    for each in past:
        known.setdefault(each.identity, []).append(each)
    return [_compared(incident, known.get(incident.identity, [])) for incident in incidents]


def differences(
    before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]
) -> list[tuple[str, Mapping[str, Any]]]:
    """Say what became of the incidents of one run in another.

    Parameters
    ----------
    before, after
        The incidents of the two runs, as rows of `schemas.outputs.tables.INCIDENT`.

    Returns
    -------
    A change and the incident that it is about: `new`, `worse`, `recurring` of those after, then
    `resolved` of those before.
    """
    known: dict[str, list[PastIncident]] = {}
    for row in before:
        known.setdefault(row["identity"], []).append(PastIncident.of(row, 0))
    found = []
    for row in after:
        past = known.get(row["identity"])
        worse = past is not None and is_worse(row["anomaly_score"], row["records"], past)
        found.append(("new" if past is None else "worse" if worse else "recurring", row))
    now = {row["identity"] for row in after}
    gone = [("resolved", row) for row in before if row["identity"] not in now]
    return sorted(found, key=lambda change: STATUSES.index(change[0])) + gone


def resolved(incidents: Iterable[Incident], past: Sequence[PastIncident]) -> list[str]:
    """Return the identities of the newest earlier run that are not here any more."""
    if not past:
        return []
    newest = max(each.run for each in past)
    now = {incident.identity for incident in incidents}
    before = dict.fromkeys(each.identity for each in past if each.run == newest)
    return [identity for identity in before if identity not in now]


def is_worse(score: float, records: int, past: Sequence[PastIncident]) -> bool:
    """Tell whether an incident is far odder, or has far more records, than it ever was."""
    odder = score >= _HIGHER + max(each.anomaly_score for each in past)
    return odder or records > _MORE * max(each.records for each in past)


def _compared(incident: Incident, past: list[PastIncident]) -> Incident:
    if not past:
        return incident
    times = [each.first_time for each in past if each.first_time is not None]
    worse = is_worse(incident.scores["anomaly_score"], incident.members.records, past)
    return replace(
        incident,
        status="worse" if worse else "recurring",
        since=min(times, default=None),
        occurrences=_occurrences(incident, past),
    )


def _occurrences(incident: Incident, past: list[PastIncident]) -> int:
    """Count the times that it happened, this one among them."""
    spans = [(each.first_time, each.last_time) for each in past]
    spans.append((incident.members.first_time, incident.members.last_time))
    known = sorted((first, last) for first, last in spans if first is not None and last is not None)
    if len(known) < len(spans):
        return len({each.run for each in past}) + 1
    count, end = 0, None
    for first, last in known:
        count += end is None or first > end
        end = last if end is None else max(end, last)
    return count
