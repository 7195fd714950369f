"""Tails of counts and levels, against scipy's distributions and counts drawn from the model."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import nbinom, t

from anomaly.behaviour.predictive import away, clumping, dispersion, predicted, size_of, surprisal
from tests.anomaly.logs import PATIENT

COUNTS = st.integers(0, 5_000)
RATES = st.floats(1e-4, 1e4)
WIDE = st.floats(1.0, 1e3)


def one(x: float) -> np.ndarray:
    return np.array([float(x)])


@PATIENT
@given(COUNTS, RATES, st.floats(1e-3, 1e4), WIDE)
def test_the_tail_of_a_count_is_that_of_a_negative_binomial(count, expected, shape, dispersed):
    size = size_of(one(expected), one(shape), one(dispersed))
    found = surprisal(one(count), one(expected), size)[0]
    expected_size = min(shape, expected / max(dispersed - 1.0, 1e-9))
    tail = nbinom.sf(count - 1, expected_size, expected_size / (expected_size + expected))
    if tail > 1e-250:
        assert found == pytest.approx(-np.log(tail), rel=1e-6, abs=1e-9)
    assert np.isfinite(found)
    assert found >= 0.0


@PATIENT
@given(RATES, st.floats(1e-3, 1e4), WIDE)
def test_more_is_odder_and_none_is_not_odd(expected, shape, dispersed):
    counts = np.arange(60.0)
    same = np.ones(60)
    size = size_of(expected * same, shape * same, dispersed * same)
    found = surprisal(counts, expected * same, size)
    assert found[0] == 0.0
    assert (np.diff(found) >= -1e-9).all()


def test_huge_counts_have_a_finite_surprisal():
    found = surprisal(np.array([1e6, 1e12]), one(0.1), one(0.5))
    assert np.isfinite(found).all()


@PATIENT
@given(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3), st.floats(0.05, 1e2), st.integers(1, 60))
def test_the_tail_of_a_level_is_that_of_student_on_both_sides(value, mean, deviation, known):
    found = away(one(value), one(mean), one(deviation), one(known))[0]
    tail = min(2.0 * t.sf(abs(value - mean) / deviation, known), 1.0)
    assert np.isfinite(found)
    if tail > 1e-250:
        assert found == pytest.approx(-np.log(tail), rel=1e-6, abs=1e-9)


def test_the_rate_is_between_that_of_all_and_the_own_one():
    past, exposure = np.array([0.0, 10.0, 1000.0]), np.array([0.0, 10.0, 10.0])
    mean, shape = predicted(past, exposure, np.full(3, 5.0))
    assert mean[0] == pytest.approx(5.0)
    assert 1.0 < mean[1] < 5.0
    assert 5.0 < mean[2] < 100.0
    assert (shape > 0.0).all()


@PATIENT
@given(st.lists(st.lists(st.integers(0, 50), min_size=0, max_size=8), min_size=1, max_size=6))
def test_the_dispersion_is_at_expected_size_one_and_finite(others):
    past, squares = (
        np.array([float(sum(x**power for x in own)) for own in others]) for power in (1, 2)
    )
    exposure = np.array([float(len(own)) for own in others])
    expected, _ = predicted(past, exposure, np.full(len(others), 3.0))
    found = dispersion(past, squares, exposure, expected)
    assert np.isfinite(found).all()
    assert (found >= 1.0).all()


@pytest.mark.parametrize("mean", [0.1, 1.0, 20.0])
def test_p_values_of_counts_drawn_from_the_model_are_not_too_small(mean):
    random = np.random.default_rng(3)
    n, days = 20_000, 13
    # The rates of entities have the gamma distribution of the prior: shape 1/2 of its mean.
    rates = random.gamma(0.5, 2.0 * mean, n)
    past, count = random.poisson(rates * days).astype(float), random.poisson(rates).astype(float)
    known = np.full(n, float(days))
    expected, shape = predicted(past, known, np.full(n, mean), most=1e9)
    p_values = np.exp(-surprisal(count, expected, size_of(expected, shape, np.ones(n))))
    for bound in (0.1, 0.01, 0.001):
        few = n * bound
        # P(P <= x) is at most x of a discrete one: three deviations above are allowed.
        assert (p_values <= bound).sum() <= few + 3.0 * np.sqrt(few)


def test_rare_counts_are_as_clumped_as_those_of_the_other_entities():
    entity = np.array([0, 0, 1, 1, 2, 2])
    counts = np.array([20.0, 0.0, 10.0, 0.0, 0.0, 50.0])
    expected = np.array([0.5, 0.5, 0.5, 0.5, 0.5, 60.0])
    found = clumping(entity, counts, expected)
    # By hand, of the rare windows: 19.5^2 + 0.5^2 = 380.5, 9.5^2 + 0.5^2 = 90.5, and 0.25.
    np.testing.assert_allclose(found[:2], (90.5 + 0.25) / 1.5)
    np.testing.assert_allclose(found[2:4], (380.5 + 0.25) / 1.5)
    assert found[5] == 1.0
