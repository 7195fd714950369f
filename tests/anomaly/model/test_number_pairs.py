"""Two numbers that always go together, each usual alone: an event that parts them is the first."""

import numpy as np
import pyarrow as pa
import pytest

from anomaly.explain.reasons import explain
from anomaly.model.model import PARTS, AnomalyModel
from anomaly.model.serialization import dump, load
from schemas.columns.roles import Role
from tests.anomaly.logs import conformed

ROLES = {
    "action": Role.CATEGORY,
    "bytes": Role.NUMBER,
    "packets": Role.NUMBER,
    "seconds": Role.NUMBER,
}
PLANTED = 2_000


def traffic(seed: int, n: int = 4_000) -> pa.Table:
    """A packet for each 90 bytes, and one event with 60 packets for 400 bytes."""
    random = np.random.default_rng(seed)
    size = np.exp(random.normal(7.0, 0.6, n))
    packets = np.ceil(size / 90.0 * np.exp(random.normal(0.0, 0.05, n)))
    size[PLANTED], packets[PLANTED] = 400.0, 60.0
    columns = {
        "action": np.array(["read", "write", "list"])[random.integers(0, 3, n)].tolist(),
        "bytes": np.round(size).tolist(),
        "packets": packets.tolist(),
        "seconds": random.gamma(2.0, 1.0, n).tolist(),
    }
    return conformed(columns, ROLES)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_two_numbers_that_never_go_together_come_first_and_the_reason_says_so(seed: int) -> None:
    events = traffic(seed)
    model, references = AnomalyModel.fit(events, ROLES, {}, 0)
    p_values = model.score(events).p_values
    assert p_values.argmin() == PLANTED
    one, normal = events.slice(PLANTED, 1), events.take(pa.array(references))
    reason = explain(model.explaining, normal, one)[0][0][0]
    told = {
        "packets": "`packets` is 60 where `bytes` is 400 B: higher than ever in ",
        "bytes": "`bytes` is 400 B where `packets` is 60: lower than ever in ",
    }
    assert reason.sentence.startswith(told[reason.column])
    # Of the events with the most packets, or with as many bytes: none has 60 and 400.
    assert reason.expected is not None


def test_a_pair_is_judged_one_way() -> None:
    model, _ = AnomalyModel.fit(traffic(0), ROLES, {}, 0)
    pairs = [{s.given, s.column} for s in model.embedder.spans if s.given is not None]
    assert pairs == [{"bytes", "packets"}]


def test_a_stored_model_judges_pairs_of_numbers_as_before() -> None:
    events = traffic(0)
    model, _ = AnomalyModel.fit(events, ROLES, {}, 0)
    read = load(*dump(model), PARTS)
    np.testing.assert_array_equal(read.score(events).p_values, model.score(events).p_values)
