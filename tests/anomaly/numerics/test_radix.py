"""The order of whole numbers by their digits is numpy's stable one."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from anomaly.numerics.radix import stable_order

NUMBERS = st.one_of(st.integers(0, 9), st.integers(0, 2**20), st.integers(0, 2**63 - 1))


@given(st.lists(NUMBERS, max_size=40), st.sampled_from([np.int64, np.uint64]))
def test_the_order_is_stable_and_that_of_numpy(numbers, kind):
    given_numbers = np.array(numbers, dtype=kind)
    expected = np.argsort(given_numbers, kind="stable")
    assert stable_order(given_numbers).tolist() == expected.tolist()
