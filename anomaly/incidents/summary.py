"""Summary of an incident: its entities, and the identity that it has in all runs.

The identity is made of the facts that stay the same on another day: job, entity and pattern. The
pattern is the column with the largest share of the surprisal, with its value where that is a name.

The id is made of the job and the first record of the incident in time. So it stays when the same
records are judged again and another of them is the oddest. No record is of two incidents, so no two
incidents of a run share an id.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from anomaly.explain.reasons import Reason
from anomaly.incidents.sentence import Happening, sentence
from anomaly.model.selection import anomaly_score
from schemas.columns.roles import Role

_NAMES_SHOWN = 5
"""Names of an entity column that an incident lists."""
_SHARED = 0.5
"""An incident is of an entity of its most telling record that more than this part of all hold."""
OF_RECORDS, OF_WINDOW = "records", "window"
P_VALUE_OF_VIEW = {OF_RECORDS: "record_p_value", OF_WINDOW: "window_p_value"}
"""View -> the column of the p-value by it."""
_DIGITS = 12
"""Hexadecimal digits of a name: two of a million are hardly ever alike."""


@dataclass(frozen=True)
class Names:
    """The entities of an incident, in one entity column."""

    column: str
    distinct: int
    names: list[str]
    """The most common of them, the first in doubt."""


@dataclass(frozen=True)
class Members:
    """The records of an incident in common: their number, their times, their entities."""

    records: int
    first_time: int | None
    """Microseconds since 1970; None where the records have no time."""
    last_time: int | None
    entities: list[Names]
    entity_column: str | None
    """The column of the entity that the most telling record shares with most of the others.

    None where it has no entity that more than half of the records hold. Of several it is the one of
    the most records, and the first in doubt.
    """
    entity: str | None
    begin: tuple[str | None, ...]
    """The id of the first record in time, and its entities. Of several at that time it is the first
    by its id."""


@dataclass(frozen=True)
class Incident:
    """An incident as it stands in the output (`tables.INCIDENT`), but for its rank."""

    incident: str
    title: str
    severity: str
    basis: str
    members: Members
    scores: Mapping[str, Any]
    """Record id and scores of the most telling finding."""
    summary: str
    reasons: list[Reason]
    identity: str
    pattern: str
    status: str = "new"
    since: int | None = None
    occurrences: int = 1
    verdict: str | None = None
    critical: str | None = None
    """A value of it that the job file calls critical: `anomaly.incidents.critical`."""
    alarm: bool = False
    """Whether the nights before did not show its like: `anomaly.incidents.alarms`."""
    recurrence: float | None = None
    """A night is as odd once in so many; None while too few nights are known."""
    taught: str | None = None
    """Which verdicts on similar incidents move it in the list; None where none do."""
    stack: str | None = None
    """The id of the oddest incident of its stack; None without a look-alike: `stacks.py`."""

    view: str = OF_RECORDS
    """What is odd: `OF_RECORDS`, each by itself, or `OF_WINDOW`, all together."""
    window_start: int | None = None
    """Microseconds since 1970: the odd window; None where the records are odd by themselves."""
    window_end: int | None = None
    """Its end, exclusive."""
    beside_moves: float | None = None
    """Its p-value without the columns that moved as a whole; None without one."""
    by_view: Mapping[str, float] | None = None
    """View -> its p-value by that view, where an odd window is evidence of it; else None."""

    @property
    def odd_at(self) -> float:
        """Return the p-value that it is ranked by."""
        return float(self.scores["p_value"]) if self.beside_moves is None else self.beside_moves

    @property
    def ranking_score(self) -> float:
        """Return the anomaly score that it is ranked by."""
        if self.beside_moves is None:
            return float(self.scores["anomaly_score"])
        return float(anomaly_score(self.beside_moves))

    def row(self, rank: int) -> dict[str, Any]:
        """Give the incident as a row of `INCIDENT`."""
        members = vars(self.members) | {"entities": [vars(n) for n in self.members.entities]}
        p_values = self.by_view or {self.view: self.scores["p_value"]}
        of_views = {column: p_values.get(view) for view, column in P_VALUE_OF_VIEW.items()}
        row = vars(self) | members | dict(self.scores) | of_views
        return row | {"rank": rank, "reasons": [vars(reason) for reason in self.reasons]}


def members_of(
    events: pa.Table,
    ids: pa.Array,
    numbers: npt.NDArray[np.int64],
    wanted: Sequence[int],
    entities: Sequence[str],
    time: str | None,
) -> list[Members]:
    """Return the common facts of the records of incidents.

    Parameters
    ----------
    events
        Conformed records of incidents, the oddest first, n of them.
    ids
        string (n,): their ids, each once.
    numbers
        int64 (n,): the incident that each is of.
    wanted
        The incidents that are asked for.
    entities
        The columns that name whom a record is about.
    time
        The column that holds the time of a record, if there is one.
    """
    order = np.argsort(numbers, kind="stable")
    starts = np.searchsorted(numbers[order], wanted, side="left")
    stops = np.searchsorted(numbers[order], wanted, side="right")
    names = {column: events[column].to_pylist() for column in entities}
    times = None if time is None else events[time].cast(pa.int64()).to_numpy()
    record_ids = ids.to_pylist()
    return [
        _members(order[start:stop], names, times, record_ids)
        for start, stop in zip(starts, stops, strict=True)
    ]


def _members(
    places: npt.NDArray[np.int64],
    entities: Mapping[str, list[str | None]],
    times: npt.NDArray[np.int64] | None,
    ids: Sequence[str],
) -> Members:
    found = []
    most, entity_column, entity = len(places) * _SHARED, None, None
    for column, names in entities.items():
        counts = Counter(name for i in places if (name := names[i]) is not None)
        if not counts:
            continue
        common = counts.most_common(_NAMES_SHOWN)
        found.append(Names(column, len(counts), [name for name, _ in common]))
        told = names[places[0]]
        if told is not None and counts[told] > most:
            entity, most, entity_column = told, counts[told], column
    first, last = (None, None)
    if times is not None:
        first, last = int(times[places].min()), int(times[places].max())
    i = min(places.tolist(), key=lambda place: (0 if times is None else times[place], ids[place]))
    begin = (ids[i], *(names[i] for names in entities.values()))
    return Members(len(places), first, last, found, entity_column, entity, begin)


def describe_incident(
    job: str,
    members: Members,
    what: Happening,
    told: tuple[list[Reason], str],
    scores: Mapping[str, Any],
    roles: Mapping[str, Role],
) -> Incident:
    """Name an incident after its most telling finding.

    Parameters
    ----------
    job
        The job that found it.
    members
        The number of its records, their times, their entities.
    what
        What happened in them.
    told
        Reasons and summary of the finding.
    scores
        Its `severity`, its `basis`, and the columns of `schemas.outputs.tables.SCORES`.
    roles
        Column -> role: what a name is, and what a quantity.
    """
    reasons, summary = told
    pattern = _pattern(reasons, roles)
    identity = digest(job, members.entity_column, members.entity, pattern)
    own, first_time = dict(scores), str(members.first_time)
    return Incident(
        incident=f"i-{digest(job, first_time, *members.begin)}",
        title=sentence(what, reasons),
        severity=own.pop("severity"),
        basis=own.pop("basis"),
        members=members,
        scores=own,
        summary=summary,
        reasons=reasons,
        identity=f"k-{identity}",
        pattern=pattern,
    )


def _pattern(reasons: Sequence[Reason], roles: Mapping[str, Role]) -> str:
    """Name what is odd; with its value only where that is a name: a number hardly comes back."""
    if not reasons:
        return ""
    first = reasons[0]
    if roles.get(first.column) in (Role.CATEGORY, Role.FLAG):
        return f"{first.column} = {first.observed}"
    return first.column


def digest(*parts: str | None) -> str:
    """Return a name for some texts, of so many hexadecimal digits as hardly any two share."""
    # A length before each part: ("ab", "c") and ("a", "bc") are not the same.
    spelt = "".join("-" if part is None else f"{len(part)}:{part}" for part in parts)
    return hashlib.sha256(spelt.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]
