"""Lawful changes that may look odd to who does not know the calendar.

Each function takes a clean log and a random generator; `records` are the lawful rows.
"""

import numpy as np
import pandas as pd

from tests.bench.scenarios.days import DAY, HOUR, is_weekend, moments, on_day, seconds_of
from tests.bench.scenarios.logs import AT_WEEKENDS, Log, frame_of
from tests.bench.scenarios.office import (
    ACCOUNTANTS,
    PEOPLE,
    Random,
    new_ids,
    new_session,
    payments,
    same,
    shift,
    together,
)
from tests.bench.scenarios.planting import Planted, with_rows

SALARIES = 100
"""Payments of an accountant on payday, above the usual ones."""
CLOCKS_GO_FORWARD = 19
"""The day, a Sunday."""
GROWTH = 1.02
"""Events and bytes of all people, times a day."""
NEW_AGENT = "5.0"


def weekend(log: Log, random: Random) -> Planted:
    """A few people work at weekends, in a log where else nobody does."""
    days = [day for day in range(log.days) if is_weekend(day)]
    rows = together(
        [
            shift(log.office, person, day, random)
            for day in days
            for person in PEOPLE
            if random.random() < AT_WEEKENDS
        ]
    )
    inside = frame_of(rows, random)
    inside = inside[inside["time"] < moments([log.days * DAY])[0]]
    events, added = with_rows(log, inside)
    return Planted(events, added, days=tuple(days))


def payday(log: Log, random: Random) -> Planted:
    """Each accountant pays a hundred salaries."""
    begins = log.day * DAY + 9 * HOUR
    parts = []
    for person in ACCOUNTANTS:
        times = np.sort(begins + random.uniform(0.0, 4 * HOUR, SALARIES))
        rows = payments(log.office, person, times, log.office.home[person], random)
        paid = np.array([f"staff-{name}" for name in PEOPLE], dtype=object)
        rows["object"] = paid[np.arange(SALARIES) % len(PEOPLE)]
        rows["amount"] = np.exp(random.normal(8.0, 0.3, SALARIES)).round(2)
        parts.append(rows | same(SALARIES, session=new_session(random)))
    events, added = with_rows(log, frame_of(together(parts), random))
    return Planted(events, added, days=(log.day,))


def public_holiday(log: Log, random: Random) -> Planted:
    """Few people work on a day of the week."""
    by_people = log.events["user"].isin(PEOPLE) & on_day(log.events, log.day)
    at_work = [person for person in PEOPLE if random.random() < AT_WEEKENDS] or [PEOPLE[0]]
    retained = ~by_people | log.events["user"].isin(at_work)
    events = log.events[retained].reset_index(drop=True)
    return Planted(events, by_people[retained].to_numpy(), days=(log.day,))


def daylight_saving(log: Log, random: Random) -> Planted:
    """Clocks go forward: by UTC, all people work an hour earlier from then on."""
    events = log.events.copy()
    later = seconds_of(events["time"]) >= (CLOCKS_GO_FORWARD * DAY + HOUR)
    moved = later & events["user"].isin(PEOPLE)
    events["time"] = events["time"].where(~moved, events["time"] - pd.Timedelta(hours=1))
    order = events["time"].argsort(kind="stable").to_numpy()
    days = tuple(range(CLOCKS_GO_FORWARD, log.days))
    return Planted(events.iloc[order].reset_index(drop=True), moved.to_numpy()[order], days=days)


def slow_growth(log: Log, random: Random) -> Planted:
    """Each day has 2 % more events and bytes than the day before; lawful is the last day."""
    people = log.events[log.events["user"].isin(PEOPLE)]
    day = (seconds_of(people["time"]) // DAY).astype(int)
    again = people[random.random(len(people)) < GROWTH**day - 1]
    shifts = pd.to_timedelta(random.uniform(-900.0, 900.0, len(again)), unit="s").as_unit("us")
    begin, end = moments([0.0, log.days * DAY])
    again = again.assign(time=again["time"] + shifts, request_id=new_ids(len(again), random))
    again = again[(again["time"] >= begin) & (again["time"] < end)]
    events, _ = with_rows(log, again)
    by_people = events["user"].isin(PEOPLE)
    grown = GROWTH ** (seconds_of(events["time"]) // DAY)
    events["bytes"] = (events["bytes"] * grown.where(by_people, 1.0)).round()
    last = log.days - 1
    return Planted(events, (by_people & on_day(events, last)).to_numpy(), days=(last,))


def agent_update(log: Log, random: Random) -> Planted:
    """On the last day the agents of all people have a new version."""
    events, last = log.events.copy(), log.days - 1
    updated = events["user"].isin(PEOPLE) & on_day(events, last)
    events["agent"] = events["agent"].where(~updated, NEW_AGENT)
    return Planted(events, updated.to_numpy(), days=(last,))
