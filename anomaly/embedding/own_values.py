"""The values that each entity is known by, and how far another value lies from the nearest."""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from anomaly.embedding.deduplicated import Codes
from anomaly.numerics.arrays import Doubles, Floats, Integers
from anomaly.numerics.sorted_lookup import Boundaries

MOST_VALUES = 64
"""Values that are kept of an entity."""
FOREIGN = 0.25
"""Share of an entity's events that may be foreign, such as those of a stolen card."""
_FEWEST = 4
"""Values that an event is measured against, one of them perhaps its own; of fewer than 8, half."""


@dataclass(frozen=True)
class OwnValues:
    """At most 64 values of each entity: of more, those evenly spaced among the ordered ones.

    How far a value lies from them is the distance to a measure: the root mean square distance to
    the nearest quarter, at least four. Of fewer than eight, it is to the nearest half of them, at
    least two. So the values may have any shape, and a few odd ones do not make each other usual.
    """

    values: Floats
    """(n_values,): those of one entity after those of the other, ascending in each."""
    starts: Integers
    """(n_entities + 1,): where the values of each entity begin; last, where they end."""

    @classmethod
    def of(
        cls, entity: Codes, values: Doubles, n_entities: int, most: int = MOST_VALUES
    ) -> "OwnValues":
        """Keep at most so many of the finite `values` (n_rows,) of each entity (n_rows,).

        The rows are ordered by entity, then by value: see `ordered_by`.
        """
        counts = np.bincount(entity, minlength=n_entities)
        sampled = np.minimum(counts, most)
        group, place = _places(sampled)
        # The middles of equally many: an extreme value of many is not among them.
        middle = (2 * place + 1) * counts[group] // (2 * sampled[group])
        first = np.cumsum(counts) - counts
        starts = np.append(0, np.cumsum(sampled))
        return cls(values[first[group] + middle].astype(np.float32), starts)

    def of_entity(self, entity: int) -> Floats:
        """Return the values of one entity, ascending; none for an unknown one."""
        known = 0 <= entity < len(self.starts) - 1
        start, stop = self.starts[entity : entity + 2] if known else (0, 0)
        return self.values[start:stop]

    @property
    def counts(self) -> Integers:
        """The number of values that are kept of each entity, and 0 for an unknown one, last."""
        return np.append(np.diff(self.starts), 0)

    def away(self, entity: Codes, values: Doubles) -> Doubles:
        """Return how far finite `values` lie from those of their entity, float64 (n_rows,).

        It is negative where they lie below. Entity n_entities is one without values.
        """
        return self._nearest.away(entity, values)

    def away_from_others(self, entity: Codes, values: Doubles) -> Doubles:
        """Return how far the values that this was made of lie from the others, float64 (n_rows,).

        Where all values of an entity are kept, each is left out of those it is measured against.
        """
        itself = (self.counts > 1) & (self.counts < MOST_VALUES)
        widths = np.minimum(_widths(self.counts) + itself, self.counts)
        nearest = _Nearest.among(self.values, self.starts, widths)
        of_others = widths / np.maximum(widths - itself, 1)
        return np.abs(nearest.away(entity, values)) * np.sqrt(of_others)[entity]

    @cached_property
    def _nearest(self) -> "_Nearest":
        return _Nearest.among(self.values, self.starts, _widths(self.counts))


def _widths(counts: Integers) -> Integers:
    """Return how many of so many values are the nearest."""
    most = np.maximum(FOREIGN * counts, _FEWEST).astype(np.int64)
    return np.minimum(np.clip(counts // 2, 2, most), counts)


class _Nearest(NamedTuple):
    """The nearest values for each place on the line of an entity.

    They follow each other among its ordered values: `anomaly.detectors.distance` says why.
    """

    boundaries: Boundaries
    """Between the values of one entity: where the nearest become those that begin one later."""
    means: Doubles
    """(n_windows,): the mean of nearest values. An entity has a window more than boundaries."""
    variances: Doubles
    """(n_windows,)."""

    @classmethod
    def among(cls, values: Floats, starts: Integers, widths: Integers) -> "_Nearest":
        """Find the nearest `widths` (n_entities + 1,) of the values of each entity."""
        group, place = _places(np.append(np.diff(starts), 0) - widths + 1)
        begin, width = starts[group] + place, widths[group]
        places = np.arange(max(widths.max(), 1))
        inside = places < width[:, None]
        at = np.where(inside, begin[:, None] + places, len(values))
        nearest = np.append(values.astype(np.float64), 0.0)[at]
        # From the first of them, so that equal values have no variance.
        first = nearest[:, 0]
        from_first = np.where(inside, nearest - first[:, None], 0.0)
        mean = from_first.sum(axis=1) / np.maximum(width, 1)
        square = (from_first**2).sum(axis=1) / np.maximum(width, 1)
        later = np.flatnonzero(place > 0)
        left_out, taken_in = begin[later] - 1, begin[later] - 1 + width[later]
        between = (values[left_out].astype(np.float64) + values[taken_in]) / 2.0
        boundaries = Boundaries(_keys(group[later], between), "left")
        return cls(boundaries, first + mean, np.maximum(square - mean**2, 0.0))

    def away(self, entity: Codes, values: Doubles) -> Doubles:
        """Return the distance of `values` (n_rows,), negative where they lie below."""
        values = values.astype(np.float32).astype(np.float64)  # as precise as the sampled ones
        nearest = self.boundaries.before(_keys(entity, values)) + entity
        off = values - self.means.take(nearest)
        return np.copysign(np.sqrt(off**2 + self.variances.take(nearest)), off)


def _places(counts: Integers) -> tuple[Integers, Integers]:
    """Return the group of each member, and its place in it, of groups of so many members."""
    group = np.repeat(np.arange(len(counts)), counts)
    return group, np.arange(len(group)) - (np.cumsum(counts) - counts)[group]


def ordered_by(group: Codes, values: Doubles) -> Integers:
    """Return the order of rows by group, then by finite value; as precise as `_keys`."""
    return np.argsort(_keys(group, values), kind="stable")


def _keys(entity: Codes, values: Doubles) -> Doubles:
    """Return numbers that order by entity, then by value: all finite ones between two halves."""
    keys: Doubles = entity + 0.5 * values / (1.0 + np.abs(values))
    return keys
