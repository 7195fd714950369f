"""A fold: scores fitted on one part of a sample, and p-values calibrated on the other part."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from anomaly.detectors.calibration import Calibration
from anomaly.detectors.combination import CombinedScores, ScoreCombination
from anomaly.detectors.contamination import beyond_reference
from anomaly.detectors.recurring import covers_habits
from anomaly.detectors.share_bound import SmallMasses
from anomaly.detectors.trimming import NormalCluster, agreement
from anomaly.embedding.deduplicated import EmbeddedEvents, SomeEvents
from anomaly.embedding.embedder import EventEmbedder
from anomaly.embedding.hours import MICROSECONDS_A_DAY
from anomaly.embedding.lazily_embedded import LazilyEmbedded
from anomaly.embedding.read_events import ReadEvents
from anomaly.model.splits import Split
from anomaly.model.steadiness import shows_steadiness, steadiness
from anomaly.numerics.arrays import Integers
from schemas.columns.roles import Role, time_column
from schemas.errors import InputError
from schemas.events.contract import one_array
from schemas.job.sections import Distance, TextEmbedding

_TRIMMED_COUNTED = 50
"""One in so many of the trimmed events is counted as the normal ones are. A legitimate name whose
events are all trimmed must stay rare, and not become unseen."""
_WITH_TEXTS_AT_ONCE = 32_768
"""Events, or distinct texts of a column, that are scored at a time: they need some 100 MB."""
_USUAL = 0.01
"""The least p-value of a usual reference, which odd events are compared with."""
_ROUNDING = 1e-5
"""Coordinates that differ by less, or by less than this share of them, are equal."""


@dataclass(frozen=True)
class ModelOptions:
    """The choices that a user has for the model."""

    distance: Distance = "euclidean"
    """What the distance score measures: `detectors.distance` or `detectors.cosine`."""
    peers: tuple[str, ...] = ()
    """Categories and flags that judge the other columns, as entities do."""
    text: TextEmbedding = "tokens"
    """What is known of a text: `anomaly.embedding.text`."""
    other_days: bool = False
    """Whether events of other days are judged than those of the sample: `anomaly.model.splits`."""


@dataclass(frozen=True)
class Scores:
    """Scores of events, each (n_events,), higher = more anomalous; p-values lower."""

    density: npt.NDArray[np.float32]
    distance: npt.NDArray[np.float32]
    p_values: npt.NDArray[np.float64]


@dataclass(frozen=True)
class Fold:
    """An embedding, the two scores fitted on its normal cluster, and their calibration."""

    embedder: EventEmbedder
    combination: ScoreCombination
    calibration: Calibration
    reference_rows: int
    """Events of the normal cluster that the scores were fitted on."""
    trimmed_share: float
    unsettled_share: float
    """Of the normal cluster: see `anomaly.detectors.trimming`."""
    agreement: float
    """Share of the outermost twentieth that is outermost again by another half of the reference."""
    beyond_reference: float
    """Share of the held-out more surprising than nearly all of the cluster."""

    @classmethod
    def fit(
        cls,
        events: ReadEvents,
        roles: Mapping[str, Role],
        weights: Mapping[str, float],
        split: Split,
        options: ModelOptions,
    ) -> tuple["Fold", npt.NDArray[np.int64]]:
        """Fit on a split of conformed `events`, which may hold anomalies.

        The reference, trimmed to the normal cluster, fits the two scores. The trim takes about
        equal names for one, as a name that is rarer by chance is not odd. The scores of the
        calibration are those of events the cluster was not fitted on. The counts of the embedding
        are taken once more, on the normal cluster and a few of the trimmed events. With the first
        counts, a flood of events from one attack would make itself look common. For events of other
        days, columns that are new every day are shrunk: see `anomaly.model.steadiness`.

        Returns
        -------
        The fold, and the positions in `events` of the density's references, int64 (n_references,).

        Raises
        ------
        InputError
            If no column is embedded.
        """
        known = events.take(split.reference)
        embedder = EventEmbedder.fit(
            known, roles, weights, split.embed_seed, options.peers, options.text
        )
        _require_dimensions(embedder)
        days = days_of(known.table, roles)
        cluster, agreed = _trimmed(embedder.embed_pooled(known), days)
        normal = split.reference[cluster.members]
        counted = events.take(_counted(split.reference, cluster.members))
        embedder = embedder.recounted(counted, split.embed_seed)
        if options.other_days and shows_steadiness(days_of(events.table, roles)):
            embedder = _steadied(embedder, events, normal, split)
        members = LazilyEmbedded(embedder, events.take(normal))
        others = embedder.embed(events.take(split.calibration))
        combination, scores = _combine(
            members, others, embedder, split.draw_seed, options.distance, covers_habits(days)
        )
        fold = cls(
            embedder=embedder,
            combination=combination,
            calibration=Calibration.fit(scores.surprisal),
            reference_rows=len(normal),
            trimmed_share=cluster.trimmed_share,
            unsettled_share=cluster.unsettled_share,
            agreement=agreed,
            beyond_reference=beyond_reference(combination, members, scores.surprisal),
        )
        return fold, normal[combination.density.drawn_]

    def score(self, events: pa.Table) -> Scores:
        """Embed and score conformed `events`; with many distinct texts, some at a time.

        What comes of distinct texts is as large as the events are many. Each event has the same
        scores whichever others are beside it.
        """
        if not _has_many_texts(events, self.embedder.roles):
            return self._score(self.embedder.embed(events))
        starts = range(0, max(events.num_rows, 1), _WITH_TEXTS_AT_ONCE)
        some = [events.slice(start, _WITH_TEXTS_AT_ONCE) for start in starts]
        parts = [self._score(self.embedder.embed(part)) for part in some]
        return Scores(
            np.concatenate([part.density for part in parts]),
            np.concatenate([part.distance for part in parts]),
            np.concatenate([part.p_values for part in parts]),
        )

    def score_vectors(self, X: npt.NDArray[np.float32]) -> Scores:
        """Score vectors, float32 (n_events, n_dims), that need not be those of any events."""
        return self._score(EmbeddedEvents.whole(X, self.embedder.spans))

    def nearest_usual(self, X: npt.NDArray[np.float32], n: int) -> Integers:
        """Return the `n` nearest references that are usual, int64 (n_rows, n), nearest first.

        An odd event may be a reference, or of a kind that recurs. It is compared with what most
        events are. Where fewer than `n` references are usual, all count. References equal to it
        come last: they say nothing about it, and one of them may be the event itself.
        """
        usual, n_references = self._usual, len(self._usual)
        among = usual if usual.sum() >= n else np.ones(n_references, dtype=bool)
        nearest = self.combination.density.nearest(X, int(among.sum()), among)
        return _equal_ones_last(nearest, X, self.combination.density.references_)[:, :n]

    def are_usual(self, X: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
        """Return which rows are less odd than one held-out event in a hundred, bool (n_rows,)."""
        return self.score_vectors(X).p_values >= _USUAL

    @cached_property
    def _usual(self) -> npt.NDArray[np.bool_]:
        """(n_references,): True for those less odd than one held-out event in a hundred."""
        return self.are_usual(self.combination.density.references_)

    def _score(self, events: EmbeddedEvents) -> Scores:
        scores = self.combination.score(events)
        return Scores(scores.density, scores.distance, self.calibration.p_values(scores.surprisal))


def are_equal(X: npt.NDArray[np.float32], others: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
    """Return which rows of X equal those of `others` but for rounding, bool (n_rows,).

    Embedded beside other events, a text may be rounded otherwise.
    """
    alike: npt.NDArray[np.bool_] = np.isclose(X, others, rtol=_ROUNDING, atol=_ROUNDING)
    return np.asarray(alike.all(axis=1))


def _has_many_texts(events: pa.Table, roles: Mapping[str, Role]) -> bool:
    """Return whether a column holds more distinct texts than are embedded at once."""
    texts = (events[column] for column, role in roles.items() if role is Role.TEXT)
    return any(
        len(one_array(column).dictionary) > _WITH_TEXTS_AT_ONCE
        for column in texts
        if pa.types.is_dictionary(column.type)
    )


def _equal_ones_last(
    nearest: Integers, X: npt.NDArray[np.float32], references: npt.NDArray[np.float32]
) -> Integers:
    """Move the references that equal an event behind the others, int64 of the shape of `nearest`.

    They are the first of `nearest`, int64 (n_rows, n), as nothing is nearer.
    """
    equal = np.zeros(nearest.shape, dtype=bool)
    for place, references_there in enumerate(nearest.T):
        equal[:, place] = are_equal(X, references[references_there])
        if not equal[:, place].any():
            break
    return np.take_along_axis(nearest, np.argsort(equal, axis=1, kind="stable"), axis=1)


def _trimmed(events: EmbeddedEvents, days: Integers | None) -> tuple[NormalCluster, float]:
    """Find the normal cluster, and beside it whether another half of the events agrees."""
    with ThreadPoolExecutor(1) as beside:
        agreed = beside.submit(agreement, events)
        return NormalCluster.fit(events, days), agreed.result()


def _counted(
    reference: npt.NDArray[np.int64], members: npt.NDArray[np.bool_]
) -> npt.NDArray[np.int64]:
    """Return which events names are counted in: the normal ones, and some of the trimmed."""
    trimmed = reference[~members]
    return np.sort(np.concatenate([reference[members], trimmed[::_TRIMMED_COUNTED]]))


def _steadied(
    embedder: EventEmbedder, events: ReadEvents, normal: Integers, split: Split
) -> EventEmbedder:
    """Shrink the columns that are new every day; the calibration of the split is other days."""
    embedded = embedder.embed(events)
    parts = (normal, split.reference, split.calibration)
    return embedder.shrunk(steadiness(embedded, embedder.spans, *parts))


def _combine(
    normal: SomeEvents,
    calibration: EmbeddedEvents,
    embedder: EventEmbedder,
    seed: int,
    metric: Distance,
    recurs: bool,
) -> tuple[ScoreCombination, CombinedScores]:
    """Fit the scores; where it is known what `recurs`, bound them by the share of its kind.

    A distance of directions is not bounded: it is not measured at small masses.
    """
    spans, levels = embedder.spans, embedder.levels
    combination, scores = ScoreCombination.fit(normal, calibration, spans, seed, metric, levels)
    if recurs and metric != "cosine":
        small = SmallMasses.fit(normal, spans, seed, levels)
        combination = combination.with_small_masses(small)
        scores = combination.bounded(calibration, scores)
    return combination, combination.joined(calibration, scores)


def days_of(events: pa.Table, roles: Mapping[str, Role]) -> Integers | None:
    """Return the day of each event, counted from 1970 on (UTC); None where there is no time."""
    time = time_column(roles)
    if time is None:
        return None
    return np.asarray(events[time].cast(pa.int64()).to_numpy() // MICROSECONDS_A_DAY)


def _require_dimensions(embedder: EventEmbedder) -> None:
    if not embedder.n_dims:
        remedy = "give at least one a role other than id or ignore"
        raise InputError("no usable column", remedy=remedy)
