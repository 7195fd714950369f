import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from anomaly.detectors.calibration import Calibration, SurprisalCurve, conformal
from tests import naive
from tests.anomaly.logs import PATIENT

SCORES = arrays(
    np.float32,
    st.integers(2, 200),
    elements=st.one_of(st.sampled_from([0.0, 1.0, 1e-30, 1e30]), st.floats(0, 2.0**66, width=32)),
)
SURPRISES = arrays(np.float32, st.integers(1, 100), elements=st.floats(0, 512, width=32))


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


# --- surprise --------------------------------------------------------------------------------


@PATIENT
@given(SCORES)
def test_a_surprise_is_finite_and_rises_with_the_score(calibration: np.ndarray) -> None:
    surprisal = SurprisalCurve.fit(calibration).of(queries(calibration))
    assert np.isfinite(surprisal).all()
    assert surprisal[0] == 0.0
    assert (np.diff(surprisal) >= -1e-9).all()


def test_up_to_the_cut_the_surprise_is_counted_and_beyond_it_goes_on_straight() -> None:
    scores = np.random.default_rng(0).exponential(2.0, 20_000).astype(np.float32)
    surprisal = SurprisalCurve.fit(scores)
    below = np.float32([0.5, 2.0, 5.0])
    expected = [-np.log(naive.conformal(float(s), scores.tolist())) for s in below]
    np.testing.assert_allclose(surprisal.of(below), expected)
    # Of an exponential it is known: score / 2 nats.
    far = np.float32([10.0, 40.0, 400.0])
    np.testing.assert_allclose(surprisal.of(far), far / 2.0, rtol=0.05)
    assert np.diff(surprisal.of(np.float32([100.0, 110.0, 120.0]))) == pytest.approx(
        10.0 / surprisal.scale, rel=1e-4
    )


def test_a_clump_of_far_scores_stays_surprising_however_many_they_are() -> None:
    clean = np.random.default_rng(0).exponential(size=10_000).astype(np.float32)
    flood = clean.copy()
    flood[:400] = 50.0
    alone, among = (SurprisalCurve.fit(s).of(np.float32([50.0]))[0] for s in (clean, flood))
    assert alone > among > 20.0


def test_other_scores_have_a_finite_surprise_where_nearly_all_are_equal() -> None:
    scores = np.append(np.ones(990), np.linspace(2.0, 3.0, 10)).astype(np.float32)
    usual, odd, odder = SurprisalCurve.fit(scores).of(np.float32([1.0, 2.0, 3.0]))
    assert usual == 0.0 < odd < odder < 1e3
    assert SurprisalCurve.fit(np.ones(50, dtype=np.float32)).of(np.float32([1.0]))[0] == 0.0


def test_scores_equal_but_for_rounding_have_one_p_value() -> None:
    # Two thirds of the events are the same, and score the same but for the last bit.
    same = np.float32(1.2345)
    calibration = np.append(np.full(200, same), np.linspace(2.0, 5.0, 100)).astype(np.float32)
    for way in (np.float32(0.0), np.float32(np.inf)):
        near = np.array([np.nextafter(same, way)])
        assert conformal(near, np.sort(calibration))[0] == 1.0
        assert SurprisalCurve.fit(calibration).of(near)[0] == 0.0
        assert Calibration.fit(calibration).p_values(near)[0] == pytest.approx(1.0)


# --- p-values --------------------------------------------------------------------------------


@PATIENT
@given(SURPRISES)
def test_p_values_are_probabilities_at_least_conformal_and_fall_with_the_score(
    surprisals: np.ndarray,
) -> None:
    asked = np.maximum(queries(surprisals), np.float32(0.0))
    p = Calibration.fit(surprisals).p_values(asked)
    assert ((p > 0.0) & (p <= 1.0)).all()
    assert (np.diff(p) <= 1e-12).all()
    known = asked <= surprisals.max()
    least = [naive.conformal(float(s) * (1 + 2e-4), surprisals.tolist()) for s in asked[known]]
    assert (p[known] >= np.array(least) * (1.0 - 1e-9)).all()


def test_the_p_value_at_a_held_out_event_is_conformal() -> None:
    held_out = np.sort(np.random.default_rng(0).exponential(size=300)).astype(np.float32)
    expected = [naive.conformal(float(s), held_out.tolist()) for s in held_out]
    np.testing.assert_allclose(Calibration.fit(held_out).p_values(held_out), expected, rtol=0.02)


def test_p_values_beyond_the_last_event_fall_as_the_pareto_tail_does() -> None:
    held_out = np.random.default_rng(0).pareto(3.0, 5_000).astype(np.float32)
    calibration = Calibration.fit(held_out)
    last = float(held_out.max())
    beyond = np.float32([1.1 * last, 1.5 * last, 2.0 * last])
    survival = [
        naive.pareto_survival(
            float(s) - calibration.threshold, calibration.scale, calibration.shape
        )
        for s in (last, *beyond.tolist())
    ]
    # From where the last event stands, two of n + 1, so that p falls without a step.
    expected = np.array(survival[1:]) / survival[0] * 2 / 5_001
    np.testing.assert_allclose(calibration.p_values(beyond), expected, rtol=0.01)


def test_a_small_calibration_gives_no_extremely_small_p_value() -> None:
    calibration = Calibration.fit(np.linspace(0.0, 3.0, 15).astype(np.float32))
    far, farther = calibration.p_values(np.float32([400.0, 500.0]))
    assert 1e-7 < farther < far < 16.0**-2


@pytest.mark.slow
@pytest.mark.parametrize("foreign", [0.0, 0.05])
@pytest.mark.parametrize("name", ["normal", "lognormal", "pareto", "discrete"])
def test_new_normal_events_have_small_p_values_no_more_often_than_the_p_value_says(
    name: str, foreign: float
) -> None:
    # Where the calibration is contaminated, fewer.
    levels = np.array([0.2, 0.1, 0.05, 0.01, 0.001])
    shares = []
    for seed in range(60):
        random = np.random.default_rng(seed)
        draw = {
            "normal": lambda n, r=random: r.normal(10.0, 1.0, n),
            "lognormal": lambda n, r=random: r.lognormal(0.0, 1.0, n),
            "pareto": lambda n, r=random: r.pareto(1.5, n),
            "discrete": lambda n, r=random: r.poisson(2.0, n).astype(float),
        }[name]
        held_out = draw(2_000).astype(np.float32)
        held_out[: int(foreign * 2_000)] += 100.0
        p = Calibration.fit(held_out).p_values(draw(5_000).astype(np.float32))
        shares.append((p[:, None] <= levels).mean(axis=0))
    error = np.std(shares, axis=0) / np.sqrt(len(shares))
    assert (np.mean(shares, axis=0) <= levels + 3.0 * error).all()


def test_a_distance_of_zero_is_no_surprise_where_half_of_the_events_have_it() -> None:
    surprisal = SurprisalCurve.fit(np.append(np.zeros(50), np.arange(1, 51)).astype(np.float32))
    assert surprisal.of(np.zeros(3, dtype=np.float32)).tolist() == [0.0, 0.0, 0.0]
