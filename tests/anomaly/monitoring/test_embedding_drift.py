"""Embedding drift of a batch whose columns are each as they were."""

import numpy as np
import pyarrow as pa
import pytest

from anomaly.model.fold import ModelOptions, days_of
from anomaly.model.model import AnomalyModel
from anomaly.model.splits import held_out
from anomaly.monitoring.column_drift import compare_columns, count_records
from anomaly.monitoring.embedding_drift import compare_cells, count_cells
from tests.anomaly.logs import ROLES, company_log
from tests.anomaly.model.test_steadiness import ROLES as WEEK_ROLES
from tests.anomaly.model.test_steadiness import week

LOG = company_log(6_000, 0)
UNSEEN = LOG.take(held_out(LOG.num_rows, 0))


@pytest.fixture(scope="module")
def model() -> AnomalyModel:
    return AnomalyModel.fit(LOG, ROLES, {}, 0)[0]


@pytest.fixture(scope="module")
def before(model: AnomalyModel) -> list[int]:
    return count_cells(model.explaining, [UNSEEN]).tolist()


def test_each_record_is_in_one_cell_however_the_batch_is_cut(model, before) -> None:
    assert before[0] == 0
    assert sum(before) == UNSEEN.num_rows
    parts = [UNSEEN.slice(0, 700), UNSEEN.slice(700, 0), UNSEEN.slice(700)]
    assert count_cells(model.explaining, parts).tolist() == before


@pytest.mark.parametrize("n", [200, 2_000, 6_000])
def test_records_of_the_same_kind_show_no_embedding_drift(model, before, n) -> None:
    for seed in range(1, 5):
        now = count_cells(model.explaining, [company_log(n, seed)])
        assert not compare_cells(before, now).moved


def test_a_new_combination_of_values_moves_the_embedding_but_no_column(model, before) -> None:
    log = company_log(4_000, 1)
    users = np.random.default_rng(0).permutation(log["user"].to_pylist())
    column = pa.array(users.tolist()).dictionary_encode().cast(log.schema.field("user").type)
    batch = log.set_column(log.column_names.index("user"), "user", column)
    counts = count_records(model.embedder, [UNSEEN])
    columns = compare_columns(model.embedder, counts.bins, count_records(model.embedder, [batch]))
    assert not any(drift.moved for drift in columns.values())
    assert compare_cells(before, count_cells(model.explaining, [batch])).moved


def test_a_model_stored_without_cells_has_no_embedding_drift(model) -> None:
    assert compare_cells([], count_cells(model.explaining, [UNSEEN])) is None


def test_a_day_of_a_weekday_is_no_drift_of_what_goes_together() -> None:
    options = ModelOptions(other_days=True)
    roles = {column: role for column, role in WEEK_ROLES.items() if column != "ticket"}
    history, day = week(0, n_days=21), week(1, 20_021, 1, rows=600)
    model, _ = AnomalyModel.fit(history, roles, {}, 0, options)
    retained = held_out(history.num_rows, 0, days_of(history, roles))
    before = count_cells(model.explaining, [history.take(pa.array(retained))])
    drift = compare_cells(before.tolist(), count_cells(model.explaining, [day]))
    assert drift is not None
    assert not drift.moved
