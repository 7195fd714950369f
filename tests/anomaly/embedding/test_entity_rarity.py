import numpy as np
import pytest

from anomaly.embedding.category import CategoryBlock
from anomaly.embedding.entity_rarity import EntityRarityBlock
from tests import naive
from tests.anomaly.logs import terms


def block_of(names: list[str | None]) -> EntityRarityBlock:
    return EntityRarityBlock.fit(CategoryBlock.fit(terms(names)))


def test_the_coordinate_of_an_entity_is_its_surprisal() -> None:
    names = ["a"] * 60 + ["b"] * 39 + [None]
    X = block_of(names).transform(terms(["a", "b", None, "new"]))
    expected = [naive.surprisal(count, 100) for count in (60, 39, 1, 0)]
    assert X[:, 0].tolist() == pytest.approx(expected, rel=1e-5)
    assert X.dtype == np.float32


def test_the_coordinate_is_scaled_down_where_every_entity_is_rare() -> None:
    # Half of the events are of one user, the others of a thousand: the surprisals vary widely.
    names = ["all"] * 1_000 + [f"u{i}" for i in range(1_000)]
    X = block_of(names).transform(terms(names))
    assert X.std() == pytest.approx(1.0, rel=1e-3)
