"""Combines the density and distance scores of an event into one surprisal, in nats."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from anomaly.detectors.calibration import SurprisalCurve
from anomaly.detectors.cosine import UnlikeDirection
from anomaly.detectors.density import DistanceToMeasure
from anomaly.detectors.distance import FarthestColumn
from anomaly.detectors.share_bound import MASSES, SmallMasses
from anomaly.embedding.deduplicated import EmbeddedEvents, SomeEvents, Span
from anomaly.numerics.arrays import Doubles, Floats, Integers
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
_BEYOND = 0.2
"""Weight of what lies beyond the bound. Of two kinds that are equally rare, the one that lies
farther from all others comes first."""
_ODD = float(-np.log(min(MASSES)))
"""In nats: beyond it a surprisal is bounded. Few events are, and only they are measured again."""


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
    Where it is known what recurs, the share of events of its kind bounds the surprisal of an event.
    What is a surprisal by itself, as that of a look-alike is, joins in the same way, unbounded.
    """

    density: DistanceToMeasure
    distance: FarthestColumn | UnlikeDirection
    density_surprisals: tuple[SurprisalCurve, ...]
    """One for each mass of the density."""
    distance_surprisal: SurprisalCurve
    small_masses: SmallMasses | None = None
    """What bounds the surprisal of kinds that recur; None where none is known to."""
    surprisal_dims: tuple[int, ...] = ()
    """Dimensions of X that are surprisals by themselves."""

    @classmethod
    def fit(
        cls,
        normal: SomeEvents,
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
        The fitted scores, and the scores of the held-out events by density and distance alone.
        """
        density = DistanceToMeasure(
            _MASSES, fewest=_FEWEST_NEIGHBOURS, levels=tuple(levels), random_state=seed
        ).fit_events(normal)
        measure = UnlikeDirection if metric == "cosine" else FarthestColumn
        distance = measure.fit(density.references_, spans)
        away, farthest = density.measure_events(calibration), distance.score_events(calibration)
        surprisals = tuple(SurprisalCurve.fit(of_mass) for of_mass in away.T)
        dims = tuple(span.start for span in spans if span.is_surprisal)
        combination = cls(
            density, distance, surprisals, SurprisalCurve.fit(farthest), surprisal_dims=dims
        )
        return combination, combination._combine(away, farthest)

    def with_small_masses(self, small_masses: SmallMasses) -> "ScoreCombination":
        """Return the combination with its surprisal bounded; the distance is that of a column."""
        return replace(self, small_masses=small_masses)

    def score(self, events: EmbeddedEvents) -> CombinedScores:
        """Score embedded events."""
        away, farthest = self.density.measure_events(events), self.distance.score_events(events)
        return self.joined(events, self.bounded(events, self._combine(away, farthest)))

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
        other. The surprisal is not bounded: it says what sets an event apart from most others.
        """
        starts = np.array([span.start for span in spans], dtype=np.int64)
        scores = self._combine(
            self.density.score_exchanged(X, others, starts),
            self.distance.score_exchanged(X, others, starts),
        )
        if not self.surprisal_dims:
            return scores
        return _joined(scores, self._direct_exchanged(X, others, starts))

    def joined(self, events: EmbeddedEvents, scores: CombinedScores) -> CombinedScores:
        """Join what is a surprisal by itself with that of density and distance."""
        if not self.surprisal_dims:
            return scores
        return _joined(scores, events.largest(self.surprisal_dims))

    def _direct_exchanged(self, X: Floats, others: Floats, starts: Integers) -> Floats:
        """Return the largest of the surprisals by themselves, of the shape of the scores."""
        direct = np.repeat(X[:, None, self.surprisal_dims], 1 + len(starts), axis=1)
        for place, dim in enumerate(self.surprisal_dims):
            direct[:, 1 + int(np.searchsorted(starts, dim)), place] = others[:, dim]
        return np.asarray(direct.max(axis=2))

    def _combine(self, away: Floats, farthest: Floats) -> CombinedScores:
        """Combine densities of shape (…, n_masses) and distances of shape (…)."""
        of_masses = [s.of(away[..., i]) for i, s in enumerate(self.density_surprisals)]
        surprisal = self._joint(np.maximum.reduce(of_masses), farthest).astype(np.float32)
        return CombinedScores(np.ascontiguousarray(away[..., 0]), farthest, surprisal)

    def _joint(self, density: Doubles, farthest: Floats) -> Doubles:
        """Combine the surprisals of densities with the distances, both of one shape."""
        distance = self.distance_surprisal.of(farthest) * _DISTANCE_WEIGHT
        smaller = np.minimum(np.minimum(density, distance), _SMALLER_MOST)
        return np.asarray(np.maximum(density, distance) + _SMALLER_WEIGHT * smaller)

    def bounded(self, events: EmbeddedEvents, scores: CombinedScores) -> CombinedScores:
        """Bound the surprisal of odd events by the share of normal events that are like them.

        Each mass gives a bound: the surprisal of the event among the nearest events of that mass,
        but at least -log of the mass. The smallest bound counts.
        """
        small, odd = self.small_masses, np.flatnonzero(scores.surprisal > _ODD)
        if small is None or not len(odd):
            return scores
        surprisal = scores.surprisal.copy()
        densities = small.densities(events.take(odd))
        for mass, share in enumerate(small.shares):
            density = self.density_surprisals[0].of(densities[:, mass])
            # The density alone may say that this mass bounds nothing.
            lower = np.maximum(density, -np.log(share)) < surprisal[odd]
            rows = odd[lower]
            joint = self._joint(density[lower], small.distances(events.take(rows), mass))
            bound = np.maximum(joint, -np.log(share)).astype(np.float32)
            surprisal[rows] = np.minimum(surprisal[rows], bound)
        beyond = np.float32(_BEYOND) * (scores.surprisal - surprisal)
        return replace(scores, surprisal=surprisal + beyond)


def _joined(scores: CombinedScores, direct: Floats) -> CombinedScores:
    """Combine surprisals with others of the same shape, as those of density and distance are."""
    smaller = np.minimum(np.minimum(scores.surprisal, direct), np.float32(_SMALLER_MOST))
    joint = np.maximum(scores.surprisal, direct) + np.float32(_SMALLER_WEIGHT) * smaller
    return replace(scores, surprisal=joint)
