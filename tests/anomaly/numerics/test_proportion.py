"""The interval of a proportion, beside that of SciPy."""

import pytest
from scipy.stats import binomtest

from anomaly.numerics.proportion import wilson_interval


@pytest.mark.parametrize(("hits", "n"), [(0, 1), (1, 1), (0, 20), (20, 20), (14, 23), (3, 1_000)])
def test_the_interval_is_that_of_wilson(hits: int, n: int) -> None:
    reference = binomtest(hits, n).proportion_ci(method="wilson")
    found = wilson_interval(hits, n)
    assert found == pytest.approx((reference.low, reference.high), abs=1e-12)
    assert 0 <= found[0] <= hits / n <= found[1] <= 1
