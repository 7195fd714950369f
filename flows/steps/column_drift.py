"""Compares the columns of a run with the data of its model, and states which of them moved."""

from collections.abc import Iterable

import numpy as np
import pyarrow as pa

from anomaly.incidents.moved import NewValues, moved_as_a_whole, new_values
from anomaly.model.model import AnomalyModel
from anomaly.monitoring.column_drift import compare_columns, count_records
from flows.jobs.model_choice import ChosenModel
from flows.steps.run import Run
from flows.steps.sampling import read_chunk_samples
from schemas.outputs.figures import ColumnDrift
from schemas.outputs.manifest import MovedColumn
from schemas.shortening import shortened

_EXAMPLES = 3
_LONGEST = 80
"""Characters of an example."""


def compared_columns(
    chosen: ChosenModel, model: AnomalyModel, tables: Iterable[pa.Table]
) -> dict[str, ColumnDrift]:
    """Compare the columns of conformed records with those that a stored model was fitted on."""
    reference = {c: np.array(n, dtype=np.int64) for c, n in chosen.card.reference.items()}
    counts = count_records(model.embedder, tables)
    return compare_columns(model.embedder, reference, counts)


def drift_of_run(run: Run, model: AnomalyModel, n_chunks: int) -> dict[str, ColumnDrift]:
    """Compare the columns of a run with those of the stored model that judges it, if one does."""
    if run.model is None:
        return {}
    return compared_columns(run.model, model, read_chunk_samples(run.scratch, n_chunks))


def moved_values(
    run: Run, model: AnomalyModel, n_chunks: int, drifts: dict[str, ColumnDrift]
) -> NewValues:
    """Count the unseen values of the columns that moved as a whole."""
    columns = moved_as_a_whole(drifts)
    if not columns:
        return {}
    return new_values(model.embedder, columns, read_chunk_samples(run.scratch, n_chunks))


def statements(
    run: Run, drifts: dict[str, ColumnDrift], moved: NewValues, gathered: dict[str, int]
) -> list[MovedColumn]:
    """State of each column that moved as a whole what it moved to.

    Parameters
    ----------
    run
        The run. Its masked columns have no examples.
    drifts
        Column -> how far it is from the data of the model.
    moved
        The unseen values.
    gathered
        Column -> incidents that are part of the statement.
    """
    return [
        MovedColumn(
            column=column,
            unseen=drifts[column].unseen,
            unseen_before=drifts[column].unseen_before,
            examples=[] if column in run.secrets.columns else _examples(moved[column]),
            incidents=gathered.get(column, 0),
        )
        for column in moved
    ]


def _examples(counts: dict[str, int]) -> list[str]:
    common = sorted(counts, key=lambda value: (-counts[value], value))[:_EXAMPLES]
    return [shortened(value, _LONGEST) for value in common]
