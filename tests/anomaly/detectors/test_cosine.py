"""The distance between directions, and the model that measures it."""

import json
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from anomaly.detectors.cosine import UnlikeDirection
from anomaly.detectors.distance import FarthestColumn
from anomaly.embedding.deduplicated import Span
from anomaly.explain.reasons import explain
from anomaly.model.fold import ModelOptions
from anomaly.model.model import PARTS, AnomalyModel
from anomaly.model.serialization import dump, load
from anomaly.numerics.arrays import Floats
from tests import naive
from tests.anomaly.logs import PATIENT, ROLES, with_value

SPANS = [Span("a", None, 0, 1), Span("b", None, 1, 3)]
COSINE = ModelOptions(distance="cosine")


def vectors(n: int) -> st.SearchStrategy[np.ndarray]:
    return arrays(np.float32, (n, 3), elements=st.integers(-50, 50).map(float))


@PATIENT
@given(references=vectors(30), rows=vectors(5))
def test_the_cosine_distance_is_the_mean_over_the_nearest_tenth_of_the_references(
    references: np.ndarray, rows: np.ndarray
) -> None:
    found = UnlikeDirection.fit(references, SPANS).score_samples(rows)
    expected = [naive.unlike_direction(row, references.tolist(), 3) for row in rows.tolist()]
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert found.dtype == np.float32
    assert ((found >= 0.0) & (found <= 2.0 + 1e-5)).all()


def cone(n: int, seed: int) -> np.ndarray:
    """Rows about two directions, at all lengths; their centre is near 0."""
    random = np.random.default_rng(seed)
    way = random.choice([-1.0, 1.0], n) * random.uniform(1.0, 10.0, n)
    X = np.column_stack([way, 2.0 * way, np.zeros(n)]) + random.normal(0.0, 0.05, (n, 3))
    return X.astype(np.float32)


def test_the_cosine_distance_ignores_the_length_of_a_vector() -> None:
    detector = UnlikeDirection.fit(cone(500, 0), SPANS)
    along, far_along, across = np.float32([[3, 6, 0], [300, 600, 0], [0, 0, 3]])
    near, far, other = detector.score_samples(
        detector.centre + np.array([along, far_along, across])
    )
    assert near == pytest.approx(far, abs=1e-4)
    assert near < 0.01
    assert other == pytest.approx(1.0, abs=0.1)


def test_what_is_far_in_one_column_only_is_odd_in_both_metrics() -> None:
    X, odd = cone(500, 0), np.float32([[0.0, 0.0, 40.0]])
    for score in (UnlikeDirection.fit(X, SPANS).score_samples, farthest_of(X)):
        assert score(odd)[0] > np.quantile(score(X), 0.99)


def farthest_of(references: Floats) -> Callable[[Floats], Floats]:
    """Return what measures rows in the column where each is farthest from the references."""
    detector = FarthestColumn.fit(references, SPANS)
    return lambda X: detector.by_span(X).max(axis=1)


def test_the_centre_has_no_direction_and_equal_rows_are_one_event() -> None:
    detector = UnlikeDirection.fit(np.ones((40, 3), dtype=np.float32), SPANS)
    assert detector.score_samples(np.ones((2, 3), dtype=np.float32)).tolist() == [1.0, 1.0]
    assert detector.score_samples(np.zeros((0, 3), dtype=np.float32)).shape == (0,)


@pytest.mark.parametrize("size", [1, 7, 499])
def test_cosine_distances_in_chunks_are_those_of_the_whole(size: int) -> None:
    X = cone(500, 0)
    detector = UnlikeDirection.fit(X, SPANS)
    parts = [detector.score_samples(X[start : start + size]) for start in range(0, 500, size)]
    np.testing.assert_allclose(np.concatenate(parts), detector.score_samples(X), rtol=1e-6)


@pytest.fixture(scope="module")
def by_cosine(log: pa.Table) -> tuple[AnomalyModel, pa.Table]:
    model, drawn = AnomalyModel.fit(log, ROLES, {}, 0, COSINE)
    return model, log.take(pa.array(drawn))


def test_the_job_chooses_the_distance_and_leaves_the_density(
    by_cosine: tuple[AnomalyModel, pa.Table], model: AnomalyModel, log: pa.Table
) -> None:
    cosine, euclidean = by_cosine[0].score(log), model.score(log)
    assert isinstance(model.explaining.combination.distance, FarthestColumn)
    np.testing.assert_array_equal(cosine.density, euclidean.density)
    assert (cosine.distance != euclidean.distance).any()
    assert cosine.distance.max() <= 2.0


def test_a_model_with_cosine_distance_scores_the_same_after_json(
    by_cosine: tuple[AnomalyModel, pa.Table], log: pa.Table
) -> None:
    tree, found = dump(by_cosine[0])
    again = load(json.loads(json.dumps(tree)), found, PARTS)
    np.testing.assert_array_equal(again.score(log).p_values, by_cosine[0].score(log).p_values)


def test_an_event_odd_in_direction_is_found_and_explained(
    by_cosine: tuple[AnomalyModel, pa.Table], log: pa.Table
) -> None:
    model, references = by_cosine
    odd = with_value(log, 0, "size", 1e12)
    assert model.score(odd).p_values[0] < np.quantile(model.score(log).p_values, 0.02)
    reasons = explain(model.explaining, references, odd).reasons
    assert reasons[0][0].column == "size"
