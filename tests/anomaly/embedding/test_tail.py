import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomaly.embedding.tail import TailSurprisal
from tests.anomaly.logs import PATIENT


def test_the_surprisal_of_a_distance_is_minus_log_of_the_share_as_far() -> None:
    distances = np.abs(np.random.default_rng(0).standard_t(2, 20_000))
    surprisal = TailSurprisal.fit(distances).of(distances)
    for nats in (1.0, 3.0, 6.0):
        assert np.mean(surprisal >= nats) == pytest.approx(np.exp(-nats), rel=0.1)


def test_beyond_the_sample_the_surprisal_follows_the_power_of_its_tail() -> None:
    # P(distance > x) = 1 / (1 + x)^2
    distances = 1.0 / np.sqrt(np.random.default_rng(0).random(20_000)) - 1.0
    far, farther = TailSurprisal.fit(distances).of(np.array([1e4 - 1.0, 1e6 - 1.0]))
    assert far == pytest.approx(2.0 * np.log(1e4), rel=0.15)
    assert farther - far == pytest.approx(2.0 * np.log(100.0), rel=0.15)


def test_one_distance_far_beyond_all_others_does_not_set_its_own_measure() -> None:
    distances = np.abs(np.random.default_rng(0).normal(size=8_000))
    with_one = np.append(distances, 1e4)
    surprisal = TailSurprisal.fit(with_one).of(with_one)
    assert surprisal[-1] > surprisal[:-1].max() + 10.0


def test_equal_distances_are_no_more_surprising_than_their_share() -> None:
    distances = np.repeat([0.0, 5.0], [950, 50])
    surprisal = TailSurprisal.fit(distances).of(distances)
    assert (surprisal[:950] == 0.0).all()
    assert surprisal[950:] == pytest.approx(np.full(50, np.log(20.0)), abs=0.3)


@PATIENT
@given(st.lists(st.floats(0.0, 1e300), max_size=60), st.lists(st.floats(0.0, 1e300), min_size=2))
def test_a_larger_distance_is_never_less_surprising(
    sample: list[float], distances: list[float]
) -> None:
    surprisal = TailSurprisal.fit(np.array(sample)).of(np.sort(distances))
    assert np.isfinite(surprisal).all()
    assert (surprisal >= 0.0).all()
    assert (np.diff(surprisal) >= -1e-9).all()
