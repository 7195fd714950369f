import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.covariance import ledoit_wolf
from sklearn.utils.estimator_checks import parametrize_with_checks

from anomaly.detectors.mahalanobis import FewAxes, FewRows, ShrunkMahalanobis, WhitenedSpace
from tests import naive
from tests.anomaly.logs import PATIENT

TABLES = arrays(
    np.float32,
    st.tuples(st.integers(2, 25), st.integers(1, 5))
    | st.tuples(st.integers(2, 6), st.integers(3, 40)),
    elements=st.integers(-50, 50).map(lambda i: i / 4),
)


@parametrize_with_checks([ShrunkMahalanobis()])
def test_the_mahalanobis_distance_passes_the_estimator_checks_of_scikit_learn(
    estimator, check
) -> None:
    check(estimator)


@PATIENT
@given(TABLES)
def test_the_mahalanobis_distance_uses_the_shrunk_covariance(X: np.ndarray) -> None:
    rows = X.astype(np.float64)
    covariance, _ = ledoit_wolf(rows)
    n_dims = len(covariance)
    covariance += max(1e-3, 1e-6 * np.trace(covariance) / n_dims) * np.eye(n_dims)
    expected = [naive.mahalanobis(row, rows.mean(axis=0), covariance) for row in rows]
    scores = ShrunkMahalanobis().fit(X).score_samples(X)
    assert scores.dtype == np.float32
    np.testing.assert_allclose(scores, expected, rtol=1e-3, atol=1e-3)


@PATIENT
@given(TABLES)
def test_new_rows_are_measured_with_the_fitted_covariance(X: np.ndarray) -> None:
    fitted, others = X[::2], X[1::2] * 2.0 + 1.0
    if len(fitted) < 2:
        return
    rows = fitted.astype(np.float64)
    covariance, _ = ledoit_wolf(rows)
    covariance += max(1e-3, 1e-6 * np.trace(covariance) / len(covariance)) * np.eye(len(covariance))
    expected = [naive.mahalanobis(row, rows.mean(axis=0), covariance) for row in others]
    scores = ShrunkMahalanobis().fit(fitted).score_samples(others)
    np.testing.assert_allclose(scores, expected, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("shape", [(40, 39), (40, 41), (200, 3_000), (3_000, 200)])
def test_few_rows_and_few_dimensions_are_measured_alike(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    X = (rng.normal(size=shape) * rng.lognormal(size=shape[1])).astype(np.float32)
    distance = ShrunkMahalanobis().fit(X)
    assert isinstance(distance.metric_, FewAxes if shape[0] < shape[1] else WhitenedSpace)
    covariance, _ = ledoit_wolf(X.astype(np.float64))
    covariance += 1e-6 * max(1e3, np.trace(covariance) / shape[1]) * np.eye(shape[1])
    away = X - X.mean(axis=0)
    expected = np.sqrt(np.einsum("ij,ij->i", away, np.linalg.solve(covariance, away.T).T))
    np.testing.assert_allclose(distance.score_samples(X), expected, rtol=1e-4)


@PATIENT
@given(TABLES, st.randoms(use_true_random=False))
def test_rows_are_measured_by_their_products_as_by_their_coordinates(X: np.ndarray, chance) -> None:
    fitted = np.array(sorted(chance.sample(range(len(X)), chance.randint(2, len(X)))))
    expected = ShrunkMahalanobis().fit(X[fitted]).score_samples(X)
    distances = FewRows.of(X).distances(fitted)
    assert distances.dtype == np.float32
    np.testing.assert_allclose(distances, expected, rtol=1e-3, atol=1e-3)


def test_constant_dimensions_and_few_rows_are_no_error() -> None:
    X = np.zeros((3, 50), dtype=np.float32)
    X[0, 0] = 1.0
    distance = ShrunkMahalanobis().fit(X)
    away = X[1:2].copy()
    away[0, 30] = 5.0
    assert np.isfinite(distance.score_samples(X)).all()
    assert distance.score_samples(away)[0] > distance.score_samples(X).max()


def test_farther_from_the_centre_scores_higher() -> None:
    X = np.random.default_rng(0).normal(size=(500, 4)).astype(np.float32)
    line = np.outer([0, 1, 2, 50, 1e6], np.ones(4)).astype(np.float32)
    assert (np.diff(ShrunkMahalanobis().fit(X).score_samples(line)) > 0).all()


def test_a_direction_in_which_rows_spread_counts_less() -> None:
    X = np.random.default_rng(0).normal(size=(2_000, 2)).astype(np.float32) * [10.0, 0.1]
    wide, narrow = ShrunkMahalanobis().fit(X).score_samples([[5.0, 0.0], [0.0, 5.0]])
    assert narrow > 10.0 * wide


def test_mahalanobis_distances_do_not_depend_on_chunks() -> None:
    X = np.random.default_rng(0).normal(size=(40_000, 10)).astype(np.float32)
    distance = ShrunkMahalanobis().fit(X)
    parts = [distance.score_samples(part) for part in np.array_split(X, 9)]
    np.testing.assert_allclose(np.concatenate(parts), distance.score_samples(X), rtol=1e-5)
