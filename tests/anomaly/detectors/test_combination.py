import numpy as np
import pytest

from anomaly.detectors.combination import ScoreCombination
from anomaly.embedding.deduplicated import EmbeddedEvents, Span

SPANS = (Span("a", None, 0, 2), Span("b", None, 2, 5), Span("a", "user", 5, 6))
RANDOM = np.random.default_rng(0)
HELD_OUT = RANDOM.normal(size=(400, 6)).astype(np.float32)
NORMAL = RANDOM.normal(size=(400, 6)).astype(np.float32)


def events(X: np.ndarray) -> EmbeddedEvents:
    return EmbeddedEvents.whole(X, SPANS)


@pytest.fixture(scope="module")
def combination() -> ScoreCombination:
    return ScoreCombination.fit(events(NORMAL), events(HELD_OUT), SPANS, 0)[0]


def test_the_surprisal_is_the_larger_of_two_and_a_part_of_the_smaller(
    combination: ScoreCombination,
) -> None:
    X = events(HELD_OUT * 2.0)
    near, wide = combination.density.measure_events(X).T
    of_near, of_wide = (
        surprisal.of(away)
        for surprisal, away in zip(combination.density_surprisals, (near, wide), strict=True)
    )
    density = np.maximum(of_near, of_wide)
    distance = 0.75 * combination.distance_surprisal.of(combination.distance.score_events(X))
    larger, smaller = np.maximum(density, distance), np.minimum(density, distance)
    scores = combination.score(X)
    expected = larger + 0.3 * np.minimum(smaller, 3.0)
    np.testing.assert_allclose(scores.surprisal, expected, rtol=1e-5)
    np.testing.assert_array_equal(scores.density, near)
    for other_way in (of_near > of_wide, of_wide > of_near, density > distance, distance > density):
        assert other_way.any()
    assert (smaller > 3.0).any()


def test_all_scores_grow_with_the_distance_from_the_normal_cluster(
    combination: ScoreCombination,
) -> None:
    X = np.outer([0.0, 3.0, 6.0, 12.0], np.ones(6)).astype(np.float32)
    scores = combination.score(events(X))
    for each in (scores.density, scores.distance, scores.surprisal):
        assert (np.diff(each) > 0.0).all()


def test_one_extreme_column_is_more_surprising_than_all_a_little_off(
    combination: ScoreCombination,
) -> None:
    one, all_a_little = np.zeros((2, 1, 6), dtype=np.float32)
    one[0, 2], all_a_little[0] = 9.0, 0.5
    extreme, ordinary = (combination.score(events(X)).surprisal[0] for X in (one, all_a_little))
    assert extreme > ordinary + 3.0


def test_the_same_seed_gives_the_same_scores(combination: ScoreCombination) -> None:
    _, scores = ScoreCombination.fit(events(NORMAL), events(HELD_OUT), SPANS, 0)
    assert (scores.surprisal == combination.score(events(HELD_OUT)).surprisal).all()


NAMED = (*SPANS, Span("b", "b", 6, 7))
"""The last dimension says of a name of `b` how odd it is among the others."""


def named(X: np.ndarray, direct: np.ndarray) -> np.ndarray:
    return np.column_stack([X, direct]).astype(np.float32)


@pytest.fixture(scope="module")
def with_names() -> ScoreCombination:
    normal, held_out = (
        EmbeddedEvents.whole(named(X, np.zeros(400)), NAMED) for X in (NORMAL, HELD_OUT)
    )
    return ScoreCombination.fit(normal, held_out, NAMED, 0)[0]


def test_what_is_a_surprisal_by_itself_joins_as_density_and_distance_do(
    with_names: ScoreCombination,
) -> None:
    direct = np.array([0.0, 0.5, 9.0, 40.0], dtype=np.float32)
    X = EmbeddedEvents.whole(named(HELD_OUT[:4], direct), NAMED)
    away, farthest = with_names.density.measure_events(X), with_names.distance.score_events(X)
    others = with_names._combine(away, farthest).surprisal
    expected = np.maximum(others, direct) + 0.3 * np.minimum(np.minimum(others, direct), 3.0)
    np.testing.assert_allclose(with_names.score(X).surprisal, expected, rtol=1e-5)


def test_exchanging_a_span_exchanges_what_is_a_surprisal_by_itself(
    with_names: ScoreCombination,
) -> None:
    X = named(HELD_OUT[:30], np.where(np.arange(30) % 3, 12.0, 0.0))
    others = named(NORMAL[:30], np.where(np.arange(30) % 2, 9.0, 0.0))
    exchanged = with_names.score_exchanged(X, others, NAMED).surprisal
    as_it_is = with_names.score(EmbeddedEvents.whole(X, NAMED)).surprisal
    np.testing.assert_allclose(exchanged[:, 0], as_it_is, rtol=1e-4)
    for place, span in enumerate(NAMED):
        other = X.copy()
        other[:, span.start : span.stop] = others[:, span.start : span.stop]
        expected = with_names.score(EmbeddedEvents.whole(other, NAMED)).surprisal
        np.testing.assert_allclose(exchanged[:, 1 + place], expected, rtol=1e-4)
