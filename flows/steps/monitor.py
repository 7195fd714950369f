"""Steps `watch` and `look ahead`: drift, the recall of canaries, and the rows of a partition.

None of them changes a finding or a score; the manifest holds all.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pyarrow as pa

from anomaly.model.model import FEWEST_EVENTS, AnomalyModel
from anomaly.model.selection import anomaly_score, drift_of
from anomaly.monitoring.canaries import search_canaries
from anomaly.monitoring.control_chart import FALSE_ALARM, fall_of_recall
from anomaly.monitoring.embedding_drift import compare_cells, count_cells
from anomaly.monitoring.partition_size import usual_rows
from anomaly.numerics.spacing import evenly_spaced
from flows.jobs.model_choice import ChosenModel
from flows.runtime.work import Step
from flows.steps.column_drift import compared_columns
from flows.steps.fitted_model import Fitted, loaded_model
from flows.steps.gather import Gathered
from flows.steps.group import Grouped
from flows.steps.records import Records
from flows.steps.run import Run
from flows.steps.sampling import read_chunk_samples, sample_of_batch
from flows.storage.runs.history import earlier_runs, rows_of_partitions, runs_before
from flows.storage.runs.reader import PublishedRun
from schemas.job.fingerprint import job_fingerprint
from schemas.job.partitioned_location import partitions_a_day
from schemas.outputs.figures import CanaryReport, ColumnDrift, PartitionRows

_CHUNKS_LOOKED_INTO = 8
"""Chunks, evenly spaced, whose records canaries are made from, and are told the cells of."""
_RUNS_BEFORE = 30
"""Runs before that the share of canaries found is held against: what is usual changes slowly."""
_CHUNKS_AHEAD = 16
"""Chunks, evenly spaced, that are looked into before a batch is judged."""
_TOO_OFTEN = 1.5
"""Ordinary records so many times too often below a p-value are another population."""
_SMALLER = 10
"""A model is not fitted on a batch that is smaller than its own sample by more than this."""


@dataclass(frozen=True)
class RefitReason:
    """The reason for a new model before the run."""

    why: Literal["first", "drift", "age"]
    columns: dict[str, ColumnDrift] = field(default_factory=dict)
    """Column -> how far it was from what the old model was fitted on."""
    together: ColumnDrift | None = None
    """How far all columns together were from that."""


@dataclass(frozen=True)
class Watch:
    """The result of step `watch`: the recall of canaries, drift, and the rows of the partition."""

    canaries: CanaryReport
    columns: dict[str, ColumnDrift]
    """Column -> how far it is from what the model was fitted on; the old one, if it changed."""
    together: ColumnDrift | None
    """How far all columns together are from that."""
    renewed: RefitReason | None
    partition_rows: PartitionRows | None
    """The rows beside those of earlier partitions; None without enough of them."""


def look_ahead(run: Run, gathered: Gathered) -> RefitReason | None:
    """Hold some of the batch against the stored model; say whether it is to be fitted anew.

    It is where a column moved, or all together did, or ordinary records have small p-values too
    often. A batch that is much smaller than the model's sample does not replace it, unless the job
    names a history.
    """
    assert run.model is not None  # noqa: S101 - the caller asks
    least = max(FEWEST_EVENTS, run.model.card.figures.sample_rows / _SMALLER)
    if run.job.model.train is None and gathered.records.total < least:
        return None
    model, _ = loaded_model(run.model.stored)
    tables = [table for table in _ahead(gathered.records) if table.num_rows]
    columns = compared_columns(run.model, model, tables)
    together = _compared_together(run.model, model, tables)
    if any(drift.moved for drift in (*columns.values(), together) if drift is not None):
        return RefitReason("drift", columns, together)
    p_values = np.concatenate([model.score(table).p_values for table in tables] or [np.ones(0)])
    points = np.bincount(anomaly_score(p_values).astype(np.int64), minlength=11)
    drift = drift_of(points, model.calibration_rows)
    return RefitReason("drift", columns, together) if drift.ratio > _TOO_OFTEN else None


LOOK_AHEAD = Step("look ahead", look_ahead)


def watch_run(
    run: Run, gathered: Gathered, fitted: Fitted, grouped: Grouped, renewed: RefitReason | None
) -> Watch:
    """Score canaries at the cut of the run, and hold its columns against those of the model."""
    model, _ = loaded_model(fitted.stored)
    n_chunks = gathered.records.n_chunks
    parts = read_chunk_samples(run.scratch, n_chunks, _CHUNKS_LOOKED_INTO)
    some = pa.concat_tables(parts).unify_dictionaries()
    p_cut = float(grouped.p_values[~grouped.of_window].max(initial=0.0))
    files = run.plan.manifest_files()
    published = runs_before(run.folder.job_folder, run.run_id)
    earlier = earlier_runs(published, run.partition, grouped.covers, files)
    canaries = _beside_earlier(run, earlier, search_canaries(model, some, p_cut, run.job.seed))
    rows = _partition_rows(run, earlier)
    if renewed is not None:
        return Watch(canaries, renewed.columns, renewed.together, renewed, rows)
    if run.model is None:
        return Watch(canaries, {}, None, None, rows)
    together = _compared_together(run.model, model, [some])
    return Watch(canaries, grouped.column_drift, together, None, rows)


WATCH = Step("watch", watch_run)


def _partition_rows(run: Run, earlier: list[PublishedRun]) -> PartitionRows | None:
    if run.partition is None:
        return None
    # An hour is held against the same hour of other days.
    like = run.partition.hour
    known = rows_of_partitions(earlier)
    rows = {partition.day: n for partition, n in known.items() if partition.hour == like}
    a_day = partitions_a_day(str(run.job.input))
    return usual_rows(run.partition.day, run.plan.rows_read, rows, a_day)


def _beside_earlier(run: Run, earlier: list[PublishedRun], canaries: CanaryReport) -> CanaryReport:
    """Hold the canaries against those of the runs before that had the same settings."""
    settings = job_fingerprint(run.job)
    alike = [each.manifest for each in earlier if each.manifest.job_fingerprint == settings]
    shares = [(m.canaries.planted, m.canaries.found) for m in alike if m.canaries is not None]
    fall = fall_of_recall((canaries.planted, canaries.found), shares[-_RUNS_BEFORE:])
    if fall is None:
        return canaries
    usual, p_value = fall
    return canaries.model_copy(
        update={"usual": round(usual, 4), "fell": bool(p_value < FALSE_ALARM)}
    )


def _compared_together(
    chosen: ChosenModel, model: AnomalyModel, some: list[pa.Table]
) -> ColumnDrift | None:
    return compare_cells(chosen.card.cells, count_cells(model.explaining, some))


def _ahead(records: Records) -> Iterator[pa.Table]:
    """Give some records of some chunks: of the first batch of each."""
    for chunk in evenly_spaced(records.n_chunks, _CHUNKS_AHEAD).tolist():
        for batch in records.read(chunk):
            yield sample_of_batch(batch.records)
            break
