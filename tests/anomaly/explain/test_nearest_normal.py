"""The nearest normal record: of the same entity or peer group where enough are usual."""

import json

import numpy as np
import pyarrow as pa
import pytest

from anomaly.explain import nearest_normal as nearest
from anomaly.explain.known_records import known_records
from anomaly.explain.nearest_normal import NearestNormal, nearest_normal
from anomaly.explain.reasons import explain
from anomaly.model.fold import ModelOptions
from anomaly.model.model import PARTS, AnomalyModel
from anomaly.model.serialization import dump, load
from tests.anomaly.logs import ROLES, company_log, with_value

Known = tuple[AnomalyModel, pa.Table]


@pytest.fixture(scope="module")
def known() -> Known:
    """A model of 2,000 events, 100 of each user, and all of them."""
    log = company_log(2_000, 1)
    model, drawn = AnomalyModel.fit(log, ROLES, {}, 0)
    return model, known_records(log, drawn, ROLES, drawn=False)


def near(known: Known, events: pa.Table) -> list[NearestNormal]:
    peers = explain(known[0].explaining, known[1], events).peers
    return nearest_normal(known[0].explaining, known[1], events, peers)


def of_user(known: Known, user: str) -> pa.Table:
    return known[1].filter(pa.compute.equal(known[1]["user"].cast(pa.string()), user))


def test_it_is_the_nearest_usual_one_of_the_entity(known: Known) -> None:
    model, records = known
    odd = with_value(of_user(known, "u3"), 0, "action", "purge")
    (found,) = near(known, odd)
    assert found.of == "user"
    mine = [i for i, user in enumerate(records["user"].to_pylist()) if user == "u3"]
    X = model.embedder.transform(records.take(pa.array(mine)))
    x = model.embedder.transform(odd)
    usual = model.explaining.score_vectors(X).p_values >= 0.01
    metric = model.explaining.combination.density.covariance_metric_
    scaled = (X.astype(float) - x) * metric.scale(X.shape[1])
    squares = (scaled**2).sum(axis=1)
    squares += ((scaled[:, metric.levels] @ metric.axes) ** 2).sum(axis=1)
    assert usual.sum() >= 5
    assert found.place == mine[int(np.argmin(np.where(usual, squares, np.inf)))]


def test_a_hardly_known_entity_is_compared_with_all(known: Known) -> None:
    odd = with_value(of_user(known, "u3"), 0, "user", "nobody")
    odd = with_value(odd, 0, "host", "nowhere")
    expected = known[0].explaining.nearest_usual(known[0].embedder.transform(odd), 1)[0, 0]
    assert near(known, odd) == [NearestNormal(int(expected), None)]


def test_an_entity_of_odd_records_has_no_normal_of_its_own(
    known: Known, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = with_value(of_user(known, "u3"), 0, "action", "purge")
    assert near(known, odd)[0].of == "user"
    usual = type(known[0].explaining).are_usual
    monkeypatch.setattr(
        type(known[0].explaining),
        "are_usual",
        lambda fold, X: usual(fold, X) & (np.arange(len(X)) < 4),
    )
    assert nearest_normal(known[0].explaining, known[1], odd, ["user"])[0].of is None


def test_a_record_is_not_compared_with_its_equals(known: Known) -> None:
    own = of_user(known, "u3").slice(0, 30)
    X = known[0].embedder.transform(known[1])
    for x, found in zip(known[0].embedder.transform(own), near(known, own), strict=True):
        assert not np.allclose(x, X[found.place], rtol=1e-5, atol=1e-5)


def test_many_entities_are_looked_at_in_parts(
    known: Known, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = pa.concat_tables(
        [with_value(of_user(known, f"u{i}"), 0, "action", "purge") for i in range(20)]
    ).unify_dictionaries()
    at_once = near(known, odd)
    assert {each.of for each in at_once} == {"user"}
    monkeypatch.setattr(nearest, "_ENTITIES_AT_ONCE", 3)
    assert near(known, odd) == at_once


def test_a_peer_group_is_next_where_the_entity_is_hardly_known() -> None:
    log = company_log(2_000, 1, n_users=400)
    options = ModelOptions(peers=("action",))
    model, drawn = AnomalyModel.fit(log, ROLES, {}, 0, options)
    records = known_records(log, drawn, ROLES, drawn=False)
    odd = with_value(log, 0, "size", 1e9)
    reasons, _, peers = explain(model.explaining, records, odd)
    assert peers == ["action"]
    action = odd["action"][0].as_py()
    of_size = next(reason for reason in reasons[0] if reason.column == "size")
    assert of_size.sentence.endswith(f"`action` `{action}`")
    (found,) = nearest_normal(model.explaining, records, odd, peers)
    assert found.of == "action"
    assert records["action"][found.place].as_py() == action


def test_a_stored_model_gives_the_same_reasons(known: Known) -> None:
    """A stored model holds roles as plain strings."""
    tree, arrays = dump(known[0])
    again = load(json.loads(json.dumps(tree)), arrays, PARTS)
    odd = with_value(of_user(known, "u3"), 0, "action", "purge")
    told = explain(known[0].explaining, known[1], odd)
    assert told.peers == ["user"]
    assert explain(again.explaining, known[1], odd) == told
