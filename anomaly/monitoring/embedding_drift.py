"""Embedding drift: how far a batch is from the data of a model, in all columns together.

Each column may be as it was, and yet other values occur together. So the embedding is cut into
cells, each around one normal reference, and the records in each are counted. Two samples of one
population fill them alike (a test of homogeneity on a partition: Biau and Györfi, 2005). As for a
column, the stability index measures how far apart the two are.
"""

from collections.abc import Iterable, Sequence

import numpy as np
import pyarrow as pa
from sklearn.metrics import pairwise_distances_argmin

from anomaly.model.fold import Fold
from anomaly.monitoring.column_drift import Counts, compare_counts
from anomaly.numerics.spacing import stride
from schemas.outputs.figures import ColumnDrift

_CELLS = 64
"""Few enough that a cell of some thousand records holds some tens."""
_COUNTED = 16_384
"""Records that are counted at the most, evenly spaced."""


def count_cells(fold: Fold, tables: Sequence[pa.Table]) -> Counts:
    """Count conformed records by the reference that is nearest to each.

    Returns
    -------
    int64 (1 + n_cells,): as for a column, first what no cell holds, which is nothing.
    """
    centres = fold.combination.density.references_[:_CELLS]
    counts = np.zeros(1 + len(centres), dtype=np.int64)
    step = stride(sum(table.num_rows for table in tables), _COUNTED)
    for X in _embedded(fold, tables, step):
        nearest = pairwise_distances_argmin(X, centres)
        counts += np.bincount(1 + nearest, minlength=len(counts))
    return counts


def compare_cells(before: Sequence[int], now: Counts) -> ColumnDrift | None:
    """Say how far a batch is from the reference, and whether it moved; None without a reference."""
    return compare_counts(np.asarray(before, dtype=np.int64), now) if len(before) else None


def _embedded(fold: Fold, tables: Sequence[pa.Table], step: int) -> Iterable[np.ndarray]:
    for table in tables:
        some = table.take(pa.array(np.arange(0, table.num_rows, step)))
        if some.num_rows:
            yield fold.embedder.transform(some)
