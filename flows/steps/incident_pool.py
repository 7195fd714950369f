"""The pool of a run's most anomalous records, and the incident that each record is of.

Records are grouped until there are as many incidents as the job wants. Those that are ordinary
without a column that moved as a whole are one incident for each such column.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from anomaly.behaviour.observations import OddWindow
from anomaly.explain.attribution import leading_columns
from anomaly.explain.known_records import KnownRecords
from anomaly.incidents.critical import critical_values
from anomaly.incidents.grouping import Candidates, gone_through, incidents
from anomaly.incidents.moved import NewValues, beside_moves
from anomaly.model.model import AnomalyModel
from flows.steps.candidates import candidates
from flows.steps.column_drift import drift_of_run, moved_values
from flows.steps.fitted_model import Fitted, counted_records, loaded_model
from flows.steps.gather import Gathered
from flows.steps.nights import knows_other_days
from flows.steps.records import Records
from flows.steps.run import Run
from flows.steps.sampling import read_chunk_samples
from flows.steps.score import ChunkScored
from flows.steps.select import ORDINARY, Selected
from flows.storage.verdicts.store import read_verdicts
from schemas.columns.roles import Role, time_column
from schemas.events.contract import one_array
from schemas.outputs.figures import ColumnDrift
from schemas.outputs.verdict import Verdict

_CONSIDERED = 20
"""Incidents that may be alarms: a night with more has enough to say."""
_REASONS = 2
"""How many of a record's columns may join it to another one."""

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class GroupingInputs:
    """The inputs of the step: the run, its records, its model, the candidates, the verdicts."""

    run: Run
    records: Records
    model: AnomalyModel
    known: KnownRecords
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
    def wanted(self) -> int:
        """Return how many incidents are looked at, besides those that the rule selects."""
        return max(self.fewest, _CONSIDERED if self.run.model is not None else 0)

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
class OddRecords:
    """Records of a run, the oddest first."""

    events: pa.Table
    """Themselves, conformed."""
    ids: pa.Array
    rows: Integers
    """Their numbers in the run."""
    p_values: npt.NDArray[np.float64]

    def first(self, n: int) -> "OddRecords":
        """Return the `n` oddest of them."""
        return OddRecords(
            self.events.slice(0, n), self.ids.slice(0, n), self.rows[:n], self.p_values[:n]
        )


@dataclass(frozen=True)
class BesideMoves:
    """Incidents of records that are part of a column's move, by number."""

    alone: dict[int, str]
    """Of what is ordinary without the move -> the column."""
    p_values: dict[int, float]
    """The smallest p-value of its records without the move."""


@dataclass(frozen=True)
class Pool:
    """The oddest records, and the incident that each is of, by number."""

    odd: OddRecords
    numbers: Integers
    critical: dict[int, str]
    """Incident -> a value of it that the job calls critical."""
    beside: BesideMoves
    windows: Mapping[int, OddWindow] = field(default_factory=dict)
    """Incident -> the odd window that it is of, or that is evidence of it."""
    of_window_alone: frozenset[int] = frozenset()
    """Incidents of records that are odd together alone."""
    of_windows: int = 0
    """The last so many records are not odd by themselves, but of odd windows."""
    ranking: Mapping[int, float] = field(default_factory=dict)
    """Incident -> the p-value that it is ranked by, where odd windows are among them."""
    by_view: Mapping[int, Mapping[str, float]] = field(default_factory=dict)
    """Incident of records that an odd window is evidence of -> the p-value by each view."""


def grouping_inputs(
    run: Run, gathered: Gathered, fitted: Fitted, scored: ChunkScored, selected: Selected
) -> GroupingInputs:
    """Read what the step needs of the run, its model and its verdicts."""
    model, _ = loaded_model(fitted.stored)
    rows, p_values = _odd(*candidates(run), selected)
    known, n_chunks = knows_other_days(run, fitted.summary), gathered.records.n_chunks
    drift = drift_of_run(run, model, n_chunks)
    return GroupingInputs(
        run=run,
        records=gathered.records,
        model=model,
        known=counted_records(fitted.stored),
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
    odd = max(int(np.searchsorted(p_values, ORDINARY)), selected.by_rule)
    return rows[:odd], p_values[:odd]


def pool_of(inputs: GroupingInputs) -> Pool:
    """Gather the oddest records into incidents: all that the rule selects, or more if wanted.

    A run that is judged by other days looks at some in any case: they may be alarms.
    """
    wanted = inputs.wanted
    taken = max(inputs.by_rule, 4 * wanted)
    while True:
        odd = _oddest(inputs, taken)
        numbers, beside = _numbers(inputs, odd)
        if len(odd.rows) >= len(inputs.rows) or len(np.unique(numbers)) >= wanted:
            end = gone_through(numbers, wanted, inputs.by_rule)
            return _with_critical(inputs, odd, numbers[:end], beside)
        taken *= 2


def _oddest(inputs: GroupingInputs, n: int) -> OddRecords:
    """Read the oddest records, and those that are as odd as the last; ties by time and id.

    So the order of the input makes no difference, as long as its records have ids.
    """
    most = np.searchsorted(inputs.p_values, inputs.p_values[:n][-1:], side="right")
    rows, p_values = inputs.rows[: most.sum()], inputs.p_values[: most.sum()]
    events = inputs.records.take(rows)
    ids = inputs.records.ids(events, rows).cast(pa.string())
    times = times_of(events, inputs.records.roles)
    names = np.unique(np.array(ids.to_pylist(), dtype=object), return_inverse=True)[1]
    order = np.lexsort((names, times, p_values))
    places = pa.array(order)
    return OddRecords(events.take(places), ids.take(places), rows[order], p_values)


def times_of(events: pa.Table, roles: Mapping[str, Role]) -> Integers:
    """Return the times of records, in microseconds since 1970; 0 where they have none."""
    time = time_column(roles)
    if time is None:
        return np.zeros(events.num_rows, dtype=np.int64)
    times: Integers = events[time].cast(pa.int64()).to_numpy()
    return times


def _with_critical(
    inputs: GroupingInputs, odd: OddRecords, numbers: Integers, beside: BesideMoves
) -> Pool:
    of_pool = odd.first(len(numbers))
    critical = frozenset(inputs.run.job.selection.critical)
    roles, entities = inputs.records.roles, inputs.entities
    found = critical_values(of_pool.events, numbers, roles, entities, critical)
    return Pool(of_pool, numbers, found, beside)


def _numbers(inputs: GroupingInputs, odd_ones: OddRecords) -> tuple[Integers, BesideMoves]:
    """Group records: the incident of each, and what is known of those that are part of a move."""
    events, n = odd_ones.events, len(odd_ones.rows)
    if not n:
        return np.zeros(0, dtype=np.int64), BesideMoves({}, {})
    beside = beside_moves(inputs.model.explaining, inputs.moved, events)
    odd = np.flatnonzero([column is None for column in beside.alone])
    groups = np.full(n, -1, dtype=np.int64)
    groups[odd] = _grouped(inputs, events.take(pa.array(odd)), beside.X[odd])
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
    return numbers, BesideMoves(alone, p_values)


def _grouped(inputs: GroupingInputs, events: pa.Table, X: npt.NDArray[np.float32]) -> Integers:
    """Return the incident that each of some records is of, int64 (n,); `X` is their embedding."""
    if not events.num_rows:
        return np.zeros(0, dtype=np.int64)
    fold = inputs.model.explaining
    common = _in_most_records(inputs)
    entities = {column: _codes(events[column], common[column]) for column in inputs.entities}
    usual = fold.combination.density.references_[fold.nearest_usual(X, 1)[:, 0]]
    away = np.linalg.norm(X - usual, axis=1)
    odd_events = Candidates(X, away, times_of(events, inputs.records.roles), entities)
    return incidents(odd_events, lambda asked: leading_columns(fold, X[asked], _REASONS))


def _in_most_records(inputs: GroupingInputs) -> dict[str, str | None]:
    """Return entity column -> the name that more than half of the judged records hold, if any.

    That two odd records are both of such an entity is no sign that they belong together. It is
    looked for in the samples of the chunks.
    """
    n, counts = 0, {column: Counter[str | None]() for column in inputs.entities}
    for sample in read_chunk_samples(inputs.run.scratch, inputs.records.n_chunks):
        n += sample.num_rows
        for column, counted in counts.items():
            for each in one_array(sample[column]).value_counts().to_pylist():
                counted[each["values"]] += each["counts"]
    commonest = {column: counted.most_common(1) for column, counted in counts.items()}
    return {
        column: first[0][0] if first and 2 * first[0][1] > n else None
        for column, first in commonest.items()
    }


def _codes(names: pa.ChunkedArray, common: str | None) -> Integers:
    """Return a number for each name of a column; -1 where there is none, and for the `common`."""
    encoded = one_array(names)
    if not pa.types.is_dictionary(encoded.type):
        encoded = encoded.dictionary_encode()
    codes: Integers = encoded.indices.fill_null(-1).to_numpy().astype(np.int64)
    if common is not None:
        codes[pc.equal(encoded.cast(pa.string()), common).fill_null(False).to_numpy(False)] = -1
    return codes
