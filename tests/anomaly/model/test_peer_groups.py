"""Peer groups: a category that stays a column and judges the others as well."""

import json

import numpy as np
import pyarrow as pa
import pytest

from anomaly.embedding.deduplicated import Span
from anomaly.embedding.embedder import EventEmbedder
from anomaly.explain.reasons import explain
from anomaly.model.fold import ModelOptions
from anomaly.model.model import PARTS, AnomalyModel
from anomaly.model.serialization import dump, load
from schemas.columns.roles import Role
from tests.anomaly.logs import conformed, with_value

ROLES = {
    "department": Role.CATEGORY,
    "admin": Role.FLAG,
    "user": Role.ENTITY,
    "tool": Role.CATEGORY,
    "size": Role.NUMBER,
}
PEERS = ("department", "admin")


def staff_log(n: int, seed: int) -> pa.Table:
    """Four departments, each with its tool and its sizes; 1,000 users, so each is seldom seen."""
    random = np.random.default_rng(seed)
    department = random.integers(0, 4, n)
    own_tool = random.random(n) < 0.95
    tool = np.where(own_tool, department, (department + 1) % 4)
    columns = {
        "department": np.array(["People", "Sales", "Research", "Finance"])[department].tolist(),
        "admin": ["true" if r < 0.3 else "false" for r in random.random(n)],
        "user": [
            f"u{4 * i + d}" for i, d in zip(random.integers(0, 250, n), department, strict=True)
        ],
        "tool": np.array(["payroll", "crm", "lab", "ledger"])[tool].tolist(),
        "size": np.exp(random.normal(2.0 + 2.0 * department, 0.3, n)).tolist(),
    }
    return conformed(columns, ROLES)


@pytest.fixture(scope="module")
def staff() -> pa.Table:
    return staff_log(2_000, 0)


@pytest.fixture(scope="module")
def fitted(staff: pa.Table) -> tuple[AnomalyModel, pa.Table]:
    model, drawn = AnomalyModel.fit(staff, ROLES, {}, 0, ModelOptions(peers=PEERS))
    return model, staff.take(pa.array(drawn))


def test_a_peer_group_keeps_its_block_and_judges_every_other_column(
    fitted: tuple[AnomalyModel, pa.Table],
) -> None:
    spans = {(span.column, span.given): span for span in fitted[0].embedder.spans}
    alone = {column for column, given in spans if given is None}
    assert alone == set(ROLES)
    assert spans["department", None].stop - spans["department", None].start > 1
    for peer in PEERS:
        judged = {column for column, given in spans if given == peer}
        assert judged == set(ROLES) - {peer}
    assert {column for column, given in spans if given == "user"} == set(ROLES) - {"user"}


def test_without_peers_nothing_changes_but_for_their_habits(
    staff: pa.Table, fitted: tuple[AnomalyModel, pa.Table]
) -> None:
    events = staff.slice(0, 50)
    with_peers = EventEmbedder.fit(staff, ROLES, {}, 0, PEERS)
    without = EventEmbedder.fit(staff, ROLES, {}, 0)
    X, Y = with_peers.transform(events), without.transform(events)
    places = {(span.column, span.given): span for span in with_peers.spans}
    for span in without.spans:
        same = places[span.column, span.given]
        np.testing.assert_array_equal(X[:, dims(same)], Y[:, dims(span)], err_msg=str(span))
    assert with_peers.n_dims > without.n_dims


def dims(span: Span) -> range:
    return range(span.start, span.stop)


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [
        ("tool", "lab", "`tool` is `lab`: never seen in "),
        ("size", 3_000.0, "`size` is 3,000: higher than ever in "),
    ],
)
def test_a_value_usual_elsewhere_is_odd_within_a_peer_group(
    fitted: tuple[AnomalyModel, pa.Table], staff: pa.Table, column: str, value: object, says: str
) -> None:
    model, references = fitted
    without, _ = AnomalyModel.fit(staff, ROLES, {}, 0)
    row = staff["department"].to_pylist().index("People")
    # The user is new, so only the department can show that the event is odd.
    odd = with_value(with_value(staff, row, column, value), 0, "user", "new")
    # Without peers, pairs of columns may find an odd size too: then one in a hundred is enough.
    assert model.score(odd).p_values[0] <= max(without.score(odd).p_values[0], 0.01)
    # Either of two names that do not go together may be the odd one.
    reason = next(
        r for r in explain(model.explaining, references, odd)[0][0][:2] if r.column == column
    )
    assert reason.sentence.startswith(says)
    assert "`department` `People`" in reason.sentence


def test_an_unseen_or_missing_group_is_judged_by_all(
    fitted: tuple[AnomalyModel, pa.Table], staff: pa.Table
) -> None:
    for group in ("Legal", None):
        p = fitted[0].score(with_value(staff, 0, "department", group)).p_values[0]
        assert 0.0 < p < 0.05


def test_a_model_with_peer_groups_scores_the_same_after_json(
    fitted: tuple[AnomalyModel, pa.Table], staff: pa.Table
) -> None:
    tree, arrays = dump(fitted[0])
    again = load(json.loads(json.dumps(tree)), arrays, PARTS)
    np.testing.assert_array_equal(again.score(staff).p_values, fitted[0].score(staff).p_values)
