"""Counts over the whole log and the days of each entity, against plain loops."""

from collections import Counter
from unittest.mock import patch

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomaly.behaviour import merging
from anomaly.behaviour.activity import LEVELS
from anomaly.behaviour.measures import Kind, Measure
from anomaly.behaviour.merging import merged
from anomaly.behaviour.windows import FIRST_DAY, active_days, add_up, names_of
from tests.anomaly.behaviour.office import counted, office, own_day
from tests.anomaly.logs import PATIENT

NAMES = st.sampled_from(["", "ann", "b → c", "名前"])
HOURS = st.one_of(st.integers(490_000, 490_100), st.integers(-600_000, 2_000_000))
ROWS = st.lists(st.tuples(NAMES, HOURS, NAMES, st.integers(1, 9)), max_size=20)
TABLES = st.lists(ROWS, min_size=1, max_size=3)


def table(rows):
    entity, hour, value, n = [list(each) for each in zip(*rows, strict=True)] if rows else [[]] * 4
    zeros, size = [0.0] * len(rows), len(rows)
    columns = [
        pa.array([0] * size, pa.int16()),
        pa.array(entity, pa.string()).dictionary_encode(),
        pa.array(hour, pa.int32()),
        pa.array(value, pa.string()).dictionary_encode(),
        pa.array(n, pa.int32()),
        *(pa.array(zeros, pa.float64()) for _ in range(2)),
    ]
    return pa.table(columns, schema=LEVELS)


@PATIENT
@given(TABLES)
def test_counts_of_tables_add_up_to_those_of_a_loop(parts):
    tables = [table(rows) for rows in parts]
    names = names_of(tables)
    counts = add_up(tables, names)
    naively: Counter = Counter()
    for entity, hour, value, n in (row for rows in parts for row in rows):
        naively[entity, hour, value] += n
    entities, hours = names.take(pa.array(counts.entity)).to_pylist(), counts.hour.tolist()
    values = [counts.values[place] for place in counts.value.tolist()]
    found = {
        (entity, hour + FIRST_DAY * 24, value): n
        for entity, hour, value, n in zip(entities, hours, values, counts.n.tolist(), strict=True)
    }
    assert found == naively
    assert len(counts.n) == len(naively)


@PATIENT
@given(TABLES, st.integers(1, 9))
def test_merged_tables_hold_each_entity_hour_and_value_once_and_all_counts(parts, at_once):
    with patch.object(merging, "_ROWS_AT_ONCE", at_once):
        slices = [*merged([table(rows) for rows in parts], 3)]
    found = pa.concat_tables([LEVELS.empty_table(), *slices])
    keys = [(row["entity"], row["hour"], row["value"]) for row in found.to_pylist()]
    assert keys == sorted(set(keys))
    naively: Counter = Counter()
    for entity, hour, value, n in (row for rows in parts for row in rows):
        naively[entity, hour, value] += n
    assert dict(zip(keys, found["n"].to_pylist(), strict=True)) == naively
    assert set(found["measure"].to_pylist()) <= {3}


@PATIENT
@given(TABLES)
def test_active_days_are_those_of_a_loop(parts):
    tables = [table(rows) for rows in parts]
    names = names_of(tables)
    counts = add_up(tables, names)
    if not len(counts.n):
        return
    days = active_days(counts, len(names), None)
    naively: Counter = Counter()
    for entity, hour, _, n in (row for rows in parts for row in rows):
        naively[entity, hour // 24] += n
    found = {
        (names[entity].as_py(), day + FIRST_DAY): n
        for entity, day, n in zip(
            days.entity.tolist(), days.day.tolist(), days.events.tolist(), strict=True
        )
    }
    assert found == naively
    others = [sum(name == each for name, _ in naively) - 1 for each, _ in found]
    assert days.known.tolist() == others
    assert (days.covered + FIRST_DAY).tolist() == sorted({day for _, day in naively})
    places = days.places(days.entity, days.day)
    assert places.tolist() == list(range(len(days.day)))
    assert days.of_each(counts).tolist() == days.events.tolist()


def test_counts_whose_values_are_not_known_are_none():
    whole = table([("ann", 490_000, "a", 2)])
    unknown = whole.set_column(3, "value", pa.nulls(1, LEVELS.field("value").type))
    assert len(add_up([whole, unknown], names_of([whole])).n) == 0
    assert [each["n"].to_pylist() for each in merged([whole, unknown], 0)] == [[2, 2]]


def test_combined_keys_of_many_entities_hours_and_values_do_not_overflow():
    n_entities, n_values = 100_000, 1_000_000
    pick = [0, n_entities - 1]
    columns = [
        pa.array([0, 0], pa.int16()),
        pa.DictionaryArray.from_arrays(
            pa.array(pick, pa.int32()), pa.array([f"{i:06}" for i in range(n_entities)])
        ),
        pa.array([490_000, 490_671], pa.int32()),
        pa.DictionaryArray.from_arrays(
            pa.array([0, n_values - 1], pa.int32()), pa.array([f"{i:07}" for i in range(n_values)])
        ),
        pa.array([1, 2], pa.int32()),
        *(pa.array([0.0, 0.0]) for _ in range(2)),
    ]
    found = pa.table(columns, schema=LEVELS)
    counts = add_up([found], pa.array([f"{i:06}" for i in range(n_entities)]))
    assert counts.entity.tolist() == pick
    assert (counts.hour + FIRST_DAY * 24).tolist() == [490_000, 490_671]
    assert [counts.values[place] for place in counts.value] == ["0000000", "0999999"]
    assert np.array_equal(counts.n, [1, 2])


def test_values_of_other_measures_in_the_dictionary_are_none_of_this_one():
    rows = table([("ann", 490_000, "read", 1), ("bob", 490_001, "write", 2)])
    wide = pa.array(["away", "read", "write", *(f"other-{i}" for i in range(99))])
    held = pa.DictionaryArray.from_arrays(pa.array([1, 2], pa.int32()), wide)
    counts = add_up([rows.set_column(3, LEVELS.field("value"), held)], pa.array(["ann", "bob"]))
    assert counts.values == ["read", "write"]
    assert counts.value.tolist() == [0, 1]


@pytest.mark.parametrize(("first", "last"), [(1, 1), (3, 0)])
def test_days_without_ends_leave_those_out_of_entities_with_many(first, last):
    rows = [*office(2), *own_day("once", 4), *own_day("thrice", 4), *own_day("thrice", 6)]
    names, days, _ = counted([*rows, *own_day("thrice", 9)], Measure("user", Kind.EVENTS))
    some = days.without_ends(first, last, 3)
    for entity in range(len(names)):
        own = days.day[days.entity == entity]
        inner = own[first : len(own) - last] if len(own) > 3 else own
        assert some.day[some.starts[entity] : some.starts[entity + 1]].tolist() == inner.tolist()
    assert (some.known == np.diff(some.starts)[some.entity] - 1).all()
    held = some.holds(days.entity, days.day)
    assert days.day[held].tolist() == some.day.tolist()
    assert days.holds(some.entity, some.day).all()
