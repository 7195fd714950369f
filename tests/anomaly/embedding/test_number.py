import warnings

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from anomaly.embedding.number import NumberBlock
from tests import naive
from tests.anomaly.logs import FLOATS, PATIENT

ORDINARY = st.one_of(st.just(float("nan")), st.integers(-(10**6), 10**6).map(lambda i: i / 64.0))


def fit(values: list[float]) -> NumberBlock:
    return NumberBlock.fit(np.array(values, dtype=np.float64))


def embed(block: NumberBlock, values: list[float]) -> np.ndarray:
    return block.transform(np.array(values, dtype=np.float64))


@PATIENT
@given(sample=st.lists(ORDINARY, min_size=1, max_size=30), more=st.lists(ORDINARY, max_size=5))
def test_a_number_is_its_scaled_value_and_the_surprisal_of_a_missing_one(
    sample: list[float], more: list[float]
) -> None:
    assume(not np.isnan(sample).all())
    expected = naive.number_embedding(sample, sample + more)
    np.testing.assert_allclose(embed(fit(sample), sample + more), expected, rtol=1e-4, atol=1e-5)


@PATIENT
@given(sample=st.lists(FLOATS, max_size=30), more=st.lists(FLOATS, max_size=10))
def test_any_number_has_finite_coordinates(sample: list[float], more: list[float]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        X = embed(fit(sample), sample + more)
    assert X.dtype == np.float32
    assert np.isfinite(X).all()


@PATIENT
@given(sample=st.lists(FLOATS, min_size=1, max_size=20), more=st.lists(FLOATS, min_size=2))
def test_the_larger_number_is_never_placed_lower(sample: list[float], more: list[float]) -> None:
    ordered = np.sort(np.array([x for x in more if not np.isnan(x)]))
    assert (np.diff(fit(sample).level(ordered)) >= 0.0).all()


@PATIENT
@given(values=st.lists(FLOATS, max_size=20), random=st.randoms())
def test_the_order_of_the_sample_does_not_matter(values: list[float], random) -> None:
    shuffled = random.sample(values, len(values))
    np.testing.assert_allclose(
        embed(fit(values), values), embed(fit(shuffled), values), rtol=1e-5, atol=1e-5
    )


def test_minus_zero_is_zero() -> None:
    block = fit([0.0, 1.0, -0.0, 2.0])
    assert (embed(block, [0.0]) == embed(block, [-0.0])).all()


def test_a_small_difference_of_large_numbers_counts() -> None:
    small = [0.0, 1.0, 2.0, 3.0, 50.0]
    large = [x + 1e14 for x in small]
    np.testing.assert_allclose(embed(fit(large), large), embed(fit(small), small), rtol=1e-4)


def test_numbers_that_differ_by_rounding_have_one_place() -> None:
    # The means of sessions in which every number is 0.1.
    values = [sum([0.1] * n) / n for n in range(1, 50)]
    assert len(set(values)) > 1
    assert np.abs(embed(fit(values), values)).max() < 0.01


def test_the_only_other_value_of_a_constant_column_is_finitely_far() -> None:
    values = [7.0] * 999 + [8.0]
    near, far = embed(fit(values), [7.0, 8.0])[:, 0]
    assert 3.0 < far - near < 50.0


def test_one_extreme_value_does_not_squeeze_the_others_together() -> None:
    values = list(np.linspace(0.0, 1.0, 1_000))
    with_one = fit([*values, 1e12])
    spread = np.ptp(with_one.level(np.array(values)))
    assert spread > 0.2 * np.ptp(fit(values).level(np.array(values)))
    assert with_one.level(np.array([1e12]))[0] > 5.0


def test_a_missing_number_is_farther_the_rarer_it_is() -> None:
    nan = float("nan")
    rare, common = fit([nan] + [1.0] * 99), fit([nan] * 50 + [1.0] * 50)
    assert embed(rare, [nan])[0, 1] > embed(common, [nan])[0, 1] > 0.0
    assert embed(rare, [nan])[0, 0] == 0.0


@PATIENT
@given(st.floats(-1e6, 1e6))
def test_a_level_leads_back_to_its_value(value: float) -> None:
    block = fit([-5.0, 0.0, 1.0, 3.0, 1e4])
    level = float(block.level(np.array([value]))[0])
    assert block.value_at(level) == pytest.approx(value, rel=1e-6, abs=1e-6)


@PATIENT
@given(value=FLOATS)
def test_the_value_at_any_level_is_finite(value: float) -> None:
    assume(not np.isnan(value))
    block = fit([1e308, -1e308, 0.0])
    assert np.isfinite(block.value_at(float(block.level(np.array([value]))[0]) * 2.0))


def test_the_share_below_is_that_of_the_sample() -> None:
    block = fit(list(range(1_000)))
    assert block.share_below(900.0) == pytest.approx(0.9, abs=0.002)
    assert block.share_below(-1.0) == 0.0
    assert block.share_below(1e9) == 1.0
    assert fit([float("nan")]).share_below(1.0) == 0.0


@pytest.mark.parametrize("value", [0.0, 1.0, 4.0, -3.0, 12.5, 345_556.0])
def test_a_value_comes_back_from_a_level_of_single_precision(value: float) -> None:
    spread = max(abs(value), 4.0)
    block = fit([*np.linspace(-spread, spread, 99).tolist(), value, 0.1 * spread])
    level = block.level(np.array([value])).astype(np.float32)[0]
    assert float(f"{block.value_at_single(level):.6g}") == value


@pytest.mark.parametrize("scale", [5e-324, 1e-300, 1e307, 1.7e308])
def test_a_value_of_single_precision_is_finite_at_any_scale(scale: float) -> None:
    block = fit([0.0, scale, -scale])
    for level in (-1e3, -1.0, 0.0, 1.0, 1e3):
        assert np.isfinite(block.value_at_single(np.float32(level)))


@PATIENT
@given(sample=st.lists(ORDINARY, min_size=1, max_size=40))
def test_the_quantiles_are_values_of_the_sample_that_the_share_of_it_does_not_exceed(
    sample: list[float],
) -> None:
    present = [value for value in sample if np.isfinite(value)]
    assume(present)
    expected = [
        min(v for v in present if share_up_to(v, present) >= share - 1e-9)
        for share in np.arange(1001) / 1000
    ]
    np.testing.assert_array_equal(fit(sample).quantiles, expected)


def share_up_to(value: float, sample: list[float]) -> float:
    return sum(other <= value for other in sample) / len(sample)
