"""Three voices on one event: density, distance, and its columns one by one, made comparable."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from anomaly.calibration import TailCalibration, combine
from anomaly.columns import ColumnSurprise
from anomaly.density import DistanceToMeasure
from anomaly.distance import ShrunkMahalanobis
from anomaly.embedding.embedder import Span

Rows = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Heard:
    """What the voices say of events, each float32 (n_events,): higher is more anomalous."""

    density: Rows
    distance: Rows
    surprisal: Rows
    """-log of the three voices' combined p-value."""


@dataclass(frozen=True)
class Voices:
    """Density, distance and columns, each with the tail that turns it into a p-value."""

    density: DistanceToMeasure
    distance: ShrunkMahalanobis
    columns: ColumnSurprise
    density_tail: TailCalibration
    distance_tail: TailCalibration
    columns_tail: TailCalibration

    @classmethod
    def fit(cls, normal: Rows, calibration: Rows, spans: Sequence[Span], seed: int) -> "Voices":
        """Fit on the normal cluster, and the tails on held-out events.

        Parameters
        ----------
        normal
            float32 (n_normal, n_dims): the normal cluster of the reference.
        calibration
            float32 (n_calibration, n_dims): events that none of it was fitted on.
        spans
            Which dimensions belong to which column.
        seed
            Seeds the draw of the density's references.
        """
        density = DistanceToMeasure(random_state=seed).fit(normal)
        distance = ShrunkMahalanobis().fit(normal)
        columns = ColumnSurprise.fit(normal, calibration, spans)
        tails = [
            TailCalibration.fit(voice.score_samples(calibration))
            for voice in (density, distance, columns)
        ]
        return cls(density, distance, columns, *tails)

    def hear(self, X: Rows) -> Heard:
        """Score embedded events, float32 (n_events, n_dims)."""
        density, distance = self.density.score_samples(X), self.distance.score_samples(X)
        p_values = [
            self.density_tail.p_values(density),
            self.distance_tail.p_values(distance),
            self.columns_tail.p_values(self.columns.score_samples(X)),
        ]
        surprisal = -np.log(combine(np.column_stack(p_values)))
        return Heard(density, distance, surprisal.astype(np.float32))
