"""The peers' engineered features, and the peers that take them."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from tests.bench.engineered import encoded, rarity, text_features, time_features
from tests.bench.quality.raw_columns import raw_columns
from tests.bench.raw_peers import isolation_forest, isotree, nearest


def test_a_text_is_its_length_its_odd_characters_and_its_rarity_once_masked():
    texts = pd.Series(["get page 1", "get page 23", "a=%27;--", None])
    found = text_features("m", texts)
    assert found["m: length"].tolist() == [10, 11, 8, 0]
    assert found["m: odd"].tolist() == [0, 0, 5 / 8, 0]
    assert found["m: rarity"].tolist() == pytest.approx(np.log([2, 2, 4, 4]))


def test_a_time_is_its_hour_and_its_weekday():
    found = time_features("t", pd.Series(pd.to_datetime(["2026-01-10 06:45:00", None])))
    assert found["t: hour"].tolist() == pytest.approx([6.75, np.nan], nan_ok=True)
    assert found["t: weekday"].tolist() == pytest.approx([5, np.nan], nan_ok=True)


def test_what_is_missing_has_a_rarity_too():
    assert rarity(pd.Series(["a", None, "a", None])).tolist() == pytest.approx([np.log(2)] * 4)


def test_encoded_names_are_their_rarity_and_a_missing_number_is_the_median():
    names = pd.Series(["a", "a", "a", "b"], dtype="category")
    X = encoded(pd.DataFrame({"name": names, "size": [1.0, 2.0, np.nan, 9.0]}))
    np.testing.assert_allclose(X.mean(axis=0), 0.0, atol=1e-12)
    np.testing.assert_allclose(X.std(axis=0), 1.0)
    size, rare = X.T
    assert size[2] == size[1]
    assert rare[0] == rare[1] == rare[2] < rare[3]


def test_columns_become_features_by_their_roles():
    n = 60
    random = np.random.default_rng(0)
    at = pd.date_range("2026-01-05", periods=n, freq="7h", tz="UTC")
    events = pa.table(
        {
            "id": [f"{i:08x}-0000-4000-8000-000000000000" for i in range(n)],
            "time": pa.array(at),
            "bytes": random.lognormal(size=n),
            "action": [*["read", "write"] * (n // 2 - 1), "read", None],
            "message": [f"page {i} of the book was sent to reader {i % 7}" for i in range(n)],
        }
    )
    frame = raw_columns(events)
    assert frame.shape == (n, 7)
    assert [str(kind) for kind in frame.dtypes].count("category") == 1
    assert set(frame["action"].cat.categories) == {"read", "write", ""}
    assert frame["bytes"].tolist() == events["bytes"].to_pylist()
    assert frame["time: weekday"][3] == 0
    assert frame["time: hour"][3] == 21


def sparse_names() -> pd.DataFrame:
    """300 ordinary rows, and last one whose name and number nobody else has."""
    random = np.random.default_rng(0)
    names = [*random.choice(["a", "b", "c"], 300), "z"]
    numbers = [*random.normal(size=300), 12.0]
    return pd.DataFrame({"name": pd.Series(names, dtype="category"), "number": numbers})


@pytest.mark.slow
@pytest.mark.parametrize("peer", [isolation_forest, nearest])
def test_a_peer_gives_the_odd_row_the_highest_score(peer):
    X = encoded(sparse_names())
    scores = peer(0)(X)
    assert scores.argmax() == 300
    np.testing.assert_array_equal(peer(0)(X), scores)


def test_isotree_takes_names_as_they_are():
    pytest.importorskip("isotree", reason="isotree is of the bench environment")
    frame = sparse_names()
    scores = isotree(0)(frame)
    assert scores.argmax() == 300
    np.testing.assert_array_equal(isotree(0)(frame), scores)
    as_name = isotree(0)(frame[["name"]])
    assert as_name[300] > as_name[:300].max()


def test_the_nearest_are_the_other_rows():
    X = np.array([[0.0], [1.0], [3.0], [10.0]])
    # k = 2: the second nearest other row.
    np.testing.assert_allclose(nearest(0)(X), [3.0, 2.0, 3.0, 9.0])


def test_many_rows_are_searched_in_a_draw_of_them():
    X = np.random.default_rng(0).normal(size=(2_000, 2))
    X[7] = 40.0
    scores = nearest(0, most=400)(X)
    assert scores.argmax() == 7
    drawn = np.random.default_rng(0).choice(2_000, 400, replace=False)
    far = np.sort(np.linalg.norm(X[drawn] - X[7], axis=1))
    assert 7 not in drawn
    assert scores[7] == pytest.approx(far[19])
    row = int(drawn[0])
    near = np.sort(np.linalg.norm(X[drawn] - X[row], axis=1))
    assert scores[row] == pytest.approx(near[20])
