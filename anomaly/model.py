"""The model: the one file that knows the order of embedding, cluster, scores and p-values."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from anomaly.calibration import Calibration, Surprise
from anomaly.contamination import beyond_reference
from anomaly.cosine import UnlikeDirection
from anomaly.density import DistanceToMeasure
from anomaly.distance import FarthestColumn
from anomaly.embedding.category import CategoryBlock
from anomaly.embedding.embedder import EventEmbedder
from anomaly.embedding.familiarity import FamiliarityBlock
from anomaly.embedding.habits import HourHabit, LevelHabit, NameHabit
from anomaly.embedding.meaning import MeaningSpace
from anomaly.embedding.number import NumberBlock
from anomaly.embedding.parts import EmbeddedEvents, Span
from anomaly.embedding.sequence import SequenceBlock
from anomaly.embedding.steps import StepCounts
from anomaly.embedding.text import TextBlock
from anomaly.embedding.time import TimeBlock
from anomaly.embedding.tokens import TokenSpace
from anomaly.normal import NormalCluster, agreement
from anomaly.voices import Voices
from schemas.errors import InputError
from schemas.job_sections import Distance, TextEmbedding
from schemas.roles import Role

FEWEST_EVENTS = 20
"""Below this there is no cluster to speak of."""
_TRIMMED_COUNTED = 50
"""One in so many of the trimmed events is counted as the normal ones are: a lawful name that was
trimmed away whole must stay rare, and not become unheard of."""
_REFERENCE = 2.0 / 3.0
"""Share of the sample that the normal cluster comes from; the rest calibrates."""


@dataclass(frozen=True)
class ModelOptions:
    """How the model judges, where the user has a choice."""

    distance: Distance = "euclidean"
    """What the distance voice measures: `anomaly.distance` or `anomaly.cosine`."""
    peers: tuple[str, ...] = ()
    """Categories and flags that judge the other columns, as entities do."""
    text: TextEmbedding = "tokens"
    """What is known of a text: `anomaly.embedding.text`."""


@dataclass(frozen=True)
class Scores:
    """What the model says of events, each (n_events,), higher = more anomalous; p-values lower."""

    density: npt.NDArray[np.float32]
    distance: npt.NDArray[np.float32]
    p_values: npt.NDArray[np.float64]


@dataclass(frozen=True)
class AnomalyModel:
    """An embedding, two voices on its normal cluster, and what they mean together."""

    embedder: EventEmbedder
    voices: Voices
    calibration: Calibration
    sample_rows: int
    reference_rows: int
    """Events of the normal cluster that the voices were fitted on."""
    trimmed_share: float
    unsettled_share: float
    """Of the normal cluster: see `anomaly.normal`."""
    agreement: float
    """Share of the trimmed that another half of the reference trims again."""
    beyond_reference: float
    """Share of the held-out more surprising than nearly all of the cluster."""

    @classmethod
    def fit(
        cls,
        events: pa.Table,
        roles: Mapping[str, Role],
        weights: Mapping[str, float],
        seed: int,
        options: ModelOptions = ModelOptions(),
    ) -> tuple["AnomalyModel", npt.NDArray[np.int64]]:
        """Fit on a sample of conformed `events`, which may hold anomalies.

        Two thirds are the reference: trimmed to the normal cluster, they fit the two voices. The
        rest is the calibration: its scores are those of events the cluster was not fitted on. What
        the embedding counts, it counts once more on the normal cluster alone: a flood of one
        attack would otherwise vouch for itself.

        Returns
        -------
        The model, and the positions in `events` of the density's references, int64 (n_references,).

        Raises
        ------
        InputError
            If there are too few events, or no column is embedded.
        """
        _require_enough(events)
        embed_seed, _, draw_seed = np.random.SeedSequence(seed).generate_state(3)
        reference, calibration = _split(events.num_rows, seed)
        known = events.take(pa.array(reference))
        embedder = EventEmbedder.fit(
            known, roles, weights, int(embed_seed), options.peers, options.text
        )
        _require_dimensions(embedder)
        first = embedder.embed(known)
        cluster = NormalCluster.fit(first)
        normal = reference[cluster.members]
        trimmed = reference[~cluster.members]
        counted = np.sort(np.concatenate([normal, trimmed[::_TRIMMED_COUNTED]]))
        embedder = embedder.recounted(events.take(pa.array(counted)), int(embed_seed))
        embedded = embedder.embed(events)
        cluster_events, others = embedded.take(normal), embedded.take(calibration)
        voices, heard = Voices.fit(
            cluster_events, others, embedder.spans, int(draw_seed), options.distance
        )
        model = cls(
            embedder=embedder,
            voices=voices,
            calibration=Calibration.fit(heard.surprisal),
            sample_rows=events.num_rows,
            reference_rows=len(normal),
            trimmed_share=cluster.trimmed_share,
            unsettled_share=cluster.unsettled_share,
            agreement=agreement(first),
            beyond_reference=beyond_reference(voices, cluster_events, heard.surprisal),
        )
        return model, normal[voices.density.drawn_]

    def score(self, events: pa.Table) -> Scores:
        """Embed and score conformed `events`."""
        return self._score(self.embedder.embed(events))

    def score_vectors(self, X: npt.NDArray[np.float32]) -> Scores:
        """Score vectors, float32 (n_events, n_dims), that need not be those of any events."""
        return self._score(EmbeddedEvents.whole(X, self.embedder.spans))

    def _score(self, events: EmbeddedEvents) -> Scores:
        heard = self.voices.hear(events)
        return Scores(heard.density, heard.distance, self.calibration.p_values(heard.surprisal))


def _require_enough(events: pa.Table) -> None:
    if events.num_rows < FEWEST_EVENTS:
        raise InputError(
            f"only {events.num_rows} valid events",
            remedy=f"a normal cluster needs at least {FEWEST_EVENTS}; widen the input",
        )


def _require_dimensions(embedder: EventEmbedder) -> None:
    if not embedder.n_dims:
        remedy = "give at least one a role other than id or ignore"
        raise InputError("no usable column", remedy=remedy)


def held_out(n: int, seed: int) -> npt.NDArray[np.int64]:
    """Return which of `n` events a model of this seed calibrates on, ascending.

    Nothing but the p-values comes from them.
    """
    return _split(n, seed)[1]


def _split(n: int, seed: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Split 0 … n - 1 at random into reference and calibration, each ascending."""
    split_seed = int(np.random.SeedSequence(seed).generate_state(3)[1])
    order = np.random.default_rng(split_seed).permutation(n)
    first = round(_REFERENCE * n)
    return np.sort(order[:first]), np.sort(order[first:])


PARTS = (
    AnomalyModel,
    Calibration,
    CategoryBlock,
    DistanceToMeasure,
    EventEmbedder,
    FamiliarityBlock,
    FarthestColumn,
    HourHabit,
    LevelHabit,
    MeaningSpace,
    NameHabit,
    NumberBlock,
    SequenceBlock,
    Span,
    StepCounts,
    Surprise,
    TextBlock,
    TimeBlock,
    TokenSpace,
    UnlikeDirection,
    Voices,
)
"""Every class that a stored model may hold."""
