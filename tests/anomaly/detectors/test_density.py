import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.utils.estimator_checks import parametrize_with_checks

from anomaly.detectors.density import DistanceToMeasure
from anomaly.embedding.deduplicated import EmbeddedEvents, Part, Span
from tests import naive
from tests.anomaly.logs import PATIENT

TABLES = arrays(
    np.float32,
    st.tuples(st.integers(1, 25), st.integers(1, 4)),
    elements=st.integers(-50, 50).map(lambda i: i / 4),
)


@parametrize_with_checks([DistanceToMeasure(random_state=0)])
def test_the_density_passes_the_estimator_checks_of_scikit_learn(estimator, check) -> None:
    check(estimator)


@PATIENT
@given(X=TABLES, mass=st.sampled_from([0.05, 0.3, 1.0]))
def test_the_density_score_is_the_root_mean_square_distance_to_the_nearest_references(
    X: np.ndarray, mass: float
) -> None:
    density = DistanceToMeasure(masses=(mass,), random_state=0).fit(X)
    n = max(1, round(mass * len(X)))
    references = X.astype(float).tolist()
    rows = np.vstack([X, X[:1] + 100.0])
    expected = [naive.distance_to_measure(row, references, n) for row in rows.astype(float)]
    np.testing.assert_allclose(density.score_samples(rows), expected, rtol=1e-3, atol=0.05)


def test_each_mass_of_the_density_has_its_distance() -> None:
    # More than 512 references: fewer may come sorted whole, whatever was asked of NumPy.
    events, settings = in_parts(3_000), {"n_references": 2_000, "fewest": 20, "random_state": 0}
    density = DistanceToMeasure(masses=(0.005, 0.2), **settings).fit_events(events)
    assert density.n_neighbors_ == (20, 400)
    one_by_one = [
        DistanceToMeasure(masses=(mass,), **settings).fit_events(events) for mass in density.masses
    ]
    expected = np.column_stack([one.measure_events(events)[:, 0] for one in one_by_one])
    np.testing.assert_allclose(density.measure_events(events), expected, rtol=1e-5)
    first = one_by_one[0].score_samples(events.X)
    np.testing.assert_allclose(density.score_samples(events.X), first, rtol=1e-5)


def in_parts(n: int) -> EmbeddedEvents:
    """Events of four parts: names and roles of which few are distinct, a text each, and numbers."""
    random = np.random.default_rng(0)
    distinct, widths = (30, 7, 2 * n, n), (5, 2, 3, 4)
    starts = np.cumsum((0, *widths)).tolist()
    parts = tuple(
        Part(
            (Span(f"c{i}", None, *starts[i : i + 2]),),
            random.normal(size=(rows, width)).astype(np.float32),
            None if i == 3 else random.integers(0, rows, n),
        )
        for i, (rows, width) in enumerate(zip(distinct, widths, strict=True))
    )
    return EmbeddedEvents(parts, n, sum(widths))


def spelt_out(events: EmbeddedEvents) -> EmbeddedEvents:
    parts = tuple(
        part if part.rows is None else Part(part.spans, part.vectors[part.rows], None)
        for part in events.parts
    )
    return EmbeddedEvents(parts, events.n_events, events.n_dims)


def test_a_distinct_vector_measured_once_has_the_same_bits_as_each_event() -> None:
    events = in_parts(9_000)
    density = DistanceToMeasure(random_state=0).fit_events(events)
    scores = density.measure_events(events)
    np.testing.assert_array_equal(density.measure_events(spelt_out(events)), scores)
    np.testing.assert_allclose(density.score_samples(events.X), scores[:, 0], rtol=1e-4)
    some = np.random.default_rng(1).permutation(9_000)[:77]
    np.testing.assert_array_equal(density.measure_events(events.take(some)), scores[some])


@pytest.mark.parametrize("held", [5, 10, 40, 1_000])
def test_density_scores_do_not_depend_on_how_many_distances_are_held(
    held: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = in_parts(500)
    density = DistanceToMeasure(random_state=0).fit_events(events)
    scores = density.measure_events(events)
    monkeypatch.setattr("anomaly.detectors.density._KNOWN", held)
    np.testing.assert_array_equal(density.measure_events(events), scores)


@PATIENT
@given(TABLES)
def test_the_nearest_references_come_nearest_first(X: np.ndarray) -> None:
    density = DistanceToMeasure(random_state=0).fit(X)
    nearest = density.nearest(X, len(X))
    for row, order in zip(X, nearest, strict=True):
        away = np.linalg.norm(density.references_[order] - row, axis=1)
        assert (np.diff(away) >= -0.05).all()
        assert sorted(order) == list(range(len(X)))


def test_only_some_references_may_be_the_nearest() -> None:
    X = np.arange(10, dtype=np.float32)[:, None]
    density = DistanceToMeasure(random_state=0).fit(X)
    even = density.references_[:, 0] % 2 == 0
    nearest = density.nearest(X[5:6] + 0.1, 3, even)[0]
    assert density.references_[nearest, 0].tolist() == [6.0, 4.0, 8.0]


def test_a_handful_of_anomalies_in_a_small_sample_does_not_lower_its_own_score() -> None:
    X = np.random.default_rng(0).normal(size=(80, 3)).astype(np.float32)
    X[:4] += 20.0
    alone, together = (DistanceToMeasure(fewest=n, random_state=0).fit(X) for n in (1, 10))
    assert alone.score_samples(X)[:4].max() < 5.0
    assert together.score_samples(X)[:4].min() > 20.0
    assert together.n_neighbors_ == (10,)
    assert DistanceToMeasure(fewest=10).fit(X[:6]).n_neighbors_ == (6,)


def test_references_are_drawn_from_the_rows_it_was_fitted_on() -> None:
    X = np.random.default_rng(0).normal(size=(2_000, 3)).astype(np.float32)
    density = DistanceToMeasure(n_references=100, random_state=3).fit(X)
    assert density.references_.shape == (100, 3)
    assert (density.references_ == X[density.drawn_]).all()
    assert (np.diff(density.drawn_) > 0).all()
    again = DistanceToMeasure(n_references=100, random_state=3).fit(X)
    assert (again.drawn_ == density.drawn_).all()


def test_density_scores_grow_with_the_distance_from_the_mass() -> None:
    X = np.random.default_rng(0).normal(size=(500, 3)).astype(np.float32)
    line = np.outer([0, 3, 6, 12, 100], np.ones(3)).astype(np.float32)
    scores = DistanceToMeasure(random_state=0).fit(X).score_samples(line)
    assert (np.diff(scores) > 0).all()


def test_a_clump_of_anomalies_smaller_than_the_mass_keeps_its_high_score() -> None:
    X = np.random.default_rng(0).normal(size=(500, 3)).astype(np.float32)
    X[:10] = 20.0
    scores = DistanceToMeasure(masses=(0.05,), random_state=0).fit(X).score_samples(X)
    assert scores[:10].min() > scores[10:].max()


@pytest.mark.parametrize("offset", [0.0, 1e4])
def test_density_scores_do_not_depend_on_chunks_or_on_other_rows_in_them(offset: float) -> None:
    random = np.random.default_rng(0)
    X = (random.normal(size=(9_000, 20)) + offset).astype(np.float32)
    density = DistanceToMeasure(random_state=0).fit(X)
    whole = density.score_samples(X)
    parts = [density.score_samples(part) for part in np.array_split(X, 7)]
    np.testing.assert_allclose(np.concatenate(parts), whole, rtol=1e-5)
    order = random.permutation(len(X))
    np.testing.assert_allclose(density.score_samples(X[order]), whole[order], rtol=1e-5)


def test_a_density_that_is_fitted_again_forgets_its_former_references() -> None:
    random = np.random.default_rng(2)
    X, others = (random.normal(size=(60, 4)).astype(np.float32) for _ in range(2))
    starts = np.array([0, 2])
    again, once = (DistanceToMeasure(levels=(0, 1, 2), random_state=0) for _ in range(2))
    again.fit(X).score_samples(X)
    again.score_exchanged(X, others, starts)
    again.fit(others + 3.0)
    once.fit(others + 3.0)
    np.testing.assert_array_equal(again.score_samples(X), once.score_samples(X))
    np.testing.assert_array_equal(
        again.score_exchanged(X, others, starts), once.score_exchanged(X, others, starts)
    )
