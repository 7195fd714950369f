"""The usual numbers of an entity, of any shape, and how surprising another number is to it."""

from dataclasses import dataclass

import numpy as np

from anomaly.embedding.block import Rarity
from anomaly.embedding.deduplicated import Codes
from anomaly.embedding.number import NumberBlock
from anomaly.embedding.own_spread import own_spreads
from anomaly.embedding.own_values import FOREIGN, MOST_VALUES, OwnValues
from anomaly.embedding.tail import TailSurprisal
from anomaly.numerics.arrays import Doubles, Floats

_GAP = 0.25
"""Share of the range of some numbers, from 5 to 95 %. A wider gap between two parts them."""
_FEWEST = 4
"""Numbers that make a usual one, and no less than may be foreign."""


@dataclass(frozen=True)
class LevelHabit:
    """The surprisal of a number's distance from the entity's own numbers, in nats, with its sign.

    The distance is that to the nearest of its own (`anomaly.embedding.own_values`), in units of its
    spread (`anomaly.embedding.own_spread`). The surprisal is -log of the share of events that lie
    as far from their own entity's numbers.
    """

    own: OwnValues
    spreads: Floats
    """(n_entities + 1,): infinite for those of one event, and for unknown ones, which are last."""
    tail: TailSurprisal

    @classmethod
    def fit(cls, entity: Codes, n_entities: int, level: Doubles) -> "LevelHabit":
        """Learn from `level`, float64 (n_rows,): numbers scaled to deviations, NaN if missing."""
        known = np.flatnonzero((entity >= 0) & np.isfinite(level))
        order = known[np.lexsort((level[known], entity[known]))]
        entity, level = entity[order], level[order]
        own = OwnValues.of(entity, level, n_entities)
        away = own.away_from_others(entity, level)
        spreads = own_spreads(own, entity, level, away)
        tail = TailSurprisal.fit(away / spreads[entity])
        return cls(own, spreads.astype(np.float32), tail)

    def rarity(self, entity: int, number: float | None, numbers: NumberBlock) -> Rarity:
        """Return the numbers that are usual for the entity, ascending; none for an unknown one.

        Those of its other events: an event is not compared with itself.
        """
        itself = None
        if number is not None:
            itself = float(numbers.level(np.array([number], dtype=np.float64))[0])
        usual = tuple(numbers.value_at_single(np.float32(u)) for u in self.usual(entity, itself))
        return Rarity("entity number", usual=usual)

    def usual(self, entity: int, itself: float | None = None) -> tuple[float, ...]:
        """Return the levels that are usual for the entity: the median of each of its humps.

        Fewer than four make no hump: then each of them. One that is `itself` is left out, where all
        of the entity are kept.
        """
        own = self.own.of_entity(entity)
        if itself is not None and len(own) < MOST_VALUES:
            own = np.delete(own, np.flatnonzero(np.isclose(own, itself, rtol=1e-6, atol=1e-6))[:1])
        if len(own) < _FEWEST:
            return tuple(np.unique(own).tolist())
        fewest = max(FOREIGN * len(own), _FEWEST)
        usual = _humps(own, fewest)
        if 2 * sum(map(len, usual)) <= len(own):
            usual = [own]  # No few humps hold most of its numbers.
        # One of its own numbers: the mean of two could be one that it never has.
        return tuple(float(hump[(len(hump) - 1) // 2]) for hump in usual)

    def transform(self, entity: Codes, level: Doubles) -> Floats:
        """Return the signed surprisal, float32 (n_rows,), 0 where the number is missing."""
        unknown = len(self.spreads) - 1
        known = (entity >= 0) & (entity < unknown) & np.isfinite(level)
        entity, level = np.where(known, entity, unknown), np.where(known, level, 0.0)
        away = self.own.away(entity, level) / self.spreads.take(entity)
        return np.copysign(self.tail.of(np.abs(away)), away).astype(np.float32)


def _humps(ordered: Floats, fewest: float) -> list[Floats]:
    """Part ascending numbers at wide gaps, and each part again; leave out parts below `fewest`."""
    if len(ordered) < fewest:
        return []
    low, high = np.quantile(ordered, [0.05, 0.95])
    wide = np.flatnonzero(np.diff(ordered) > _GAP * (high - low)) + 1
    if not len(wide):
        return [ordered]
    return [hump for part in np.split(ordered, wide) for hump in _humps(part, fewest)]
