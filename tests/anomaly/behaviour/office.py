"""Logs of an invented office, as rows; and their odd windows."""

from collections.abc import Sequence, Set
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import numpy as np

from anomaly.behaviour.activity import DAY, HOUR
from anomaly.behaviour.counting import count_activity
from anomaly.behaviour.measures import Kind, Measure, measures_of
from anomaly.behaviour.observations import OddWindow
from anomaly.behaviour.odd_windows import WINDOWS, odd_windows
from anomaly.behaviour.windows import (
    FIRST_DAY,
    ActiveDays,
    Counts,
    active_days,
    add_up,
    names_of,
)
from schemas.columns.roles import Role
from tests.anomaly.logs import conformed

Row = dict[str, Any]
ROLES = {
    "time": Role.TIME,
    "user": Role.ENTITY,
    "action": Role.CATEGORY,
    "object": Role.CATEGORY,
    "country": Role.CATEGORY,
    "ok": Role.FLAG,
    "bytes": Role.NUMBER,
}
MEASURES = measures_of(ROLES)
FIRST = 20_521
"""The first day of a log: Monday, 2026-03-09."""
MINUTE = HOUR // 60
ACTIONS = ["read", "write", "list", "login"]
STEPS = ["begin", "copy", "verify", "end"]


def office(seed: int, days: int = 21, people: int = 12, a_day: float = 25.0) -> list[Row]:
    """Poisson people with shifts of eight hours, few at weekends, and a backup each night."""
    random = np.random.default_rng(seed)
    rows: list[Row] = []
    for person in range(people):
        begins = int(random.integers(6, 13))
        own = [f"file-{i}" for i in random.integers(0, 40, 12)]
        for day in range(days):
            if day % 7 < 5 or random.random() < 0.2:
                n = random.poisson(a_day)
                times = random.integers(begins * HOUR, (begins + 8) * HOUR, n)
                rows += [
                    row(day, time, f"user-{person}", random, own)
                    for time in np.sort(times).tolist()
                ]
    for day in range(days):
        rows += backup(day)
    return sorted(rows, key=lambda each: each["time"])


def row(day: int, time: int, user: str, random: np.random.Generator, own: list[str]) -> Row:
    return {
        "time": (FIRST + day) * DAY + time,
        "user": user,
        "action": ACTIONS[random.choice(4, p=[0.5, 0.3, 0.15, 0.05])],
        "object": own[random.integers(len(own))],
        "country": "de",
        "ok": "false" if random.random() < 0.02 else "true",
        "bytes": float(round(np.exp(random.normal(6.0, 1.0)))),
    }


def backup(day: int) -> list[Row]:
    begins = (FIRST + day) * DAY + 2 * HOUR
    return [
        {
            "time": begins + place * 3 * MINUTE,
            "user": "backup",
            "action": step,
            "object": "disk",
            "country": "de",
            "ok": "true",
            "bytes": 1_000.0,
        }
        for place, step in enumerate(STEPS)
    ]


def judged(
    rows: list[Row],
    measures: Sequence[Measure] = MEASURES,
    judged_from: int | None = None,
    batches: int = 1,
    windows: Set[str] = WINDOWS,
) -> list[OddWindow]:
    """Return the odd windows of a log, counted in batches of its rows in a row."""
    found = tables_of(rows, measures, batches)
    return odd_windows(lambda i: found[i], measures, "time", judged_from, windows) or []


def tables_of(
    rows: list[Row], measures: Sequence[Measure] = MEASURES, batches: int = 1
) -> list[list[Any]]:
    """Return the counts of each measure, counted in batches of the rows in a row."""
    cuts = np.linspace(0, len(rows), batches + 1).astype(int).tolist()
    found: list[list[Any]] = [[] for _ in measures]
    for first, stop in pairwise(cuts):
        part = rows[first:stop]
        events = conformed({c: [each[c] for each in part] for c in ROLES}, ROLES)
        counts = count_activity(events, ROLES, measures)
        for number, own in enumerate(found):
            own.append(counts.of(number))
    return found


def counted(rows: list[Row], measure: Measure) -> tuple[list[str], ActiveDays, Counts]:
    """Return the entities of a log, their days and the counts of one measure."""
    events = conformed({c: [each[c] for each in rows] for c in ROLES}, ROLES)
    measures = [Measure(measure.entity, Kind.EVENTS), measure]
    found = count_activity(events, ROLES, measures)
    parts = [found.of(number) for number in range(2)]
    names = names_of(parts[:1])
    days = active_days(add_up(parts[:1], names, numbers=False), len(names), None)
    numbers = measure.kind is Kind.LEVELS
    return names.to_pylist(), days, add_up(parts[1:], names, numbers=numbers)


def own_day(user: str, day: int) -> list[Row]:
    """Return a working day of one user."""
    return [{**each, "user": user} for each in backup(day)]


def with_days_judged_from(days: ActiveDays, first: int) -> ActiveDays:
    """Return days of which those from one since 1970 on are judged."""
    return replace(days, judged_from=first - FIRST_DAY)


def day_of(each: Row) -> int:
    return int(each["time"] // DAY)


def hour_of(each: Row) -> int:
    return int(each["time"] // HOUR % 24)


def is_weekend(day: int) -> bool:
    return datetime.fromtimestamp(day * 86_400, UTC).weekday() >= 5
