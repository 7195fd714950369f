"""The spread of an entity: how far its numbers usually lie from the others of its own.

A bin of a regression has a spread, too: that of its residuals.
"""

from typing import NamedTuple

import numpy as np

from anomaly.embedding.conditional import STRENGTHS
from anomaly.embedding.deduplicated import Codes
from anomaly.embedding.own_values import FOREIGN, MOST_VALUES, OwnValues, ordered_by
from anomaly.numerics.arrays import Doubles, Integers
from anomaly.numerics.spacing import evenly_spaced, stride

_ROWS = 16_384
"""Rows, evenly spread, that the strength is chosen on."""
_PEER_ROWS = 2 * _ROWS
"""Rows of peers that are measured, about: of a larger sample, those of one entity in several."""
_WHOLE = 4.0
"""The mean square of distances over that without the largest quarter, about. It is 2.7 where they
are normal, and 4.6 where they are exponential."""
_AS_LIKELY = 2.0
"""Nats. Strengths within them are as likely as the best, at a level of 95 %: the largest counts."""
_LEAST = 1e-6
"""In deviations of the column: what float32 resolves."""


def own_spreads(own: OwnValues, entity: Codes, level: Doubles, away: Doubles) -> Doubles:
    """Return the spread of each entity, float64 (n_entities + 1,); infinite where there is none.

    Parameters
    ----------
    own
        The values of each entity.
    entity, level
        (n_rows,): the entity and the number of the events that these values come from, ordered by
        entity, then by number.
    away
        (n_rows,): how far each number lies from the others of its entity.
    """
    peers = _of_peers(entity, level, len(own.counts))[_size(own.counts)]
    return np.where(own.counts > 1, shrunk_spreads(entity, away**2, peers), np.inf)


def shrunk_spreads(group: Codes, squares: Doubles, peers: Doubles) -> Doubles:
    """Return the spread of each group, float64 (n_groups,), shrunk towards that of its peers.

    It is the root mean square of the distances without the largest quarter. The strength of the
    shrinkage is the one under which the sample is likeliest, each event judged by the others
    (empirical Bayes). It is small where groups differ in their spread, large where they do not. The
    likelihood is that of a Cauchy distribution, as distances have long tails.

    Parameters
    ----------
    group, squares
        (n_rows,): the group of each event, and its squared distance from what is usual there.
    peers
        (n_groups,): the mean square of the peers of each group.
    """
    known = _Squares.of(group, squares, len(peers))
    some = evenly_spaced(len(group), _ROWS)
    others, judged, behind = (
        known.without_each(group, squares, some),
        squares[some],
        peers[group[some]],
    )

    def loss(strength: float) -> float:
        variances = _WHOLE * others.shrunk(behind, strength)
        return float(np.sum(0.5 * np.log(variances) + np.log1p(judged / variances)))

    losses = np.array([loss(strength) for strength in STRENGTHS])
    strength = float(STRENGTHS[losses <= losses.min() + _AS_LIKELY][-1])
    return np.sqrt(known.shrunk(peers, strength))


def usual_square(group: Codes, squares: Doubles, n_groups: int) -> float:
    """Return the mean square of a usual group, its largest left out: that of the median event."""
    known = _Squares.of(group, squares, n_groups)
    means = known.sums / np.maximum(known.counts, 1.0)
    return float(np.median(means[group])) if len(group) else 0.0


class _Squares(NamedTuple):
    """Sums of squared distances without the largest, of groups or of what is left of them."""

    used: Integers
    """(n_rows,): 1 for an event that counts, else 0."""
    counts: Doubles
    sums: Doubles

    @classmethod
    def of(cls, group: Codes, squares: Doubles, n_groups: int) -> "_Squares":
        """Sum the squares (n_rows,) of the events of each group."""
        sizes = np.bincount(group, minlength=n_groups)
        order = ordered_by(group, squares)
        ordered = group[order]
        place = np.arange(len(order)) - (np.cumsum(sizes) - sizes)[ordered]
        used = np.empty(len(order), dtype=np.int64)
        used[order] = place < sizes[ordered] - 1 - np.floor(FOREIGN * sizes[ordered])
        counts = np.bincount(group, weights=used, minlength=n_groups)
        sums = np.bincount(group, weights=squares * used, minlength=n_groups)
        return cls(used, counts.astype(np.float64), sums.astype(np.float64))

    def without_each(self, group: Codes, squares: Doubles, rows: Integers) -> "_Squares":
        """Return the sums of the group of each of some rows, without that row."""
        used, own = self.used[rows], group[rows]
        sums = np.maximum(self.sums[own] - squares[rows] * used, 0.0)
        return _Squares(used, self.counts[own] - used, sums)

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
    peers = entity % stride(len(entity), _PEER_ROWS) == 0
    entity, level = entity[peers], level[peers]
    counts = np.bincount(entity, minlength=n_entities)
    squares = [0.0]
    for size in range(int(_size(np.array(MOST_VALUES))) + 1):
        enough = counts[entity] >= 2 * 2**size  # Half of their events are not among the values.
        some, of_some = entity[enough], level[enough]
        away = OwnValues.of(some, of_some, n_entities, 2**size).away(some, of_some)
        known = usual_square(some, away**2, n_entities)
        squares.append(known if len(some) else squares[-1])
    return np.array(squares[1:])
