"""Applies the verdicts of analysts to the incidents and to the reference of later runs.

A verdict never hides an incident that is odder than the one it was given on. An odder incident has
a score that is higher by more than a tenth, or a reason that was not there.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from anomaly.incidents.summary import Incident
from schemas.errors import JobError
from schemas.outputs.verdict import Evidence, Opinion, Verdict

_HIGHER = 1.1
"""How many times the scores of what it was given on an incident may have: models differ a little
from run to run."""
TELLING = 0.1
"""A column with at least this share of the surprisal is a reason that must have been there."""


@dataclass(frozen=True)
class ReviewedIncidents:
    """The incidents of a run under the verdicts."""

    reported: list[Incident]
    suppressed: list[Incident]
    """Those that a verdict keeps from the analyst; their `verdict` names it."""


def apply_verdicts(
    incidents: Sequence[Incident], verdicts: Sequence[Verdict], today: date
) -> ReviewedIncidents:
    """Part the incidents that a verdict suppresses from the rest.

    A reported incident names the newest verdict that is about it. Such a verdict does not suppress
    it: it says malicious, has run out, or was given on a less odd incident.

    Parameters
    ----------
    incidents
        Those of the run.
    verdicts
        All verdicts of the job, the oldest first.
    today
        The day that counts for incidents without a time.
    """
    reported, suppressed = [], []
    for incident in incidents:
        about = [verdict for verdict in reversed(verdicts) if is_about(verdict, incident)]
        by = _suppressing(about, incident, today)
        if by is None:
            reported.append(replace(incident, verdict=about[0].verdict if about else None))
        else:
            suppressed.append(replace(incident, verdict=by.verdict))
    return ReviewedIncidents(reported, suppressed)


def is_about(verdict: Verdict, incident: Incident) -> bool:
    """Tell whether an incident lies within the scope of a verdict, however odd it is."""
    members = incident.members
    return reaches(
        verdict,
        {
            "identity": incident.identity,
            "entity_column": members.entity_column,
            "entity": members.entity,
            "pattern": incident.pattern,
        },
    )


def reaches(verdict: Verdict, row: Mapping[str, Any]) -> bool:
    """Tell whether a row of `schemas.outputs.tables.INCIDENT` lies within a verdict's scope."""
    seen = verdict.evidence
    match verdict.scope:
        case "this":
            return bool(seen.identity == row["identity"])
        case "entity":
            entity = (row["entity_column"], row["entity"])
            return seen.entity is not None and entity == (seen.entity_column, seen.entity)
        case "pattern":
            return bool(seen.pattern == row["pattern"])


def names_value(pattern: str, columns: Collection[str]) -> bool:
    """Tell whether a pattern names a value: then a verdict may speak of it with any entity.

    Parameters
    ----------
    pattern
        That of an incident.
    columns
        Of its reasons.

    Examples
    --------
    >>> names_value("action = purge", ["action"]), names_value("bytes", ["bytes"])
    (True, False)
    """
    return pattern not in columns


def _suppressing(about: Sequence[Verdict], incident: Incident, today: date) -> Verdict | None:
    """Return the verdict that suppresses an incident, of those about it, the newest first."""
    for verdict in about:
        if has_ended(verdict, incident, today):
            continue
        if verdict.label == "malicious":
            return None  # it overrules all earlier verdicts
        if not is_odder(incident, verdict.evidence):
            return verdict
    return None


def has_ended(verdict: Verdict, incident: Incident, today: date) -> bool:
    """Tell whether the last day of a verdict is before an incident; `today` is that of no time."""
    if verdict.until is None:
        return False
    last = incident.members.last_time
    day = today if last is None else datetime.fromtimestamp(last / 1e6, UTC).date()
    return day > verdict.until


def is_odder(incident: Incident, seen: Evidence) -> bool:
    """Tell whether an incident is odder than what a verdict was given on."""
    higher = any(
        incident.scores[score] > _HIGHER * getattr(seen, score)
        for score in ("density_score", "distance_score")
    )
    telling = {reason.column for reason in incident.reasons if reason.share >= TELLING}
    return higher or not telling <= set(seen.columns)


def known_malicious(
    events: pa.Table, ids: pa.Array, verdicts: Sequence[Verdict], time: str | None
) -> npt.NDArray[np.bool_]:
    """Tell which events a malicious verdict is about: they must not pass for normal ones.

    Parameters
    ----------
    events
        Conformed events, n of them.
    ids
        string (n,): their ids.
    verdicts
        All verdicts of the job. Those that are not malicious are passed over.
    time
        The column that holds the time of the event, if there is one.

    Returns
    -------
    bool (n,): the events that were its findings, and events of its entity. These lie between the
    first and the last of its records; at any time where its scope is the entity.
    """
    bad = np.zeros(events.num_rows, dtype=bool)
    for verdict in verdicts:
        if verdict.label != "malicious":
            continue
        seen = verdict.evidence
        bad |= pc.is_in(ids, pa.array(seen.records, ids.type)).to_numpy(zero_copy_only=False)
        if seen.entity is None or seen.entity_column not in events.column_names:
            continue
        names = pc.cast(events[seen.entity_column], pa.string())
        of_it = pc.fill_null(pc.equal(names, seen.entity), False)
        if verdict.scope != "entity":
            if time is None or seen.first_time is None:
                continue
            then = pc.and_(
                pc.greater_equal(events[time], pa.scalar(seen.first_time, events[time].type)),
                pc.less_equal(events[time], pa.scalar(seen.last_time, events[time].type)),
            )
            of_it = pc.and_(of_it, then)
        bad |= of_it.to_numpy()
    return bad


def verdict_on(
    incident: Mapping[str, Any], records: Sequence[str], run_id: str, opinion: Opinion
) -> Verdict:
    """Make a verdict on an incident, with all that later runs need to know of it.

    Parameters
    ----------
    incident
        A row of `schemas.outputs.tables.INCIDENT`.
    records
        The ids of its records, as far as they are findings.
    run_id
        The run that it was seen in.
    opinion
        The analyst's opinion on it.

    Raises
    ------
    JobError
        The scope is an entity, and the incident has none. Or the incident is known by a column
        alone, so that the verdict would suppress all incidents of that column.
    """
    if opinion.scope == "entity" and incident["entity"] is None:
        raise JobError(
            f"incident {incident['incident']} is not about one entity",
            where="--scope",
            remedy="take `this` or `pattern`",
        )
    columns = [reason["column"] for reason in incident["reasons"]]
    of_anybody = opinion.scope == "pattern" or incident["entity"] is None
    if (
        opinion.label != "malicious"
        and of_anybody
        and not names_value(incident["pattern"], columns)
    ):
        raise JobError(
            f"incident {incident['incident']} is about any value of `{incident['pattern']}`, and"
            " every other such incident would go with it",
            where="--scope",
            remedy="take `this` or `entity` on an incident of one entity",
        )
    own = {name: incident[name] for name in Evidence.model_fields if name in incident}
    shares = [reason["share"] for reason in incident["reasons"]]
    own |= {"columns": columns, "shares": shares, "records": list(records)}
    said = opinion.model_dump()
    name = verdict_name(incident["incident"], opinion)
    named = {"verdict": name, "incident": incident["incident"], "run_id": run_id}
    return Verdict.model_validate(said | named | {"evidence": own})


def verdict_name(incident: str, opinion: Opinion) -> str:
    """Name a verdict after what it says of which incident: said twice, it is one."""
    spelt = f"{incident} {opinion.model_dump_json()}"
    return f"v-{hashlib.sha256(spelt.encode()).hexdigest()[:12]}"
