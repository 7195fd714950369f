"""Plants of the same thing on two days of a log, for the same person or host.

Each function takes a clean log and a random generator.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from tests.bench.scenarios.days import is_weekend, on_day
from tests.bench.scenarios.logs import Log
from tests.bench.scenarios.office import Random
from tests.bench.scenarios.planting import Planted, burst, failing_host, slow_host


def burst_again(log: Log, random: Random) -> Planted:
    """Twenty times the usual events of a person within an hour, on two days."""
    first = burst(log, random)
    person = first.entities[0][1]
    second = burst(replace(log, events=first.events, day=_other_day(log, person)), random, [person])
    return _both(first, second)


def slow_host_again(log: Log, random: Random) -> Planted:
    """The latencies of a host double on two days."""
    return _of_host(slow_host, log, random)


def failing_host_again(log: Log, random: Random) -> Planted:
    """The failures of the busiest host triple on two days."""
    return _of_host(failing_host, log, random)


def _of_host(plant: Callable[[Log, Random], Planted], log: Log, random: Random) -> Planted:
    seed = int(random.integers(2**32))
    first = plant(log, np.random.default_rng(seed))
    other = replace(log, events=first.events, day=_other_day(log))
    return _both(first, plant(other, np.random.default_rng(seed)))


def _other_day(log: Log, person: str | None = None) -> int:
    """Return the next working day on which a person works, too; the one before where none is."""
    days = [day for day in range(log.days - 1) if not is_weekend(day) and day != log.day]
    if person is not None:
        own = log.events[log.events["user"] == person]
        usual = len(own) / log.days
        days = [day for day in days if on_day(own, day).sum() >= usual]
    return min((day for day in days if day > log.day), default=max(days))


def _both(first: Planted, second: Planted) -> Planted:
    ids = first.events.loc[first.records, "request_id"]
    records = second.records | second.events["request_id"].isin(ids).to_numpy()
    return replace(second, records=records, days=(*first.days, *second.days))
