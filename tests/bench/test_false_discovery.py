"""Draws and counts of the benchmarks of the p-values, by hand."""

import numpy as np
import pyarrow as pa
import pytest

from schemas.columns.roles import Role
from tests.bench.draws import contaminated, halves
from tests.bench.false_discovery import (
    RATES,
    Discovery,
    Uniformity,
    discoveries,
    discovery_table,
    uniformity,
    uniformity_table,
)
from tests.bench.labelled import Labelled


def normal_numbers(n: int, n_anomalous: int) -> Labelled:
    """Two independent normal numbers; the first records lie far out."""
    x, y = np.random.default_rng(0).normal(size=(2, n))
    x[:n_anomalous] += 1_000.0
    anomalous = np.arange(n) < n_anomalous
    return Labelled("made", pa.table({"x": x, "y": y}), dict.fromkeys("xy", Role.NUMBER), anomalous)


@pytest.fixture(scope="module")
def made() -> Labelled:
    return normal_numbers(4_000, 100)


def test_a_batch_has_its_share_of_anomalies_and_no_record_twice(made: Labelled) -> None:
    batch = contaminated(made, 0.01, 1_000, np.random.default_rng(0))
    assert len(batch.rows) == 1_000
    assert batch.planted.sum() == 10
    assert (made.anomalous[batch.rows] == batch.planted).all()
    assert len(np.unique(np.append(batch.rows, batch.clean))) == 1_990
    assert not made.anomalous[batch.clean].any()


def test_few_anomalies_make_a_small_batch() -> None:
    few = normal_numbers(4_000, 5)
    batch = contaminated(few, 0.01, 1_000, np.random.default_rng(0))
    assert (len(batch.rows), batch.planted.sum()) == (500, 5)


def test_the_halves_are_normal_and_apart(made: Labelled) -> None:
    first, second = halves(made, 1_000, np.random.default_rng(0))
    assert len(first) == len(second) == 500
    assert not np.intersect1d(first, second).size
    assert not made.anomalous[np.append(first, second)].any()


def test_a_model_of_normal_numbers_keeps_about_its_levels(made: Labelled) -> None:
    found = uniformity(made, 3_900, 0)
    assert found.n == 1_950
    assert abs(found.shares[0.1] - 0.1) < 0.05
    assert found.shares[0.2] >= found.shares[0.1] >= found.shares[0.01]


def test_what_lies_far_out_is_discovered_by_a_clean_fit(made: Labelled) -> None:
    found = [d for d in discoveries(made, 1_900, 0) if d.fit == "clean"]
    assert [d.rate for d in found] == list(RATES)
    assert all(d.power == 1.0 for d in found)
    assert all(d.proportion < 0.5 for d in found)


def test_the_share_of_false_discoveries_is_that_of_the_selected() -> None:
    found = Discovery("made", 0, "batch", 0.1, n=100, selected=8, false=2, planted=10)
    assert (found.proportion, found.power) == (0.25, 0.6)
    nothing = Discovery("made", 0, "batch", 0.1, n=100, selected=0, false=0, planted=10)
    assert (nothing.proportion, nothing.power) == (0.0, 0.0)


def test_the_tables_average_over_the_seeds() -> None:
    two = [Discovery("made", s, "batch", 0.1, 100, 10, false, 10) for s, false in enumerate((1, 3))]
    assert (
        discovery_table(two).splitlines()[-1]
        == "| made, batch | 0.1 | 100 | 10 | 20.0 ± 10.0 | 80.0 ± 10.0 | 10.0 ± 0.0 | 0 |"
    )
    levels = [
        Uniformity("made", s, 1_000, dict.fromkeys((0.2, 0.1, 0.05, 0.01, 0.001, 1e-4), share))
        for s, share in enumerate((0.1, 0.3))
    ]
    assert uniformity_table(levels).splitlines()[-1].count("0.2 ± 0.1") == 6
