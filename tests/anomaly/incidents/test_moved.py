"""Columns that moved as a whole, and what is odd beside that."""

from collections import Counter

import numpy as np
import pyarrow as pa
import pytest

from anomaly.explain.reasons import Reason
from anomaly.incidents.moved import (
    beside_moves,
    column_alone,
    moved_as_a_whole,
    new_values,
    parts_of_moves,
)
from anomaly.incidents.summary import Incident, Members
from anomaly.model.model import AnomalyModel
from schemas.outputs.figures import ColumnDrift
from tests.anomaly.logs import ROLES, company_log, terms

LOG = company_log(6_000, 0)


@pytest.fixture(scope="module")
def model() -> AnomalyModel:
    return AnomalyModel.fit(LOG, ROLES, {}, 0)[0]


def night(hosts: list[str]) -> pa.Table:
    log = company_log(len(hosts), 1)
    return log.set_column(log.column_names.index("host"), "host", terms(hosts))


def drift(unseen: float, before: float, *, moved: bool = True) -> ColumnDrift:
    return ColumnDrift(stability_index=1.0, unseen=unseen, unseen_before=before, moved=moved)


def test_a_column_moved_as_a_whole_if_it_holds_more_unseen_values_than_before():
    drifts = {
        "weekend": drift(0.0, 0.0),
        "new every day": drift(0.9, 0.88),
        "agent": drift(0.7, 0.01),
        "address": drift(0.9, 0.1),
        "still": drift(0.2, 0.0, moved=False),
    }
    assert moved_as_a_whole(drifts) == ["address", "agent"]


def test_unseen_values_are_counted_and_a_rare_one_is_no_part_of_the_move(model):
    hosts = ["new-1"] * 700 + ["new-2"] * 300 + ["attacker"]
    log = night(hosts)
    moved = new_values(model.embedder, ["host"], [log.slice(0, 500), log.slice(500)])
    assert moved == {"host": Counter({"new-1": 700, "new-2": 300, "attacker": 1})}
    parts = parts_of_moves(model.embedder, moved, log)
    assert parts == [{"host"}] * 1_000 + [set()]


def test_a_few_unseen_values_are_no_column_that_moved_as_a_whole(model):
    assert new_values(model.embedder, ["host"], [night(["attacker"])]) == {}
    assert new_values(model.embedder, ["host"], [night(["new-1"] * 98 + ["attacker"])]) == {}


def test_each_of_many_equally_rare_values_is_a_part_of_the_move(model):
    log = night([f"new-{i}" for i in range(400)])
    moved = new_values(model.embedder, ["host"], [log.slice(0, 100)])
    assert parts_of_moves(model.embedder, moved, log) == [{"host"}] * 400


def test_a_known_value_is_no_part_of_a_move(model):
    log = company_log(50, 1)
    moved = {"host": Counter({"new-1": 10})}
    assert parts_of_moves(model.embedder, moved, log) == [set()] * 50
    assert parts_of_moves(model.embedder, moved, log.slice(0, 0)) == []


def test_beside_the_move_nearly_all_ordinary_events_are_ordinary():
    shares = []
    for seed in range(3):
        model = AnomalyModel.fit(company_log(2_000, seed), ROLES, {}, 0)[0]
        log = night(["new-1"] * 500)
        beside = beside_moves(model.explaining, new_values(model.embedder, ["host"], [log]), log)
        shares.append(np.mean([column == "host" for column in beside.alone]))
    assert np.mean(shares) > 0.9  # p >= .05, of logs with one bend or another in their p-values


def test_what_is_odd_beside_the_move_is_no_part_of_it(model):
    log = night(["new-1"] * 1_000)
    size = log["size"].to_numpy().copy()
    size[:5] = 1e12
    log = log.set_column(log.column_names.index("size"), "size", pa.array(size))
    moved = new_values(model.embedder, ["host"], [log])
    beside = beside_moves(model.explaining, moved, log)
    assert beside.alone[:5] == [None] * 5
    before = model.explaining.embedder.transform(log)
    assert not np.array_equal(beside.X, before)


def test_without_a_move_nothing_is_exchanged(model):
    log = company_log(60, 1)
    beside = beside_moves(model.explaining, {}, log)
    assert beside.alone == [None] * 60
    np.testing.assert_array_equal(beside.X, model.explaining.embedder.transform(log))


@pytest.mark.parametrize(("share", "column"), [(0.8, "agent"), (0.79, None)])
def test_a_column_is_the_only_reason_from_four_fifths_on(share, column):
    reason = Reason(column="agent", observed="x", expected=None, share=share, sentence="s")
    members = Members(1, None, None, [], None, None, ("e1",))
    made = Incident("i", "t", "low", "rank", members, {}, "s", [reason], "k", "p")
    assert column_alone(made) == column
    assert column_alone(Incident(**vars(made) | {"reasons": []})) is None
