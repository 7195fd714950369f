"""Windows that one is held against: all other windows of its entity, or the earlier ones alone."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from anomaly.numerics.arrays import Doubles, Integers
from anomaly.numerics.groups import numbered_within

_FEWEST_EARLIER = 7
"""Windows before that tell what is usual where a later one is as far out."""


def first_of_several(
    entity: Integers,
    values: Doubles,
    judged: npt.NDArray[np.bool_],
    earlier: Integers | None = None,
    *,
    downward: bool = False,
) -> npt.NDArray[np.bool_]:
    """Tell which windows are above all earlier ones, of which they need seven, as is a later one.

    Parameters
    ----------
    entity
        (n,), ascending, from 0 on; the windows of each in the order of their times.
    values
        (n,): what is judged.
    judged
        (n,): the windows that are; of others none is told.
    earlier
        (n,): how many earlier ones there are, where those of no value have no row; else None.
    downward
        Whether those below all earlier ones are told, too.

    Returns
    -------
    (n,) bool.
    """
    if earlier is None:
        earlier = numbered_within(entity)
    last = np.append(entity[1:] != entity[:-1], True)[: len(entity)]
    found: npt.NDArray[np.bool_] = judged & (earlier >= _FEWEST_EARLIER) & ~last
    if found.any():  # none is of a night, which is the last of each entity
        several = _above_earlier_as_later(entity, values)
        found &= several | _above_earlier_as_later(entity, -values) if downward else several
    return found


class OtherWindows:
    """The windows that each of n is held against.

    They are all others of its entity. Held against these, two that are far out hide each other. So
    the first of them is held against the earlier ones alone.
    """

    def __init__(
        self,
        entity: Integers,
        before: npt.NDArray[np.bool_],
        known: tuple[Integers, Integers] | None = None,
    ) -> None:
        """Choose them for each window.

        Parameters
        ----------
        entity
            (n,), ascending, from 0 on; the windows of each in the order of their times.
        before
            (n,): whether each is held against the earlier ones alone, as `first_of_several` tells.
        known
            (n,) each: how many other ones there are, and earlier ones. None where each has a row.
        """
        if known is None:
            known = np.bincount(entity)[entity] - 1, numbered_within(entity)
        self._entity = entity
        self._some = bool(before.any())
        self.before = before
        self.known: Integers = np.where(before, known[1], known[0])
        """(n,): how many there are."""

    def sums(self, values: Doubles, kind: Integers | None = None) -> Doubles:
        """Return the sum of their values, float64 (n,); `kind` numbers parts of entities."""
        group = self._entity if kind is None else kind
        others: Doubles = np.bincount(group, values)[group] - values
        if not self._some:
            return others
        earlier = pd.Series(values, dtype=np.float64).groupby(group).cumsum() - values
        return np.where(self.before, earlier, others)

    def most(self, values: Doubles) -> Doubles:
        """Return the largest of their values, or 0 of none, float64 (n,)."""
        others = most_of_others(self._entity, values)
        if not self._some:
            return others
        return np.where(self.before, _most_before(self._entity, values), others)


def discounted(surprisals: Doubles, before: npt.NDArray[np.bool_]) -> Doubles:
    """Return surprisals with log 2 less where they are by the earlier windows, (n,).

    That is the second of two comparisons that might have been made. With it, the chance of a
    surprisal of x or more is at most 1.5 exp(-x).
    """
    return np.maximum(surprisals - np.where(before, np.log(2.0), 0.0), 0.0)


def _above_earlier_as_later(entity: Integers, values: Doubles) -> npt.NDArray[np.bool_]:
    highest = _most_before(entity, values)
    found: npt.NDArray[np.bool_] = values > highest
    return found & (most_of_others(entity, values) > highest)


def _most_before(entity: Integers, values: Doubles) -> Doubles:
    """Return the largest of the earlier values, or 0 of none, float64 (n,)."""
    highest = pd.Series(values, dtype=np.float64).groupby(entity).cummax()
    shifted = highest.groupby(entity).shift(fill_value=0.0)
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
