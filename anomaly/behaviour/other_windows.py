"""Windows that one is held against: all other windows of its entity, or the earlier ones alone."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from anomaly.numerics.arrays import Doubles, Integers
from anomaly.numerics.groups import numbered_within

_FEWEST_EARLIER = 7
"""Windows before that tell what is usual where a later one is as far out."""


class OtherWindows:
    """The windows that each of n is held against.

    They are all others of its entity. Held against these, two that are far out hide each other. So
    the first of them is held against the earlier ones alone: it and a later one are beyond all
    these.
    """

    def __init__(
        self,
        entity: Integers,
        values: Doubles,
        judged: npt.NDArray[np.bool_],
        *,
        downward: bool = False,
    ) -> None:
        """Choose them for each window.

        Parameters
        ----------
        entity
            (n,), ascending, from 0 on; the windows of each in the order of their times.
        values
            (n,): what is judged.
        judged
            (n,): the windows that are; others are known.
        downward
            Whether small values are odd, too.
        """
        self._entity = entity
        place = numbered_within(entity)
        others = np.bincount(entity)[entity] - 1
        self.before = judged & (place >= _FEWEST_EARLIER) & (place < others)
        """(n,): whether each is held against the earlier ones alone."""
        if self.before.any():
            hidden = self._are_first_of_several(values)
            self.before &= hidden | self._are_first_of_several(-values) if downward else hidden
        self.known: Integers = np.where(self.before, place, others)
        """(n,): how many there are."""

    def sums(self, values: Doubles) -> Doubles:
        """Return the sum of their values, float64 (n,)."""
        found: Doubles = np.bincount(self._entity, values)[self._entity] - values
        if not self.before.any():
            return found
        earlier = pd.Series(values, dtype=np.float64).groupby(self._entity).cumsum() - values
        return np.where(self.before, earlier, found)

    def most(self, values: Doubles) -> Doubles:
        """Return the largest of their values, or 0 of none, float64 (n,)."""
        found = most_of_others(self._entity, values)
        return (
            np.where(self.before, self._most_before(values), found) if self.before.any() else found
        )

    def discounted(self, surprisals: Doubles) -> Doubles:
        """Return surprisals with log 2 less where they are by the earlier windows, (n,).

        That is the second of two comparisons that might have been made. With it, the chance of a
        surprisal of x or more is at most 1.5 exp(-x).
        """
        return np.maximum(surprisals - np.where(self.before, np.log(2.0), 0.0), 0.0)

    def _are_first_of_several(self, values: Doubles) -> npt.NDArray[np.bool_]:
        """Tell which are above all earlier ones, as is a later one, (n,)."""
        highest = self._most_before(values)
        again = most_of_others(self._entity, values) > highest
        found: npt.NDArray[np.bool_] = again & (values > highest)
        return found

    def _most_before(self, values: Doubles) -> Doubles:
        """Return the largest of the earlier values, or 0 of none, float64 (n,)."""
        highest = pd.Series(values, dtype=np.float64).groupby(self._entity).cummax()
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
