"""Groups of rows by whole numbers, against plain loops and numpy's sorts."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from anomaly.numerics.groups import (
    added_up,
    distinct,
    distinct_in_order,
    numbered,
    sizes,
    starts_of,
)

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


@given(GROUPS)
def test_distinct_numbers_ascend_and_each_row_has_the_place_of_its_own(group):
    numbers = np.abs(group)
    for given_numbers, found in (
        (numbers, distinct(numbers)),
        (np.sort(numbers), distinct_in_order(np.sort(numbers))),
    ):
        expected = np.unique(given_numbers, return_inverse=True)
        assert [each.tolist() for each in found] == [each.tolist() for each in expected]


@given(GROUPS)
def test_rows_of_a_group_are_added_up_in_their_order(group):
    numbers = np.abs(group)
    column = np.sqrt(np.arange(len(numbers)))
    found, n, (sums,) = added_up(numbers, [column])
    assert found.tolist() == sorted(set(numbers.tolist()))
    for number, size, total in zip(found, n, sums, strict=True):
        own = column[numbers == number].tolist()
        assert (size, total) == (len(own), sum(own))
