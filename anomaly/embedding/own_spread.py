"""The spread of an entity: how far its numbers usually lie from the others of its own."""

from typing import NamedTuple

import numpy as np

from anomaly.embedding.conditional import STRENGTHS
from anomaly.embedding.deduplicated import Codes
from anomaly.embedding.own_values import MOST_VALUES, OwnValues
from anomaly.numerics.arrays import Doubles, Integers

_TRIMMED = 0.05
"""Share of an entity's distances, the largest, that do not count for its spread; and one more."""
_LEAST = 1e-6
"""In deviations of the column: what float32 resolves."""


def own_spreads(own: OwnValues, entity: Codes, level: Doubles) -> Doubles:
    """Return the spread of each entity, float64 (n_entities + 1,); infinite where there is none.

    It is the root mean square of its events' distances, shrunk towards that of its peers. The
    strength is the one under which the sample is likeliest, each event judged by the others
    (empirical Bayes). It is small where entities differ in their spread, large where they do not.
    The likelihood is that of a Cauchy distribution, as distances have long tails.

    Parameters
    ----------
    own
        The values of each entity.
    entity, level
        (n_rows,): the entity and the number of the events that these values come from.
    """
    squares = own.away_from_others(entity, level) ** 2
    known = _Squares.of(entity, squares, len(own.counts))
    peers = _of_peers(entity, level, len(own.counts))[_size(own.counts)]
    others = known.without_each(entity, squares)

    def loss(strength: float) -> float:
        variances = others.shrunk(peers[entity], strength)
        return float(np.sum(0.5 * np.log(variances) + np.log1p(squares / variances)))

    spreads = np.sqrt(known.shrunk(peers, min(STRENGTHS.tolist(), key=loss)))
    return np.where(own.counts > 1, spreads, np.inf)


class _Squares(NamedTuple):
    """Sums of squared distances without the largest, of entities or of what is left of them."""

    used: Integers
    """(n_rows,): 1 for an event that counts, else 0."""
    counts: Doubles
    sums: Doubles

    @classmethod
    def of(cls, entity: Codes, squares: Doubles, n_entities: int) -> "_Squares":
        """Sum the squares (n_rows,) of the events of each entity."""
        sizes = np.bincount(entity, minlength=n_entities)
        order = np.lexsort((squares, entity))
        ordered = entity[order]
        place = np.arange(len(order)) - (np.cumsum(sizes) - sizes)[ordered]
        used = np.empty(len(order), dtype=np.int64)
        used[order] = place < sizes[ordered] - 1 - np.floor(_TRIMMED * sizes[ordered])
        counts = np.bincount(entity, weights=used, minlength=n_entities)
        sums = np.bincount(entity, weights=squares * used, minlength=n_entities)
        return cls(used, counts.astype(np.float64), sums.astype(np.float64))

    def without_each(self, entity: Codes, squares: Doubles) -> "_Squares":
        """Return the sums of each event's entity without the event, each (n_rows,)."""
        sums = np.maximum(self.sums[entity] - squares * self.used, 0.0)
        return _Squares(self.used, self.counts[entity] - self.used, sums)

    def shrunk(self, peers: Doubles, strength: float) -> Doubles:
        """Return the mean squares, shrunk towards those of the peers."""
        means = (self.sums + strength * peers) / (self.counts + strength)
        return np.maximum(means, _LEAST**2)


def _size(counts: Integers) -> Integers:
    """Return the logarithm to the base 2 of counts, rounded down; 0 for none."""
    return np.log2(np.maximum(counts, 1)).astype(np.int64)


def _of_peers(entity: Codes, level: Doubles, n_entities: int) -> Doubles:
    """Return the mean square of a usual entity that is known by 1, 2, 4, … 64 values.

    A number lies farther from few values than from many. So a young entity is compared with what
    its peers would be if as little was known of them.
    """
    counts = np.bincount(entity, minlength=n_entities)
    squares = [0.0]
    for size in range(int(_size(np.array(MOST_VALUES))) + 1):
        enough = counts[entity] >= 2 * 2**size  # Half of their events are not among the values.
        some, of_some = entity[enough], level[enough]
        away = OwnValues.of(some, of_some, n_entities, 2**size).away(some, of_some)
        known = _Squares.of(some, away**2, n_entities)
        means = known.sums / np.maximum(known.counts, 1.0)
        squares.append(float(np.median(means[some])) if len(some) else squares[-1])
    return np.array(squares[1:])
