"""The middle value of each group, against a plain loop."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from anomaly.behaviour.peers import FEWEST_PEERS, middle_of_each


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 6)), max_size=40))
def test_the_middle_of_each_group_is_the_lower_of_two(rows):
    group, values = (np.array([row[i] for row in rows], dtype=np.int64) for i in range(2))
    expected = []
    for own in group.tolist():
        held = sorted(value for each, value in rows if each == own)
        middle = float(held[(len(held) - 1) // 2])
        expected.append(middle if len(held) >= FEWEST_PEERS else -1.0)
    assert middle_of_each(group, values.astype(np.float64), -1.0).tolist() == expected
