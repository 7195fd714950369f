"""How odd an event is column by column, however many columns there are.

Density and distance weigh all dimensions together, and a column of text has more of them than a
number. Here every source column (with its habits) has one voice: the surprisal of its own conformal
p-value. Their sum is Fisher's (1932) combination; that the columns depend on each other is for the
calibration of the sum to know.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from anomaly.calibration import conformal
from anomaly.distance import ShrunkMahalanobis
from anomaly.embedding.embedder import Span

Rows = npt.NDArray[np.float32]


@dataclass(frozen=True)
class ColumnSurprise:
    """The sum over the columns of the surprisal of each one's distance from the normal events."""

    dimensions: tuple[npt.NDArray[np.int64], ...]
    """For each column its dimensions of X."""
    distances: tuple[ShrunkMahalanobis, ...]
    """For each column the distance within its dimensions."""
    calibrations: tuple[Rows, ...]
    """For each column that distance among held-out events, ascending.

    P-values are not continued beyond them: a single column has too many outliers of its own kind
    for the tail to be known from its body.
    """

    @classmethod
    def fit(cls, normal: Rows, calibration: Rows, spans: Sequence[Span]) -> "ColumnSurprise":
        """Fit each column on the normal events, and its p-values on the calibration events.

        Parameters
        ----------
        normal
            float32 (n_normal, n_dims).
        calibration
            float32 (n_calibration, n_dims): events that the normal cluster was not fitted on.
        spans
            Which dimensions belong to which column.
        """
        columns = dict.fromkeys(span.column for span in spans)
        dimensions = tuple(
            np.concatenate([np.arange(s.start, s.stop) for s in spans if s.column == column])
            for column in columns
        )
        distances = tuple(ShrunkMahalanobis().fit(normal[:, dims]) for dims in dimensions)
        calibrations = tuple(
            np.sort(distance.score_samples(calibration[:, dims]))
            for distance, dims in zip(distances, dimensions, strict=True)
        )
        return cls(dimensions, distances, calibrations)

    def score_samples(self, X: Rows) -> Rows:
        """Return the surprise of each row of `X`, float32 (n_rows,): higher is more anomalous."""
        total = np.zeros(len(X))
        parts = zip(self.dimensions, self.distances, self.calibrations, strict=True)
        for dims, distance, calibration in parts:
            total -= np.log(conformal(distance.score_samples(X[:, dims]), calibration))
        return total.astype(np.float32)
