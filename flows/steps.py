"""The steps of a detection run as plain functions: read, one call into the core, write.

Each takes and gives paths and small objects, so that it can run in a thread, a process or on
another machine; `flows/pipeline.py` names their order.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from anomaly.boundaries import boundaries_of
from anomaly.explanation import explain
from anomaly.model import AnomalyModel
from anomaly.projection import project
from anomaly.selection import Drift, anomaly_score, drift_of, largest_p, select, severity
from flows.kept import keep, some_of
from flows.planning import Run
from flows.records import REPEATED, Batch, EventRecords, Records
from flows.session_records import gather_sessions
from flows.storage.locations import without_secrets
from flows.storage.models import StoredModel, load_model
from flows.storage.repeats import repeated_ids
from flows.storage.rows import read_rows, source_of
from schemas.errors import InputError
from schemas.manifest import ModelSummary
from schemas.outputs import FINDING, REJECTION, SCORES, beside_own_columns
from schemas.roles import Role

HIGHEST_SCORE = 3_000
"""-10 log10 of the smallest p-value."""


@dataclass(frozen=True)
class Gathered:
    """The records of the run, and the rows that are part of none."""

    records: Records
    events_gathered: int = 0
    """Rows of the input that are part of a session; 0 where each row is a record."""
    rejected: dict[str, int] = field(default_factory=dict)
    """Reason -> rows rejected before any scoring."""


@dataclass(frozen=True)
class Fitted:
    """The model the run judges by."""

    stored: StoredModel
    summary: ModelSummary


@dataclass(frozen=True)
class ChunkScored:
    """What the later steps need of a scored chunk; the scores themselves are on disk."""

    scored: int
    rejected: dict[str, int]
    top_rows: npt.NDArray[np.int64]
    """The numbers of the records that could become findings, the oddest first."""
    top_p: npt.NDArray[np.float64]
    histogram: npt.NDArray[np.int64]
    """(HIGHEST_SCORE + 1,): records by whole points of the anomaly score."""


@dataclass(frozen=True)
class Selected:
    """The records that become findings, the oddest first."""

    rule: str
    rows: npt.NDArray[np.int64]
    p_values: npt.NDArray[np.float64]
    by_rule: int
    """Records that the rule selects; the budget may cut some off."""
    score_cut: float | None
    drift: Drift


def gather_records(run: Run) -> Gathered:
    """Make the rows of the input the records of the run, or its sessions.

    Raises
    ------
    InputError
        The job judges sessions, and no row is a valid event.
    """
    id_column = next((c for c, choice in run.choices.items() if choice.role is Role.ID), None)
    repeated = (
        np.zeros(0, dtype=np.int64)
        if id_column is None
        else repeated_ids(run.plan, id_column, run.scratch)
    )
    run.scratch.write_array(REPEATED, repeated)
    roles = {column: choice.role for column, choice in run.choices.items()}
    key = run.job.session_key
    events = EventRecords(run.plan, roles, run.scratch, required=key)
    return Gathered(events) if key is None else _gather_sessions(run, events, key)


def _gather_sessions(run: Run, events: EventRecords, key: str) -> Gathered:
    # All events at once: a session may lie anywhere in the input.
    batches = [batch for chunk in range(events.n_chunks) for batch in events.read(chunk)]
    rejected = _quarantine(run, 0, [batch.rejected for batch in batches])
    gathered = sum(len(batch.rows) for batch in batches)
    if not gathered:
        raise InputError(
            "no valid event",
            where=without_secrets(run.plan.location),
            remedy="give the columns whose values are rejected other roles in the job file",
        )
    records = gather_sessions(events, batches, key, boundaries_of(run.job))
    return Gathered(records, gathered, rejected)


def score_chunk(run: Run, gathered: Gathered, fitted: Fitted, chunk: int) -> ChunkScored:
    """Score a chunk of records; scores and rejected rows go to disk."""
    model, _ = loaded_model(fitted.stored)
    records, spec = gathered.records, run.job.selection
    kept: list[pa.Table] = []
    rejected: list[pa.Table] = []
    scored, histogram = 0, np.zeros(HIGHEST_SCORE + 1, dtype=np.int64)
    top = _Oddest(max(spec.budget, spec.fewest))
    with run.folder.open_part("scores", chunk, SCORES) as writer:
        for batch in records.read(chunk):
            table = _score_batch(model, records, batch)
            writer.write(table)
            kept.append(some_of(batch.records))
            rejected.append(batch.rejected)
            scored += len(batch.rows)
            top.add(batch.rows, table["p_value"].to_numpy())
            points = table["anomaly_score"].to_numpy().astype(np.int64)
            histogram += np.bincount(points, minlength=len(histogram))
    keep(run.scratch, chunk, kept)
    return ChunkScored(scored, _quarantine(run, chunk, rejected), top.rows, top.p_values, histogram)


class _Oddest:
    """The records with the smallest p-values of all that were added, ties by their number."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.rows = np.zeros(0, dtype=np.int64)
        self.p_values = np.zeros(0)

    def add(self, rows: npt.NDArray[np.int64], p_values: npt.NDArray[np.float64]) -> None:
        if len(self.rows) == self._most:
            near = p_values <= self.p_values[-1]
            rows, p_values = rows[near], p_values[near]
        rows, p_values = np.append(self.rows, rows), np.append(self.p_values, p_values)
        kept = np.lexsort((rows, p_values))[: self._most]
        self.rows, self.p_values = rows[kept], p_values[kept]


def _score_batch(model: AnomalyModel, records: Records, batch: Batch) -> pa.Table:
    if not batch.records.num_rows:
        return SCORES.empty_table()
    scores = model.score(batch.records)
    columns = [
        records.ids(batch.records, batch.rows),
        anomaly_score(scores.p_values),
        scores.p_values,
        scores.density,
        scores.distance,
    ]
    return pa.table([pa.array(column) for column in columns], schema=SCORES)


def select_findings(run: Run, fitted: Fitted, chunks: Sequence[ChunkScored]) -> Selected:
    """Apply the job's rule to the scores of the whole run, then its budget."""
    spec, scored = run.job.selection, sum(chunk.scored for chunk in chunks)
    largest = largest_p(spec)
    parts = run.folder.read_parts("scores", ["p_value"])
    p_values = [p[p <= largest] for p in (table["p_value"].to_numpy() for _, table in parts)]
    histogram = np.sum([chunk.histogram for chunk in chunks], axis=0)
    drift = drift_of(histogram, fitted.summary.calibration_rows)
    outcome = select(np.concatenate(p_values), scored, spec, drift)
    rows = np.concatenate([chunk.top_rows for chunk in chunks])
    p = np.concatenate([chunk.top_p for chunk in chunks])
    written = min(max(outcome.selected, spec.fewest), spec.budget)
    order = np.lexsort((rows, p))[:written]
    cut = float(anomaly_score(outcome.p_cut)) if outcome.selected else None
    return Selected(outcome.rule, rows[order], p[order], outcome.selected, cut, drift)


def explain_findings(run: Run, gathered: Gathered, fitted: Fitted, selected: Selected) -> None:
    """Write the findings with their reasons, and the map that shows where they lie."""
    model, references = loaded_model(fitted.stored)
    records = gathered.records
    events = records.take(selected.rows)
    reasons, summaries = explain(model, references, events)
    scores = _score_batch(model, records, Batch(events, selected.rows, pa.table({})))
    own = records.own_columns(selected.rows)
    n = len(selected.rows)
    lead = {
        "rank": np.arange(1, n + 1, dtype=np.int32),
        **{name: scores[name] for name in SCORES.names},
        "severity": severity(anomaly_score(selected.p_values)),
        "basis": ["rule" if i < selected.by_rule else "rank" for i in range(n)],
        "summary": summaries,
        "reasons": [[vars(reason) for reason in found] for found in reasons],
    }
    # The scores of the run, not of these few again: a product of matrices may round otherwise.
    lead |= {"p_value": selected.p_values, "anomaly_score": anomaly_score(selected.p_values)}
    columns = [pa.array(lead[f.name], f.type) for f in FINDING] + own.columns
    run.folder.write_part(
        "findings", 0, pa.table(columns, schema=beside_own_columns(FINDING, own.schema))
    )
    run.scratch.write_table("map", _map(model, events))


def _map(model: AnomalyModel, events: pa.Table) -> pa.Table:
    X = model.embedder.transform(events)
    normal, found = project(model.voices.density.references_, X)
    ranks = [*[None] * len(normal), *range(1, len(found) + 1)]
    points = np.vstack([normal, found])
    return pa.table({"x": points[:, 0], "y": points[:, 1], "rank": pa.array(ranks, pa.int32())})


def _quarantine(run: Run, part: int, rejected: Sequence[pa.Table]) -> dict[str, int]:
    """Write the rejected rows whole, with their reasons; count the reasons."""
    faults = pa.concat_tables(rejected)
    rows = faults["row"].to_numpy()
    if not len(rows):
        return {}
    own = read_rows(run.plan, rows)
    files, places = source_of(run.plan, rows)
    lead = [files, pa.array(places), faults["column"], faults["reason"]]
    schema = beside_own_columns(REJECTION, own.schema)
    run.folder.write_part("quarantine", part, pa.table([*lead, *own.columns], schema=schema))
    return dict(Counter(faults["reason"].to_pylist()))


@lru_cache(maxsize=2)
def loaded_model(stored: StoredModel) -> tuple[AnomalyModel, pa.Table]:
    """Load a model once for all chunks that a process scores."""
    return load_model(stored)
