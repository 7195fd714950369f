"""Surprisals that are exact where they tell give the numbers that exact ones give."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomaly.behaviour.predictive import surprisal
from anomaly.behaviour.ranges import CountRange
from anomaly.behaviour.surprisals import surprisals
from anomaly.behaviour.tail import NEARLY, expected_number, telling
from tests.anomaly.logs import PATIENT


def ranges_of(random: np.random.Generator, n: int, mean: float) -> list[CountRange]:
    means = mean * random.gamma(2.0, 0.5, (2, n))
    return [CountRange(each, random.choice([0.5, 3.0, 1e9], n)) for each in means]


@PATIENT
@given(st.integers(0, 10**6), st.sampled_from([0, 1, 7, 60, 900, 9_000]), st.floats(0.01, 30.0))
def test_the_numbers_of_windows_are_those_of_exact_surprisals(seed, n, mean):
    random = np.random.default_rng(seed)
    counts, ranges = random.poisson(mean, n).astype(np.float64), ranges_of(random, n, mean)
    if n:
        counts[0], ranges[0].mean[-1] = 1e5, 1e-9
    exact = np.minimum.reduce([surprisal(counts, each.mean, each.size) for each in ranges])
    found, judged = surprisals(counts, ranges), random.random(n) < 0.9
    assert np.abs(found - exact).max(initial=0.0) < NEARLY
    assert expected_number(found, judged).tolist() == expected_number(exact, judged).tolist()


@pytest.mark.parametrize("seed", range(5))
def test_the_numbers_are_the_same_however_the_rest_is_rounded(seed):
    random = np.random.default_rng(seed)
    exact = np.round(random.exponential(1.0, 20_000), random.integers(1, 9))
    nearly = exact + NEARLY * random.uniform(-1.0, 1.0, len(exact))
    places = telling(nearly)
    assert len(places) < len(exact)
    nearly[places] = exact[places]
    judged = np.ones(len(exact), dtype=bool)
    assert expected_number(nearly, judged).tolist() == expected_number(exact, judged).tolist()
