import numpy as np
import pytest

from anomaly.embedding.column_pairs import MOST_PAIRS, telling_pairs

RANDOM = np.random.default_rng(0)
N = 4_000


def codes(n_names: int, n: int = N) -> np.ndarray:
    return RANDOM.integers(0, n_names, n)


def test_a_column_that_follows_another_is_paired_with_it_both_ways() -> None:
    action = codes(6)
    status = np.where(RANDOM.random(N) < 0.9, action % 3, codes(3))
    pairs = telling_pairs({"action": action, "status": status, "region": codes(6)}, {})
    assert set(pairs) == {("action", "status"), ("status", "action")}


def test_a_number_whose_level_depends_on_a_name_is_paired_with_it() -> None:
    action = codes(5)
    levels = {"bytes": 4.0 * action + RANDOM.normal(size=N), "other": RANDOM.normal(size=N)}
    assert telling_pairs({"action": action}, levels) == [("action", "bytes")]


def test_the_pairs_with_the_most_information_are_chosen() -> None:
    action = codes(8)
    noise = (0.1, 0.2, 0.4, 0.8, 1.6, 3.2)
    levels = {f"x{i}": action + s * RANDOM.normal(size=N) for i, s in enumerate(noise)}
    pairs = telling_pairs({"action": action}, levels)
    assert pairs == [("action", f"x{i}") for i in range(MOST_PAIRS)]


@pytest.mark.parametrize("n_names", [2, 50, 1_500])
def test_names_that_have_nothing_to_do_with_each_other_make_no_pair(n_names: int) -> None:
    names = {"a": codes(n_names), "b": codes(n_names)}
    assert telling_pairs(names, {"x": RANDOM.normal(size=N)}) == []


def test_constant_missing_and_absent_columns_make_no_pair() -> None:
    names = {"one": np.zeros(N, dtype=np.int64), "unseen": np.full(N, -1)}
    levels = {"same": np.ones(N), "missing": np.full(N, np.nan)}
    assert telling_pairs(names, levels) == []
    assert telling_pairs({}, {}) == []
    assert telling_pairs({"a": codes(2, 0)}, {"x": np.zeros(0)}) == []
