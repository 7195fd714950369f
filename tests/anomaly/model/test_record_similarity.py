"""What is like what: by hand in two dimensions, and in a part of the columns."""

import numpy as np
import pytest

from anomaly.model.model import AnomalyModel
from anomaly.model.record_similarity import centre_of, distances, part_of, placed
from tests.anomaly.logs import MIXTURE_ROLES, mixture

X = np.array([[3.0, 0.0], [0.0, 5.0], [6.0, 0.1]], dtype=np.float32)
ORIGIN = np.zeros(2, dtype=np.float32)


def test_euclidean_distances_are_those_of_the_ruler() -> None:
    found = distances(X[0], placed(X, ORIGIN, "euclidean"), "euclidean")
    assert found == pytest.approx([0.0, np.sqrt(34.0), np.hypot(3.0, 0.1)], abs=1e-6)


def test_cosine_tells_directions_and_no_lengths() -> None:
    there = placed(X, ORIGIN, "cosine")
    found = distances(there[0], there, "cosine")
    assert found == pytest.approx([0.0, 1.0, 1.0 - 6.0 / np.hypot(6.0, 0.1)], abs=1e-6)


def test_a_part_of_the_embedding_is_that_of_its_columns() -> None:
    log = mixture(400, seed=1)
    model, _ = AnomalyModel.fit(log, MIXTURE_ROLES, {}, seed=0)
    told = {"kind", "x0"}
    part, centre = part_of(model, told)
    assert {span.column for span in part.spans} == told
    spans = [s for s in model.embedder.spans if s.column in told and s.given in (None, *told)]
    dims = np.concatenate([np.arange(s.start, s.stop) for s in spans])
    assert (part.transform(log) == model.embedder.transform(log)[:, dims]).all()
    assert (centre == centre_of(model)[dims]).all()
