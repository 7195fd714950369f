"""The normal cluster: the events of a contaminated sample that the model is fitted on.

Concentration steps (Rousseeuw and Van Driessen, 1999): fit a centre and a covariance, keep the
events nearest to them, fit again. A last, wider step takes back the outer part of the normal
events. A model fitted without them would find them anomalous. Where the events cover several
days, those of a kind that recurs are taken back too (`anomaly.detectors.recurring`).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from anomaly.detectors.mahalanobis import FewRows, ShrunkMahalanobis
from anomaly.detectors.recurring import covers_habits, recurring
from anomaly.embedding.deduplicated import EmbeddedEvents
from anomaly.numerics.arrays import Floats, Integers
from anomaly.numerics.spacing import evenly_spaced, stride

_CORE = 0.90
"""Share that the concentration steps fit on: one event in ten may be foreign."""
_NORMAL = 0.95
"""Share that the normal cluster holds in the end."""
_STEPS = 4
_FIT_ROWS = 16_384
"""Rows, evenly spread, that a step's covariance comes from: enough for hundreds of dimensions."""
_SAMPLE_ROWS = 2 * _FIT_ROWS
"""Rows, evenly spread, that the concentration steps choose among."""
_HALF_ROWS = _FIT_ROWS // 2
"""Rows that the cluster of a half comes from: together the halves are what one step takes."""
_VALUES = 2**26
"""Coordinates of these rows at the most: with tens of thousands of dimensions, fewer rows."""


@dataclass(frozen=True)
class NormalCluster:
    """The outcome of trimming: the members of the cluster, and how settled it is."""

    members: npt.NDArray[np.bool_]
    """(n_events,): True for the events of the normal cluster."""
    unsettled_share: float
    """Share of the core that the last step still exchanged: 0 when it had settled."""

    @classmethod
    def fit(cls, events: EmbeddedEvents, days: Integers | None = None) -> "NormalCluster":
        """Find the normal cluster of embedded events.

        With `days`, int64 (n_events,), the day of each event: what recurs is of the cluster, if
        the days can show that.
        """
        core, unsettled = _concentrate(_spread(events, _SAMPLE_ROWS, np.arange(events.n_events)).X)
        members = _nearest(ShrunkMahalanobis().fit(core).score_events(events), _NORMAL)
        if days is not None and covers_habits(days):
            members |= recurring(events, ~members, days)
        return cls(members, unsettled)

    @property
    def trimmed_share(self) -> float:
        """Return the share of the sample that was left out."""
        return 1.0 - float(self.members.mean())


def agreement(events: EmbeddedEvents) -> float:
    """Return the share of the trimmed that another half of the sample trims again.

    The cluster is found in every other event, and in the events between; each trims all of them.
    Both trim an anomalous group that lies apart, and the share is near one. It is smaller where the
    boundary runs through a thin tail of ordinary events: there chance decides. What recurs is not
    taken back here. Four events are the fewest that have two halves.
    """
    first, second = (_trimmed_by(half, events) for half in _halves(events))
    # Both trim the same number: the outermost five in a hundred.
    return float(np.sum(first & second) / first.sum()) if first.any() else 1.0


def _halves(events: EmbeddedEvents) -> Iterator[Floats]:
    for start in (0, 1):
        yield _spread(events, _HALF_ROWS, np.arange(start, events.n_events, 2)).X


def _trimmed_by(half: Floats, events: EmbeddedEvents) -> npt.NDArray[np.bool_]:
    core, _ = _concentrate(half)
    return ~_nearest(ShrunkMahalanobis().fit(core).score_events(events), _NORMAL)


def _concentrate(X: Floats) -> tuple[Floats, float]:
    """Return rows of the core of `X`, and the share of the core that was still exchanged."""
    core = np.ones(len(X), dtype=bool)
    unsettled = 0.0
    few = FewRows.of(X) if len(X) < X.shape[1] else None
    for step in range(_STEPS):
        fitted = _some(np.flatnonzero(core))
        scores = (
            few.distances(fitted) if few else ShrunkMahalanobis().fit(X[fitted]).score_samples(X)
        )
        nearest = _nearest(scores, _CORE)
        # The first step leaves the whole sample; that is no exchange.
        unsettled = float(np.sum(nearest & ~core) / core.sum()) if step else 0.0
        core = nearest
    return X[_some(np.flatnonzero(core))], unsettled


def _some(core: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    """Return those places of the rows of a core that its covariance comes from, evenly spread."""
    return core[:: stride(len(core), _FIT_ROWS)]


def _spread(events: EmbeddedEvents, most: int, among: Integers) -> EmbeddedEvents:
    """Return at most so many of some events, evenly spread; fewer if they have many dimensions."""
    most = min(most, max(_VALUES // events.n_dims, 1))
    return events.take(among[evenly_spaced(len(among), most)])


def _nearest(scores: Floats, share: float) -> npt.NDArray[np.bool_]:
    """Return which rows are the `share` with the lowest `scores`."""
    nearest = np.zeros(len(scores), dtype=bool)
    nearest[np.argsort(scores, kind="stable")[: int(np.ceil(share * len(scores)))]] = True
    return nearest
