"""Splits of whole days: what calibrates is of other days than what is fitted."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomaly.model.splits import held_out, splits

_DAYS = st.lists(st.integers(0, 9), min_size=30, max_size=300).map(np.array)


@given(_DAYS, st.integers(0, 2**31))
def test_no_day_is_on_both_sides_of_a_split_of_days(days: np.ndarray, seed: int) -> None:
    parted = splits(len(days), seed, days)
    calibrating = np.concatenate([split.calibration for split in parted])
    assert sorted(calibrating) == list(range(len(days)))
    whole = [not set(days[s.reference]) & set(days[s.calibration]) for s in parted]
    assert all(whole) or not any(whole)  # none where a few days hold nearly all events
    if all(whole):
        least = 0.5 * len(days) / len(parted)
        assert all(len(split.calibration) >= least for split in parted)


@pytest.mark.parametrize(("n_days", "n_parts"), [(2, 2), (3, 3), (10, 3)])
def test_so_many_days_make_so_many_parts(n_days: int, n_parts: int) -> None:
    days = np.repeat(np.arange(n_days), 20)
    parted = splits(len(days), 3, days)
    assert len(parted) == n_parts
    for split in parted:
        assert not set(days[split.reference]) & set(days[split.calibration])
    np.testing.assert_array_equal(held_out(len(days), 3, days), parted[0].calibration)


def test_one_day_or_one_that_holds_nearly_all_is_parted_at_random() -> None:
    for days in (np.zeros(60, dtype=np.int64), np.repeat([0, 1], [57, 3])):
        parted = splits(60, 1, days)
        assert len(parted) == 3
        for ours, plain in zip(parted, splits(60, 1), strict=True):
            assert len(ours.calibration) == len(plain.calibration)
