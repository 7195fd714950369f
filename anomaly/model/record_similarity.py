"""Compares records with another record, or with a description, by their place in the embedding."""

from collections.abc import Collection
from dataclasses import replace
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from anomaly.detectors.cosine import directions
from anomaly.embedding.deduplicated import Vectors
from anomaly.embedding.embedder import EventEmbedder
from anomaly.model.model import AnomalyModel

Metric = Literal["euclidean", "cosine"]
METRICS: tuple[Metric, ...] = get_args(Metric)


def placed(X: Vectors, centre: Vectors, metric: Metric) -> Vectors:
    """Place vectors so that Euclidean distance orders them as the metric does.

    Parameters
    ----------
    X
        The embedding, float32 (n_records, n_dims).
    centre
        Where directions are seen from, float32 (n_dims,): the middle of the normal cluster.
    metric
        `cosine`: each at length one, so that half of a squared distance is 1 - cosine.
    """
    return X if metric == "euclidean" else directions(X, centre).astype(np.float32)


def distances(x: Vectors, others: Vectors, metric: Metric) -> npt.NDArray[np.float64]:
    """Return how far `others` are from `x`, all as `placed` gives them.

    Returns
    -------
    float64 (n_others,): the Euclidean distance, or 1 - cosine, from 0 to 2.
    """
    away = others.astype(np.float64) - x
    squares = np.einsum("ij,ij->i", away, away)
    return np.sqrt(squares) if metric == "euclidean" else squares / 2.0


def centre_of(model: AnomalyModel) -> Vectors:
    """Return the middle of the normal cluster, float32 (n_dims,)."""
    references = model.explaining.combination.density.references_
    return references.mean(axis=0, dtype=np.float64).astype(np.float32)


def part_of(model: AnomalyModel, told: Collection[str]) -> tuple[EventEmbedder, Vectors]:
    """Return the part of the embedding that covers some columns alone, and its centre.

    In it, records that hold the same in these columns are the same.
    """
    whole = model.embedder
    blocks = {c: block for c, block in whole.blocks.items() if c in told}
    habits = {
        given: {c: habit for c, habit in known.items() if c in told}
        for given, known in whole.habits.items()
        if given in told
    }
    spoken = [span.column in told and span.given in (None, *told) for span in whole.spans]
    sizes = [span.n_dims for span in whole.spans]
    part = replace(whole, blocks=blocks, habits=habits)
    return part, centre_of(model)[np.repeat(spoken, sizes)]
