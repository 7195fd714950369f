from collections import Counter

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomaly.model.model import AnomalyModel
from anomaly.monitoring.canaries import (
    FAR_NUMBER,
    NAME_OF_OTHERS,
    ODD_TEXT,
    QUIET_HOUR,
    UNSEEN_NAME,
    UNSEEN_STEP,
    make_canaries,
    search_canaries,
)
from schemas.columns.roles import Role
from tests.anomaly.logs import FEW, ROLES, company_log, conformed

LOG = company_log(3_000, 0)


def originals(canaries: pa.Table) -> list[tuple[dict, dict]]:
    """Pair each canary with the record it was made from, by its id."""
    known = {record["id"]: record for record in LOG.to_pylist()}
    return [(canary, known[canary["id"]]) for canary in canaries.to_pylist()]


def test_every_kind_is_made_and_each_canary_differs_in_one_column() -> None:
    canaries = make_canaries(LOG, ROLES, 250, 0)
    kinds = {UNSEEN_NAME, NAME_OF_OTHERS, FAR_NUMBER, QUIET_HOUR, ODD_TEXT}
    assert set(canaries.kinds) == kinds
    assert 200 < len(canaries.kinds) == canaries.records.num_rows <= 250
    assert canaries.records.schema.equals(LOG.schema)
    for canary, record in originals(canaries.records):
        assert sum(canary[column] != record[column] for column in ROLES) == 1


def test_each_kind_of_canary_is_odd_as_its_name_says() -> None:
    canaries = make_canaries(LOG, ROLES, 250, 1)
    habits = {(r["user"], r[c]) for r in LOG.to_pylist() for c in ("host", "action")}
    actions = set(LOG["action"].to_pylist())
    counts = Counter(r["time"].hour for r in LOG.to_pylist())
    busy = {hour for hour, n in counts.items() if n > 0.01 * LOG.num_rows}
    for kind, (canary, record) in zip(canaries.kinds, originals(canaries.records), strict=True):
        match kind:
            case "unheard-of name":
                assert canary["action"] not in actions
            case "far number":
                assert canary["size"] > 1_000
            case "quiet hour":
                assert canary["time"].hour not in busy
                assert canary["time"].date() == record["time"].date()
            case "odd text":
                assert canary["message"].startswith(record["message"])
            case "name of others" if canary["user"] == record["user"]:
                changed = "host" if canary["host"] != record["host"] else "action"
                assert (canary["user"], canary[changed]) not in habits


def test_the_seed_decides_every_canary() -> None:
    first, again, other = (make_canaries(LOG, ROLES, 100, seed).records for seed in (3, 3, 4))
    assert first.equals(again)
    assert not first.equals(other)


def test_no_unseen_name_is_planted_where_most_names_are_new() -> None:
    n = 500
    roles = {"name": Role.CATEGORY, "kind": Role.CATEGORY}
    columns = {"name": [f"n{i}" for i in range(n)], "kind": ["a", "b"] * (n // 2)}
    canaries = make_canaries(conformed(columns, roles), roles, 50, 0)
    assert set(canaries.kinds) == {UNSEEN_NAME}
    assert not set(canaries.records["kind"].to_pylist()) & {"a", "b"}


def test_a_session_gets_a_step_that_nobody_took() -> None:
    steps = pa.table({"steps": pa.array([["in", "out"], [], ["in"]] * 20)})
    canaries = make_canaries(steps, {"steps": Role.TEXT}, 10, 0)
    assert set(canaries.kinds) == {UNSEEN_STEP}
    assert all(taken[-1] not in ("in", "out") for taken in canaries.records["steps"].to_pylist())


def test_of_no_records_no_canary_is_made() -> None:
    assert make_canaries(LOG.slice(0, 0), ROLES, 50, 0).kinds == ()


@FEW
@given(
    names=st.lists(st.sampled_from([None, "", "a", "b"]), min_size=1, max_size=40),
    size=st.sampled_from([None, -1.0, 0.0, 5.0, 1e308, float("nan")]),
)
def test_odd_logs_give_canaries_or_none_without_an_error(names, size) -> None:
    roles = {"e": Role.ENTITY, "c": Role.CATEGORY, "n": Role.NUMBER, "t": Role.TIME, "m": Role.TEXT}
    n = len(names)
    columns = {"e": names, "c": names, "n": [size] * n, "t": [7] * n, "m": names}
    canaries = make_canaries(conformed(columns, roles), roles, 20, 0)
    assert canaries.records.num_rows == len(canaries.kinds)


@pytest.fixture(scope="module")
def model() -> AnomalyModel:
    return AnomalyModel.fit(company_log(3_000, 1), ROLES, {}, 0)[0]


def test_a_model_finds_most_canaries_and_counts_them_by_kind(model) -> None:
    report = search_canaries(model, LOG, 0.01, 0)
    assert report.recall > 0.7
    assert report.score_cut == pytest.approx(20.0)
    assert sum(planted for planted, _ in report.by_kind.values()) == report.planted
    assert sum(found for _, found in report.by_kind.values()) == report.found


def test_where_nothing_is_a_finding_no_canary_is_found(model) -> None:
    report = search_canaries(model, LOG, 0.0, 0)
    assert (report.found, report.score_cut) == (0, None)
    assert np.isfinite(report.recall)
