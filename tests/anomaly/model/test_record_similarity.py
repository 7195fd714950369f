"""Similarity of records: by hand in two dimensions, and in a part of the columns."""

import numpy as np
import pytest

from anomaly.model.model import AnomalyModel
from anomaly.model.record_similarity import centre_of, distances, part_of, placed
from tests.anomaly.logs import MIXTURE_ROLES, mixture

X = np.array([[3.0, 0.0], [0.0, 5.0], [6.0, 0.1]], dtype=np.float32)
ORIGIN = np.zeros(2, dtype=np.float32)


def test_the_euclidean_metric_is_the_plain_distance_of_vectors() -> None:
    found = distances(X[0], placed(X, ORIGIN, "euclidean"), "euclidean")
    assert found == pytest.approx([0.0, np.sqrt(34.0), np.hypot(3.0, 0.1)], abs=1e-6)


def test_the_cosine_metric_ignores_the_length_of_vectors() -> None:
    there = placed(X, ORIGIN, "cosine")
    found = distances(there[0], there, "cosine")
    assert found == pytest.approx([0.0, 1.0, 1.0 - 6.0 / np.hypot(6.0, 0.1)], abs=1e-6)


def test_the_part_of_the_embedding_for_some_columns_is_that_of_these_columns() -> None:
    log = mixture(400, seed=1)
    model, _ = AnomalyModel.fit(log, MIXTURE_ROLES, {}, seed=0)
    told = {"kind", "x0"}
    part, centre = part_of(model, told)
    assert {span.column for span in part.spans} == told
    spans = [s for s in model.embedder.spans if s.column in told and s.given in (None, *told)]
    dims = np.concatenate([np.arange(s.start, s.stop) for s in spans])
    assert (part.transform(log) == model.embedder.transform(log)[:, dims]).all()
    assert (centre == centre_of(model)[dims]).all()
