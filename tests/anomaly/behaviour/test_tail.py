"""Expected numbers of ordinary windows: over many seeds as many are told as are expected."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomaly.behaviour.tail import expected_number
from tests.anomaly.logs import PATIENT


def all_judged(surprisals: np.ndarray) -> np.ndarray:
    return expected_number(surprisals, np.ones(len(surprisals), dtype=bool))


def exponential(random: np.random.Generator, n: int) -> np.ndarray:
    return random.exponential(1.0, n)


def heavier(random: np.random.Generator, n: int) -> np.ndarray:
    return random.exponential(3.0, n)


def growing(random: np.random.Generator, n: int) -> np.ndarray:
    return random.exponential(1.0, n) ** 1.4


def mostly_zeros(random: np.random.Generator, n: int) -> np.ndarray:
    return random.exponential(1.0, n) * (random.random(n) < 0.05)


DRAWS = [(draw, n) for draw in (exponential, heavier, mostly_zeros) for n in (60, 600, 6_000)]


# How a tail grows is not known of few windows.
@pytest.mark.parametrize(("draw", "n"), [*DRAWS, (growing, 600), (growing, 6_000)])
def test_as_many_windows_are_told_as_are_expected(draw, n):
    seeds = 200
    told = [all_judged(draw(np.random.default_rng(seed), n)) for seed in range(seeds)]
    for bound in (0.1, 1.0, 2.0):
        mean = np.mean([(numbers <= bound).sum() for numbers in told])
        # The scale is estimated from few windows: the mean number may be half as large again.
        assert mean <= 1.5 * bound + 3.0 * np.sqrt(bound / seeds)


@PATIENT
@given(st.integers(50, 400), st.integers(1, 4), st.integers(0, 99))
def test_up_to_four_planted_windows_do_not_change_the_others(n, planted, seed):
    ordinary = np.random.default_rng(seed).exponential(1.0, n)
    order = np.argsort(ordinary)
    less, more = ordinary.copy(), ordinary.copy()
    less[order[-planted:]] = ordinary.max() + 1.0
    more[order[-planted:]] = 600.0
    others = order[:-planted]
    assert all_judged(less)[others] == pytest.approx(all_judged(more)[others])
    assert (all_judged(more)[order[-planted:]] < 0.1).all()


@PATIENT
@given(st.lists(st.floats(0.0, 690.0), max_size=80))
def test_a_larger_surprisal_has_no_larger_number_and_none_is_zero(values):
    surprisals = np.array(values)
    numbers = all_judged(surprisals)
    assert (numbers > 0.0).all()
    ordered = np.minimum(numbers[np.argsort(surprisals)], 1e9)
    assert (np.diff(ordered) <= 1e-9).all()


def test_what_is_not_judged_has_no_finite_number_and_counts_for_none():
    surprisals, judged = np.arange(20.0), np.arange(20) >= 15
    numbers = expected_number(surprisals, judged)
    assert np.isinf(numbers[:15]).all()
    assert numbers[15:] == pytest.approx(all_judged(surprisals)[15:] / 4.0)
    assert np.isinf(expected_number(surprisals, np.zeros(20, dtype=bool))).all()


def test_of_few_windows_none_is_told_that_is_as_odd_as_one_in_twenty():
    surprisals = np.random.default_rng(0).exponential(1.0, 1_000)
    last = np.arange(1_000) >= 990
    numbers = expected_number(surprisals, last)
    assert np.isinf(numbers[:990]).all()
    told = np.isfinite(numbers)
    assert (surprisals[told] >= np.quantile(surprisals, 0.949)).all()
