import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomaly.embedding.step_counts import MOST_STEPS, StepCounts
from tests.anomaly.logs import PATIENT

SESSIONS = st.lists(st.lists(st.sampled_from("abcde"), max_size=8), min_size=1, max_size=15)


def lists(sessions: list[list[str] | None]) -> pa.ListArray:
    return pa.array(sessions, pa.list_(pa.string()))


@PATIENT
@given(sample=SESSIONS, more=SESSIONS)
def test_each_common_step_is_its_log_count_centred_and_standardised(
    sample: list[list[str]], more: list[list[str]]
) -> None:
    steps = StepCounts.fit(lists(sample))
    X = steps.transform(lists(more))
    for dim, name in enumerate(steps.names):
        logs = [math.log1p(session.count(name)) for session in sample]
        mean = math.fsum(logs) / len(logs)
        deviation = math.sqrt(math.fsum((x - mean) ** 2 for x in logs) / len(logs))
        expected = [(math.log1p(s.count(name)) - mean) / max(deviation, 0.1) for s in more]
        assert X[:, dim].tolist() == pytest.approx(expected, abs=1e-4)


def test_steps_beyond_the_common_ones_share_an_axis() -> None:
    common = [f"s{i:03d}" for i in range(MOST_STEPS)]
    steps = StepCounts.fit(lists([common] * 10 + [[*common, "rare"]]))
    assert set(steps.names) == set(common)
    usual, rare, new = steps.transform(lists([common, [*common, "rare"], [*common, "new"]]))
    assert rare[-1] == new[-1] > usual[-1]


def test_another_count_of_a_step_that_never_varies_is_finitely_far() -> None:
    steps = StepCounts.fit(lists([["open", "read", "close"]] * 100))
    X = steps.transform(lists([["open", "read", "close"], ["open", "close"], []]))
    assert np.abs(X[0]).max() == pytest.approx(0.0, abs=1e-5)
    assert 5.0 < np.abs(X[1]).max() < 10.0
    assert np.isfinite(X).all()
