"""Signals: windows of an entity, how odd each is, and what was to be expected of it."""

from dataclasses import dataclass, field

import numpy as np

from anomaly.behaviour.ranges import Series
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
            series=self.series,
        )


def most_of_others(group: Integers, values: Doubles) -> Doubles:
    """Return the largest of the other values of a group, or 0, float64 (n,).

    Examples
    --------
    >>> most_of_others(np.array([0, 0, 0, 1]), np.array([3.0, 9.0, 5.0, 2.0])).tolist()
    [9.0, 5.0, 9.0, 0.0]
    """
    if not len(values):
        return np.zeros(0)
    size = int(group.max()) + 1
    top, second = np.full(size, -np.inf), np.zeros(size)
    np.maximum.at(top, group, values)
    is_top = values == top[group]
    several = np.bincount(group, minlength=size) > 1
    tied = np.bincount(group[is_top], minlength=size) > 1
    second[several] = -np.inf
    np.maximum.at(second, group[~is_top], values[~is_top])
    return np.where(is_top & ~tied[group], second[group], top[group])
