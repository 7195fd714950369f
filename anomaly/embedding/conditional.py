"""Habits: the usual values of an entity, and every other column judged given that entity.

An entity is a user, a host or a card; a peer group, such as a department, has habits too. Each
habit is one dimension: 0 for a usual value, large for one that the entity never had. Here are those
of names and hours; `anomaly.embedding.level_habit` has those of numbers. A habit is the surprisal
given the entity, in excess of the surprisal among all events. An entity with few events is shrunk
towards all events. The strength of that maximises the leave-one-out likelihood of the column's
events (empirical Bayes).
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from anomaly.embedding.block import Rarity
from anomaly.embedding.category import CategoryBlock
from anomaly.embedding.deduplicated import Codes
from anomaly.embedding.hours import HOUR_BINS, OWN_HOUR, hour_bins, smooth_hours
from anomaly.embedding.rarity import others

STRENGTHS = 2.0 ** np.arange(-6, 12)
"""Strengths to choose from: how many events the shares among all events count for."""

_LEAST_DEVIATION = 0.5
"""In nats: a surprisal weighs at most twice for being seldom."""


@dataclass(frozen=True)
class NameHabit:
    """The surprisal of a name given the entity: -log((n_ec + s t_e p_c) / (n_e + s t_e)).

    The weight of the share `p_c` among all events grows with the number `t_e` of names that the
    entity has shown (Witten and Bell, 1991). A service with two actions in a thousand events is
    unlikely to show a third one; a user with fifty is likely to show another.
    """

    pairs: Codes
    """(n_pairs,): entity code * n_names + name code, ascending."""
    pair_counts: Codes
    entity_counts: Codes
    """(n_entities,): the events of each entity."""
    entity_names: Codes
    """(n_entities,): how many different names each entity has."""
    shares: npt.NDArray[np.float64]
    """(n_names + 1,): the share of each name among all events; that of an unseen one last."""
    strength: float
    scale: float

    @classmethod
    def fit(
        cls, entity: Codes, n_entities: int, name: Codes, surprisals: npt.NDArray[np.float64]
    ) -> "NameHabit":
        """Count `name` within `entity`, both int64 (n_rows,), -1 for a missing entity.

        `surprisals` (n_names + 1,) holds -log of each name's share of all events.
        """
        known = entity >= 0
        n_names = len(surprisals) - 1
        keys = entity[known] * n_names + name[known]
        pairs, counts = np.unique(keys, return_counts=True)
        totals = np.bincount(entity[known], minlength=n_entities)
        names = np.bincount(pairs // max(n_names, 1), minlength=len(totals))
        first = cls(pairs, counts, totals, names, np.exp(-surprisals), 1.0, 1.0)
        left_out = first._leave_one_out(*np.divmod(pairs, max(n_names, 1)))
        strength = _best_strength(left_out, counts)
        return replace(first, strength=strength, scale=_scale(left_out.excess(strength), counts))

    def _leave_one_out(self, entity: Codes, name: Codes) -> "_LeaveOneOut":
        count = self.count_of(entity, name)
        # A name that only this event has does not count as one the entity has shown.
        shown = np.append(self.entity_names, 0)[entity] - (count == 1)
        return _LeaveOneOut(
            others(count),
            others(np.append(self.entity_counts, 0)[entity]),
            self.shares[name],
            np.maximum(shown, 1).astype(np.float64),
        )

    def count_of(self, entity: Codes, name: Codes) -> Codes:
        """Return how many events of the sample hold each pair; 0 where either is unseen (-1)."""
        if not len(self.pairs):
            return np.zeros(len(entity), dtype=np.int64)
        keys = entity * (len(self.shares) - 1) + name
        at = np.minimum(np.searchsorted(self.pairs, keys), len(self.pairs) - 1)
        found = (self.pairs[at] == keys) & (entity >= 0) & (name >= 0)
        return np.where(found, self.pair_counts[at], 0)

    def rarity(self, entity: int, name: str | None, names: CategoryBlock) -> Rarity:
        """Return how many events of the entity hold `name`, and the usual name of its others."""
        code = names.code_of(name)
        usual = self.usual(entity, code)
        count = int(self.count_of(np.array([entity]), np.array([code]))[0])
        return Rarity(
            "entity name", count=count, usual=None if usual is None else names.names[usual]
        )

    def usual(self, entity: int, itself: int = -1) -> int | None:
        """Return the code of the name that the entity has most often; None for an unknown one.

        One event with the name `itself` is left out.
        """
        n_names = len(self.shares) - 1
        start, stop = np.searchsorted(self.pairs, [entity * n_names, (entity + 1) * n_names])
        if entity < 0 or start == stop:
            return None
        codes = self.pairs[start:stop] % n_names
        counts = self.pair_counts[start:stop] - (codes == itself)
        return int(codes[np.argmax(counts)]) if counts.any() else None

    def transform(self, entity: Codes, name: Codes) -> npt.NDArray[np.float32]:
        """Return the surprisal of `name` given `entity`, float32 (n_rows,)."""
        excess = self._leave_one_out(entity, name).excess(self.strength)
        return (excess * self.scale).astype(np.float32)


@dataclass(frozen=True)
class HourHabit:
    """The surprisal of the hour of the day given the entity, in excess of that among all events."""

    entity_hours: npt.NDArray[np.float32]
    """(n_entities + 1, 24): smoothed counts, a row of zeros for unknown entities last."""
    shares: npt.NDArray[np.float64]
    """(24,): the smoothed share of each hour among all events."""
    strength: float
    scale: float

    @classmethod
    def fit(cls, entity: Codes, n_entities: int, moments: Codes) -> "HourHabit":
        """Count the hours of `moments`, microseconds since 1970, within `entity`."""
        known = entity >= 0
        hours = hour_bins(moments)
        keys = entity[known] * HOUR_BINS + hours[known]
        counts = np.bincount(keys, minlength=(n_entities + 1) * HOUR_BINS).reshape(-1, HOUR_BINS)
        everybody = smooth_hours(np.bincount(hours, minlength=HOUR_BINS)) + 1.0
        shares = everybody / everybody.sum()
        first = cls(smooth_hours(counts).astype(np.float32), shares, 1.0, 1.0)
        cells = np.nonzero(counts)
        left_out, weights = first._leave_one_out(*cells), counts[cells]
        strength = _best_strength(left_out, weights)
        return replace(first, strength=strength, scale=_scale(left_out.excess(strength), weights))

    def _leave_one_out(self, entity: Codes, hours: Codes) -> "_LeaveOneOut":
        same_hour = np.maximum(self.entity_hours[entity, hours] - OWN_HOUR, 0.0)
        total = others(self.entity_hours.sum(axis=1)[entity])
        return _LeaveOneOut(same_hour, total, self.shares[hours], np.ones(len(hours)))

    def rarity(self, entity: int, moment: datetime, _hours: object) -> Rarity:
        """Return the share of the entity's events around that hour, and its usual hour."""
        share = self.share_of(entity, moment.hour)
        return Rarity("entity hour", share=share, usual=self.usual(entity))

    def usual(self, entity: int) -> int:
        """Return the hour that the entity is most often around; that of all for an unknown one."""
        hours = self.entity_hours[entity]
        return int(np.argmax(hours if hours.any() else self.shares))

    def share_of(self, entity: int, hour: int) -> float:
        """Return the share of the entity's events around `hour`, its own event left out."""
        hours = self.entity_hours[entity]
        return max(float(hours[hour]) - OWN_HOUR, 0.0) / max(float(hours.sum()), 1.0)

    def transform(self, entity: Codes, moments: Codes) -> npt.NDArray[np.float32]:
        """Return the surprisal of each moment's hour given its entity, float32 (n_rows,)."""
        left_out = self._leave_one_out(entity, hour_bins(moments))
        return (left_out.excess(self.strength) * self.scale).astype(np.float32)


class _LeaveOneOut(NamedTuple):
    """The evidence on each event, with the event itself left out; each (n_events,)."""

    near: npt.NDArray[np.float64]
    """Other events of its entity with the same value."""
    total: npt.NDArray[np.float64]
    """Other events of its entity."""
    share: npt.NDArray[np.float64]
    """The share of the value among the events of all."""
    variety: npt.NDArray[np.float64]
    """What a strength of one stands for: the names that the entity has shown."""

    def surprisal(self, strength: float) -> npt.NDArray[np.float64]:
        """Return -log of each value's probability given its entity."""
        behind = strength * self.variety
        return -np.log((self.near + behind * self.share) / (self.total + behind))

    def excess(self, strength: float) -> npt.NDArray[np.float64]:
        """Return by how much that exceeds the surprisal among all events; 0 where it does not.

        The column's own block holds the rarity of the value among all events. The excess of a value
        new to its entity depends on how well the entity is known. It is small where the entity
        often shows new values.
        """
        return np.maximum(self.surprisal(strength) + np.log(self.share), 0.0)


def _best_strength(left_out: _LeaveOneOut, counts: Codes) -> float:
    """Return the strength under which the events are likeliest, each judged by the others.

    Each row of the evidence stands for as many events as its count says.
    """
    if not len(counts):
        return float(STRENGTHS[-1])
    losses = [counts @ left_out.surprisal(strength) for strength in STRENGTHS]
    return float(STRENGTHS[np.argmin(losses)])


def _scale(excess: npt.NDArray[np.float64], counts: Codes) -> float:
    """Return the factor that brings a habit to the deviation of one column.

    Where entities rarely leave their habits, leaving one counts more; where they often do, less. A
    floor of the deviation keeps the factor finite for a habit that is never left.
    """
    if not len(counts):
        return 1.0
    mean = np.average(excess, weights=counts)
    deviation = np.sqrt(np.average((excess - mean) ** 2, weights=counts))
    return float(1.0 / max(float(deviation), _LEAST_DEVIATION))
