"""Combines the density and distance scores of an event into one surprisal, in nats."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from anomaly.detectors.calibration import SurprisalCurve
from anomaly.detectors.cosine import UnlikeDirection
from anomaly.detectors.density import DistanceToMeasure
from anomaly.detectors.distance import FarthestColumn
from anomaly.embedding.deduplicated import EmbeddedEvents, Span
from anomaly.numerics.arrays import Floats
from schemas.job.sections import Distance

_MASSES = 0.05, 0.2
"""Shares of the references that the density is measured over. The smaller one finds what is like a
small normal group alone, the larger one what is far from the normal events as a whole."""
_FEWEST_NEIGHBOURS = 10
"""References that make up a mass of the density in a small sample."""
_DISTANCE_WEIGHT = 0.75
"""The distance is the largest of many columns', and one of many is large by chance."""
_SMALLER_WEIGHT, _SMALLER_MOST = 0.3, 3.0
"""Weight of the smaller of the two surprisals, and the most of it that counts, in nats: what one
normal event in twenty has. Beyond that the smaller one repeats the larger."""


@dataclass(frozen=True)
class CombinedScores:
    """Scores of events, each float32 of one shape; higher is more anomalous."""

    density: Floats
    distance: Floats
    surprisal: Floats
    """Of both together, in nats of density."""


@dataclass(frozen=True)
class ScoreCombination:
    """Density and distance fitted on the normal cluster, each with its surprisal.

    Let a be the surprisal of the density, and b three quarters of that of the distance. The
    combined surprisal is `max(a, b) + 0.3 min(a, b, 3)`. The maximum is Tippett's (1931)
    combination by the smallest p-value. The second term ranks an event that both scores find
    anomalous before one that a single score finds. It is small because both read the same columns.
    """

    density: DistanceToMeasure
    distance: FarthestColumn | UnlikeDirection
    density_surprisals: tuple[SurprisalCurve, ...]
    """One for each mass of the density."""
    distance_surprisal: SurprisalCurve

    @classmethod
    def fit(
        cls,
        normal: EmbeddedEvents,
        calibration: EmbeddedEvents,
        spans: Sequence[Span],
        seed: int,
        metric: Distance = "euclidean",
        levels: Sequence[int] = (),
    ) -> tuple["ScoreCombination", CombinedScores]:
        """Fit the scores on the normal cluster and their surprisals on held-out events.

        Parameters
        ----------
        normal
            The normal cluster of the reference.
        calibration
            Held-out events: neither density nor distance is fitted on them.
        spans
            Which dimensions belong to which column.
        seed
            Seeds the draw of the references.
        metric
            What the distance is measured in.
        levels
            Dimensions that are levels of numbers: the density measures them with their covariance.

        Returns
        -------
        The fitted scores, and the scores of the held-out events.
        """
        density = DistanceToMeasure(
            _MASSES, fewest=_FEWEST_NEIGHBOURS, levels=tuple(levels), random_state=seed
        ).fit_events(normal)
        measure = UnlikeDirection if metric == "cosine" else FarthestColumn
        distance = measure.fit(density.references_, spans)
        away, farthest = density.measure_events(calibration), distance.score_events(calibration)
        surprisals = tuple(SurprisalCurve.fit(of_mass) for of_mass in away.T)
        combination = cls(density, distance, surprisals, SurprisalCurve.fit(farthest))
        return combination, combination._combine(away, farthest)

    def score(self, events: EmbeddedEvents) -> CombinedScores:
        """Score embedded events."""
        return self._combine(
            self.density.measure_events(events), self.distance.score_events(events)
        )

    def score_exchanged(self, X: Floats, others: Floats, spans: Sequence[Span]) -> CombinedScores:
        """Score events with one span at a time replaced by that of another event.

        Parameters
        ----------
        X, others
            float32 (n_events, n_dims).
        spans
            The n_spans spans that the scores were fitted with.

        Returns
        -------
        Each float32 (n_events, 1 + n_spans): first the event as it is, then with each span of the
        other.
        """
        starts = np.array([span.start for span in spans], dtype=np.int64)
        return self._combine(
            self.density.score_exchanged(X, others, starts),
            self.distance.score_exchanged(X, others, starts),
        )

    def _combine(self, away: Floats, farthest: Floats) -> CombinedScores:
        """Combine densities of shape (…, n_masses) and distances of shape (…)."""
        of_masses = [s.of(away[..., i]) for i, s in enumerate(self.density_surprisals)]
        density = np.maximum.reduce(of_masses)
        distance = self.distance_surprisal.of(farthest) * _DISTANCE_WEIGHT
        smaller = np.minimum(np.minimum(density, distance), _SMALLER_MOST)
        surprisal = np.maximum(density, distance) + _SMALLER_WEIGHT * smaller
        return CombinedScores(
            np.ascontiguousarray(away[..., 0]), farthest, surprisal.astype(np.float32)
        )
