import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from anomaly.calibration import TailCalibration, combine, conformal, settle
from tests import naive
from tests.anomaly.logs import PATIENT

SCORES = arrays(
    np.float32,
    st.integers(2, 200),
    elements=st.one_of(st.sampled_from([0.0, 1.0, 1e-30, 1e30]), st.floats(0, 2.0**66, width=32)),
)
P = st.one_of(st.sampled_from([1e-300, 1e-12, 0.5, 1.0]), st.floats(1e-300, 1.0))
P_VALUES = st.lists(P, min_size=1, max_size=6)


def queries(calibration: np.ndarray) -> np.ndarray:
    """Give scores below, at, just above, between and beyond those of the calibration."""
    known = np.unique(calibration)
    above = np.nextafter(known, np.float32(np.inf))
    beyond = known[-1] * np.float32([2, 100]) + np.float32([1, 2])
    return np.sort(np.concatenate([[-1.0], known, above, beyond]).astype(np.float32))


@PATIENT
@given(scores=SCORES, calibration=SCORES)
def test_the_conformal_p_is_the_share_that_scores_as_high(
    scores: np.ndarray, calibration: np.ndarray
) -> None:
    expected = [naive.conformal(float(s), calibration.tolist()) for s in scores]
    assert conformal(scores, np.sort(calibration)).tolist() == pytest.approx(expected)


@PATIENT
@given(SCORES)
def test_p_is_a_probability_and_falls_as_the_score_rises(calibration: np.ndarray) -> None:
    p = TailCalibration.fit(calibration).p_values(queries(calibration))
    assert ((p > 0.0) & (p <= 1.0)).all()
    assert (np.diff(p) <= 1e-12).all()


def test_rounding_does_not_part_equal_events() -> None:
    # Two thirds of the events are the same, and score the same but for the last bit.
    same = np.float32(1.2345)
    calibration = np.append(np.full(200, same), np.linspace(2.0, 5.0, 100)).astype(np.float32)
    for way in (np.float32(0.0), np.float32(np.inf)):
        near = np.array([np.nextafter(same, way)])
        assert conformal(near, np.sort(calibration))[0] == 1.0
        assert TailCalibration.fit(calibration).p_values(near)[0] == 1.0
    atom = np.append(np.linspace(0.0, 1.0, 100), np.full(200, same)).astype(np.float32)
    above = np.array([np.nextafter(same, np.float32(np.inf))])
    assert TailCalibration.fit(atom).p_values(above)[0] == pytest.approx(201 / 301)
    assert settle(above * 0.1, np.sort(atom * 0.1))[0] == pytest.approx(201 / 301, rel=1e-3)


@PATIENT
@given(SCORES)
def test_below_the_tail_p_is_conformal(calibration: np.ndarray) -> None:
    tail = TailCalibration.fit(calibration)
    scores = queries(calibration)
    scores = scores[scores <= tail.threshold]
    expected = [naive.conformal(float(s), calibration.tolist()) for s in scores]
    np.testing.assert_allclose(tail.p_values(scores), expected)


def test_in_the_tail_p_goes_on_as_a_pareto_distribution() -> None:
    random = np.random.default_rng(0)
    calibration = random.pareto(3.0, 2_000).astype(np.float32)
    tail = TailCalibration.fit(calibration)
    above = sum(c > tail.threshold for c in calibration.tolist())
    for score in np.float32([tail.threshold + 0.1, 5.0, 100.0]):
        excess = float(score) - tail.threshold
        expected = (1 + above) / 2_001 * naive.pareto_survival(excess, tail.scale, tail.shape)
        assert tail.p_values(np.array([score]))[0] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("n_above", [10, 11, 12])
def test_a_ceiling_below_every_excess_leaves_a_tail(n_above: int) -> None:
    # The 98 % quantile lies between the many equal scores and the few others, so that every excess
    # is censored.
    ordinary = np.zeros(47 * n_above)
    tail = TailCalibration.fit(np.append(ordinary, np.arange(1.0, n_above + 1)).astype(np.float32))
    p = tail.p_values(np.float32([0.0, 1.0, 50.0]))
    assert (np.diff(p) < 0.0).all()


def test_the_largest_scores_count_but_how_far_out_they_lie_is_not_believed() -> None:
    clean = np.random.default_rng(0).exponential(size=5_000).astype(np.float32)
    foreign = clean.copy()
    foreign[:50] += np.linspace(20.0, 2_000.0, 50, dtype=np.float32)
    fitted, with_foreign = TailCalibration.fit(clean), TailCalibration.fit(foreign)
    assert with_foreign.shape < fitted.shape + 0.3
    assert with_foreign.p_values(np.float32([1_000.0]))[0] < 1e-3


@pytest.mark.slow
@pytest.mark.parametrize("shape", [0.0, 1.0 / 3.0])
def test_a_known_tail_is_found_and_followed_to_one_in_a_hundred_thousand(shape: float) -> None:
    # Measured over 40 seeds of 131,072, the calibration half of a full sample. Exponential: shape
    # .006 on average, p / 1e-5 in the median 1.03, 90 % between 0.88 and 2.9. Pareto: shape .327,
    # in the median 0.88, 90 % between 0.47 and 1.85.
    shapes, ratios = [], []
    for seed in range(40):
        draws = np.random.default_rng(seed).exponential(size=131_072)
        if shape:
            draws = np.expm1(draws * shape) / shape
        tail = TailCalibration.fit(draws.astype(np.float32))
        at = -np.log(1e-5)
        score = np.float32([np.expm1(at * shape) / shape if shape else at])
        shapes.append(tail.shape)
        ratios.append(tail.p_values(score)[0] / 1e-5)
    assert np.mean(shapes) == pytest.approx(shape, abs=0.03)
    assert 0.67 < np.median(ratios) < 1.5
    assert np.mean([1 / 3 < ratio < 3 for ratio in ratios]) >= 0.9


# --- combination -----------------------------------------------------------------------------


@PATIENT
@given(P_VALUES)
def test_the_combined_p_is_a_probability_within_bonferroni_s_bound(p_values: list[float]) -> None:
    p = float(combine(np.array(p_values)))
    assert 0.0 < p <= min(1.0, len(p_values) * min(p_values) * (1.0 + 1e-9))


@PATIENT
@given(st.lists(st.floats(1e-7, 0.999), min_size=1, max_size=6))
def test_it_is_the_cauchy_combination(p_values: list[float]) -> None:
    assert float(combine(np.array(p_values))) == pytest.approx(naive.cauchy(p_values), rel=1e-5)


@PATIENT
@given(p_values=P_VALUES, random=st.randoms())
def test_the_order_of_the_voices_does_not_matter(p_values: list[float], random) -> None:
    shuffled = random.sample(p_values, len(p_values))
    assert float(combine(np.array(p_values))) == pytest.approx(
        float(combine(np.array(shuffled))), rel=1e-6
    )


@PATIENT
@given(p_values=P_VALUES, smaller=st.floats(0.0, 1.0))
def test_a_smaller_p_never_makes_the_combined_larger(p_values: list[float], smaller: float) -> None:
    lower = [max(p_values[0] * smaller, 1e-300), *p_values[1:]]
    assert float(combine(np.array(lower))) <= float(combine(np.array(p_values))) * (1.0 + 1e-6)


def test_a_voice_that_hears_nothing_does_not_silence_another() -> None:
    assert combine(np.array([1e-6, 1.0, 1.0])) <= 3e-6


def test_voices_that_agree_are_one_voice() -> None:
    p = np.array([[0.9] * 3, [0.5] * 3, [0.01] * 3, [1e-20] * 3])
    np.testing.assert_allclose(combine(p), p[:, 0], rtol=1e-6)


# --- the p-value that is reported ------------------------------------------------------------


@PATIENT
@given(arrays(np.float32, st.integers(1, 100), elements=st.floats(0, 512, width=32)))
def test_the_settled_p_is_at_most_either_as_far_as_they_are_believed_and_falls(
    calibration: np.ndarray,
) -> None:
    ordered = np.sort(calibration)
    surprisal = np.maximum(queries(calibration), np.float32(0.0))
    p = settle(surprisal, ordered)
    assert ((p > 0.0) & (p <= 1.0)).all()
    assert (np.diff(p) <= 1e-12).all()
    believed = (len(calibration) + 1.0) ** -2
    own = np.exp(-surprisal.astype(float))
    assert (p <= np.maximum(own, believed) * (1.0 + 1e-9)).all()


def test_at_a_held_out_event_it_is_conformal_or_the_surprisal_s_own() -> None:
    ordered = np.sort(np.random.default_rng(0).exponential(size=300)).astype(np.float32)
    expected = [naive.conformal(float(s), ordered.tolist()) for s in ordered]
    expected = np.minimum(np.exp(-ordered.astype(float)), expected)
    np.testing.assert_allclose(settle(ordered, ordered), expected, rtol=0.01)


def test_beyond_all_that_was_seen_it_falls_with_the_surprisal() -> None:
    calibration = np.linspace(0.0, 3.0, 99).astype(np.float32)
    last, beyond = settle(np.float32([3.0, 8.0]), calibration)
    assert last / beyond == pytest.approx(np.exp(5.0), rel=0.01)


def test_few_events_do_not_tell_what_one_in_a_million_is() -> None:
    calibration = np.linspace(0.0, 3.0, 15).astype(np.float32)
    far, farther = settle(np.float32([40.0, 50.0]), calibration)
    assert 1e-6 < farther < far < 16.0**-2
