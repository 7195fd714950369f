import numpy as np
import pytest

from anomaly.detectors.combination import ScoreCombination
from anomaly.detectors.share_bound import MASSES, SmallMasses
from anomaly.embedding.deduplicated import EmbeddedEvents, Span
from tests.naive import distance_to_measure, farthest_column

SPANS = (Span("a", None, 0, 2), Span("b", None, 2, 4))


def with_group(share: float, n: int = 4_000, seed: int = 0) -> np.ndarray:
    """Normal rows, the first `share` of which lie apart in the first column."""
    X = np.random.default_rng(seed).normal(size=(n, 4)).astype(np.float32)
    X[: round(share * n), 0] += 20.0
    return X


def fitted(share: float) -> tuple[ScoreCombination, ScoreCombination]:
    """The scores of a cluster with such a group: as they are, and bounded."""
    normal, held_out = (EmbeddedEvents.whole(with_group(share, seed=i), SPANS) for i in (0, 1))
    combination, _ = ScoreCombination.fit(normal, held_out, SPANS, 0)
    return combination, combination.with_small_masses(SmallMasses.fit(normal, SPANS, 0, ()))


def surprisals(combination: ScoreCombination, X: np.ndarray) -> np.ndarray:
    return combination.score(EmbeddedEvents.whole(X.astype(np.float32), SPANS)).surprisal


@pytest.mark.parametrize("share", [0.01, 0.02, 0.04])
def test_an_event_of_a_group_is_hardly_more_surprising_than_the_share_of_its_group(
    share: float,
) -> None:
    plain, bounded = fitted(share)
    group = with_group(share, seed=2)[: round(share * 4_000)]
    # Neighbouring masses differ by a factor of 2.5 at the most.
    rare = -np.log(share) + np.log(2.5)
    before, after = surprisals(plain, group), surprisals(bounded, group)
    assert np.median(before) > rare + 2.0
    assert np.median(after) < rare + 0.2 * (np.median(before) - rare)


def test_of_two_groups_of_one_share_the_farther_one_is_more_surprising() -> None:
    _, bounded = fitted(0.02)
    near, far = np.zeros((2, 5, 4))
    near[:, 0], far[:, 0] = 18.0, 20.0
    assert (surprisals(bounded, far) > surprisals(bounded, near)).all()


def test_what_lies_far_from_the_group_too_stays_about_as_surprising_as_it_was() -> None:
    plain, bounded = fitted(0.02)
    alone = np.array([[-20.0, 0.0, 0.0, 0.0], [0.0, 0.0, 30.0, 0.0], [20.0, 0.0, 25.0, 0.0]])
    # The nearest few references lie a little nearer than the nearest twentieth.
    np.testing.assert_allclose(surprisals(bounded, alone), surprisals(plain, alone), rtol=0.2)


def test_the_bound_only_lowers_and_leaves_ordinary_events_alone() -> None:
    plain, bounded = fitted(0.02)
    X = np.random.default_rng(3).normal(size=(500, 4)) * np.linspace(0.0, 12.0, 500)[:, None]
    before, after = surprisals(plain, X), surprisals(bounded, X)
    ordinary = -np.log(min(MASSES))
    assert (after <= before).all()
    np.testing.assert_array_equal(after[before <= ordinary], before[before <= ordinary])


@pytest.mark.slow
def test_each_mass_is_measured_as_by_hand() -> None:
    normal = EmbeddedEvents.whole(with_group(0.02), SPANS)
    small = SmallMasses.fit(normal, SPANS, 0, ())
    X = np.random.default_rng(4).normal(size=(20, 4)).astype(np.float32) * 5.0
    references = small.density.references_
    events = EmbeddedEvents.whole(X, SPANS)
    assert small.shares == pytest.approx(MASSES, rel=0.05)
    densities = small.densities(events)
    for i, share in enumerate(small.shares):
        m = round(share * len(references))
        by_hand = [distance_to_measure(x, references, m) for x in X]
        np.testing.assert_allclose(densities[:, i], by_hand, rtol=1e-3)
        by_column = [farthest_column(x, references, [(0, 2), (2, 4)], m) for x in X]
        np.testing.assert_allclose(small.distances(events, i), by_column, rtol=1e-3, atol=1e-3)


def test_an_event_scores_the_same_whatever_stands_beside_it() -> None:
    _, bounded = fitted(0.02)
    X = with_group(0.02, seed=5)
    whole = surprisals(bounded, X)
    parts = np.concatenate([surprisals(bounded, X[i : i + 7]) for i in range(0, len(X), 7)])
    np.testing.assert_array_equal(whole, parts)
