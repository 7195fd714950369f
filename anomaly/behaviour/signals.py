"""Signals: windows of an entity, how odd each is, and what was to be expected of it."""

from dataclasses import dataclass, field
from typing import Self

import numpy as np
import numpy.typing as npt

from anomaly.behaviour.ranges import Series
from anomaly.behaviour.tail import ODD
from anomaly.numerics.arrays import Doubles, Integers


@dataclass(frozen=True)
class Signals:
    """Windows of one measure; n of them."""

    entity: Integers
    """(n,): the place of each among the names of all."""
    start: Integers
    """(n,): hours since `FIRST_DAY`."""
    hours: int
    """The length of a window."""
    number: Doubles
    """(n,): how many ordinary windows would be as odd as each."""
    observed: Doubles
    """(n,): what was counted, or the level."""
    most: Doubles
    """(n,): the most of the other windows."""
    known: Integers
    """(n,): how many other windows there are."""
    value: Integers = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    """(n,): the place of each in the values of the counts; empty where it is of none."""
    least: Doubles = field(default_factory=lambda: np.zeros(0))
    """(n,): the least of the other windows; empty where it tells nothing."""
    exposure: Integers = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    """(n,): the events that the observed ones are of; empty where it is of all."""
    of_kind: npt.NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=bool))
    """(n,): whether the other windows are of days of the kind alone; empty where all are."""
    before: npt.NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=bool))
    """(n,): whether the other windows are the earlier ones alone; empty where none are."""
    without_ends: npt.NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=bool))
    """(n,): whether days at the ends of the entity are left out; empty where none are."""
    most_share: Doubles = field(default_factory=lambda: np.zeros(0))
    """(n,): of shares, the largest one of the other windows; empty where it is of none."""
    beside: "Beside | None" = None
    """How many windows are as high as each; None where that is not asked."""
    series: Series | None = None
    """What was judged of all windows, for a chart; None where that tells nothing."""

    def take(self, places: Integers) -> "Signals":
        """Return some of them."""
        return Signals(
            entity=self.entity[places],
            start=self.start[places],
            hours=self.hours,
            number=self.number[places],
            observed=self.observed[places],
            most=self.most[places],
            known=self.known[places],
            value=self.value[places] if len(self.value) else self.value,
            least=self.least[places] if len(self.least) else self.least,
            exposure=self.exposure[places] if len(self.exposure) else self.exposure,
            of_kind=self.of_kind[places] if len(self.of_kind) else self.of_kind,
            before=self.before[places] if len(self.before) else self.before,
            without_ends=self.without_ends[places] if len(self.without_ends) else self.without_ends,
            most_share=self.most_share[places] if len(self.most_share) else self.most_share,
            beside=self.beside and self.beside.take(places),
            series=self.series,
        )


@dataclass(frozen=True)
class Beside:
    """The number of other windows at least as high as each of n; counted of odd ones alone."""

    own: Integers
    """(n,): those of the entity that are as high."""
    others: Integers
    """(n,): the windows of other entities, where the entity has no other one; else 0."""
    as_high: Integers
    """(n,): those of them that are as high."""

    @classmethod
    def of(
        cls,
        entity: Integers,
        group: Integers,
        values: Doubles,
        known: Integers,
        odd: npt.NDArray[np.bool_],
        among: Doubles | None = None,
    ) -> Self:
        """Count the windows that are as high as those that are `odd`.

        Parameters
        ----------
        entity, values
            (n,): whose each window is, and how high.
        group
            (n,): a number of the windows that it is held against.
        known
            (n,): how many other ones these are; more, where some have no value.
        odd
            (n,).
        among
            (n,): how high windows are for one of an entity without another; None: `values`.
        """
        own, others, as_high = (np.zeros(len(values), dtype=np.int64) for _ in range(3))
        some = np.flatnonzero(odd & (known > 0))
        own[some] = _as_high(group, values, some, values[some]) - 1
        alone = np.flatnonzero(odd & (known == 0))
        if len(alone):
            among = values if among is None else among
            of_own = _as_high(entity, among, alone, values[alone])
            as_high[alone] = len(values) - np.searchsorted(np.sort(among), values[alone]) - of_own
            others[alone] = len(values) - np.bincount(entity)[entity[alone]]
        return cls(own, others, as_high)

    def take(self, places: Integers) -> "Beside":
        """Return some of them."""
        return Beside(self.own[places], self.others[places], self.as_high[places])

    def plus(self, other: "Beside") -> "Beside":
        """Return the numbers of both, of other odd windows."""
        return Beside(
            self.own + other.own, self.others + other.others, self.as_high + other.as_high
        )

    def ordinary(self, known: Integers) -> npt.NDArray[np.bool_]:
        """Tell which windows are reached by too many others to be odd, (n,).

        Windows of one distribution may come in any order. So one of n + 1 is among the k + 1
        highest with the chance (k + 1) / (n + 1), whatever the distribution is. Of the highest
        itself that says too little. `known` are the other windows of each.
        """
        by_own = (self.own > 0) & (self.own + 1 > ODD * (known + 1))
        by_others = (self.as_high > 0) & (self.as_high + 1 > ODD * (self.others + 1))
        found: npt.NDArray[np.bool_] = by_own | by_others
        return found


def _as_high(group: Integers, values: Doubles, some: Integers, wanted: Doubles) -> Integers:
    """Return how many rows of the groups of some are at least as high as `wanted`, (n_some,)."""
    near = np.flatnonzero(np.isin(group, group[some]))
    heights, height = np.unique(values[near], return_inverse=True)
    keys = np.sort(group[near] * len(heights) + height)
    own = group[some] * len(heights)
    first = np.searchsorted(keys, own + np.searchsorted(heights, wanted))
    found: Integers = np.searchsorted(keys, own + len(heights)) - first
    return found
