"""The normal cluster: which events of a contaminated sample the model may be fitted on.

Concentration steps (Rousseeuw and Van Driessen, 1999): fit a centre and a covariance, keep the
events nearest to them, fit again. A last, wider step takes back the outer part of the normal
events, which a model without them would take for foreign.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from anomaly.mahalanobis import ShrunkMahalanobis

_CORE = 0.90
"""Share that the concentration steps fit on: one event in ten may be foreign."""
_KEPT = 0.95
"""Share that is kept in the end."""
_STEPS = 4
_FIT_ROWS = 16_384
"""Rows, evenly spread, that a step's covariance comes from: enough for hundreds of dimensions."""


@dataclass(frozen=True)
class NormalCluster:
    """The outcome of trimming: who is in, and how firmly."""

    members: npt.NDArray[np.bool_]
    """(n_events,): True for the events of the normal cluster."""
    unsettled_share: float
    """Share of the core that the last step still exchanged: 0 when it had settled."""

    @classmethod
    def fit(cls, X: npt.NDArray[np.float32]) -> "NormalCluster":
        """Find the normal cluster of `X`, float32 (n_events, n_dims)."""
        core = np.ones(len(X), dtype=bool)
        unsettled = 0.0
        for step in range(_STEPS):
            nearest = _nearest_to(X, core, _CORE)
            # The first step leaves the whole sample; that is no exchange.
            unsettled = float(np.sum(nearest & ~core) / core.sum()) if step else 0.0
            core = nearest
        return cls(_nearest_to(X, core, _KEPT), unsettled)

    @property
    def trimmed_share(self) -> float:
        """Return the share of the sample that was left out."""
        return 1.0 - float(self.members.mean())


def _nearest_to(
    X: npt.NDArray[np.float32], core: npt.NDArray[np.bool_], share: float
) -> npt.NDArray[np.bool_]:
    rows = np.flatnonzero(core)
    spread = rows[:: -(-len(rows) // _FIT_ROWS)]
    scores = ShrunkMahalanobis().fit(X[spread]).score_samples(X)
    nearest = np.zeros(len(X), dtype=bool)
    nearest[np.argsort(scores, kind="stable")[: int(np.ceil(share * len(X)))]] = True
    return nearest
