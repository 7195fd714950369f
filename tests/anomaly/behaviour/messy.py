"""Logs of an office in which things happen more than once, and people come late."""

import numpy as np

from tests.anomaly.behaviour.office import FIRST, MINUTE, Row, day_of, office
from tests.anomaly.behaviour.planting import own_rows

_SIZES = ((5, 8), (9, 12), (16, 6), (45, 4))
"""Days, and people."""


def messy(seed: int) -> list[Row]:
    """Make a log of 5 to 45 days, in which things happen more than once and people come late."""
    random = np.random.default_rng(seed)
    days, people = _SIZES[seed % len(_SIZES)]
    rows = office(seed, days, people, a_day=float(random.integers(6, 30)))
    starts = {f"user-{i}": FIRST + int(random.choice([0, 0, days - 2, days - 1]))
              for i in range(people)}  # fmt: skip
    rows = [each for each in rows if day_of(each) >= starts.get(each["user"], 0)]
    again = [each for each in rows if random.random() < 0.02]
    rows += [{**each, "time": each["time"] + MINUTE} for each in again]
    for _ in range(6):
        user = f"user-{random.integers(people)}"
        for day in {int(random.integers(days)) for _ in range(random.integers(1, 4))}:
            rows += _happening(random, user, day)
    return sorted(rows, key=lambda each: each["time"])


def _happening(random: np.random.Generator, user: str, day: int) -> list[Row]:
    """Make some of one kind of thing: more events, larger numbers, new files or failures."""
    n, larger = int(random.integers(2, 60)), float(random.choice([1.0, 8.0, -8.0]))
    own = own_rows(user, day, random.integers(24, size=2).tolist(), n)
    new = {"object": f"file-{random.integers(100, 140)}"} if random.random() < 0.3 else {}
    failed = {"ok": "false"} if random.random() < 0.3 else {}
    return [{**each, "bytes": each["bytes"] * larger, **new, **failed} for each in own]
