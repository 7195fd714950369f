from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from anomaly.numerics import sorted_lookup as lookup_module
from anomaly.numerics.sorted_lookup import Boundaries, Polyline, before_in_rows

FLOATS = st.sampled_from([np.float32, np.float64])
ROOMY = st.floats(-(2.0**100), 2.0**100, width=32)
CLOSE = st.integers(-40, 40).map(lambda i: i / 8.0)


@st.composite
def boundaries_and_values(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Return ascending boundaries, and values: others, the same, and the next ones."""
    dtype = draw(FLOATS)
    numbers = draw(st.sampled_from([ROOMY, CLOSE]))
    own = np.sort(draw(arrays(dtype, st.integers(1, 40), elements=numbers)))
    others = draw(arrays(dtype, st.integers(0, 40), elements=numbers))
    ends = np.array([-np.inf, np.inf], dtype=dtype)
    return own, np.concatenate([others, own, *(np.nextafter(own, end) for end in ends)])


@pytest.fixture(autouse=True)
def few_values_are_worth_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookup_module, "_FEWEST_VALUES", 1)
    monkeypatch.setattr(lookup_module, "_CELLS_A_VALUE", 2**15)


@given(boundaries_and_values(), st.sampled_from(["left", "right"]), st.sampled_from([2**6, 2**13]))
def test_the_table_gives_the_result_of_numpy_searchsorted(
    of: tuple[np.ndarray, np.ndarray], side: Any, cells: int
) -> None:
    own, values = of
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lookup_module, "_FEWEST_CELLS", cells)
        told = Boundaries(own, side).before(values)
        pairs = Boundaries(own, side).before(np.stack([values, values[::-1]], axis=1))
    expected = np.searchsorted(own, values, side=side).tolist()
    assert told.tolist() == expected
    assert pairs.T.tolist() == [expected, expected[::-1]]


def test_ranges_that_have_no_cells_are_searched() -> None:
    tiny = np.array([0.0, 1e-45], dtype=np.float32)
    huge = np.array([-3e38, 3e38], dtype=np.float32)
    for own in (tiny, huge, tiny[:1], tiny[:0]):
        values = np.concatenate([tiny, huge, [np.float32(1.0)]])
        assert (Boundaries(own, "left").before(values) == np.searchsorted(own, values)).all()


def test_crowded_cells_are_searched() -> None:
    random = np.random.default_rng(0)
    own = np.sort(random.pareto(0.5, 500)).astype(np.float32)  # nearly all in the first cell
    values = random.pareto(0.5, 5_000).astype(np.float32)
    assert (Boundaries(own, "right").before(values) == np.searchsorted(own, values, "right")).all()


@given(boundaries_and_values())
def test_a_search_in_several_rows_gives_the_result_of_a_search_in_each(
    of: tuple[np.ndarray, np.ndarray],
) -> None:
    own, values = of
    boundaries = np.stack([own, np.sort(-own), np.full_like(own, own[0])])
    rows = np.array([2, 0, 1, 0])
    found = before_in_rows(boundaries, rows, np.tile(values, (4, 1)))
    assert (found == [np.searchsorted(boundaries[row], values) for row in rows]).all()


def test_among_no_boundaries_none_is_before() -> None:
    none, values = np.zeros((2, 0)), np.ones((1, 3))
    assert before_in_rows(none, np.array([1]), values).tolist() == [[0, 0, 0]]


@given(boundaries_and_values())
def test_a_polyline_is_what_numpy_interpolates(of: tuple[np.ndarray, np.ndarray]) -> None:
    x, values = (some.astype(np.float64) for some in of)
    y = np.cumsum(np.arange(len(x)) % 3.0)
    expected = np.interp(values, x, y)
    assert Polyline(x, y).at(values) == pytest.approx(expected, rel=1e-9, abs=1e-9)
