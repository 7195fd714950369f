"""Cosine distance of an event from normal events: it depends on directions, not on lengths.

A Euclidean distance grows with every large value. A direction depends only on the proportions of
the columns. So an event twice as far out in the direction of others is as ordinary as they are.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from anomaly.embedding.deduplicated import EmbeddedEvents, Span, rows_at_once
from anomaly.numerics.arrays import Floats

_MASS = 0.1
"""Share of the references that an event is measured against, as in `distance.py`."""
_SAME = 1e-6
"""Below this the rounding of the directions decides, and must not tell two events apart."""


@dataclass(frozen=True)
class UnlikeDirection:
    """The mean of 1 - cosine to the nearest tenth of the references, seen from their centre.

    From 0, the direction that many have, to 2, the opposite of all. The centre itself has no
    direction: it is at a right angle to every event, at 1.
    """

    centre: Floats
    """(n_dims,): the mean of the references."""
    directions: Floats
    """(n_references, n_dims): the references from there, each of length one."""

    @classmethod
    def fit(cls, references: Floats, spans: Sequence[Span]) -> "UnlikeDirection":
        """Learn from the normal `references`, float32 (n_references, n_dims).

        The `spans` make no difference: a direction is that of all columns together.
        """
        centre = references.mean(axis=0, dtype=np.float64).astype(np.float32)
        return cls(centre, directions(references, centre).astype(np.float32))

    def score_events(self, events: EmbeddedEvents) -> Floats:
        """Return the distance of each of embedded events, float32 (n_events,)."""
        return self.score_samples(events.X)

    def score_exchanged(self, X: Floats, others: Floats, starts: npt.NDArray[np.int64]) -> Floats:
        """Return the distance of each row of `X` as it is, then with each span of `others` in it.

        float32 (n_rows, 1 + n_spans); see `DistanceToMeasure.score_exchanged`.
        """
        scores = [self.score_samples(X)]
        for start, stop in zip(starts, [*starts[1:], X.shape[1]], strict=True):
            exchanged = X.copy()
            exchanged[:, start:stop] = others[:, start:stop]
            scores.append(self.score_samples(exchanged))
        return np.column_stack(scores)

    def score_samples(self, X: Floats) -> Floats:
        """Return the distance of each row of `X`, float32 (n_rows,): higher is more anomalous."""
        m = max(1, round(_MASS * len(self.directions)))
        normal = self.directions.astype(np.float64)
        scores = np.empty(len(X), dtype=np.float32)
        size = rows_at_once(X.shape[1])
        for start in range(0, len(X), size):
            rows = directions(X[start : start + size], self.centre)
            unlike = 1.0 - rows @ normal.T
            if m < unlike.shape[1]:
                unlike.partition(m - 1, axis=1)
            scores[start : start + size] = unlike[:, :m].mean(axis=1)
        scores[scores < _SAME] = 0.0
        return scores


def directions(rows: Floats, centre: Floats) -> npt.NDArray[np.float64]:
    """Return each row as seen from the centre, at length one; the centre itself stays 0.

    In double precision: 1 - cosine is a small difference of two numbers near one.
    """
    away = rows.astype(np.float64) - centre
    lengths = np.sqrt(np.einsum("ij,ij->i", away, away))[:, None]
    return np.divide(away, lengths, out=np.zeros_like(away), where=lengths > 0.0)
