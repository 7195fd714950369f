"""Windows that one is held against: all other windows of its entity, or the earlier ones alone."""

import numpy as np
import pandas as pd

from anomaly.numerics.arrays import Doubles, Integers


class Others:
    """All other windows of the entity of each."""

    def __init__(self, entity: Integers) -> None:
        """Take the entities of n windows, from 0 on."""
        self._entity = entity
        self.known: Integers = np.bincount(entity)[entity] - 1
        """(n,): how many there are."""

    def sums(self, values: Doubles) -> Doubles:
        """Return the sum of their values, float64 (n,)."""
        found: Doubles = np.bincount(self._entity, values)[self._entity] - values
        return found

    def most(self, values: Doubles) -> Doubles:
        """Return the largest of their values, or 0 of none, float64 (n,)."""
        return most_of_others(self._entity, values)


class Earlier:
    """The earlier windows of the entity of each, which come in the order of their times."""

    def __init__(self, entity: Integers) -> None:
        """Take the entities of n windows, ascending."""
        self._entity = entity
        self.known: Integers = np.arange(len(entity)) - np.searchsorted(entity, entity)
        """(n,): how many there are."""

    def sums(self, values: Doubles) -> Doubles:
        """Return the sum of their values, float64 (n,)."""
        sums = pd.Series(values).groupby(self._entity).cumsum()
        found: Doubles = sums.to_numpy(np.float64) - values
        return found

    def most(self, values: Doubles) -> Doubles:
        """Return the largest of their values, or 0 of none, float64 (n,)."""
        highest = pd.Series(values).groupby(self._entity).cummax()
        shifted = highest.groupby(self._entity).shift(fill_value=0.0)
        return np.asarray(shifted, dtype=np.float64)


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
