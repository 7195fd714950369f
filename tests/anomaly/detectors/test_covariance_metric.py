import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import sqrtm

from anomaly.detectors.covariance_metric import CovarianceMetric, Measured
from anomaly.detectors.density import DistanceToMeasure
from anomaly.embedding.deduplicated import EmbeddedEvents, Part, Span
from anomaly.model.model import AnomalyModel
from schemas.columns.roles import Role
from tests import naive
from tests.anomaly.logs import PATIENT, conformed

LEVELS = (1, 2, 4)


def moving_together(n: int, seed: int = 0) -> np.ndarray:
    """Rows of five dimensions, of which three are numbers; two of these measure one size."""
    random = np.random.default_rng(seed)
    X = random.normal(size=(n, 5)).astype(np.float32)
    X[:, 2] = X[:, 1] + 0.2 * X[:, 2]
    return X


def metric(references: np.ndarray, levels: tuple[int, ...]) -> np.ndarray:
    """The metric as the formula has it, in all dimensions."""
    M = np.eye(references.shape[1])
    covariance = np.atleast_2d(np.cov(references[:, levels].astype(float).T, bias=True))
    mean = np.trace(covariance) / len(levels)
    here = covariance / mean + np.eye(len(levels))
    M[np.ix_(levels, levels)] = np.real(sqrtm(here / 2.0))
    return M


def fitted(X: np.ndarray, levels: tuple[int, ...] = LEVELS) -> DistanceToMeasure:
    return DistanceToMeasure(masses=(0.1,), levels=levels, random_state=0).fit(X)


@PATIENT
@given(seed=st.integers(0, 1_000), n=st.integers(3, 60))
def test_distances_of_numbers_are_in_the_square_root_of_their_covariance(seed: int, n: int) -> None:
    X = moving_together(n, seed)
    density = fitted(X)
    root = np.real(sqrtm(metric(X, LEVELS)))
    rows = np.vstack([X, X[:1] + 9.0]).astype(float)
    references = (X.astype(float) @ root).tolist()
    expected = [
        naive.distance_to_measure(row, references, density.n_neighbors_[0])
        for row in (rows @ root).tolist()
    ]
    np.testing.assert_allclose(density.score_samples(rows), expected, rtol=1e-3, atol=0.02)


def test_what_numbers_share_counts_more_than_what_one_does_alone() -> None:
    X = moving_together(500)
    density = fitted(X)
    along, across = np.zeros((2, 1, 5), dtype=np.float32)
    along[0, [1, 2]] = 4.0
    across[0, [1, 2]] = 4.0, -4.0
    plain = DistanceToMeasure(masses=(0.1,), random_state=0).fit(X)
    assert density.score_samples(along) > plain.score_samples(along)
    assert density.score_samples(across) < plain.score_samples(across)
    assert density.score_samples(across) > density.score_samples(np.zeros((1, 5)))


@pytest.mark.parametrize("levels", [(), (3,)])
def test_a_single_number_keeps_its_plain_distance(levels: tuple[int, ...]) -> None:
    X = moving_together(200)
    plain = DistanceToMeasure(masses=(0.1,), random_state=0).fit(X).score_samples(X)
    np.testing.assert_array_equal(fitted(X, levels).score_samples(X), plain)


def test_independent_numbers_of_equal_variance_keep_their_plain_distance() -> None:
    corners = np.array([[a, b] for a in (-1, 1) for b in (-1, 1)], dtype=np.float32)
    apart = np.array([[5.0, 2.0]], dtype=np.float32)
    scores = [fitted(corners, levels).score_samples(apart) for levels in ((), (0, 1))]
    np.testing.assert_allclose(scores[1], scores[0], rtol=1e-5)


def test_numbers_that_never_vary_are_measured_as_they_are() -> None:
    X = np.ones((50, 5), dtype=np.float32)
    assert fitted(X).score_samples(X + 1.0) == pytest.approx(np.full(50, np.sqrt(5.0)), rel=1e-5)


def test_a_number_that_never_varied_counts_for_something() -> None:
    X = moving_together(200)
    X[:, 4] = 0.0
    there, away = np.zeros((2, 1, 5), dtype=np.float32)
    away[0, 4] = 6.0
    scores = [fitted(X).score_samples(row)[0] for row in (there, away)]
    assert scores[1] > scores[0] + 3.0


def test_the_metric_works_with_more_numbers_than_references() -> None:
    X = np.random.default_rng(0).normal(size=(12, 40)).astype(np.float32)
    levels = tuple(range(40))
    measured = Measured.of(X, X.mean(axis=0), CovarianceMetric.of(X, np.arange(40)))
    centred = X.astype(float) - X.mean(axis=0)
    expected = np.einsum("ij,jk,ik->i", centred, metric(X, levels), centred)
    np.testing.assert_allclose(measured.squares, expected, rtol=1e-4)


def test_exchanged_spans_are_measured_as_if_the_rows_had_them() -> None:
    X = moving_together(700)
    density = fitted(X)
    rows, others = X[:300] + np.float32(1.0), X[300:600]
    starts = np.array([0, 1, 3])
    scores = density.score_exchanged(rows, others, starts)[..., 0]
    np.testing.assert_allclose(scores[:, 0], density.score_samples(rows), rtol=1e-3)
    for i, (start, stop) in enumerate([(0, 1), (1, 3), (3, 5)], start=1):
        exchanged = rows.copy()
        exchanged[:, start:stop] = others[:, start:stop]
        np.testing.assert_allclose(scores[:, i], density.score_samples(exchanged), rtol=1e-3)


def test_events_in_parts_are_measured_as_their_rows_are_and_as_they_are_alone() -> None:
    names, numbers = moving_together(30)[:, :1], moving_together(900)[:, 1:]
    random = np.random.default_rng(1)
    parts = (
        Part((Span("name", None, 0, 1),), names, random.integers(0, 30, 900)),
        Part((Span("numbers", None, 1, 5),), numbers, None),
    )
    events = EmbeddedEvents(parts, 900, 5)
    density = DistanceToMeasure(levels=LEVELS, random_state=0).fit_events(events)
    scores = density.measure_events(events)
    np.testing.assert_allclose(scores[:, 0], density.score_samples(events.X), rtol=1e-3)
    some = random.permutation(900)[:61]
    np.testing.assert_array_equal(density.measure_events(events.take(some)), scores[some])


def test_a_model_measures_the_numbers_of_a_log_with_their_covariance() -> None:
    random = np.random.default_rng(0)
    size = random.normal(size=300)
    roles = {"name": Role.CATEGORY, "bytes": Role.NUMBER, "packets": Role.NUMBER}
    columns = {
        "name": random.choice(["a", "b"], 300).tolist(),
        "bytes": size.tolist(),
        "packets": (3.0 * size + random.normal(0.0, 0.3, 300)).tolist(),
    }
    model, _ = AnomalyModel.fit(conformed(columns, roles), roles, {}, 0)
    fold = model.explaining
    starts = [span.start for span in fold.embedder.spans if span.given is None]
    assert list(fold.combination.density.levels) == starts[1:]
    assert fold.combination.density.covariance_metric_.axes.shape == (2, 2)
