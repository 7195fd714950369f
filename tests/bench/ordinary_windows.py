"""Odd windows of clean logs: of those that are told, as many as their numbers say.

The number of a window says how many ordinary ones of a log would be as odd. So a clean log should
have at most t windows with a number of at most t.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anomaly.behaviour.counting import count_activity
from anomaly.behaviour.measures import measures_of
from anomaly.behaviour.observations import OddWindow
from anomaly.behaviour.odd_windows import WINDOWS, odd_windows
from data.generate import generate
from schemas.columns.roles import time_column
from tests.bench.labelled import Labelled, conformed
from tests.bench.results import mean_and_error, table
from tests.bench.scenarios.logs import PLAIN, make_log

NUMBERS = (2.0, 1.0, 0.1, 0.01)
SAMPLE_ROWS = (100_000, 30_000)


@dataclass(frozen=True)
class OrdinaryWindows:
    """Counts of the windows of a clean log with at most each number."""

    name: str
    seed: int
    told: dict[float, int]


def ordinary_windows(seeds: int) -> Iterator[OrdinaryWindows]:
    """Judge the clean logs of both generators, so many of each."""
    for seed in range(seeds):
        for rows in SAMPLE_ROWS:
            events, planted = generate(rows, seed=seed)
            own = pc.invert(pc.is_in(events["event_id"], planted["event_id"]))
            yield of_log(f"sample, {rows:,} events", events.filter(own), seed)
        office = pa.Table.from_pandas(make_log(PLAIN, seed).events, preserve_index=False)
        yield of_log("office, about 27,000 events", office, seed)


def of_log(name: str, events: pa.Table, seed: int) -> OrdinaryWindows:
    """Judge the days of the entities of a log, as a run does."""
    log = conformed(name, events, pa.chunked_array([np.zeros(events.num_rows, dtype=bool)]))
    numbers = [window.number for window in windows_of(log)]
    return OrdinaryWindows(name, seed, {t: sum(n <= t for n in numbers) for t in NUMBERS})


def windows_of(log: Labelled) -> list[OddWindow]:
    """Return the odd windows of a log."""
    measures, time = measures_of(log.roles), str(time_column(log.roles))
    counts = count_activity(log.records, log.roles, measures)
    found = odd_windows(lambda number: [counts.of(number)], measures, time, None, WINDOWS, None)
    return found or []


def ordinary_table(found: Sequence[OrdinaryWindows]) -> str:
    """Return a row for each kind of log: the mean number of windows with at most each number."""
    rows = []
    for name in dict.fromkeys(each.name for each in found):
        logs = [each for each in found if each.name == name]
        means = (mean_and_error([each.told[t] for each in logs]) for t in NUMBERS)
        rows.append([name, str(len(logs)), *(f"{mean:.2f} ± {error:.2f}" for mean, error in means)])
    return table(["clean log", "logs", *(f"number ≤ {t:g}" for t in NUMBERS)], rows)
