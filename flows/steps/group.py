"""Step `group`: groups anomalous records into incidents; applies verdicts; compares earlier runs.

The most anomalous records are grouped until there are as many incidents as the job wants. An
incident that a verdict suppresses is not replaced by a less anomalous one. Verdicts on similar
incidents change the order of the others. The most anomalous records of each become findings.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from anomaly.explain.attribution import leading_columns
from anomaly.explain.reasons import explain
from anomaly.incidents.alarms import oddest, with_alarms, worth_showing
from anomaly.incidents.critical import critical_first, critical_values, raised
from anomaly.incidents.grouping import Candidates, gone_through, incidents
from anomaly.incidents.moved import NewValues, beside_moves, column_alone, parts_of_moves
from anomaly.incidents.recurrence import compared, resolved
from anomaly.incidents.summary import Incident, describe_incident, members_of
from anomaly.incidents.teaching import taught
from anomaly.incidents.verdict_counts import verdict_counts
from anomaly.incidents.verdicts import ReviewedIncidents, apply_verdicts
from anomaly.model.model import AnomalyModel
from anomaly.model.selection import anomaly_score, severity
from flows.runtime.work import Step
from flows.steps.candidates import candidates
from flows.steps.column_drift import drift_of_run, moved_values, statements
from flows.steps.fitted_model import Fitted, loaded_model
from flows.steps.gather import Gathered
from flows.steps.nights import OF_A_NIGHT, alarm_rules, knows_other_days, past_nights
from flows.steps.records import Batch, Records
from flows.steps.run import Run
from flows.steps.score import ChunkScored, score_batch
from flows.steps.select import Selected
from flows.storage.runs.history import earlier_runs, past_incidents, past_rows
from flows.storage.verdicts.store import read_verdicts
from schemas.columns.roles import Role, time_column
from schemas.events.contract import one_array
from schemas.outputs.figures import ColumnDrift
from schemas.outputs.manifest import IncidentSummary, VerdictEffect
from schemas.outputs.tables import INCIDENT, SEVERITY_RANK
from schemas.outputs.verdict import Verdict

FINDINGS_OF_ONE = 10
"""The most findings that an incident has; its other records are counted."""
PAST = "past-incidents"
"""What the scratch holds of earlier runs: `flows.storage.runs.history.past_rows`."""
FOUND = "found"
"""What the scratch holds of the records that become findings: themselves, conformed."""
_ORDINARY = 0.5
"""The p-value of a record in the middle of the others: beyond it nothing is a finding by rank."""
_CONSIDERED = 20
"""Incidents that may be alarms: a night with more has enough to say."""
_REASONS = 2
"""How many of a record's columns may join it to another one."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Grouped:
    """The records that become findings, the oddest first, and what their incidents come to."""

    selected: Selected
    """The records that they come from."""
    rows: Integers
    p_values: npt.NDArray[np.float64]
    by_rule: npt.NDArray[np.bool_]
    """Whether the job's rule selects each."""
    incidents: list[str]
    """The incident that each is of."""
    summary: IncidentSummary
    in_incidents: int
    """Records that the rule selects and that are part of an incident."""
    covers: tuple[datetime, datetime] | None
    """The first and the last time of the run's records."""
    severities: list[str]
    """The severity of each: no graver than that of its incident."""
    column_drift: dict[str, ColumnDrift]
    """Column -> how far it is from the data of the stored model; empty where none judges."""


@dataclass(frozen=True)
class _Inputs:
    """The inputs of the step: the run, its records, its model, the candidates, the verdicts."""

    run: Run
    records: Records
    model: AnomalyModel
    references: pa.Table
    rows: Integers
    """The candidates, the oddest first."""
    p_values: npt.NDArray[np.float64]
    selected: Selected
    verdicts: list[Verdict]
    n_scored: int
    knows_other_days: bool
    """Whether records are judged by other days, so that they may be held against earlier nights."""
    drift: dict[str, ColumnDrift]
    moved: NewValues
    """Of the columns that moved as a whole, where it is judged by other days."""

    @property
    def fewest(self) -> int:
        """Return the fewest incidents that are shown."""
        against_others = self.run.model is not None
        return self.run.job.selection.fewest(against_others=against_others)

    @property
    def by_rule(self) -> int:
        """Return how many of the candidates the rule selects."""
        return min(self.selected.by_rule, len(self.rows))

    @property
    def entities(self) -> list[str]:
        """Return the columns that name whom a record is about."""
        roles, key = self.records.roles, self.run.job.session_key
        return [column for column, role in roles.items() if role is Role.ENTITY or column == key]


@dataclass(frozen=True)
class _BesideMoves:
    """Incidents of records that are part of a column's move, by number."""

    alone: dict[int, str]
    """Of what is ordinary without the move -> the column."""
    p_values: dict[int, float]
    """The smallest p-value of its records without the move."""


@dataclass(frozen=True)
class _Pool:
    """The oddest records, and the incident that each is of, by number."""

    events: pa.Table
    numbers: Integers
    critical: dict[int, str]
    """Incident -> a value of it that the job calls critical."""
    beside: _BesideMoves


@dataclass(frozen=True)
class _Outcome:
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


def group_incidents(
    run: Run, gathered: Gathered, fitted: Fitted, scored: ChunkScored, selected: Selected
) -> Grouped:
    """Gather the oddest records into incidents and write these, with what is known of them."""
    inputs = _inputs(run, gathered, fitted, scored, selected)
    pool = _pool(inputs)
    outcome = _judge(inputs, pool)
    covers = _covers(scored)
    parted, summary = _held_against_the_past(inputs, outcome, covers)
    reported = parted["incidents"]
    for dataset, some in parted.items():
        written = [incident.row(rank) for rank, incident in enumerate(some, start=1)]
        run.folder.write_part(dataset, 0, pa.Table.from_pylist(written, schema=INCIDENT))
    places = _findings(pool, [outcome.numbers[incident.incident] for incident in reported])
    named = {outcome.numbers[incident.incident]: incident for incident in reported}
    of_each = [named[number] for number in pool.numbers[places].tolist()]
    found = pool.events.take(pa.array(places)).unify_dictionaries().combine_chunks()
    run.scratch.write_table(FOUND, found)
    of_rule = pool.numbers[: inputs.by_rule]
    return Grouped(
        selected=selected,
        rows=inputs.rows[places],
        p_values=inputs.p_values[places],
        by_rule=places < inputs.by_rule,
        incidents=[incident.incident for incident in of_each],
        summary=summary,
        in_incidents=int(np.isin(of_rule, list(outcome.numbers.values())).sum()),
        covers=covers,
        severities=_severities(inputs.p_values[places], scored.scored, of_each),
        column_drift=inputs.drift,
    )


GROUP = Step("group", group_incidents)


def _severities(
    p_values: npt.NDArray[np.float64], n_scored: int, of_each: Sequence[Incident]
) -> list[str]:
    """Return the severity of each finding: its own, but no graver than that of its incident."""
    own = severity(p_values, n_scored)
    return [
        min(name, incident.severity, key=SEVERITY_RANK.__getitem__)
        for name, incident in zip(own, of_each, strict=True)
    ]


def _inputs(
    run: Run, gathered: Gathered, fitted: Fitted, scored: ChunkScored, selected: Selected
) -> _Inputs:
    model, references = loaded_model(fitted.stored)
    rows, p_values = _odd(*candidates(run), selected)
    known, n_chunks = knows_other_days(run, fitted.summary), gathered.records.n_chunks
    drift = drift_of_run(run, model, n_chunks)
    return _Inputs(
        run=run,
        records=gathered.records,
        model=model,
        references=references,
        rows=rows,
        p_values=p_values,
        selected=selected,
        verdicts=read_verdicts(run.folder.job_folder),
        n_scored=scored.scored,
        knows_other_days=known and scored.scored > 0,
        drift=drift,
        moved=moved_values(run, model, n_chunks, drift) if known else {},
    )


def _odd(
    rows: Integers, p_values: npt.NDArray[np.float64], selected: Selected
) -> tuple[Integers, npt.NDArray[np.float64]]:
    """Return the candidates that are odder than half of the records, or that the rule selects.

    Of a log of equal records none is.
    """
    odd = max(int(np.searchsorted(p_values, _ORDINARY)), selected.by_rule)
    return rows[:odd], p_values[:odd]


def _pool(inputs: _Inputs) -> _Pool:
    """Gather the oddest records into incidents: all that the rule selects, or more if wanted.

    A run that is judged by other days looks at some in any case: they may be alarms.
    """
    wanted = max(inputs.fewest, _CONSIDERED if inputs.run.model is not None else 0)
    taken = max(inputs.by_rule, 4 * wanted)
    while True:
        rows = inputs.rows[:taken]
        events = inputs.records.take(rows)
        numbers, beside = _numbers(inputs, events, rows)
        if taken >= len(inputs.rows) or len(np.unique(numbers)) >= wanted:
            end = gone_through(numbers, wanted, inputs.by_rule)
            return _with_critical(inputs, events.slice(0, end), numbers[:end], beside)
        taken *= 2


def _with_critical(
    inputs: _Inputs, events: pa.Table, numbers: Integers, beside: _BesideMoves
) -> _Pool:
    critical = frozenset(inputs.run.job.selection.critical)
    roles, entities = inputs.records.roles, inputs.entities
    found = critical_values(events, numbers, roles, entities, critical)
    return _Pool(events, numbers, found, beside)


def _numbers(inputs: _Inputs, events: pa.Table, rows: Integers) -> tuple[Integers, _BesideMoves]:
    """Group records: the incident of each, and what is known of those that are part of a move."""
    if not len(rows):
        return np.zeros(0, dtype=np.int64), _BesideMoves({}, {})
    beside = beside_moves(inputs.model.explaining, inputs.moved, events)
    odd = np.flatnonzero([column is None for column in beside.alone])
    groups = np.full(len(rows), -1, dtype=np.int64)
    groups[odd] = _grouped(inputs, events.take(pa.array(odd)), beside.X[odd], rows[odd])
    for place, column in enumerate(inputs.moved, start=int(groups.max()) + 1):
        groups[[each == column for each in beside.alone]] = place
    _, firsts, members = np.unique(groups, return_index=True, return_inverse=True)
    numbers = np.argsort(np.argsort(firsts))[members]
    oddest = np.unique(numbers, return_index=True)[1]
    alone = {n: column for n, i in enumerate(oddest) if (column := beside.alone[i]) is not None}
    of_moves = np.flatnonzero(~np.isnan(beside.p_values))
    p_values: dict[int, float] = {}
    for number, p in zip(numbers[of_moves].tolist(), beside.p_values[of_moves], strict=True):
        p_values[number] = min(float(p), p_values.get(number, 1.0))
    return numbers, _BesideMoves(alone, p_values)


def _grouped(
    inputs: _Inputs, events: pa.Table, X: npt.NDArray[np.float32], rows: Integers
) -> Integers:
    """Return the incident that each of some records is of, int64 (n,); `X` is their embedding."""
    if not len(rows):
        return np.zeros(0, dtype=np.int64)
    fold, time = inputs.model.explaining, time_column(inputs.records.roles)
    times = np.zeros(len(rows), dtype=np.int64)
    if time is not None:
        times = events[time].cast(pa.int64()).to_numpy()
    entities = {column: _codes(events[column]) for column in inputs.entities}
    usual = fold.combination.density.references_[fold.nearest_usual(X, 1)[:, 0]]
    away = np.linalg.norm(X - usual, axis=1)
    odd_events = Candidates(X, away, times, rows, entities)
    return incidents(odd_events, lambda asked: leading_columns(fold, X[asked], _REASONS))


def _codes(names: pa.ChunkedArray) -> Integers:
    """Return a number for each name of a column; -1 where there is none."""
    encoded = one_array(names)
    if not pa.types.is_dictionary(encoded.type):
        encoded = encoded.dictionary_encode()
    codes: Integers = encoded.indices.fill_null(-1).to_numpy().astype(np.int64)
    return codes


def _judge(inputs: _Inputs, pool: _Pool) -> _Outcome:
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
    return _Outcome(ReviewedIncidents(reported, suppressed), numbers, moved)


def _of_moves(
    inputs: _Inputs, pool: _Pool, numbers: Mapping[str, int], incidents: Sequence[Incident]
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
    parts = parts_of_moves(inputs.model.embedder, inputs.moved, pool.events.take(places))
    for incident, columns in zip(asked, parts, strict=True):
        if (column := column_alone(incident)) in columns:
            of_moves[incident.incident] = column
    return of_moves


def _summaries(inputs: _Inputs, pool: _Pool, numbers: Sequence[int]) -> list[Incident]:
    """Name incidents after their oddest records."""
    oddest = np.unique(pool.numbers, return_index=True)[1][numbers]
    rows, p = inputs.rows[oddest], inputs.p_values[oddest]
    ranking = np.array(
        [pool.beside.p_values.get(n, own) for n, own in zip(numbers, p, strict=True)]
    )
    events = pool.events.take(pa.array(oddest))
    scores = score_batch(
        inputs.model, inputs.records, Batch(events, rows, pa.table({}))
    ).to_pylist()
    points = anomaly_score(p)
    members = members_of(
        pool.events, pool.numbers, list(numbers), inputs.entities, time_column(inputs.records.roles)
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


def _held_against_the_past(
    inputs: _Inputs,
    outcome: _Outcome,
    covers: tuple[datetime, datetime] | None,
) -> tuple[dict[str, list[Incident]], IncidentSummary]:
    """Part the incidents by the dataset that each goes into, and sum them up."""
    run = inputs.run
    earlier = earlier_runs(run.folder.job_folder, run.partition, covers, run.plan.manifest_files())
    rows = past_rows(earlier)
    run.scratch.write_table(PAST, rows)
    past, told = past_incidents(rows), past_incidents(rows.filter(rows["shown"]))
    judged, moved = outcome.judged, compared(outcome.all_moved, past)
    reported, suppressed = compared(judged.reported, past), compared(judged.suppressed, past)
    nights, n, oddest_new = None, inputs.n_scored, None
    if inputs.knows_other_days:
        of_nights = rows.select(["run", *OF_A_NIGHT]).to_pylist()
        rules = alarm_rules(run.job)
        nights = past_nights(earlier, of_nights, inputs.verdicts, rules)
        oddest_new = oddest([*reported, *suppressed], n)
        reported = with_alarms(reported, n, nights, run.job.selection.alarms, rules)
    reported = [raised(each) for each in reported]
    shown, unshown = _shown(inputs, reported, suppressed)
    shown = critical_first(taught(shown, inputs.verdicts, run.started.date()))
    unshown = sorted([*unshown, *moved], key=lambda each: each.odd_at)
    summary = IncidentSummary(
        incidents=len(shown),
        records=sum(incident.members.records for incident in shown),
        statuses=dict(Counter(incident.status for incident in shown)),
        resolved=len(resolved([*reported, *suppressed, *moved], told)),
        compared_with=earlier[-1].manifest.run_id if earlier else None,
        suppressed=len(suppressed),
        unshown=len(unshown),
        alarms=sum(incident.alarm for incident in shown),
        nights=None if nights is None else len(nights),
        oddest=oddest_new,
        moved=statements(inputs.run, inputs.drift, inputs.moved, outcome.of_moves),
        verdicts=_effects(inputs.verdicts, shown, suppressed),
        verdict_counts=verdict_counts(inputs.verdicts),
        refused_verdicts=list(run.refused_verdicts),
    )
    return {"incidents": shown, "suppressed": suppressed, "unshown": unshown}, summary


def _shown(
    inputs: _Inputs, reported: Sequence[Incident], suppressed: Sequence[Incident]
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


def _findings(pool: _Pool, numbers: Sequence[int]) -> Integers:
    """Return the places of the records that become findings: the oddest of each incident."""
    order = np.argsort(pool.numbers, kind="stable")
    starts = np.searchsorted(pool.numbers[order], pool.numbers[order])
    first_ones = order[np.arange(len(order)) - starts < FINDINGS_OF_ONE]
    return np.sort(first_ones[np.isin(pool.numbers[first_ones], numbers)])


def _covers(scored: ChunkScored) -> tuple[datetime, datetime] | None:
    if scored.covers is None:
        return None
    first, last = (_EPOCH + timedelta(microseconds=end) for end in scored.covers)
    return first, last
