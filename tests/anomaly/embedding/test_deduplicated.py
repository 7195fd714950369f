"""Each distinct vector once: the same as event by event, to the last bit."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomaly.embedding.deduplicated import EmbeddedEvents, combinations
from anomaly.embedding.embedder import EventEmbedder
from anomaly.model.model import AnomalyModel
from tests.anomaly.logs import PATIENT, ROLES, company_log

CODES = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), max_size=60)


@pytest.fixture(scope="module")
def model(log: pa.Table) -> AnomalyModel:
    return AnomalyModel.fit(log, ROLES, {}, 0)[0]


@pytest.fixture(scope="module")
def embedded(model: AnomalyModel) -> EmbeddedEvents:
    return model.embedder.embed(company_log(6_000, 5))


@PATIENT
@given(CODES)
def test_combinations_are_the_distinct_rows_in_order_of_appearance(
    events: list[tuple[int, int]],
) -> None:
    columns = [np.array([event[i] for event in events], dtype=np.int64) for i in (0, 1)]
    found = combinations(columns, len(events))
    distinct = list(dict.fromkeys(events))
    if 2 * len(distinct) > len(events):
        assert found is None
    else:
        assert found is not None
        assert [events[i] for i in found.first] == distinct
        assert [distinct[i] for i in found.rows] == events


def test_names_and_texts_are_embedded_once_and_numbers_event_by_event(
    model: AnomalyModel, embedded: EmbeddedEvents
) -> None:
    once = [part for part in embedded.parts if part.rows is not None]
    assert all(2 * len(part.vectors) <= embedded.n_events for part in once)
    columns = {span.column for part in once for span in part.spans}
    assert columns == {"user", "host", "action", "ok", "message"}
    covered = [span for part in embedded.parts for span in part.spans]
    assert sorted(covered, key=lambda span: span.start) == list(model.embedder.spans)


def test_an_event_has_the_same_vector_alone_and_among_others(
    model: AnomalyModel, embedded: EmbeddedEvents
) -> None:
    events = company_log(6_000, 5)
    for row in (0, 17, 5_999):
        alone = model.embedder.transform(events.slice(row, 1))
        np.testing.assert_array_equal(alone[0], embedded.X[row])


def test_blocks_and_selected_events_are_rows_of_the_whole_embedding(
    embedded: EmbeddedEvents,
) -> None:
    np.testing.assert_array_equal(np.vstack(list(embedded.blocks(1_000))), embedded.X)
    rows = np.array([5, 3, 3, 5_000])
    np.testing.assert_array_equal(embedded.take(rows).X, embedded.X[rows])
    assert list(embedded.take(rows[:0]).blocks(10)) == []


def test_events_without_dimensions_hold_0_there_and_are_else_the_same(
    embedded: EmbeddedEvents,
) -> None:
    before, dims = embedded.X.copy(), np.array([0, 3, embedded.n_dims - 1])
    expected = before.copy()
    expected[:, dims] = 0.0
    np.testing.assert_array_equal(embedded.without(dims).X, expected)
    np.testing.assert_array_equal(embedded.X, before)


@pytest.mark.slow
@pytest.mark.parametrize("size", [1, 2, 7, 977])
def test_a_score_does_not_depend_on_the_events_scored_with_it(
    model: AnomalyModel, embedded: EmbeddedEvents, size: int
) -> None:
    events = company_log(6_000, 5)
    together = model.score(events)
    for start in range(0, 3 * size, size):
        few = model.score(events.slice(start, size))
        for one, all_of_them in zip(vars(few).values(), vars(together).values(), strict=True):
            np.testing.assert_array_equal(one, all_of_them[start : start + size])


def test_scores_of_distinct_vectors_are_those_of_all_rows(
    model: AnomalyModel, embedded: EmbeddedEvents
) -> None:
    combination = model.explaining.combination
    distances = combination.distance.by_span(embedded.X).max(axis=1)
    np.testing.assert_array_equal(combination.distance.score_events(embedded), distances)
    # The density of parts is a sum, which is rounded otherwise than that of all dimensions at once.
    densities = combination.density.score_samples(embedded.X)
    np.testing.assert_allclose(
        combination.density.measure_events(embedded)[:, 0], densities, rtol=1e-4
    )


def test_events_with_names_of_their_own_share_no_vectors() -> None:
    roles = {name: ROLES[name] for name in ("user", "host")}
    names = [f"u{i}" for i in range(40)]
    events = pa.table({c: pa.array(names).dictionary_encode() for c in roles})
    embedder = EventEmbedder.fit(events, roles, {}, 0)
    assert [part.rows for part in embedder.embed(events).parts] == [None]
