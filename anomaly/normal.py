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
_HALF_ROWS = _FIT_ROWS // 2
"""Rows that the cluster of a half comes from: together the halves are what one step takes."""

Rows = npt.NDArray[np.float32]


@dataclass(frozen=True)
class NormalCluster:
    """The outcome of trimming: who is in, and how firmly."""

    members: npt.NDArray[np.bool_]
    """(n_events,): True for the events of the normal cluster."""
    unsettled_share: float
    """Share of the core that the last step still exchanged: 0 when it had settled."""

    @classmethod
    def fit(cls, X: Rows) -> "NormalCluster":
        """Find the normal cluster of `X`, float32 (n_events, n_dims)."""
        core, unsettled = _concentrate(X)
        return cls(_nearest_to(X[_spread(core)], X, _KEPT), unsettled)

    @property
    def trimmed_share(self) -> float:
        """Return the share of the sample that was left out."""
        return 1.0 - float(self.members.mean())


def agreement(X: Rows) -> float:
    """Return the share of the trimmed that another half of the sample trims again.

    The cluster is found in every other row of `X`, float32 (n_events, n_dims), and in the rows
    between; each trims all of `X`. Where a foreign group is apart both trim it, and the share is
    near one; where the border runs through a thin tail of ordinary events, it falls by chance.
    Four rows are the fewest that have two halves.
    """
    first, second = (~_kept_by(X[start::2], X) for start in (0, 1))
    # Both trim the same number: the outermost five in a hundred.
    return float(np.sum(first & second) / first.sum()) if first.any() else 1.0


def _kept_by(half: Rows, X: Rows) -> npt.NDArray[np.bool_]:
    sample = half[:: -(-len(half) // _HALF_ROWS)]
    core, _ = _concentrate(sample)
    return _nearest_to(sample[core], X, _KEPT)


def _concentrate(X: Rows) -> tuple[npt.NDArray[np.bool_], float]:
    """Return which rows of `X` are its core, and the share of it that was still exchanged."""
    core = np.ones(len(X), dtype=bool)
    unsettled = 0.0
    for step in range(_STEPS):
        nearest = _nearest_to(X[_spread(core)], X, _CORE)
        # The first step leaves the whole sample; that is no exchange.
        unsettled = float(np.sum(nearest & ~core) / core.sum()) if step else 0.0
        core = nearest
    return core, unsettled


def _spread(core: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Return the rows of a core that its covariance comes from."""
    rows = np.flatnonzero(core)
    return rows[:: -(-len(rows) // _FIT_ROWS)]


def _nearest_to(core: Rows, X: Rows, share: float) -> npt.NDArray[np.bool_]:
    """Return which rows of `X` are the `share` of it that is nearest to the rows of a `core`."""
    scores = ShrunkMahalanobis().fit(core).score_samples(X)
    nearest = np.zeros(len(X), dtype=bool)
    nearest[np.argsort(scores, kind="stable")[: int(np.ceil(share * len(X)))]] = True
    return nearest
