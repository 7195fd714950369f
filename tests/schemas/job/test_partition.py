import itertools
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from schemas.job.partition import Partition

days = st.dates().map(Partition.of)
hours = st.builds(Partition.of, st.dates(), st.integers(0, 23))
partitions = days | hours
DOCUMENT = TypeAdapter(Partition)


@given(partitions)
def test_what_is_written_is_read_again(partition):
    assert Partition.parse(str(partition)) == partition
    assert DOCUMENT.validate_json(DOCUMENT.dump_json(partition)) == partition


@given(st.text("0123456789-T:Zz +", max_size=16) | partitions.map(str))
def test_no_two_texts_are_one_partition(text):
    try:
        read = Partition.parse(text)
    except ValueError:
        with pytest.raises(ValidationError):
            DOCUMENT.validate_python(text)
    else:
        assert str(read) == text


@given(st.lists(days, max_size=8) | st.lists(hours, max_size=8))
def test_the_order_is_that_of_the_texts(of_one_unit):
    assert [str(each) for each in sorted(of_one_unit)] == sorted(map(str, of_one_unit))


@given(partitions, st.integers(-50, 50))
def test_a_shift_and_its_reverse_end_where_they_began(partition, n):
    shifted = partition.shifted(n)
    if shifted is not None:
        assert shifted.shifted(-n) == partition
        assert shifted.start - partition.start == n * partition.length


@given(partitions, st.integers(0, 60))
def test_a_range_holds_each_once_from_the_first_to_the_last(first, n):
    last = first.shifted(n) or first
    found = list(first.through(last))
    assert (found[0], found[-1]) == (first, last)
    assert all(one.shifted(1) == then for one, then in itertools.pairwise(found))


@given(st.dates())
def test_a_day_has_the_hours_of_its_clock(day):
    first, last = Partition.of(day, 0), Partition.of(day, 23)
    assert [each.hour for each in first.through(last)] == list(range(24))
    assert {each.day for each in first.through(last)} == {day}
    assert first < Partition.of(day) < Partition.of(day, 1)


def test_a_date_is_taken_for_its_day_and_a_time_for_nothing():
    assert DOCUMENT.validate_python(date(2026, 1, 5)) == Partition.of(date(2026, 1, 5))
    with pytest.raises(ValidationError):
        DOCUMENT.validate_python(datetime(2026, 1, 5, 7))


def test_the_calendar_has_two_ends():
    for partition, step in ((Partition.of(date.min), -1), (Partition.of(date.max, 23), 1)):
        assert partition.shifted(step) is None
    assert list(Partition.of(date.max).through(Partition.of(date.max))) == [Partition.of(date.max)]


def test_a_partition_says_what_it_is():
    day, hour = Partition.of(date(2026, 1, 14)), Partition.of(date(2026, 1, 14), 5)
    assert (day.unit, day.hour, day.length) == ("day", None, timedelta(days=1))
    assert (hour.unit, hour.hour, hour.start) == ("hour", 5, datetime(2026, 1, 14, 5))
