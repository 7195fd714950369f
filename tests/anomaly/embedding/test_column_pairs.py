import numpy as np
import pytest

from anomaly.embedding import column_pairs
from anomaly.embedding.column_pairs import MOST_PAIRS, telling_numbers, telling_pairs

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


def test_a_group_of_one_explains_nothing() -> None:
    assert telling_pairs({"id": np.arange(N)}, {"x": RANDOM.normal(size=N)}) == []


def test_a_number_that_is_often_missing_is_paired_by_the_events_that_have_it() -> None:
    action, number = codes(5), RANDOM.normal(size=N)
    levels = {"bytes": np.where(codes(2) == 0, 4.0 * action + number, np.nan), "other": number}
    assert telling_pairs({"action": action}, levels) == [("action", "bytes")]


def test_of_many_numbers_each_is_measured() -> None:
    action = codes(8)
    levels = {f"x{i}": RANDOM.normal(size=N) for i in range(150)}
    for told in (3, 70, 149):
        levels[f"x{told}"] += action
    pairs = telling_pairs({"action": action}, levels)
    assert set(pairs) == {("action", "x3"), ("action", "x70"), ("action", "x149")}


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
    levels = {"same": np.ones(N), "third": np.full(N, 1.1), "missing": np.full(N, np.nan)}
    assert telling_pairs(names | {"a": codes(9)}, levels) == []
    assert telling_pairs({}, {}) == []
    assert telling_pairs({"a": codes(2, 0)}, {"x": np.zeros(0)}) == []


def test_two_numbers_that_go_together_are_paired_once() -> None:
    size = RANDOM.normal(size=N)
    levels = {"bytes": size, "packets": size + 0.1 * RANDOM.normal(size=N), "other": codes(9) * 0.3}
    pairs = telling_numbers(levels)
    assert [set(pair) for pair in pairs] == [{"bytes", "packets"}]


def test_a_number_that_follows_another_along_a_curve_is_judged_given_that_one() -> None:
    size = RANDOM.normal(size=N)
    assert telling_numbers({"size": size, "square": size**2}) == [("size", "square")]


def test_pairs_that_follow_from_others_are_left_out() -> None:
    size = RANDOM.normal(size=N)
    levels = {c: size + 0.1 * RANDOM.normal(size=N) for c in ("a", "b", "c")}
    pairs = telling_numbers(levels)
    assert len(pairs) == 2
    assert {column for pair in pairs for column in pair} == {"a", "b", "c"}


def test_numbers_that_leave_more_than_a_twentieth_of_each_other_make_no_pair() -> None:
    size = RANDOM.normal(size=N)
    assert telling_numbers({"a": size, "b": size + 0.3 * RANDOM.normal(size=N)}) == []
    assert len(telling_numbers({"a": size, "b": size + 0.15 * RANDOM.normal(size=N)})) == 1


def test_a_few_extreme_numbers_make_no_pair_and_part_none() -> None:
    size, other = RANDOM.normal(size=N), RANDOM.normal(size=N)
    size[:5] = other[:5] = 50.0
    assert telling_numbers({"a": size, "b": other}) == []
    size[5:10] = 50.0
    assert len(telling_numbers({"a": size, "b": size + 0.1 * other})) == 1


def test_events_without_the_given_number_do_not_count() -> None:
    size, other = RANDOM.normal(size=N), RANDOM.normal(size=N)
    there = codes(2) == 0
    levels = {"size": np.where(there, size, np.nan), "bytes": np.where(there, size**2, other)}
    assert telling_numbers(levels) == [("size", "bytes")]


def test_constant_missing_and_absent_numbers_make_no_pair() -> None:
    levels = {"same": np.ones(N), "missing": np.full(N, np.nan), "x": RANDOM.normal(size=N)}
    assert telling_numbers(levels) == []
    assert telling_numbers({}) == []
    assert telling_numbers({"a": np.zeros(0), "b": np.zeros(0)}) == []


def test_of_hundreds_of_numbers_the_few_pairs_with_the_most_information_are_chosen() -> None:
    size = RANDOM.normal(size=N)
    levels = {f"x{i}": RANDOM.normal(size=N) for i in range(20)}
    levels |= {f"y{i}": size + 0.02 * (i + 1) * RANDOM.normal(size=N) for i in range(6)}
    levels |= {f"z{i}": codes(2).astype(np.float64) for i in range(300)}
    pairs = telling_numbers(levels)
    assert len(pairs) == MOST_PAIRS
    assert {column for pair in pairs for column in pair} == {f"y{i}" for i in range(5)}


def test_of_a_long_log_numbers_and_names_are_measured_on_the_same_rows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(column_pairs, "_ROWS", N // 3)
    action = codes(5)
    levels = {"bytes": 4.0 * action + RANDOM.normal(size=N)}
    assert telling_pairs({"action": action}, levels) == [("action", "bytes")]
