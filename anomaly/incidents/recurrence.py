"""Recurrence of incidents over runs: new, recurring or worse, and those not there any more."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from anomaly.incidents.summary import Incident
from anomaly.incidents.verdicts import reaches
from schemas.outputs.tables import STATUSES
from schemas.outputs.verdict import Verdict

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


Rows = Sequence[Mapping[str, Any]]
"""Incidents as rows of `schemas.outputs.tables.INCIDENT`."""


@dataclass(frozen=True)
class RunIncidents:
    """The incidents of a run: shown, kept back by verdicts, and less odd than the leads."""

    shown: Rows
    suppressed: Rows = ()
    unshown: Rows = ()

    @property
    def told(self) -> Rows:
        """Those that the run names: shown, or kept back by a verdict."""
        return [*self.shown, *self.suppressed]

    @property
    def identities(self) -> set[str]:
        """The identities of all of them."""
        return {row["identity"] for row in [*self.told, *self.unshown]}


def differences(
    before: RunIncidents, after: RunIncidents, verdicts: Sequence[Verdict] = ()
) -> list[tuple[str, Mapping[str, Any]]]:
    """Say what became of the incidents of one run in another.

    A change means what it means in the run itself. What that run calls recurring or worse was in an
    earlier run, if not in `before`.

    Returns
    -------
    A change and the incident that it is about: `new`, `worse`, `recurring` of those shown after,
    then `not seen` and `resolved` of those told before.
    """
    known: dict[str, list[PastIncident]] = {}
    for row in [*before.told, *before.unshown]:
        known.setdefault(row["identity"], []).append(PastIncident.of(row, 0))
    found = [(_status(row, known.get(row["identity"])), row) for row in after.shown]
    not_seen, resolved = gone(before.told, after.identities, verdicts)
    return [
        *sorted(found, key=lambda change: STATUSES.index(change[0])),
        *(("not seen", row) for row in not_seen),
        *(("resolved", row) for row in resolved),
    ]


def _status(row: Mapping[str, Any], past: list[PastIncident] | None) -> str:
    if row["status"] != "new" or past is None:
        return str(row["status"])
    return "worse" if is_worse(row["anomaly_score"], row["records"], past) else "recurring"


def gone(before: Rows, now: Collection[str], verdicts: Sequence[Verdict]) -> tuple[Rows, Rows]:
    """Part the incidents of a run that a later one has not: those not seen, and those resolved.

    Parameters
    ----------
    before
        Those that the earlier run told.
    now
        The identities of all incidents of the later one.
    verdicts
        All verdicts of the job, the oldest first.
    """
    absent = [row for row in before if row["identity"] not in now]
    over = [_is_over(row, verdicts) for row in absent]
    not_seen = [row for row, is_over in zip(absent, over, strict=True) if not is_over]
    return not_seen, [row for row, is_over in zip(absent, over, strict=True) if is_over]


def _is_over(row: Mapping[str, Any], verdicts: Sequence[Verdict]) -> bool:
    """Tell whether the newest verdict about an incident says that nothing is to be done."""
    about = [verdict for verdict in verdicts if reaches(verdict, row)]
    return bool(about) and about[-1].label != "malicious"


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
