import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomaly.embedding.local_regression import LocalRegression, bins_of
from tests.anomaly.logs import PATIENT

N = 6_000


def curved(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Give a number and its square, which is no straight line of it."""
    random = np.random.default_rng(seed)
    given = random.normal(size=N)
    return given, given**2 + 0.05 * random.normal(size=N)


@pytest.mark.parametrize("seed", range(5))
def test_two_numbers_that_never_go_together_are_surprising(seed: int) -> None:
    given, level = curved(seed)
    regression = LocalRegression.fit(given, level)
    ordinary = np.abs(regression.transform(given, level))
    above, below = regression.transform(np.array([0.0, 1.5]), np.array([2.0, 0.5]))
    assert above > ordinary.max() + 2.0
    assert below < -ordinary.max() - 2.0


def test_the_surprisal_is_minus_log_of_the_share_as_far_off() -> None:
    given, level = curved(0)
    surprisal = np.abs(LocalRegression.fit(given, level).transform(given, level))
    for nats in (1.0, 3.0, 5.0):
        assert np.mean(surprisal >= nats) == pytest.approx(np.exp(-nats), rel=0.15)


def test_the_odd_pair_does_not_set_its_own_measure() -> None:
    given, level = curved(0)
    given[0], level[0] = 0.0, 2.0
    surprisal = np.abs(LocalRegression.fit(given, level).transform(given, level))
    assert surprisal[0] > surprisal[1:].max() + 2.0


def test_a_residual_counts_in_the_spread_of_what_lies_beside() -> None:
    random = np.random.default_rng(0)
    given = random.uniform(-1.0, 1.0, N)
    level = given + np.where(given > 0.0, 0.5, 0.01) * random.normal(size=N)
    regression = LocalRegression.fit(given, level)
    narrow, wide = np.abs(regression.transform(np.array([-0.5, 0.5]), np.array([-0.1, 0.9])))
    assert wide < 2.0 < narrow


@pytest.mark.parametrize("share", [0.005, 0.02])
def test_a_few_ordinary_events_far_out_on_the_same_line_are_not_surprising(share: float) -> None:
    random = np.random.default_rng(0)
    given = random.normal(size=N) + 6.0 * (random.random(N) < share)
    level = 2.0 * given + 0.05 * random.normal(size=N)
    surprisal = np.abs(LocalRegression.fit(given, level).transform(given, level))
    assert np.median(surprisal[given > 4.0]) < 3.0


def test_beyond_the_sample_the_line_goes_on() -> None:
    random = np.random.default_rng(0)
    given = random.normal(size=N)
    level = 2.0 * given + 0.05 * random.normal(size=N)
    regression = LocalRegression.fit(given, level)
    on_the_line, off_it = np.abs(regression.transform(np.array([9.0, 9.0]), np.array([18.0, 0.0])))
    assert on_the_line < 7.0 < off_it


def test_equal_numbers_have_no_residual_and_one_that_differs_has() -> None:
    level = np.random.default_rng(0).normal(size=N)
    copy = level.copy()
    copy[0] += 0.5
    surprisal = np.abs(LocalRegression.fit(level, copy).transform(level, copy))
    assert surprisal[0] > 10.0
    assert (surprisal[1:] < 1.0).all()


def test_a_missing_number_has_no_surprisal() -> None:
    given, level = curved(0)
    regression = LocalRegression.fit(np.where(given > 1.0, np.nan, given), level)
    away = regression.transform(np.array([np.nan, 0.0]), np.array([5.0, np.nan]))
    assert away.tolist() == [0.0, 0.0]


PAIRS = st.lists(st.tuples(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3)), max_size=40)


@PATIENT
@given(PAIRS, PAIRS)
def test_the_surprisal_of_any_numbers_is_finite(
    sample: list[tuple[float, float]], judged: list[tuple[float, float]]
) -> None:
    regression = LocalRegression.fit(*np.array(sample).reshape(-1, 2).T)
    away = regression.transform(*np.array(judged).reshape(-1, 2).T)
    assert away.dtype == np.float32
    assert np.isfinite(away).all()


def test_bins_hold_equally_many_and_the_few_at_the_ends_have_their_own() -> None:
    values = np.random.default_rng(0).permutation(6_400)
    counts = np.bincount(bins_of(values.astype(np.float64)))
    assert counts.sum() == 6_400
    assert set(counts[4:-4]) == {200}
    assert counts[0] == pytest.approx(25, abs=1)
    assert len(np.unique(bins_of(np.ones(500)))) == 1
