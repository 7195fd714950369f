"""The model: the one file that knows the order of embedding, cluster, scores and p-values."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from anomaly.calibration import TailCalibration, combine
from anomaly.columns import ColumnSurprise
from anomaly.density import DistanceToMeasure
from anomaly.distance import ShrunkMahalanobis
from anomaly.embedding.category import CategoryBlock
from anomaly.embedding.embedder import EventEmbedder, Span
from anomaly.embedding.habits import HourHabit, LevelHabit, NameHabit
from anomaly.embedding.number import NumberBlock
from anomaly.embedding.sequence import SequenceBlock
from anomaly.embedding.text import TextBlock
from anomaly.embedding.time import TimeBlock
from anomaly.embedding.tokens import TokenSpace
from anomaly.normal import NormalCluster
from schemas.errors import InputError
from schemas.roles import Role

FEWEST_EVENTS = 20
"""Below this there is no cluster to speak of."""


@dataclass(frozen=True)
class Scores:
    """What the model says of events, each (n_events,), higher = more anomalous; p-values lower."""

    density: npt.NDArray[np.float32]
    distance: npt.NDArray[np.float32]
    p_values: npt.NDArray[np.float64]


@dataclass(frozen=True)
class AnomalyModel:
    """An embedding, a density and distances on its normal cluster, and what their scores mean.

    Three voices make the p-value: the density of normal events around an event, its distance from
    the normal cluster as a whole, and that of its oddest columns alone.
    """

    embedder: EventEmbedder
    density: DistanceToMeasure
    distance: ShrunkMahalanobis
    columns: ColumnSurprise
    density_tail: TailCalibration
    distance_tail: TailCalibration
    columns_tail: TailCalibration
    sample_rows: int
    reference_rows: int
    calibration_rows: int
    trimmed_share: float
    unsettled_share: float

    @classmethod
    def fit(
        cls, events: pa.Table, roles: Mapping[str, Role], weights: Mapping[str, float], seed: int
    ) -> tuple["AnomalyModel", npt.NDArray[np.int64]]:
        """Fit on a sample of conformed `events`, which may hold anomalies.

        One half is the reference: trimmed to the normal cluster, it fits density and distance. The
        other half is the calibration: its scores are those of events the cluster was not fitted on.

        Returns
        -------
        The model, and the positions in `events` of the density's references, int64 (n_references,).

        Raises
        ------
        InputError
            If there are too few events, or no column is embedded.
        """
        if events.num_rows < FEWEST_EVENTS:
            raise InputError(
                f"only {events.num_rows} valid events",
                remedy=f"a normal cluster needs at least {FEWEST_EVENTS}; widen the input",
            )
        embed_seed, split_seed, draw_seed = np.random.SeedSequence(seed).generate_state(3)
        embedder = EventEmbedder.fit(events, roles, weights, int(embed_seed))
        if not embedder.n_dims:
            raise InputError(
                "no usable column",
                remedy="give at least one a role other than id, entity or ignore",
            )
        X = embedder.transform(events)
        order = np.random.default_rng(split_seed).permutation(len(X))
        reference, calibration = np.sort(order[: len(X) // 2]), np.sort(order[len(X) // 2 :])
        cluster = NormalCluster.fit(X[reference])
        normal = reference[cluster.members]
        density = DistanceToMeasure(random_state=int(draw_seed)).fit(X[normal])
        distance = ShrunkMahalanobis().fit(X[normal])
        columns = ColumnSurprise.fit(X[normal], X[calibration], embedder.spans)
        model = cls(
            embedder=embedder,
            density=density,
            distance=distance,
            columns=columns,
            density_tail=TailCalibration.fit(density.score_samples(X[calibration])),
            distance_tail=TailCalibration.fit(distance.score_samples(X[calibration])),
            columns_tail=TailCalibration.fit(columns.score_samples(X[calibration])),
            sample_rows=events.num_rows,
            reference_rows=len(normal),
            calibration_rows=len(calibration),
            trimmed_share=cluster.trimmed_share,
            unsettled_share=cluster.unsettled_share,
        )
        return model, normal[density.drawn_]

    def score(self, events: pa.Table) -> Scores:
        """Embed and score conformed `events`."""
        return self.score_vectors(self.embedder.transform(events))

    def score_vectors(self, X: npt.NDArray[np.float32]) -> Scores:
        """Score embedded events, float32 (n_events, n_dims)."""
        density, distance = self.density.score_samples(X), self.distance.score_samples(X)
        voices = [
            self.density_tail.p_values(density),
            self.distance_tail.p_values(distance),
            self.columns_tail.p_values(self.columns.score_samples(X)),
        ]
        return Scores(density, distance, combine(np.column_stack(voices)))


PARTS = (
    AnomalyModel,
    CategoryBlock,
    ColumnSurprise,
    DistanceToMeasure,
    EventEmbedder,
    HourHabit,
    LevelHabit,
    NameHabit,
    NumberBlock,
    SequenceBlock,
    ShrunkMahalanobis,
    Span,
    TailCalibration,
    TextBlock,
    TimeBlock,
    TokenSpace,
)
"""Every class that a stored model may hold."""
