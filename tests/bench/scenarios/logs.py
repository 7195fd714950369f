"""Clean logs of the office."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

from tests.bench.scenarios.days import DAY, DAYS, is_weekend, moments
from tests.bench.scenarios.office import (
    PEOPLE,
    Office,
    Random,
    Rows,
    backup,
    found_office,
    monitor,
    new_ids,
    shift,
    together,
)

COLUMNS = (
    "time", "request_id", "session", "user", "source_ip", "country", "host", "agent", "process",
    "action", "object", "amount", "bytes", "latency_ms", "status",
)  # fmt: skip
"""`amount` is of payments alone. They are queued, so that they have no latency."""

PLAIN, RARE_TOOLS, NO_WEEKENDS = "plain", "many rare processes", "nobody works at weekends"
BASES = (PLAIN, RARE_TOOLS, NO_WEEKENDS)
"""Kinds of clean logs. That without weekends ends on a Sunday, a day before the others."""
AT_WEEKENDS = 0.1
"""The share of people who work on a day of the weekend; on other days it is `AT_WORK`."""
AT_WORK = 0.95
_TOOL_WORDS = (
    ("alpha", "bravo", "cedar", "delta", "ember", "flint", "grove", "harbor", "indigo",
     "juniper", "kernel", "lumen", "meadow", "nectar", "onyx", "pepper", "quartz", "ribbon",
     "saffron", "timber"),
    ("builder", "checker", "cleaner", "finder", "helper", "indexer", "loader", "mapper", "packer",
     "parser", "printer", "reader", "runner", "sender", "setup", "tracker", "updater", "viewer"),
)  # fmt: skip


@dataclass(frozen=True)
class Log:
    """A log in the order of time, what is behind it, and the day on which to plant."""

    events: pd.DataFrame
    office: Office
    days: int
    day: int
    """From 0 on."""


def make_log(base: str, seed: int, *, last: bool = False) -> Log:
    """Make a clean log.

    Parameters
    ----------
    base
        One of `BASES`.
    seed
        Of every choice. The same seed gives the same people and habits in every base.
    last
        Whether things are planted on the last day. Else it is a working day from the second week
        on, which has a day after it.
    """
    days = DAYS - 1 if base == NO_WEEKENDS else DAYS
    events, office = _clean(base, days, seed)
    later = [day for day in range(7, days - 1) if not is_weekend(day)]
    day = days - 1 if last else int(np.random.default_rng(seed).choice(later))
    return Log(events, office, days, day)


@lru_cache(maxsize=len(BASES))
def _clean(base: str, days: int, seed: int) -> tuple[pd.DataFrame, Office]:
    """Make the events of a log; they are shared and must not be changed."""
    random = np.random.default_rng([seed, BASES.index(base)])
    office = found_office(np.random.default_rng(seed))
    at_weekends = 0.0 if base == NO_WEEKENDS else AT_WEEKENDS
    parts = [
        shift(office, person, day, random)
        for day in range(-1, days)
        for person in PEOPLE
        if random.random() < (at_weekends if is_weekend(day) else AT_WORK)
    ]
    parts += [backup(day, random) for day in range(days)]
    parts.append(monitor(days, random))
    events = _finished(parts, days, random)
    if base == RARE_TOOLS:
        _use_rare_tools(events, random)
    return events, office


def _finished(parts: Sequence[Rows], days: int, random: Random) -> pd.DataFrame:
    """Put parts together in the order of time, without what lies before or after the days."""
    events = frame_of(together(parts), random)
    begin, end = moments([0.0, days * DAY])
    within = (events["time"] >= begin) & (events["time"] < end)
    return events[within].sort_values("time", kind="stable", ignore_index=True)


def frame_of(rows: Rows, random: Random) -> pd.DataFrame:
    """Give rows their moments and ids."""
    ids = new_ids(len(rows["time"]), random)
    return pd.DataFrame(rows | {"time": moments(rows["time"]), "request_id": ids})[list(COLUMNS)]


def _use_rare_tools(events: pd.DataFrame, random: Random) -> None:
    """Let every process of a long list run once or twice."""
    names = [f"{first}-{second}.exe" for first in _TOOL_WORDS[0] for second in _TOOL_WORDS[1]]
    used = np.repeat(names, random.integers(1, 3, len(names)))
    by_people = np.flatnonzero(events["user"].isin(PEOPLE) & (events["action"] == "open"))
    events.loc[random.choice(by_people, len(used), replace=False), "process"] = used
