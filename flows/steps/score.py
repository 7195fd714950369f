"""Step `score`: scores one chunk of records and writes scores and rejected rows."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from anomaly.model.model import AnomalyModel
from anomaly.model.selection import anomaly_score
from flows.runtime.work import Step
from flows.steps.activity import measures_of_run
from flows.steps.activity_parts import ActivityOfChunk
from flows.steps.candidates import MOST_CANDIDATES, ODDEST, Oddest
from flows.steps.fitted_model import Fitted, loaded_model
from flows.steps.gather import Gathered
from flows.steps.quarantine import quarantine_rejected, why_rejected
from flows.steps.records import Batch, Records
from flows.steps.run import Run
from flows.steps.sampling import sample_of_batch, write_chunk_sample
from schemas.columns.roles import time_column
from schemas.errors import InputError
from schemas.locations import without_secrets
from schemas.outputs.tables import SCORES

HIGHEST_SCORE = 3_000
"""-10 log10 of the smallest p-value."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class ChunkScored:
    """Summary of a scored chunk, or of all, for later steps; the scores themselves are on disk."""

    scored: int
    rejected: dict[str, int]
    histogram: npt.NDArray[np.int64]
    """(n,): records by whole points of the anomaly score, up to the highest one."""
    covers: tuple[int, int] | None
    """The first and the last time of its records, in microseconds since 1970."""


def score_chunk(run: Run, gathered: Gathered, fitted: Fitted, chunk: int) -> ChunkScored:
    """Score a chunk of records; scores and rejected rows go to disk."""
    model, _ = loaded_model(fitted.stored)
    records = gathered.records
    sampled: list[pa.Table] = []
    rejected: list[pa.Table] = []
    scored, histogram = 0, np.zeros(HIGHEST_SCORE + 1, dtype=np.int64)
    top = Oddest(MOST_CANDIDATES)
    times: list[int] = []
    with (
        run.folder.open_part("scores", chunk, SCORES) as writer,
        ActivityOfChunk(run.scratch, chunk, records, measures_of_run(run, records)) as activity,
    ):
        for batch in records.read(chunk):
            table = score_batch(model, records, batch)
            writer.write(table)
            sampled.append(sample_of_batch(batch.records))
            activity.add(batch)
            rejected.append(batch.rejected)
            scored += len(batch.rows)
            top.add(batch.rows, table["p_value"].to_numpy())
            times += _ends(records, batch.records)
            points = table["anomaly_score"].to_numpy().astype(np.int64)
            histogram += np.bincount(points, minlength=len(histogram))
    write_chunk_sample(run.scratch, chunk, sampled)
    for name, array in zip(ODDEST, (top.rows, top.p_values), strict=True):
        run.scratch.write_array(f"{name}-{chunk}", array)
    seen = np.trim_zeros(histogram, "b")
    return ChunkScored(scored, quarantine_rejected(run, chunk, rejected), seen, covered(times))


SCORE = Step("score", score_chunk)


def covered(times: Sequence[int]) -> tuple[int, int] | None:
    """Return the first and the last of some times; None where there is none."""
    return (min(times), max(times)) if times else None


def times_covered(scored: ChunkScored) -> tuple[datetime, datetime] | None:
    """Return the first and the last time of a run's records."""
    if scored.covers is None:
        return None
    first, last = (_EPOCH + timedelta(microseconds=end) for end in scored.covers)
    return first, last


def merge_chunks(chunks: Sequence[ChunkScored]) -> ChunkScored:
    """Sum up the chunks of a run, in any order."""
    rejected: Counter[str] = Counter()
    histogram = np.zeros(HIGHEST_SCORE + 1, dtype=np.int64)
    for chunk in chunks:
        rejected.update(chunk.rejected)
        histogram[: len(chunk.histogram)] += chunk.histogram
    scored = sum(chunk.scored for chunk in chunks)
    covers = covered([time for chunk in chunks for time in chunk.covers or ()])
    return ChunkScored(scored, dict(rejected), histogram, covers)


def require_scored(run: Run, gathered: Gathered, scored: ChunkScored) -> None:
    """Refuse a run that scored nothing: published, it would say that nothing was odd.

    Raises
    ------
    InputError
        No row is a valid event.
    """
    if scored.scored:
        return
    rejected = why_rejected(gathered.records)
    raise InputError(
        f"nothing was judged: {rejected or 'no row is part of a record'}",
        where=without_secrets(run.plan.location),
        remedy="mend the input, or fit a new model on input like it with `outfield fit`",
    )


def _ends(records: Records, table: pa.Table) -> list[int]:
    """Return the first and the last time in a table of records; nothing where there is none."""
    column = time_column(records.roles)
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
