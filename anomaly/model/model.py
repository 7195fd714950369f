"""The model: one fold, or the three of a small sample, as one judge."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from anomaly.detectors.calibration import Calibration, SurprisalCurve
from anomaly.detectors.combination import ScoreCombination
from anomaly.detectors.cosine import UnlikeDirection
from anomaly.detectors.covariance_metric import CovarianceMetric
from anomaly.detectors.density import DistanceToMeasure
from anomaly.detectors.distance import FarthestColumn
from anomaly.detectors.share_bound import SmallMasses
from anomaly.embedding.address_rarity import AddressRarityBlock, NetworkCounts
from anomaly.embedding.category import CategoryBlock
from anomaly.embedding.conditional import HourHabit, NameHabit
from anomaly.embedding.deduplicated import Span
from anomaly.embedding.embedder import EventEmbedder
from anomaly.embedding.entity_rarity import EntityRarityBlock
from anomaly.embedding.level_habit import LevelHabit
from anomaly.embedding.local_regression import LocalRegression
from anomaly.embedding.look_alikes import LookAlikes
from anomaly.embedding.lsa import TokenSpace
from anomaly.embedding.number import NumberBlock
from anomaly.embedding.own_values import OwnValues
from anomaly.embedding.read_events import ReadEvents
from anomaly.embedding.sentence_embedding import MeaningSpace
from anomaly.embedding.sequence import SequenceBlock
from anomaly.embedding.step_counts import StepCounts
from anomaly.embedding.tail import TailSurprisal
from anomaly.embedding.text import TextBlock
from anomaly.embedding.time import TimeBlock
from anomaly.model.fold import Fold, ModelOptions, Scores, days_of
from anomaly.model.splits import splits
from schemas.columns.roles import Role
from schemas.errors import InputError

FEWEST_EVENTS = 20
"""Below this there is no cluster to speak of."""
_SMALL = 65_536
"""In a larger sample one fold is as good as three, and three times as fast."""
_DEFAULT = ModelOptions()


@dataclass(frozen=True)
class AnomalyModel:
    """Folds that judge together; the first of them explains."""

    folds: tuple[Fold, ...]
    sample_rows: int

    @classmethod
    def fit(
        cls,
        events: pa.Table,
        roles: Mapping[str, Role],
        weights: Mapping[str, float],
        seed: int,
        options: ModelOptions = _DEFAULT,
    ) -> tuple["AnomalyModel", npt.NDArray[np.int64]]:
        """Fit on a sample of conformed `events`, which may hold anomalies.

        In a small sample chance says much: which third calibrates, which events are references.
        There each third calibrates once, and the three folds judge together, as cross-conformal
        prediction does (Vovk, 2015).

        Returns
        -------
        The model, and the positions in `events` of the references that explain, those of the first
        fold's density, int64 (n_references,).

        Raises
        ------
        InputError
            If there are too few events, or no column is embedded.
        """
        _require_enough(events)
        n = events.num_rows
        parted = splits(n, seed, days_of(events, roles) if options.other_days else None)
        used = parted if n <= _SMALL else parted[:1]
        read = ReadEvents.read(events, roles)
        fitted = [Fold.fit(read, roles, weights, split, options) for split in used]
        return cls(tuple(fold for fold, _ in fitted), n), fitted[0][1]

    @property
    def explaining(self) -> Fold:
        """Return the fold whose embedding and references the findings are explained by."""
        return self.folds[0]

    @property
    def embedder(self) -> EventEmbedder:
        """Return the embedding that findings are explained, grouped and drawn in."""
        return self.explaining.embedder

    @property
    def calibration_rows(self) -> int:
        """Return how many events the p-values come from."""
        return sum(len(fold.calibration.surprisals) for fold in self.folds)

    def score(self, events: pa.Table) -> Scores:
        """Embed and score conformed `events`: the mean of what the folds say.

        The mean of conformal p-values is at most twice too small, whatever the folds have in common
        (Vovk and Wang, 2020). It is about right where they agree.
        """
        of_folds = [fold.score(events) for fold in self.folds]
        return Scores(
            np.mean([scores.density for scores in of_folds], axis=0),
            np.mean([scores.distance for scores in of_folds], axis=0),
            np.mean([scores.p_values for scores in of_folds], axis=0),
        )


def _require_enough(events: pa.Table) -> None:
    if events.num_rows < FEWEST_EVENTS:
        raise InputError(
            f"only {events.num_rows} valid events",
            remedy=f"a normal cluster needs at least {FEWEST_EVENTS}; widen the input",
        )


PARTS = (
    AddressRarityBlock,
    AnomalyModel,
    Calibration,
    CategoryBlock,
    CovarianceMetric,
    DistanceToMeasure,
    EventEmbedder,
    EntityRarityBlock,
    FarthestColumn,
    Fold,
    HourHabit,
    LevelHabit,
    LocalRegression,
    LookAlikes,
    MeaningSpace,
    NameHabit,
    NetworkCounts,
    NumberBlock,
    OwnValues,
    SequenceBlock,
    SmallMasses,
    Span,
    StepCounts,
    SurprisalCurve,
    TailSurprisal,
    TextBlock,
    TimeBlock,
    TokenSpace,
    UnlikeDirection,
    ScoreCombination,
)
"""Every class that a stored model may hold."""
