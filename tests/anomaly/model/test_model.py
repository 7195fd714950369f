import json

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given

from anomaly.model.fold import Scores
from anomaly.model.model import FEWEST_EVENTS, PARTS, AnomalyModel
from anomaly.model.serialization import dump, load
from schemas.columns.roles import Role
from schemas.errors import InputError
from tests.anomaly.embedding.test_embedder import EVENTS, table_of
from tests.anomaly.logs import FEW, MIXTURE_ROLES, ROLES, company_log, mixture, with_value


def assert_alike(found: Scores, expected: Scores, rtol: float = 1e-5) -> None:
    for name in ("density", "distance", "p_values"):
        np.testing.assert_allclose(
            getattr(found, name), getattr(expected, name), rtol=rtol, err_msg=name
        )


def rows_of(scores: Scores, rows: np.ndarray) -> Scores:
    return Scores(scores.density[rows], scores.distance[rows], scores.p_values[rows])


# --- scoring ---------------------------------------------------------------------------------


def test_the_order_of_the_rows_does_not_matter(model: AnomalyModel, log: pa.Table) -> None:
    order = np.random.default_rng(1).permutation(log.num_rows)
    assert_alike(model.score(log.take(pa.array(order))), rows_of(model.score(log), order), 1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("size", [1, 7, 250])
def test_scores_of_chunks_are_those_of_the_whole_table(
    model: AnomalyModel, log: pa.Table, size: int
) -> None:
    log = log.slice(0, 60 * size)
    parts = [model.score(log.slice(start, size)) for start in range(0, log.num_rows, size)]
    joined = Scores(
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("density", "distance", "p_values")
        )
    )
    # A p-value changes by the relative rounding of the scores times -log p.
    assert_alike(joined, model.score(log), 1e-4)


def test_duplicate_events_have_equal_scores(model: AnomalyModel, log: pa.Table) -> None:
    rows = np.repeat(np.arange(40), 50)
    twice = model.score(log.take(pa.array(rows)))
    assert_alike(twice, rows_of(model.score(log), rows), 1e-4)


def test_p_values_are_probabilities_and_go_with_the_scores(
    model: AnomalyModel, log: pa.Table
) -> None:
    scores = model.score(log)
    assert scores.density.dtype == scores.distance.dtype == np.float32
    assert ((scores.p_values > 0.0) & (scores.p_values <= 1.0)).all()
    odd = model.score(with_value(log, 0, "size", 1e12))
    assert odd.density[0] > scores.density[0]
    assert odd.distance[0] > scores.distance[0]
    assert odd.p_values[0] < scores.p_values[0]


def test_the_p_value_falls_as_a_value_moves_farther_out(model: AnomalyModel, log: pa.Table) -> None:
    p = [
        model.score(with_value(log, 0, "size", 10.0**power)).p_values[0]
        for power in range(3, 30, 3)
    ]
    assert (np.diff(p) <= 0.0).all()
    assert p[-1] < 1e-3 < p[0]


@FEW
@given(EVENTS)
def test_any_valid_event_has_a_score(model: AnomalyModel, events: list[dict]) -> None:
    scores = model.score(table_of(events))
    assert np.isfinite(scores.density).all()
    assert np.isfinite(scores.distance).all()
    assert ((scores.p_values > 0.0) & (scores.p_values <= 1.0)).all()


def test_an_empty_table_has_no_scores(model: AnomalyModel, log: pa.Table) -> None:
    assert model.score(log.slice(0, 0)).p_values.shape == (0,)


@pytest.mark.parametrize("column", ["user", "host", "action", "ok", "size", "message"])
def test_a_missing_value_in_a_complete_column_lowers_the_p_value(
    model: AnomalyModel, log: pa.Table, column: str
) -> None:
    without = pa.concat_tables([with_value(log, i, column, None) for i in range(10)])
    before, after = model.score(log.slice(0, 10)), model.score(without.unify_dictionaries())
    assert np.median(after.p_values) < np.median(before.p_values)


@pytest.mark.slow
@pytest.mark.parametrize("column", [0, 49])
def test_one_extreme_value_in_one_of_fifty_columns_is_the_oddest(column: int) -> None:
    x = np.random.default_rng(column).normal(size=(1_000, 50))
    x[123, column] = 60.0
    events = pa.table({f"x{i}": x[:, i] for i in range(50)})
    model, _ = AnomalyModel.fit(events, dict.fromkeys(events.column_names, Role.NUMBER), {}, 0)
    assert np.argmin(model.score(events).p_values) == 123


def test_a_rare_name_among_many_ordinary_columns_is_among_the_oddest() -> None:
    events = mixture(1_000, 3)
    odd = with_value(events, 5, "kind", "z")
    together = pa.concat_tables([events.slice(0, 5), odd, events.slice(6)]).unify_dictionaries()
    model, _ = AnomalyModel.fit(together, MIXTURE_ROLES, {}, 0)
    assert (model.score(together).p_values < model.score(odd).p_values[0]).sum() < 20


# --- fitting ---------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_model(model: AnomalyModel, log: pa.Table) -> None:
    again, _ = AnomalyModel.fit(log, ROLES, {}, 0)
    (tree, arrays), (other_tree, other_arrays) = dump(model), dump(again)
    assert tree == other_tree
    assert all((arrays[path] == other_arrays[path]).all() for path in arrays)


@pytest.mark.slow
def test_another_seed_gives_another_but_similar_model(model: AnomalyModel, log: pa.Table) -> None:
    other, _ = AnomalyModel.fit(log, ROLES, {}, 1)
    first, second = model.score(log).p_values, other.score(log).p_values
    assert (first != second).any()
    assert np.corrcoef(np.log(first), np.log(second))[0, 1] > 0.7


def test_references_are_events_that_the_cluster_holds(log: pa.Table) -> None:
    model, drawn = AnomalyModel.fit(log, ROLES, {}, 0)
    X = model.embedder.transform(log.take(pa.array(drawn)))
    np.testing.assert_allclose(
        X, model.explaining.combination.density.references_, rtol=1e-5, atol=1e-5
    )
    assert model.sample_rows == log.num_rows
    fold = model.explaining
    assert fold.reference_rows + len(fold.calibration.surprisals) < log.num_rows
    # Of the twentieth that lies outermost, what recurs from day to day is taken back.
    assert 0.0 < fold.trimmed_share < 0.05


@pytest.mark.parametrize("n", [0, 1, FEWEST_EVENTS - 1])
def test_too_few_events_are_refused(n: int) -> None:
    with pytest.raises(InputError, match=f"only {n} valid events; .*{FEWEST_EVENTS}"):
        AnomalyModel.fit(company_log(n, 0), ROLES, {}, 0)


def test_the_fewest_events_allowed_make_a_model() -> None:
    events = company_log(FEWEST_EVENTS, 0)
    model, _ = AnomalyModel.fit(events, ROLES, {}, 0)
    assert np.isfinite(model.score(events).p_values).all()


@pytest.mark.parametrize(
    "roles", [{}, {"id": Role.ID}, {"id": Role.ID, "size": Role.IGNORE}, {"size": Role.IGNORE}]
)
def test_a_log_without_an_embedded_column_is_refused(log: pa.Table, roles: dict[str, Role]) -> None:
    with pytest.raises(InputError, match="no usable column"):
        AnomalyModel.fit(log, roles, {}, 0)


def test_columns_that_never_change_are_a_model_in_which_all_are_ordinary() -> None:
    events = pa.table({"x": [1.0] * 50, "k": pa.array(["a"] * 50).dictionary_encode()})
    roles = {"x": Role.NUMBER, "k": Role.CATEGORY}
    model, _ = AnomalyModel.fit(events, roles, {}, 0)
    assert (model.score(events).p_values > 0.5).all()
    assert model.score(with_value(events, 0, "x", 2.0)).p_values[0] < 0.1


# --- storing ---------------------------------------------------------------------------------


def test_a_model_through_json_scores_the_same(model: AnomalyModel, log: pa.Table) -> None:
    tree, arrays = dump(model)
    again = load(json.loads(json.dumps(tree)), arrays, PARTS)
    assert again.embedder.spans == model.embedder.spans
    assert list(again.embedder.roles) == list(model.embedder.roles)
    events = pa.concat_tables([log, company_log(200, 5, n_users=40)]).unify_dictionaries()
    found, expected = again.score(events), model.score(events)
    for name in ("density", "distance", "p_values"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))
