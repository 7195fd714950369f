import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomaly.preprocess.whole_numbers import COMMON, count_whole_numbers
from schemas.columns.profile import WholeNumbers


def counted(rows: object) -> WholeNumbers:
    found = count_whole_numbers(*np.unique(np.asarray(rows, dtype=np.float64), return_counts=True))
    assert found is not None
    return found


def spread(**counts: int) -> WholeNumbers:
    """Count rows that hold each number as often as told: `_22=50` is 50 rows of 22."""
    return counted(np.repeat([float(name[1:]) for name in counts], list(counts.values())))


def test_common_numbers_with_nothing_between_have_gaps() -> None:
    assert spread(_22=50, _80=900, _443=3_000, _8080=10).gaps == 3


@pytest.mark.parametrize("seed", range(20))
def test_counts_have_no_gaps_by_chance(seed: int) -> None:
    random = np.random.default_rng(seed)
    assert counted(random.poisson(30, 5_000)).gaps == 0
    assert counted(np.exp(random.normal(5, 0.7, 5_000)).round()).gaps == 0


def test_a_single_number_left_out_is_no_gap() -> None:
    assert spread(_2=500, _3=500, _5=500).gaps == 0


def test_rare_numbers_fill_a_gap_only_where_those_beside_it_are_rare() -> None:
    assert spread(_1=10, _2=2, _3=1, _4=10).gaps == 0
    assert spread(_1=1_000, _2=2, _3=1, _4=1_000).gaps == 1


def test_only_common_numbers_count() -> None:
    found = spread(_1=COMMON - 1, _50=COMMON, _90=COMMON)
    assert (found.common, found.gaps) == (2, 1)
    assert found.share == 20 / 29


def test_a_count_declines_from_zero_or_one_and_has_gaps_in_its_tail_alone() -> None:
    assert spread(_0=900, _1=80, _2=30, _14=20).declining
    assert spread(_1=900, _2=80, _30=20).declining
    assert not spread(_0=900, _1=950, _2=30).declining
    assert not spread(_0=500, _9=400, _56=300).declining
    assert not spread(_3=900, _4=80, _5=30).declining


def test_sizes_are_steps_and_codes_are_not() -> None:
    assert spread(_128=90, _256=90, _1024=90).stepped
    assert spread(_5=90, _10=90, _15=90, _20=90).stepped
    assert spread(_16=90, _31=90, _47=90, _62=90, _78=90).stepped
    assert not spread(_200=90, _404=90, _500=90).stepped
    assert not spread(_0=90, _1=90, _2=90).stepped


@pytest.mark.parametrize("numbers", [[], [0.5, 1.0], [np.inf], [2.0**60]])
def test_no_whole_numbers_no_figures(numbers: list[float]) -> None:
    assert count_whole_numbers(np.array(numbers), np.full(len(numbers), 20)) is None


def test_a_number_that_is_written_twice_is_one() -> None:
    twice = count_whole_numbers(np.array([-0.0, 7.0, 0.0]), np.array([6, 30, 5]))
    once = count_whole_numbers(np.array([0.0, 7.0]), np.array([11, 30]))
    assert twice == once


@given(
    st.dictionaries(st.integers(-(2**53), 2**53), st.integers(1, 99), min_size=1, max_size=12),
    st.randoms(),
)
def test_the_order_of_the_numbers_does_not_matter(counts: dict[int, int], random: object) -> None:
    order = list(counts)
    random.shuffle(order)  # type: ignore[attr-defined]
    figures = [
        count_whole_numbers(np.array(keys, dtype=np.float64), np.array([counts[k] for k in keys]))
        for keys in (list(counts), order)
    ]
    assert figures[0] == figures[1]
