import copy

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomaly.embedding.embedder import EventEmbedder
from anomaly.model.serialization import dump
from schemas.columns.roles import Role
from tests.anomaly.logs import (
    FLOATS,
    MOMENTS,
    NAMES,
    PATIENT,
    ROLES,
    company_log,
    conformed,
    with_value,
)

EVENTS = st.lists(
    st.fixed_dictionaries(
        {
            "id": st.uuids().map(str),
            "time": MOMENTS,
            "user": NAMES,
            "host": NAMES,
            "action": NAMES,
            "ok": st.sampled_from(["true", "false", None]),
            "size": FLOATS,
            "message": NAMES,
        }
    ),
    min_size=1,
    max_size=12,
)


def table_of(events: list[dict]) -> pa.Table:
    return conformed({c: [event[c] for event in events] for c in ROLES}, ROLES)


@pytest.fixture(scope="module")
def embedder(log: pa.Table) -> EventEmbedder:
    return EventEmbedder.fit(log, ROLES, {}, 0)


@PATIENT
@given(sample=EVENTS, more=EVENTS)
def test_any_valid_events_have_finite_coordinates(sample: list[dict], more: list[dict]) -> None:
    embedder = EventEmbedder.fit(table_of(sample), ROLES, {}, 0)
    X = embedder.transform(table_of(sample + more))
    assert X.dtype == np.float32
    assert X.shape == (len(sample) + len(more), embedder.n_dims)
    assert np.isfinite(X).all()


def test_spans_cover_x_exactly_once(embedder: EventEmbedder) -> None:
    covered = [d for span in embedder.spans for d in range(span.start, span.stop)]
    assert covered == list(range(embedder.n_dims))
    keys = [(span.column, span.given) for span in embedder.spans]
    assert len(set(keys)) == len(keys)


def test_an_entity_is_context_and_an_id_is_not_embedded(embedder: EventEmbedder) -> None:
    alone = {span.column for span in embedder.spans if span.given is None}
    assert alone == {"time", "action", "ok", "size", "message", "user", "host"}
    assert all(s.stop - s.start == 1 for s in embedder.spans if s.column in ("user", "host"))
    given_user = {span.column for span in embedder.spans if span.given == "user"}
    assert given_user == {"time", "host", "action", "ok", "size"}
    assert all("id" not in (span.column, span.given) for span in embedder.spans)


@pytest.mark.parametrize("weight", [8.0])
def test_a_weight_scales_the_spans_of_its_column_alone(
    log: pa.Table, embedder: EventEmbedder, weight: float
) -> None:
    weighed = EventEmbedder.fit(log, ROLES, {"size": weight}, 0)
    X, Y = embedder.transform(log), weighed.transform(log)
    for span in embedder.spans:
        part = slice(span.start, span.stop)
        factor = weight if span.column == "size" else 1.0
        np.testing.assert_allclose(Y[:, part], X[:, part] * factor, rtol=1e-5)


def test_transform_changes_nothing_and_new_events_change_no_old_ones(
    log: pa.Table, embedder: EventEmbedder
) -> None:
    tree, arrays = copy.deepcopy(dump(embedder))
    first = embedder.transform(log.slice(0, 5))
    unlike = company_log(300, 99, n_users=70)
    embedder.transform(unlike)
    together = embedder.transform(
        pa.concat_tables([log.slice(0, 5), unlike]).unify_dictionaries().combine_chunks()
    )
    np.testing.assert_array_equal(embedder.transform(log.slice(0, 5)), first)
    np.testing.assert_allclose(together[:5], first, rtol=1e-5, atol=1e-5)
    tree_after, arrays_after = dump(embedder)
    assert tree_after == tree
    assert all((arrays_after[path] == arrays[path]).all() for path in arrays)


def test_rows_chunks_and_dictionaries_may_come_in_any_order(
    log: pa.Table, embedder: EventEmbedder
) -> None:
    X = embedder.transform(log)
    order = np.random.default_rng(0).permutation(log.num_rows)
    shuffled = embedder.transform(log.take(pa.array(order)))
    np.testing.assert_allclose(shuffled, X[order], rtol=1e-5, atol=1e-5)
    chunks = pa.concat_tables([company_log(1_000, 0).slice(i, 500) for i in (0, 500)])
    np.testing.assert_allclose(embedder.transform(chunks), X, rtol=1e-5, atol=1e-5)
    parts = [embedder.transform(log.slice(i, 377)) for i in range(0, log.num_rows, 377)]
    np.testing.assert_allclose(np.vstack(parts), X, rtol=1e-5, atol=1e-5)


def test_an_empty_table_gives_no_vectors(log: pa.Table, embedder: EventEmbedder) -> None:
    assert embedder.transform(log.slice(0, 0)).shape == (0, embedder.n_dims)
    assert embedder.transform(log.schema.empty_table()).shape == (0, embedder.n_dims)


@pytest.mark.parametrize("column", ["user", "host", "action", "ok", "size", "message"])
@pytest.mark.parametrize("unseen", [False, True])
def test_a_missing_or_unseen_value_is_far_and_no_error(
    log: pa.Table, embedder: EventEmbedder, column: str, unseen: bool
) -> None:
    value = (1e300 if column == "size" else "never seen 🦊") if unseen else None
    before = embedder.transform(log.slice(7, 1))
    after = embedder.transform(with_value(log, 7, column, value))
    assert np.isfinite(after).all()
    assert np.linalg.norm(after - before) > 1.0


def test_the_same_seed_gives_the_same_embedding(log: pa.Table, embedder: EventEmbedder) -> None:
    again = EventEmbedder.fit(log, ROLES, {}, 0)
    np.testing.assert_array_equal(again.transform(log), embedder.transform(log))


def test_roles_without_an_embedded_column_give_no_dimension() -> None:
    events = conformed({"id": ["a", "b"]}, ROLES)
    embedder = EventEmbedder.fit(events, {"id": Role.ID}, {}, 0)
    assert embedder.n_dims == 0
    assert embedder.transform(events).shape == (2, 0)


def test_recounting_on_fewer_events_makes_names_rarer_and_leaves_scales_and_habits(
    log: pa.Table, embedder: EventEmbedder
) -> None:
    without = log.filter(pc.not_equal(log["action"].cast(pa.string()), "login"))
    again = embedder.recounted(without, 0)
    login = log.filter(pc.equal(log["action"].cast(pa.string()), "login")).slice(0, 20)
    X, Y = embedder.transform(login), again.transform(login)
    before = {(s.column, s.given): X[:, s.start : s.stop] for s in embedder.spans}
    after = {(s.column, s.given): Y[:, s.start : s.stop] for s in again.spans}
    assert (after["action", None][:, -1] > before["action", None][:, -1] + 2.0).all()
    for (column, entity), coordinates in before.items():
        if entity is not None or column in ("size", "user", "host"):
            np.testing.assert_array_equal(coordinates, after[column, entity], err_msg=column)
