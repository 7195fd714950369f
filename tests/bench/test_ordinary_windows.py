"""Odd windows of clean logs: as few as their numbers promise."""

import numpy as np
import pyarrow as pa
import pytest

from tests.bench.ordinary_windows import (
    NUMBERS,
    OrdinaryWindows,
    of_log,
    ordinary_table,
    ordinary_windows,
)


def steady(burst: int) -> pa.Table:
    """Give 20 days of five events of each of eight users; the first has a burst on a day."""
    random = np.random.default_rng(0)
    day, user = np.repeat(np.arange(20), 40), np.tile(np.arange(8), 100)
    day, user = np.append(day, np.full(burst, 10)), np.append(user, np.zeros(burst, dtype=int))
    times = np.sort(day) * 86_400_000_000 + random.integers(0, 86_400_000_000, len(day))
    return pa.table(
        {
            "time": pa.array(times, pa.timestamp("us", tz="UTC")),
            "user": [f"u{number}" for number in user[np.argsort(day, kind="stable")]],
            "action": ["read"] * len(day),
        }
    )


def test_windows_are_counted_by_their_numbers() -> None:
    quiet, loud = of_log("made", steady(0), 0), of_log("made", steady(400), 0)
    assert list(quiet.told) == list(NUMBERS)
    assert quiet.told[0.1] == 0
    assert loud.told[0.1] == 1
    two = [OrdinaryWindows("made", seed, dict.fromkeys(NUMBERS, seed)) for seed in range(2)]
    assert ordinary_table(two).splitlines()[-1].startswith("| made | 2 | 0.50 ± 0.50 |")


@pytest.mark.slow
def test_clean_logs_have_as_few_odd_windows_as_their_numbers_say() -> None:
    found = list(ordinary_windows(5))
    for number in NUMBERS:
        told = np.mean([each.told[number] for each in found])
        # Windows of a day share a cause: half as many again, and three standard errors.
        assert told <= 1.5 * number + 3.0 * np.sqrt(number / len(found))
