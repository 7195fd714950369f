import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from anomaly.embedding import lsa
from anomaly.embedding.lsa import TokenSpace
from tests import naive
from tests.anomaly.logs import PATIENT

N_TOKENS = 40
BAGS = st.lists(st.sets(st.integers(0, 12), max_size=6), min_size=1, max_size=15)


def csr(bags: list[set[int]]) -> sparse.csr_matrix:
    dense = np.zeros((len(bags), N_TOKENS), dtype=np.float32)
    for row, bag in zip(dense, bags, strict=True):
        row[list(bag)] = 1.0
    return sparse.csr_matrix(dense)


@PATIENT
@given(bags=BAGS, random=st.randoms())
def test_a_token_weighs_the_surprisal_of_being_in_an_event(bags: list[set[int]], random) -> None:
    counts = [random.randint(1, 9) for _ in bags]
    space = TokenSpace.fit(csr(bags), np.array(counts), 4, 0)
    named = [{str(token) for token in bag} for bag in bags]
    for token, weight in naive.token_weights(named, counts).items():
        assert space.surprisals[int(token)] == pytest.approx(weight, rel=1e-5)


@PATIENT
@given(BAGS)
def test_directions_and_residual_keep_the_weighed_length(bags: list[set[int]]) -> None:
    space = TokenSpace.fit(csr(bags), np.ones(len(bags), dtype=np.int64), 3, 0)
    X = space.transform(csr([*bags, {20, 21}])) / space.scale
    for bag, row in zip([*bags, {20, 21}], X, strict=True):
        length = sum(float(space.surprisals[token]) ** 2 for token in bag) ** 0.5
        assert np.linalg.norm(row[:-2]) == pytest.approx(length, rel=1e-4, abs=1e-3)


@PATIENT
@given(BAGS)
def test_mean_and_highest_surprisal_are_those_of_the_tokens_held(bags: list[set[int]]) -> None:
    space = TokenSpace.fit(csr(bags), np.ones(len(bags), dtype=np.int64), 3, 0)
    X = space.transform(csr(bags))
    for bag, (mean, highest) in zip(bags, X[:, -2:], strict=True):
        weights = [float(space.surprisals[token]) for token in bag] or [0.0]
        assert mean == pytest.approx(sum(weights) / len(weights), rel=1e-4, abs=1e-6)
        assert highest == pytest.approx(max(weights), rel=1e-5, abs=1e-6)


def test_enough_directions_preserve_all_distances_between_bags() -> None:
    random = np.random.default_rng(0)
    bags = [set(random.choice(12, 4, replace=False).tolist()) for _ in range(30)]
    space = TokenSpace.fit(csr(bags), np.ones(30, dtype=np.int64), 11, 0)
    assert np.median(space.transform(csr(bags))[:, 11]) < 1.5
    full = TokenSpace.fit(csr(bags), np.ones(30, dtype=np.int64), 12, 0)
    assert full.n_dims == 15


def test_a_bag_of_unseen_tokens_is_far_not_at_the_origin() -> None:
    bags = [{0, 1}] * 20 + [{2, 3}] * 20
    space = TokenSpace.fit(csr(bags), np.ones(40, dtype=np.int64), 4, 0)
    X = space.transform(csr([{0, 1}, {2, 3}, {30, 31}, set()]))
    assert np.linalg.norm(X[2]) > 2.0 * np.linalg.norm(X[:2], axis=1).max()
    assert (X[3] == 0.0).all()


def test_a_bag_counted_many_times_equals_as_many_bags() -> None:
    bags, counts = [{0, 1}, {1, 2}, {3}], np.array([5, 3, 1])
    together = TokenSpace.fit(csr(bags), counts, 2, 0)
    apart = TokenSpace.fit(
        csr([b for b, c in zip(bags, counts, strict=True) for _ in range(c)]), np.ones(9, int), 2, 0
    )
    a, b = together.transform(csr(bags)), apart.transform(csr(bags))
    np.testing.assert_allclose(a @ a.T, b @ b.T, rtol=1e-3, atol=1e-3)


def test_of_many_bags_the_directions_are_learnt_from_some_events_the_weights_from_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kinds = [{0, 1, 2}, {3, 4, 5}, {6, 7}, {0, 8}]
    random = np.random.default_rng(0)
    drawn = random.integers(0, 4, 1_000)
    bags = [kinds[kind] | {10 + i % 20} for i, kind in enumerate(drawn)]
    counts = np.array([1, 5, 2, 9])[drawn]
    whole = TokenSpace.fit(csr(bags), counts, 4, 0)
    monkeypatch.setattr(lsa, "_MOST_LEARNT", 400)
    some = TokenSpace.fit(csr(bags), counts, 4, 0)
    assert np.array_equal(some.weights, whole.weights)
    assert not np.array_equal(some.directions, whole.directions)
    assert some.scale == pytest.approx(whole.scale, rel=0.05)
    cosines = np.linalg.svd(whole.directions.T @ some.directions, compute_uv=False)
    assert cosines[:2].min() > 0.98  # of the angles between what both span
    monkeypatch.setattr(lsa, "_MOST_LEARNT", len(bags))
    assert np.array_equal(TokenSpace.fit(csr(bags), counts, 4, 0).directions, whole.directions)
