"""Steadiness: columns that are new every day count less, steady ones in full."""

import numpy as np
import pyarrow as pa
import pytest

from anomaly.model.fold import ModelOptions
from anomaly.model.model import AnomalyModel
from anomaly.model.steadiness import shows_steadiness
from schemas.columns.roles import Role

ROLES = {"time": Role.TIME, "ticket": Role.CATEGORY, "action": Role.CATEGORY, "bytes": Role.NUMBER}
_DAY = 86_400_000_000


def week(seed: int, first: int = 20_000, n_days: int = 9, rows: int = 150) -> pa.Table:
    """Make days whose tickets are new every day, and whose actions and bytes are steady."""
    rng = np.random.default_rng(seed)
    days = np.repeat(np.arange(first, first + n_days), rows)
    times = days * _DAY + rng.integers(8, 18, len(days)) * 3_600_000_000
    tickets = [f"t{day}-{rng.integers(3)}" for day in days]
    return pa.table(
        {
            "time": pa.array(times).cast(pa.timestamp("us", "UTC")),
            "ticket": pa.array(tickets).dictionary_encode(),
            "action": pa.array(
                rng.choice(["read", "write", "list"], len(days))
            ).dictionary_encode(),
            "bytes": rng.lognormal(5, 1, len(days)),
        }
    )


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_what_is_new_every_day_does_not_hide_what_is_not(seed: int) -> None:
    history, night = week(seed), week(seed + 100, 20_009, 1)
    actions = night["action"].to_pylist()
    actions[7] = "erase"
    night = night.set_column(2, "action", pa.array(actions).dictionary_encode())
    ranks = {}
    for other_days in (False, True):
        options = ModelOptions(other_days=other_days)
        model, _ = AnomalyModel.fit(history, ROLES, {}, seed, options)
        p = model.score(night).p_values
        ranks[other_days] = int((p < p[7]).sum()) + 1
        if other_days:
            embedder = model.embedder
            alone = [span for span in embedder.spans if span.given is None]
            weights = {span.column: embedder.weight_of(span) for span in alone}
            assert weights["ticket"] < 0.5
            assert weights["action"] == pytest.approx(1.0, abs=0.2)
            assert np.mean(p <= 0.05) < 0.2  # an ordinary day is not odd for being new
    assert ranks[True] == 1
    assert ranks[True] <= ranks[False]


def test_a_few_days_do_not_show_what_is_new_every_day() -> None:
    assert not shows_steadiness(None)
    assert not shows_steadiness(np.repeat(np.arange(6), 9))
    assert shows_steadiness(np.repeat(np.arange(7), 9))
    model, _ = AnomalyModel.fit(week(0, n_days=4), ROLES, {}, 0, ModelOptions(other_days=True))
    assert model.embedder.factors is None
