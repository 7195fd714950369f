"""Counts of the windows that are as high as one, and which are ordinary for it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomaly.behaviour.signals import Beside
from tests.anomaly.logs import PATIENT

rows = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 2), st.integers(0, 4), st.booleans()), max_size=12
)
"""Entity, kind of window, height, and whether it is odd."""


@PATIENT
@given(rows)
def test_windows_as_high_are_counted_one_by_one(told: list[tuple[int, int, int, bool]]):
    entity, kind, height = (np.array([each[i] for each in told], dtype=np.int64) for i in range(3))
    odd, group = np.array([each[3] for each in told], dtype=bool), entity * 3 + kind
    known = np.array([int((group == own).sum()) - 1 for own in group], dtype=np.int64)
    found = Beside.of(entity, group, height.astype(np.float64), known, odd)
    for place, (whose, own, high) in enumerate(zip(entity, group, height, strict=True)):
        alike = int(((group == own) & (height >= high)).sum()) - 1
        others = (entity != whose) if known[place] == 0 else np.zeros(len(told), dtype=bool)
        counts = (alike, int(others.sum()), int((others & (height >= high)).sum()))
        wanted = counts if odd[place] else (0, 0, 0)
        assert (found.own[place], found.others[place], found.as_high[place]) == wanted


def test_those_of_others_may_be_compared_in_another_measure():
    counts, held = np.array([4.0, 0.0, 0.0, 0.0]), np.array([4.0, 5.0, 4.0, 3.0])
    entity, known = np.arange(4), np.zeros(4, dtype=np.int64)
    found = Beside.of(entity, entity, counts, known, counts > 0, held)
    assert (found.others[0], found.as_high[0]) == (3, 2)


@pytest.mark.parametrize(
    ("own", "known", "ordinary"),
    [(0, 3, False), (1, 3, True), (1, 38, True), (1, 39, False), (2, 58, True), (2, 59, False)],
)
def test_a_window_that_one_in_twenty_reaches_is_ordinary(own: int, known: int, ordinary: bool):
    none = np.zeros(1, dtype=np.int64)
    assert Beside(np.array([own]), none, none).ordinary(np.array([known])) == [ordinary]
    assert Beside(none, np.array([known]), np.array([own])).ordinary(none) == [ordinary]
