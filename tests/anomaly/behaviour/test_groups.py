"""Groups of rows, and the middle value of each, against plain loops."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from anomaly.behaviour.groups import numbered, sizes, starts_of
from anomaly.behaviour.peers import FEWEST_PEERS, middle_of_each

NUMBERS = st.one_of(st.integers(-3, 9), st.integers(-(10**9), 10**9))
GROUPS = st.lists(NUMBERS, max_size=30).map(lambda each: np.array(each, dtype=np.int64))


@given(GROUPS)
def test_groups_are_numbered_in_their_order_and_counted(group):
    numbers = numbered(group)
    assert (numbers[:, None] < numbers).tolist() == (group[:, None] < group).tolist()
    assert sizes(group).tolist() == [group.tolist().count(each) for each in group.tolist()]


@given(GROUPS)
def test_each_group_begins_where_its_first_row_is(group):
    ordered = np.sort(np.abs(group))
    assert starts_of(ordered).tolist() == np.unique(ordered, return_index=True)[1].tolist()


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 6)), max_size=40))
def test_the_middle_of_each_group_is_the_lower_of_two(rows):
    group, values = (np.array([row[i] for row in rows], dtype=np.int64) for i in range(2))
    expected = []
    for own in group.tolist():
        held = sorted(value for each, value in rows if each == own)
        middle = float(held[(len(held) - 1) // 2])
        expected.append(middle if len(held) >= FEWEST_PEERS else -1.0)
    assert middle_of_each(group, values.astype(np.float64), -1.0).tolist() == expected
