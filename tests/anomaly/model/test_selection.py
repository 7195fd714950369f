import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomaly.model.selection import anomaly_score, largest_p, select, severity
from schemas.job.job import SelectionSpec
from tests import naive
from tests.anomaly.logs import PATIENT

P_VALUES = st.lists(
    st.one_of(st.sampled_from([1e-300, 1e-6, 1e-3, 0.01, 1.0]), st.floats(1e-12, 1.0)), max_size=60
)
RATES = st.floats(1e-6, 0.999)


@PATIENT
@given(p_values=P_VALUES, rate=RATES)
def test_the_selection_is_the_procedure_of_benjamini_and_hochberg(
    p_values: list[float], rate: float
) -> None:
    chosen = select(np.array(p_values), len(p_values), SelectionSpec(fdr=rate))
    expected = naive.benjamini_hochberg(p_values, rate)
    assert [p <= chosen.p_cut for p in p_values] == expected
    assert chosen.selected == sum(expected)


def by_points(p_values: list[float]) -> np.ndarray:
    return np.bincount(anomaly_score(p_values).astype(np.int64), minlength=3_001)


@PATIENT
@given(p_values=P_VALUES, rate=RATES)
def test_p_values_above_the_largest_possible_may_be_left_out(
    p_values: list[float], rate: float
) -> None:
    spec = SelectionSpec(fdr=rate)
    largest = largest_p(spec, by_points(p_values))
    few = np.array([p for p in p_values if p <= largest])
    assert select(few, len(p_values), spec) == select(np.array(p_values), len(p_values), spec)


@PATIENT
@given(p_values=P_VALUES, one=RATES, other=RATES)
def test_a_higher_rate_never_selects_fewer(p_values: list[float], one: float, other: float) -> None:
    strict, lax = (
        select(np.array(p_values), len(p_values), SelectionSpec(fdr=rate))
        for rate in sorted((one, other))
    )
    assert strict.selected <= lax.selected
    assert strict.p_cut <= lax.p_cut


@PATIENT
@given(p_values=P_VALUES, one=st.floats(0, 400), other=st.floats(0, 400))
def test_a_higher_threshold_never_selects_more(
    p_values: list[float], one: float, other: float
) -> None:
    lax, strict = (
        select(np.array(p_values), len(p_values), SelectionSpec(threshold=threshold))
        for threshold in sorted((one, other))
    )
    assert strict.selected <= lax.selected


@PATIENT
@given(p_values=P_VALUES, random=st.randoms())
def test_the_order_of_the_p_values_does_not_matter(p_values: list[float], random) -> None:
    shuffled = random.sample(p_values, len(p_values))
    spec = SelectionSpec()
    first, second = (select(np.array(p), len(p), spec) for p in (p_values, shuffled))
    assert first == second


def test_a_threshold_selects_the_scores_that_reach_it() -> None:
    p = np.array([1e-5, 1e-3, 0.5])
    chosen = select(p, 3, SelectionSpec(threshold=30.0))
    assert chosen.selected == 2
    assert "30" in chosen.rule


def test_an_out_of_reach_threshold_and_an_empty_run_select_nothing() -> None:
    assert select(np.array([1e-300]), 1, SelectionSpec(threshold=5_000.0)).selected == 0
    assert select(np.array([]), 0, SelectionSpec()).selected == 0


def test_the_default_false_discovery_rate_is_a_tenth() -> None:
    assert select(np.array([0.1, 0.1]), 2, SelectionSpec()).selected == 2


@PATIENT
@given(st.floats(1e-300, 1.0))
def test_ten_points_of_score_are_a_tenth_of_the_p_value(p: float) -> None:
    score = anomaly_score([p, p / 10.0])
    assert score[0] >= 0.0
    assert score[1] - score[0] == pytest.approx(10.0, abs=1e-6)


@PATIENT
@given(st.lists(st.floats(1e-300, 1.0)), st.integers(1, 10**9))
def test_severity_says_how_many_of_an_ordinary_run_would_be_as_odd(
    p_values: list[float], n: int
) -> None:
    assert severity(p_values, n) == [naive.severity(p, n) for p in p_values]


def test_each_severity_can_be_had_in_a_log_of_any_size() -> None:
    for n in (100, 2_000, 10**6):
        grades = severity(np.array([0.05, 0.5, 5.0, 50.0]) / n, n)
        assert grades == ["critical", "high", "medium", "low"]


def test_next_to_no_p_value_of_an_ordinary_log_is_a_candidate() -> None:
    p_values = np.random.default_rng(0).random(100_000)
    assert largest_p(SelectionSpec(), by_points(p_values.tolist())) < 1e-3
    assert largest_p(SelectionSpec(), np.zeros(3_001, dtype=np.int64)) == 0.0
