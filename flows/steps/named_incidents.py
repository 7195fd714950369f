"""Names the incidents of a pool, and parts them by verdicts and by columns that moved as a whole.

An incident that a verdict suppresses is not replaced by a less anomalous one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from anomaly.explain.reasons import explain
from anomaly.incidents.moved import column_alone, parts_of_moves
from anomaly.incidents.sentence import Happening, distinct, happening
from anomaly.incidents.summary import Incident, Members, describe_incident, members_of
from anomaly.incidents.verdicts import ReviewedIncidents, apply_verdicts
from anomaly.incidents.window_incidents import of_window, with_evidence
from anomaly.model.selection import anomaly_score, severity
from anomaly.numerics.arrays import Integers
from flows.steps.incident_pool import GroupingInputs, Pool
from flows.steps.records import Batch
from flows.steps.score import score_batch
from schemas.columns.event_parts import event_parts
from schemas.columns.roles import time_column


@dataclass(frozen=True)
class Outcome:
    """The incidents under the verdicts, and the number of each in the pool."""

    judged: ReviewedIncidents
    numbers: dict[str, int]
    moved: dict[str, list[Incident]]
    """Column that moved as a whole -> incidents of that alone, the oddest first."""

    @property
    def all_moved(self) -> list[Incident]:
        """Return the incidents of all these columns."""
        return [incident for some in self.moved.values() for incident in some]

    @property
    def of_moves(self) -> dict[str, int]:
        """Return the column that moved as a whole -> how many incidents are of that alone."""
        return {column: len(some) for column, some in self.moved.items()}


def judged_incidents(inputs: GroupingInputs, pool: Pool) -> Outcome:
    """Name the incidents, critical ones first, until the budget is full of those reported."""
    budget, n = inputs.run.job.selection.budget, len(np.unique(pool.numbers))
    order = sorted(range(n), key=lambda number: number not in pool.critical)
    reported: list[Incident] = []
    suppressed: list[Incident] = []
    numbers: dict[str, int] = {}
    moved: dict[str, list[Incident]] = {column: [] for column in inputs.moved}
    while len(reported) < budget and order:
        next_ones, order = order[: budget - len(reported)], order[budget - len(reported) :]
        named = _summaries(inputs, pool, next_ones)
        numbers |= {each.incident: i for each, i in zip(named, next_ones, strict=True)}
        outcome = apply_verdicts(named, inputs.verdicts, inputs.run.started.date())
        of_moves = _of_moves(inputs, pool, numbers, outcome.reported)
        for incident in outcome.reported:
            moved.get(of_moves.get(incident.incident, ""), reported).append(incident)
        suppressed += outcome.suppressed
    lists = (reported, suppressed, *moved.values())
    titles = _distinct([incident for some in lists for incident in some])
    for some in lists:
        some.sort(key=lambda incident: (incident.odd_at, numbers[incident.incident]))
        some[:] = [replace(each, title=titles[each.incident]) for each in some]
    return Outcome(ReviewedIncidents(reported, suppressed), numbers, moved)


def _of_moves(
    inputs: GroupingInputs, pool: Pool, numbers: Mapping[str, int], incidents: Sequence[Incident]
) -> dict[str, str]:
    """Return the incidents that are of a column alone which moved as a whole, and that column."""
    if not inputs.moved:
        return {}
    of_moves = {
        each.incident: pool.beside.alone[number]
        for each in incidents
        if (number := numbers[each.incident]) in pool.beside.alone
    }
    asked = [each for each in incidents if column_alone(each) in inputs.moved]
    firsts = np.unique(pool.numbers, return_index=True)[1]
    places = pa.array([firsts[numbers[each.incident]] for each in asked], pa.int64())
    parts = parts_of_moves(inputs.model.embedder, inputs.moved, pool.odd.events.take(places))
    for incident, columns in zip(asked, parts, strict=True):
        if (column := column_alone(incident)) in columns:
            of_moves[incident.incident] = column
    return of_moves


def _summaries(inputs: GroupingInputs, pool: Pool, numbers: Sequence[int]) -> list[Incident]:
    """Name incidents after their oddest records."""
    oddest = np.unique(pool.numbers, return_index=True)[1][numbers]
    events, roles = pool.odd.events.take(pa.array(oddest)), inputs.records.roles
    entities, time = inputs.entities, time_column(roles)
    members = members_of(pool.odd.events, pool.odd.ids, pool.numbers, list(numbers), entities, time)
    happened = _happenings(inputs, pool, numbers, members)
    explained = explain(inputs.model.explaining, inputs.known, events)
    told = zip(explained.reasons, explained.summaries, strict=True)
    scored = _scored(inputs, pool, numbers, oddest)
    job = str(inputs.run.job.name)
    named = [
        describe_incident(job, of_one, what, why, scores, roles)
        for of_one, what, why, scores in zip(members, happened, told, scored, strict=True)
    ]
    named = [
        _with_window(inputs, pool, each, number)
        for each, number in zip(named, numbers, strict=True)
    ]
    return [
        replace(
            each,
            critical=pool.critical.get(n),
            beside_moves=_beside_moves(pool, n),
            by_view=pool.by_view.get(n),
        )
        for each, n in zip(named, numbers, strict=True)
    ]


def _with_window(inputs: GroupingInputs, pool: Pool, incident: Incident, number: int) -> Incident:
    """Tell what is odd about the window of an incident, if it has one."""
    window = pool.windows.get(number)
    if window is None:
        return incident
    if number in pool.of_window_alone:
        return of_window(str(inputs.run.job.name), incident, window)
    odder = window.number / inputs.n_scored <= pool.ranking[number]
    return with_evidence(incident, window, first=odder)


def _beside_moves(pool: Pool, number: int) -> float | None:
    """Return the p-value without the columns that moved, or of a window that is odder."""
    p_value = pool.beside.p_values.get(number)
    return None if p_value is None else min(p_value, pool.ranking.get(number, 1.0))


def _scored(
    inputs: GroupingInputs, pool: Pool, numbers: Sequence[int], oddest: Integers
) -> list[dict[str, Any]]:
    """Return the scores of the oddest record of each incident, its severity and its basis."""
    rows, p_values = pool.odd.rows[oddest], pool.odd.p_values[oddest]
    batch = Batch(pool.odd.events.take(pa.array(oddest)), rows, pa.table({}))
    scores = score_batch(inputs.model, inputs.records, batch).to_pylist()
    own = list(zip(numbers, p_values.tolist(), strict=True))
    p_values = np.array([p if n not in pool.windows else pool.ranking[n] for n, p in own])
    beside = [_beside_moves(pool, number) for number in numbers]
    ranked_by = [p if of is None else of for p, of in zip(p_values.tolist(), beside, strict=True)]
    points, grades = anomaly_score(p_values), severity(ranked_by, inputs.n_scored)
    bases = np.where(oddest < inputs.by_rule, "rule", "rank")
    # p and score are those of the run, not of these few again: a product of matrices may round
    # otherwise.
    return [
        score | {"p_value": p, "anomaly_score": point, "severity": grade, "basis": basis}
        for score, p, point, grade, basis in zip(
            scores, p_values.tolist(), points.tolist(), grades, bases.tolist(), strict=True
        )
    ]


def _happenings(
    inputs: GroupingInputs, pool: Pool, numbers: Sequence[int], members: Sequence[Members]
) -> list[Happening]:
    """Return what happened in each incident, of all its records."""
    roles = inputs.records.roles
    parts, time = event_parts(roles), time_column(roles)
    order = np.argsort(pool.numbers, kind="stable")
    ends = (np.searchsorted(pool.numbers[order], numbers, side=s) for s in ("left", "right"))
    events, unit = pool.odd.events, inputs.run.job.unit
    return [
        happening(events, order[start:stop], parts, time, unit, _who(of_one))
        for of_one, start, stop in zip(members, *ends, strict=True)
    ]


def _who(members: Members) -> tuple[str, str] | None:
    if members.entity_column is None or members.entity is None:
        return None
    return members.entity_column, members.entity


def _distinct(incidents: Sequence[Incident]) -> dict[str, str]:
    """Return the sentence of each incident, told apart by its time where several have one."""
    titles = [each.title for each in incidents]
    said = distinct(titles, [each.members.first_time for each in incidents])
    return {each.incident: title for each, title in zip(incidents, said, strict=True)}
