"""Column drift, by counts that add up over the parts of a batch."""

from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomaly.model.model import AnomalyModel
from anomaly.model.splits import held_out
from anomaly.monitoring.column_drift import BatchCounts, compare_columns, count_records
from schemas.columns.roles import Role
from tests.anomaly.logs import FEW, ROLES, company_log, conformed, terms

LOG = company_log(6_000, 0)


@pytest.fixture(scope="module")
def model() -> AnomalyModel:
    return AnomalyModel.fit(LOG, ROLES, {}, 0)[0]


@pytest.fixture(scope="module")
def reference(model) -> dict[str, np.ndarray]:
    return BatchCounts.of(model.embedder, LOG.take(held_out(LOG.num_rows, 0))).bins


def moved(model, reference, batch: pa.Table) -> set[str]:
    counts = BatchCounts.of(model.embedder, batch)
    compared = compare_columns(model.embedder, reference, counts)
    return {column for column, drift in compared.items() if drift.moved}


def changed(column: str, values: pa.Array) -> pa.Table:
    log = company_log(2_000, 1)
    return log.set_column(log.column_names.index(column), column, values)


@pytest.mark.parametrize("n", [200, 2_000, 6_000])
def test_no_column_moves_where_records_are_of_the_same_kind(model, reference, n) -> None:
    for seed in (1, 2, 3):
        assert moved(model, reference, company_log(n, seed)) == set()


def test_only_the_changed_column_moves(model, reference) -> None:
    log = company_log(2_000, 1)
    size = pa.array(log["size"].to_numpy() * 5.0)
    assert moved(model, reference, changed("size", size)) == {"size"}
    missing = pa.array([None] * 1_000 + log["size"].to_pylist()[1_000:], pa.float64())
    assert moved(model, reference, changed("size", missing)) == {"size"}
    hosts = terms(
        [f"new-{i % 9}" if i % 5 == 0 else h for i, h in enumerate(log["host"].to_pylist())]
    )
    assert moved(model, reference, changed("host", hosts)) == {"host"}
    ok = terms(["false"] * 1_000 + log["ok"].to_pylist()[1_000:])
    assert moved(model, reference, changed("ok", ok)) == {"ok"}
    texts = terms([f"kernel panic at zyx{i % 7}" for i in range(2_000)])
    assert moved(model, reference, changed("message", texts)) == {"message"}
    later = pa.array(log["time"].cast(pa.int64()).to_numpy() + 9 * 3_600_000_000)
    assert moved(model, reference, changed("time", later.cast(pa.timestamp("us", "UTC")))) == {
        "time"
    }


def test_unseen_names_are_counted_apart_from_rare_ones(model, reference) -> None:
    log = company_log(2_000, 1)
    actions = [f"new-{i}" if i % 10 == 0 else a for i, a in enumerate(log["action"].to_pylist())]
    counts = BatchCounts.of(model.embedder, changed("action", terms(actions)))
    drift = compare_columns(model.embedder, reference, counts)["action"]
    assert drift.unseen == pytest.approx(0.1)
    assert drift.unseen_before == 0.0
    assert drift.moved


def test_the_hours_of_a_batch_shorter_than_a_day_are_not_compared(model, reference) -> None:
    log = company_log(2_000, 1).sort_by("time").slice(0, 60)
    counts = BatchCounts.of(model.embedder, log)
    assert not counts.covers_a_day
    assert "time" not in compare_columns(model.embedder, reference, counts)


@FEW
@given(st.lists(st.integers(0, 2_000), max_size=4))
def test_the_counts_of_parts_add_up_to_those_of_the_whole_batch(model, cuts) -> None:
    log = company_log(2_000, 1)
    places = [0, *sorted(cuts), log.num_rows]
    parts = [log.slice(a, b - a) for a, b in pairwise(places)]
    whole, sum_of_parts = BatchCounts.of(model.embedder, log), count_records(model.embedder, parts)
    assert whole.bins.keys() == sum_of_parts.bins.keys()
    for column, counts in whole.bins.items():
        np.testing.assert_array_equal(counts, sum_of_parts.bins[column])
        assert counts.sum() == log.num_rows
    assert (whole.first, whole.last) == (sum_of_parts.first, sum_of_parts.last)


def test_steps_of_sessions_are_compared_too() -> None:
    roles = {"steps": Role.TEXT, "size": Role.NUMBER}
    random = np.random.default_rng(0)

    def sessions(names: str) -> pa.Table:
        steps = [list(random.choice(list(names), 4)) for _ in range(600)]
        return conformed({"size": random.normal(size=600).tolist()}, roles).add_column(
            0, "steps", pa.array(steps, pa.list_(pa.string()))
        )

    model, _ = AnomalyModel.fit(sessions("abcd"), roles, {}, 0)
    reference = BatchCounts.of(model.embedder, sessions("abcd")).bins
    assert moved(model, reference, sessions("abcd")) == set()
    assert moved(model, reference, sessions("abcx")) == {"steps"}


def test_an_empty_batch_has_no_column_drift(model, reference) -> None:
    nothing = BatchCounts.of(model.embedder, LOG.slice(0, 0))
    assert compare_columns(model.embedder, reference, nothing) == {}
