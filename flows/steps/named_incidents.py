"""Names the incidents of a pool, and parts them by verdicts and by columns that moved as a whole.

An incident that a verdict suppresses is not replaced by a less anomalous one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from anomaly.explain.reasons import explain
from anomaly.incidents.moved import column_alone, parts_of_moves
from anomaly.incidents.summary import Incident, describe_incident, members_of
from anomaly.incidents.verdicts import ReviewedIncidents, apply_verdicts
from anomaly.model.selection import anomaly_score, severity
from flows.steps.incident_pool import GroupingInputs, Pool
from flows.steps.records import Batch
from flows.steps.score import score_batch
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
    for each in (reported, suppressed, *moved.values()):
        each.sort(key=lambda incident: (incident.odd_at, numbers[incident.incident]))
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
    rows, p = pool.odd.rows[oddest], pool.odd.p_values[oddest]
    ranking = np.array(
        [pool.beside.p_values.get(n, own) for n, own in zip(numbers, p, strict=True)]
    )
    events = pool.odd.events.take(pa.array(oddest))
    scores = score_batch(
        inputs.model, inputs.records, Batch(events, rows, pa.table({}))
    ).to_pylist()
    points = anomaly_score(p)
    members = members_of(
        pool.odd.events,
        pool.numbers,
        list(numbers),
        inputs.entities,
        time_column(inputs.records.roles),
    )
    told = zip(*explain(inputs.model.explaining, inputs.references, events), strict=True)
    graded = zip(
        scores, p.tolist(), points.tolist(), severity(ranking, inputs.n_scored), oddest, strict=True
    )
    named = [
        describe_incident(
            str(inputs.run.job.name),
            of_one,
            why,
            score
            # Of the run, not of these few again: a product of matrices may round otherwise.
            | {"p_value": p_value, "anomaly_score": point, "severity": grade}
            | {"basis": "rule" if place < inputs.by_rule else "rank"},
            inputs.records.roles,
        )
        for of_one, why, (score, p_value, point, grade, place) in zip(
            members, told, graded, strict=True
        )
    ]
    return [
        replace(each, critical=pool.critical.get(n), beside_moves=pool.beside.p_values.get(n))
        for each, n in zip(named, numbers, strict=True)
    ]
