"""Bound of a surprisal: the share of the normal events that are like the event.

One normal event in fifty may be of one kind. Such an event is as rare as one in fifty, and no
rarer, however far it lies from all others. Density and distance look at the nearest twentieth of
the references, and more. To them each smaller group is far away. So an odd event is measured
again, against smaller and smaller masses. Where it is ordinary among the nearest hundredth, its
surprisal is at most -log(1/100).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from anomaly.detectors.density import DistanceToMeasure
from anomaly.detectors.distance import FarthestColumn
from anomaly.embedding.deduplicated import EmbeddedEvents, SomeEvents, Span
from anomaly.numerics.arrays import Floats

MASSES = (0.05, 0.02, 0.01, 0.005, 0.0025)
"""Shares of the references that an odd event is measured against, one after the other."""
_REFERENCES = 2_048
_FEWEST = 4
"""References of a mass at the least: what three others are like is no habit yet."""


@dataclass(frozen=True)
class SmallMasses:
    """Density and distance at masses too small for the scores themselves."""

    density: DistanceToMeasure
    """At each of `MASSES`, with references of its own: more of them than the scores have."""
    spans: tuple[Span, ...]

    @classmethod
    def fit(
        cls, normal: SomeEvents, spans: Sequence[Span], seed: int, levels: Sequence[int]
    ) -> "SmallMasses":
        """Draw the references from the normal cluster."""
        density = DistanceToMeasure(
            MASSES, _REFERENCES, fewest=_FEWEST, levels=tuple(levels), random_state=seed
        )
        return cls(density.fit_events(normal), tuple(spans))

    @property
    def shares(self) -> tuple[float, ...]:
        """Return the share of the references that each mass holds."""
        n = len(self.density.references_)
        return tuple(of_mass / n for of_mass in self.density.n_neighbors_)

    def densities(self, events: EmbeddedEvents) -> Floats:
        """Return the density of events at each mass, float32 (n_events, n_masses)."""
        return self.density.measure_events(events)

    def distances(self, events: EmbeddedEvents, mass: int) -> Floats:
        """Return the distance of events at one mass, by its place, float32 (n_events,)."""
        return self._distances[mass].score_events(events)

    @cached_property
    def _distances(self) -> list[FarthestColumn]:
        return FarthestColumn.fit_each(self.density.references_, self.spans, self.shares)
