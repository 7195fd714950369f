"""The steps of a detection run as plain functions: read, one call into the core, write.

Each takes and gives paths and small objects, so that it can run in a thread, a process or on
another machine; `flows/pipeline.py` names their order.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from anomaly.boundaries import boundaries_of
from anomaly.model import AnomalyModel
from anomaly.selection import Drift, anomaly_score, drift_of, largest_p, select
from flows.damage import quarantine_damaged
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
from schemas.outputs import REJECTION, SCORES, beside_own_columns
from schemas.roles import Role
from schemas.secrets import mask_secrets

HIGHEST_SCORE = 3_000
"""-10 log10 of the smallest p-value."""
MOST_CANDIDATES = 20_000
"""Records that are looked at for incidents: the oddest of a run."""
_ODDEST = ("oddest-rows", "oddest-p")
"""What the scratch holds of each chunk: numbers and p-values of its oddest records."""


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
    """What the later steps need of a scored chunk, or of all; the scores themselves are on disk."""

    scored: int
    rejected: dict[str, int]
    histogram: npt.NDArray[np.int64]
    """(n,): records by whole points of the anomaly score, up to the highest one."""
    covers: tuple[int, int] | None
    """The first and the last time of its records, in microseconds since 1970."""


@dataclass(frozen=True)
class Selected:
    """How many records the rule selects; the oddest ones stand in the scratch."""

    rule: str
    by_rule: int
    """Records that the rule selects: the first of the candidates, or more than there are."""
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
    events = EventRecords(run.plan, roles, run.scratch, required=key, secrets=run.secrets)
    damaged = quarantine_damaged(run, part=events.n_chunks)
    if key is None:
        return Gathered(events, rejected=damaged)
    gathered = _gather_sessions(run, events, key)
    return replace(gathered, rejected=gathered.rejected | damaged)


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
    records = gathered.records
    kept: list[pa.Table] = []
    rejected: list[pa.Table] = []
    scored, histogram = 0, np.zeros(HIGHEST_SCORE + 1, dtype=np.int64)
    top = _Oddest(MOST_CANDIDATES)
    times: list[int] = []
    with run.folder.open_part("scores", chunk, SCORES) as writer:
        for batch in records.read(chunk):
            table = score_batch(model, records, batch)
            writer.write(table)
            kept.append(some_of(batch.records))
            rejected.append(batch.rejected)
            scored += len(batch.rows)
            top.add(batch.rows, table["p_value"].to_numpy())
            times += _ends(records, batch.records)
            points = table["anomaly_score"].to_numpy().astype(np.int64)
            histogram += np.bincount(points, minlength=len(histogram))
    keep(run.scratch, chunk, kept)
    for name, array in zip(_ODDEST, (top.rows, top.p_values), strict=True):
        run.scratch.write_array(f"{name}-{chunk}", array)
    seen = np.trim_zeros(histogram, "b")
    return ChunkScored(scored, _quarantine(run, chunk, rejected), seen, _covered(times))


def _covered(times: Sequence[int]) -> tuple[int, int] | None:
    return (min(times), max(times)) if times else None


def merge_chunks(chunks: Sequence[ChunkScored]) -> ChunkScored:
    """Sum up the chunks of a run, in any order."""
    rejected: Counter[str] = Counter()
    histogram = np.zeros(HIGHEST_SCORE + 1, dtype=np.int64)
    for chunk in chunks:
        rejected.update(chunk.rejected)
        histogram[: len(chunk.histogram)] += chunk.histogram
    scored = sum(chunk.scored for chunk in chunks)
    covers = _covered([time for chunk in chunks for time in chunk.covers or ()])
    return ChunkScored(scored, dict(rejected), histogram, covers)


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


def time_column(records: Records) -> str | None:
    """Name the column that holds the time of the records, if there is one."""
    return next((column for column, role in records.roles.items() if role is Role.TIME), None)


def _ends(records: Records, table: pa.Table) -> list[int]:
    """Return the first and the last time in a table of records; nothing where there is none."""
    column = time_column(records)
    if column is None or not table.num_rows:
        return []
    ends = pc.min_max(table[column].cast(pa.int64())).as_py()
    return [ends["min"], ends["max"]]


def score_batch(model: AnomalyModel, records: Records, batch: Batch) -> pa.Table:
    """Score some records; the table has the columns of `SCORES`."""
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


def select_findings(run: Run, gathered: Gathered, fitted: Fitted, scored: ChunkScored) -> Selected:
    """Apply the job's rule to the scores of the whole run."""
    spec = run.job.selection
    largest = largest_p(spec, scored.histogram)
    parts = run.folder.read_parts("scores", ["p_value"])
    p_values = [p[p <= largest] for p in (table["p_value"].to_numpy() for _, table in parts)]
    drift = drift_of(scored.histogram, fitted.summary.calibration_rows)
    outcome = select(np.concatenate(p_values), scored.scored, spec, drift)
    top = _Oddest(MOST_CANDIDATES)
    for chunk in range(gathered.records.n_chunks):
        top.add(*(run.scratch.read_array(f"{name}-{chunk}") for name in _ODDEST))
    for name, array in zip(_ODDEST, (top.rows, top.p_values), strict=True):
        run.scratch.write_array(name, array)
    cut = float(anomaly_score(outcome.p_cut)) if outcome.selected else None
    return Selected(outcome.rule, outcome.selected, cut, drift)


def candidates(run: Run) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Read the records that may become findings, the oddest first: their numbers and p-values."""
    rows, p_values = (run.scratch.read_array(name) for name in _ODDEST)
    return rows, p_values


def _quarantine(run: Run, part: int, rejected: Sequence[pa.Table]) -> dict[str, int]:
    """Write the rejected rows whole, with their reasons; count the reasons."""
    faults = pa.concat_tables(rejected)
    rows = faults["row"].to_numpy()
    if not len(rows):
        return {}
    own = mask_secrets(read_rows(run.plan, rows), run.secrets)
    files, places = source_of(run.plan, rows)
    lead = [files, pa.array(places), faults["column"], faults["reason"]]
    schema = beside_own_columns(REJECTION, own.schema)
    run.folder.write_part("quarantine", part, pa.table([*lead, *own.columns], schema=schema))
    return dict(Counter(faults["reason"].to_pylist()))


@lru_cache(maxsize=2)
def loaded_model(stored: StoredModel) -> tuple[AnomalyModel, pa.Table]:
    """Load a model once for all chunks that a process scores."""
    return load_model(stored)
