import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomaly.embedding.sequence import SequenceBlock
from tests import naive
from tests.anomaly.logs import PATIENT, TEXTS

SESSIONS = st.lists(st.lists(TEXTS, max_size=6), min_size=1, max_size=15)
USUAL = [["open", "read", "close"]] * 60 + [["open", "write", "close"]] * 40


def lists(sessions: list[list[str] | None]) -> pa.ListArray:
    return pa.array(sessions, pa.list_(pa.string()))


def embed(block: SequenceBlock, sessions: list[list[str] | None]) -> np.ndarray:
    return block.transform(lists(sessions))


@PATIENT
@given(sample=SESSIONS, more=SESSIONS)
def test_any_session_has_finite_coordinates(sample: list[list[str]], more: list[list[str]]) -> None:
    block = SequenceBlock.fit(lists(sample), 0)
    X = embed(block, sample + more)
    assert X.dtype == np.float32
    assert X.shape == (len(sample) + len(more), block.n_dims)
    assert np.isfinite(X).all()


@PATIENT
@given(SESSIONS)
def test_the_rarest_step_is_told_with_the_sessions_that_hold_it(sample: list[list[str]]) -> None:
    bags = [set(session) for session in sample]
    weights = naive.token_weights(bags, [1] * len(bags))
    step, holders = SequenceBlock.fit(lists(sample), 0).rarest_step(sample[0])
    if not sample[0]:
        assert (step, holders) == ("", 0)
    else:
        assert weights[step] == pytest.approx(max(weights[s] for s in sample[0]), rel=1e-6)
        assert holders == sum(step in bag for bag in bags)


def test_an_unseen_step_is_held_by_none() -> None:
    block = SequenceBlock.fit(lists([*USUAL, ["sudo"]]), 0)
    assert block.rarest_step(["sudo", "purge"]) == ("purge", 0)
    assert block.rarest_step(["open", "sudo"]) == ("sudo", 1)


def test_another_order_of_the_same_steps_is_far() -> None:
    block = SequenceBlock.fit(lists(USUAL), 0)
    usual, backwards = embed(block, [["open", "read", "close"], ["close", "read", "open"]])
    assert np.linalg.norm(usual - backwards) > 2.0


def test_a_session_does_not_run_on_into_the_next() -> None:
    block = SequenceBlock.fit(lists(USUAL), 0)
    alone = embed(block, [["open", "read", "close"]])[0]
    among = embed(block, [["x"], [], None, ["open", "read", "close"], ["y"]])[3]
    np.testing.assert_allclose(among, alone, rtol=1e-5, atol=1e-5)


def test_a_step_more_often_and_a_longer_session_are_farther() -> None:
    block = SequenceBlock.fit(lists(USUAL), 0)
    X = embed(block, [["open", *["read"] * n, "close"] for n in (1, 10, 500)])
    assert np.linalg.norm(X[2] - X[0]) > np.linalg.norm(X[1] - X[0]) > 0.5


def test_an_empty_session_is_like_one_that_is_missing() -> None:
    block = SequenceBlock.fit(lists([*USUAL, []]), 0)
    empty, missing = embed(block, [[], None])
    assert (empty == missing).all()


def test_a_part_of_a_larger_array_is_embedded_as_itself() -> None:
    block = SequenceBlock.fit(lists(USUAL), 0)
    whole = lists([["x", "y"], ["open", "write", "close"], ["z"]])
    np.testing.assert_allclose(
        block.transform(whole.slice(1, 1)), embed(block, [["open", "write", "close"]]), rtol=1e-5
    )
