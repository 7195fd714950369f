import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from anomaly.embedding.category import MISSING, CategoryBlock, count_names, distinct
from tests import naive
from tests.anomaly.logs import NAMES, PATIENT, terms

SAMPLES = st.lists(NAMES, min_size=1, max_size=40)


def embed(sample: list[str | None], values: list[str | None]) -> np.ndarray:
    return CategoryBlock.fit(terms(sample)).transform(terms(values))


@PATIENT
@given(sample=SAMPLES, more=st.lists(NAMES, max_size=10))
def test_each_name_is_an_axis_as_long_as_it_is_surprising(
    sample: list[str | None], more: list[str | None]
) -> None:
    X = embed(sample, sample + more)
    assert X.dtype == np.float32
    expected = naive.category_embedding(sample, sample + more)
    np.testing.assert_allclose(X, expected, rtol=1e-5, atol=1e-6)


def test_more_names_than_axes_share_the_last_each_with_its_own_length() -> None:
    sample = [f"n{i}" for i in range(80) for _ in range(80 - i)]
    expected = naive.category_embedding(sample, sample)
    np.testing.assert_allclose(embed(sample, sample), expected, rtol=1e-5)


@PATIENT
@given(sample=SAMPLES, random=st.randoms())
def test_a_category_does_not_depend_on_the_order_of_rows_or_dictionary(
    sample: list[str | None], random
) -> None:
    shuffled = random.sample(sample, len(sample))
    block, other = CategoryBlock.fit(terms(sample)), CategoryBlock.fit(terms(shuffled))
    assert block.names == other.names
    assert block.counts.tolist() == other.counts.tolist()


def test_about_equal_names_are_typical_and_a_rare_one_or_a_large_one_is_not() -> None:
    equal = [f"n{i:02}" for i in range(40) for _ in range(100 + i)]
    block = CategoryBlock.fit(terms([*equal, "stranger"]))
    typical = {block.names[axis] for axis in block.typical_axes}
    assert typical == set(equal)
    few = CategoryBlock.fit(terms(["get"] * 80 + ["put"] * 18 + ["drop"] * 2))
    assert not few.typical_axes.size
    beside_a_large_one = CategoryBlock.fit(terms([*equal, *["large"] * 9_000]))
    assert beside_a_large_one.typical_axes.tolist() == list(range(1, 41))
    too_few_together = CategoryBlock.fit(terms([*equal, *["large"] * 18_000]))
    assert not too_few_together.typical_axes.size


def test_pooled_names_are_as_common_as_all_of_them_together() -> None:
    sample = [f"n{i:02}" for i in range(40) for _ in range(100 + i)] + ["large"] * 2_000
    block = CategoryBlock.fit(terms(sample))
    X = block.pooled().transform(terms(["n00", "n39", "large", "unseen"]))
    share = (len(sample) - 2_000 - 1) / (len(sample) - 1)
    np.testing.assert_allclose(X[:2, -1], -np.log(share), rtol=1e-6)
    np.testing.assert_array_equal(X[2:], block.transform(terms(["large", "unseen"])))


@PATIENT
@given(sample=SAMPLES)
def test_a_name_of_a_tenth_of_the_rows_keeps_its_axis(sample: list[str | None]) -> None:
    block = CategoryBlock.fit(terms(sample))
    assert (block.counts[block.typical_axes] < 0.1 * len(sample)).all()


def test_a_rarer_name_lies_farther_out() -> None:
    sample = ["common"] * 900 + ["rare"] * 99 + ["once"]
    X = embed(sample, ["common", "rare", "once", "never seen", None])
    from_common = np.linalg.norm(X - X[0], axis=1)
    assert from_common[0] < from_common[1] < from_common[2]
    assert X[2, -1] == X[3, -1] == X[4, -1]


def test_a_missing_name_is_not_the_empty_one() -> None:
    block = CategoryBlock.fit(terms(["", "", "", None]))
    assert block.names == ("", MISSING)
    assert block.count_of(block.codes(pa.array(["", None, "x"]))).tolist() == [3, 1, 0]


def test_names_that_no_row_holds_do_not_count() -> None:
    column = pa.DictionaryArray.from_arrays(
        pa.array([1, 1, None], pa.int32()), pa.array(["unused", "used"])
    )
    names, counts = count_names(column)
    assert (names, counts.tolist()) == (["used", MISSING], [2, 1])


@PATIENT
@given(sample=st.lists(NAMES, max_size=20))
def test_names_and_positions_put_the_column_together_again(sample: list[str | None]) -> None:
    names, rows = distinct(terms(sample))
    assert [names[i].as_py() for i in rows] == sample


def test_a_category_of_no_rows_gives_no_vectors() -> None:
    assert embed(["a", "b"], []).shape == (0, 4)
