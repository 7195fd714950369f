"""The peers: twelve PyOD detectors and scikit-learn's own two, all with default parameters."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

import numpy as np
import numpy.typing as npt

OUTFIELD = "outfield"

Score = Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]]
"""Fits a matrix and gives the scores of its rows, higher for more anomalous."""


@dataclass(frozen=True)
class Peer:
    """A detector of another library."""

    name: str
    module: str
    kind: str
    """The class in it."""
    seeded: bool
    """Whether it takes a `random_state`; the others give the same for every seed."""

    def load(self, seed: int) -> Score:
        """Import the detector and set it up; what it is called with is only the matrix."""
        kind = getattr(importlib.import_module(self.module), self.kind)
        detector = kind(random_state=seed) if self.seeded else kind()

        def score(X: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
            detector.fit(X)
            if hasattr(detector, "decision_scores_"):
                return detector.decision_scores_
            if hasattr(detector, "negative_outlier_factor_"):
                return -detector.negative_outlier_factor_
            return -detector.score_samples(X)

        return score


PEERS = {
    peer.name: peer
    for peer in (
        Peer("CBLOF", "pyod.models.cblof", "CBLOF", seeded=True),
        Peer("COPOD", "pyod.models.copod", "COPOD", seeded=False),
        Peer("ECOD", "pyod.models.ecod", "ECOD", seeded=False),
        Peer("GMM", "pyod.models.gmm", "GMM", seeded=True),
        Peer("HBOS", "pyod.models.hbos", "HBOS", seeded=False),
        Peer("IForest", "pyod.models.iforest", "IForest", seeded=True),
        Peer("INNE", "pyod.models.inne", "INNE", seeded=True),
        Peer("KNN", "pyod.models.knn", "KNN", seeded=False),
        Peer("LOF", "pyod.models.lof", "LOF", seeded=False),
        Peer("MCD", "pyod.models.mcd", "MCD", seeded=True),
        Peer("OCSVM", "pyod.models.ocsvm", "OCSVM", seeded=False),
        Peer("PCA", "pyod.models.pca", "PCA", seeded=True),
        Peer("sklearn-IForest", "sklearn.ensemble", "IsolationForest", seeded=True),
        Peer("sklearn-LOF", "sklearn.neighbors", "LocalOutlierFactor", seeded=False),
    )
}
"""Name -> peer."""


def versions() -> str:
    """Name the versions that the peers' results depend on."""
    return ", ".join(f"{name} {_version(name)}" for name in ("pyod", "scikit-learn", "skrub"))


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"
