"""The model: the one file that knows the order of embedding, cluster, scores and p-values."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from anomaly.calibration import TailCalibration, settle
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
from anomaly.voices import Voices
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
    """An embedding, three voices on its normal cluster, and what they mean together."""

    embedder: EventEmbedder
    voices: Voices
    held_out: npt.NDArray[np.float32]
    """(n_calibration,): the voices' joint surprisal of the held-out events, ascending."""
    sample_rows: int
    reference_rows: int
    """Events of the normal cluster that the voices were fitted on."""
    trimmed_share: float
    unsettled_share: float
    """Of the normal cluster: see `anomaly.normal`."""

    @classmethod
    def fit(
        cls, events: pa.Table, roles: Mapping[str, Role], weights: Mapping[str, float], seed: int
    ) -> tuple["AnomalyModel", npt.NDArray[np.int64]]:
        """Fit on a sample of conformed `events`, which may hold anomalies.

        One half is the reference: trimmed to the normal cluster, it fits the three voices. The
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
        reference, calibration = _halves(len(X), int(split_seed))
        cluster = NormalCluster.fit(X[reference])
        normal = reference[cluster.members]
        voices = Voices.fit(X[normal], X[calibration], embedder.spans, int(draw_seed))
        model = cls(
            embedder=embedder,
            voices=voices,
            held_out=np.sort(voices.hear(X[calibration]).surprisal),
            sample_rows=events.num_rows,
            reference_rows=len(normal),
            trimmed_share=cluster.trimmed_share,
            unsettled_share=cluster.unsettled_share,
        )
        return model, normal[voices.density.drawn_]

    def score(self, events: pa.Table) -> Scores:
        """Embed and score conformed `events`."""
        return self.score_vectors(self.embedder.transform(events))

    def score_vectors(self, X: npt.NDArray[np.float32]) -> Scores:
        """Score embedded events, float32 (n_events, n_dims)."""
        heard = self.voices.hear(X)
        return Scores(heard.density, heard.distance, settle(heard.surprisal, self.held_out))


def _halves(n: int, seed: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Split 0 … n - 1 into two random halves, each ascending."""
    order = np.random.default_rng(seed).permutation(n)
    return np.sort(order[: n // 2]), np.sort(order[n // 2 :])


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
    Voices,
)
"""Every class that a stored model may hold."""
