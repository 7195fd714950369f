"""The ends of sequences in a batch, against a loop over them."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from anomaly.behaviour.batch import Sequences

SIZES = st.lists(st.integers(1, 9), max_size=5)
"""Rows of each sequence."""


@given(SIZES, st.integers(1, 3), st.booleans(), st.randoms(use_true_random=False))
def test_ends_are_the_first_and_last_rows_and_a_gap_is_where_others_lie_between(
    sizes, most, both, random
):
    n = sum(sizes)
    order = np.array(random.sample(range(n), n), dtype=np.int64)
    group = np.zeros(n, dtype=np.uint64)
    group[order] = np.repeat(np.arange(len(sizes), dtype=np.uint64), sizes)
    expected, first = [], 0
    for size in sizes:
        for place in range(size):
            at_end = both and place >= size - most
            if place < most or at_end:
                gap = at_end and place == size - most > most
                expected.append((int(order[first + place]), gap))
        first += size
    sequences = Sequences(order, group, np.arange(n))
    rows, gaps = sequences.ends(most, both=both)
    assert list(zip(rows.tolist(), gaps.tolist(), strict=True)) == expected
    left_out = np.arange(n) % 2 == 0
    assert sequences.without(left_out).order.tolist() == [row for row in order if row % 2]
