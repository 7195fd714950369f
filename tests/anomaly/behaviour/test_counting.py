"""Counts of what entities do in each hour and day, against plain loops over the rows."""

import math
from collections import Counter
from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomaly.behaviour.across import counted_across
from anomaly.behaviour.activity import ACTIVITY, DAY, HOUR, LEVELS, Counted, place_of_measure
from anomaly.behaviour.counting import count_activity
from anomaly.behaviour.dictionaries import Dictionaries
from anomaly.behaviour.measures import Kind, Measure, measures_of
from schemas.columns.roles import Role
from tests import naive
from tests.anomaly.logs import FLOATS, MOMENTS, PATIENT, conformed

ROLES = {
    "id": Role.ID,
    "time": Role.TIME,
    "user": Role.ENTITY,
    "action": Role.CATEGORY,
    "ok": Role.FLAG,
    "size": Role.NUMBER,
}
MEASURES = measures_of(ROLES)
ADDED = [each for each in MEASURES if each.kind in (Kind.EVENTS, Kind.VALUES, Kind.LEVELS)]
DAY_OF_LOG = 20_520 * DAY
"""2026-03-08."""

LARGEST = float(np.finfo(np.float64).max)
"""As which the contract reads infinity."""
NEAR = st.integers(DAY_OF_LOG, DAY_OF_LOG + 3 * DAY)
STEPS = st.integers(0, 40).map(lambda step: DAY_OF_LOG + DAY - 4 * HOUR // 6 + step * 300_000_000)
"""Around a midnight, each five minutes after the one before: ties, changes and rhythms."""
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "user": st.sampled_from([None, "", "ann", "bob → eve", "名前", "a\x1fb"]),
            "action": st.sampled_from([None, "", "read", "write → read", "🦊"]),
            "ok": st.sampled_from([None, "true", "false"]),
            "size": st.one_of(FLOATS, st.sampled_from([1.0, LARGEST, -LARGEST])),
            "time": st.one_of(NEAR, STEPS, MOMENTS),
        }
    ),
    max_size=30,
)
APART = ROWS.map(lambda rows: list({row["time"]: row for row in rows}.values()))
"""Rows of which no two have the same time."""


def table(rows: list[dict[str, Any]]) -> pa.Table:
    """Return rows as the contract gives them."""
    columns = {c: [row.get(c) for row in rows] for c in ROLES}
    columns["id"] = [str(i) for i in range(len(rows))]
    return conformed(columns, ROLES)


def counts(rows: list[dict[str, Any]], measures: Sequence[Measure] = MEASURES) -> Counter[Any]:
    return added(tables_of(count_activity(table(rows), ROLES, measures)))


def counts_of_cut(rows: list[dict[str, Any]], sizes: Sequence[int]) -> Counter[Any]:
    """Return the counts of rows that come in batches of these sizes, and of what is across them."""
    known = Dictionaries()
    batches = [
        count_activity(table(rows[first:stop]), ROLES, MEASURES, number, known)
        for number, (first, stop) in enumerate(pairwise([0, *accumulate(sizes), len(rows)]))
    ]
    across = []
    for number, measure in enumerate(MEASURES):
        slices = [batch.ends.slice(*place_of_measure(batch.ends, number)) for batch in batches]
        across.append(counted_across(slices, measure.kind, number))
    return added([*(each for batch in batches for each in tables_of(batch)), *across])


def tables_of(found: Counted) -> list[pa.Table]:
    return [found.counts, found.levels]


def added(tables: list[pa.Table]) -> Counter[Any]:
    found: Counter[Any] = Counter()
    for row in (row for each in tables for row in each.to_pylist()):
        found[row["measure"], row["entity"], row["hour"], row["value"]] += row["n"]
    return found


def naively(rows: list[dict[str, Any]]) -> Counter[Any]:
    found: Counter[Any] = Counter()
    for number, each in enumerate(MEASURES):
        own = naive.activity(rows, each.entity, str(each.kind), each.column)
        found.update({(number, *held): n for held, n in own.items()})
    return found


def test_each_kind_but_travel_is_counted_of_the_log():
    assert {each.kind for each in MEASURES} == set(Kind) - {Kind.TRAVEL}


@PATIENT
@given(APART)
def test_counts_are_those_of_a_loop_over_the_rows(rows):
    assert counts(rows) == naively(rows)


@PATIENT
@given(ROWS)
def test_counts_of_rows_at_the_same_time_are_those_of_a_loop_in_their_order(rows):
    assert counts(rows) == naively(rows)


@PATIENT
@given(ROWS, st.lists(st.integers(0, 7), max_size=8))
def test_any_cut_of_rows_in_the_order_of_their_times_gives_the_same_counts(rows, sizes):
    rows = sorted(rows, key=lambda row: row["time"])
    assert counts_of_cut(rows, sizes) == naively(rows)


@PATIENT
@given(ROWS, st.integers(0, 9))
def test_repeats_are_counted_in_any_order_of_the_rows(rows, size):
    number = next(i for i, each in enumerate(MEASURES) if each.kind is Kind.REPEATS)

    def repeats(found: Counter[Any]) -> dict[Any, int]:
        return {key: n for key, n in found.items() if key[0] == number}

    assert repeats(counts_of_cut(rows, [size] * 4)) == repeats(naively(rows))


def test_what_comes_before_the_last_event_of_an_earlier_batch_follows_none_of_it():
    rows = [
        {"user": "ann", "action": action, "ok": None, "size": 1.0, "time": DAY_OF_LOG + minute * 60}
        for action, minute in (("read", 5), ("write", 1))
    ]
    pairs = next(i for i, each in enumerate(MEASURES) if each.kind is Kind.ORDER)
    assert not [key for key in counts_of_cut(rows, [1]) if key[0] == pairs]
    assert [key for key in counts_of_cut(rows[::-1], [1]) if key[0] == pairs]


@PATIENT
@given(APART, st.randoms(use_true_random=False))
def test_the_order_of_rows_makes_no_difference(rows, random):
    shuffled = random.sample(rows, len(rows))
    assert counts(shuffled) == counts(rows)


@PATIENT
@given(ROWS, ROWS)
def test_counts_of_two_batches_add_up_to_those_of_both(some, others):
    batches = [count_activity(table(rows), ROLES, ADDED) for rows in (some, others)]
    assert added([each for batch in batches for each in tables_of(batch)]) == counts(
        [*some, *others], ADDED
    )


@PATIENT
@given(ROWS)
def test_sums_of_numbers_are_those_of_a_loop_and_always_finite(rows):
    number = next(i for i, each in enumerate(MEASURES) if each.kind is Kind.LEVELS)
    found = count_activity(table(rows), ROLES, MEASURES).levels
    for row in found.to_pylist():
        assert all(math.isfinite(row[name]) for name in ("total", "logs"))
        assert row["measure"] == number
        first = row["hour"] * HOUR
        own = [r for r in rows if r["user"] == row["entity"] and first <= r["time"] < first + DAY]
        sizes = [r["size"] for r in own if not math.isnan(r["size"])]
        logs = [math.copysign(math.log1p(abs(x)), x) for x in sizes]
        if max(map(abs, sizes)) < 1e300:
            close = pytest.approx(math.fsum(sizes), rel=1e-9, abs=1e-9 * max(map(abs, sizes)))
            assert row["total"] == close
        assert row["logs"] == pytest.approx(math.fsum(logs), rel=1e-9, abs=1e-9)


@PATIENT
@given(ROWS)
def test_each_count_stands_once_and_by_measure(rows):
    counted = count_activity(table(rows), ROLES, MEASURES)
    assert (counted.counts.schema, counted.levels.schema) == (ACTIVITY, LEVELS)
    found = [counted.of(number) for number in range(len(MEASURES))]
    keys = [tuple(row[c] for c in ACTIVITY.names[:4]) for own in found for row in own.to_pylist()]
    pairs = next(i for i, each in enumerate(MEASURES) if each.kind is Kind.ORDER)
    # Two pairs of values may be written alike where a value holds an arrow.
    assert all(n == 1 or key[0] == pairs for key, n in Counter(keys).items())
    for number, own in enumerate(found):
        assert set(own["measure"].to_pylist()) <= {number}
    assert len(keys) == counted.counts.num_rows + counted.levels.num_rows


def test_a_measure_without_rows_makes_no_chunk_beside_those_that_have_some():
    """Each chunk is written as the rows of its first measure."""
    log = pa.table(
        {
            "time": pa.array([DAY_OF_LOG, DAY_OF_LOG + 1], pa.timestamp("us", "UTC")),
            "user": pa.array(["ann", "ann"]).dictionary_encode(),
            "host": pa.array([None, None], pa.string()).dictionary_encode(),
            "action": pa.array(["x", "y"]).dictionary_encode(),
        }
    )
    roles = {"time": Role.TIME, "user": Role.ENTITY, "host": Role.ENTITY, "action": Role.CATEGORY}
    found = count_activity(log, roles, measures_of(roles))
    for counted in (found.counts, found.ends):
        chunks = [chunk.to_pylist() for chunk in counted["measure"].chunks]
        assert [len(set(chunk)) for chunk in chunks] == [1] * len(chunks)
        assert len(chunks) > 1


def test_a_batch_without_rows_or_names_counts_nothing():
    assert count_activity(table([]), ROLES, MEASURES).counts.num_rows == 0
    nobody = [{"user": None, "action": "read", "ok": None, "size": 1.0, "time": 0}]
    assert count_activity(table(nobody), ROLES, MEASURES).counts.num_rows == 0


def test_hours_and_days_are_those_of_utc():
    at = [DAY_OF_LOG - 1, DAY_OF_LOG, DAY_OF_LOG + DAY - 1]
    rows = [{"user": "ann", "action": "read", "ok": None, "size": 1.0, "time": t} for t in at]
    found = counts(rows, [Measure("user", Kind.EVENTS), Measure("user", Kind.VALUES, "action")])
    first = 20_520 * 24
    assert sorted(hour for measure, _, hour, _ in found if measure == 0) == [
        first - 1, first, first + 23,
    ]  # fmt: skip
    assert sorted(hour for measure, _, hour, _ in found if measure == 1) == [first - 24, first]


def test_values_of_a_batch_that_are_too_many_are_told_as_not_known():
    n = 16_385
    rows = {
        "time": [DAY_OF_LOG] * n,
        "user": ["ann"] * n,
        "file": [str(i) for i in range(n)],
    }
    roles = {"time": Role.TIME, "user": Role.ENTITY, "file": Role.CATEGORY}
    found = count_activity(conformed(rows, roles), roles, [Measure("user", Kind.VALUES, "file")])
    assert [(row["n"], row["value"]) for row in found.counts.to_pylist()] == [(n, None)]


def test_counts_of_too_many_values_go_together_with_others():
    n = 20_000
    rows = [
        {"user": "ann", "action": f"a{i}", "ok": None, "size": math.nan, "time": i * 1_000_000}
        for i in range(n)
    ]
    both = [count_activity(table(some), ROLES, MEASURES).counts for some in (rows, rows[:9])]
    together = pa.concat_tables(both).unify_dictionaries()
    values = MEASURES.index(Measure("user", Kind.VALUES, "action"))
    of_actions = together.filter(pc.equal(together["measure"], values))
    assert of_actions["value"].null_count == 1
    assert sum(of_actions["n"].to_pylist()) == n + 9
