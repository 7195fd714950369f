"""The peers: twelve PyOD detectors, scikit-learn's own two, and three on engineered features.

The first fourteen have default parameters, and get what skrub makes of the columns. Those whose
name begins with `raw` get what a good engineer would make of them: see `tests.bench.engineered`.
"""

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from tests.bench.quality.features import Kind

OUTFIELD = "outfield"

Score = Callable[[Any], npt.NDArray[np.float64]]
"""Fits the features and gives the scores of their rows, higher for more anomalous."""


@dataclass(frozen=True)
class Peer:
    """A detector of another library."""

    name: str
    module: str
    kind: str
    """The class in it."""
    seeded: bool
    """Whether it takes a `random_state`; the others give the same for every seed."""
    features: ClassVar[Kind] = "skrub"
    packages: ClassVar[tuple[str, ...]] = ("pyod", "scikit-learn", "skrub")

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


@dataclass(frozen=True)
class RawPeer:
    """A detector of `tests.bench.raw_peers`."""

    name: str
    function: str
    features: Kind
    packages: tuple[str, ...]
    """Those that its results depend on."""
    seeded: ClassVar[bool] = True

    def load(self, seed: int) -> Score:
        """Import the detector and set it up."""
        return getattr(importlib.import_module("tests.bench.raw_peers"), self.function)(seed)


PEERS: dict[str, Peer | RawPeer] = {
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
        RawPeer("raw-IForest", "isolation_forest", "encoded", ("scikit-learn",)),
        RawPeer("raw-isotree", "isotree", "frame", ("isotree",)),
        RawPeer("raw-kNN", "nearest", "encoded", ("scikit-learn",)),
    )
}
"""Name -> peer."""


def versions_of(packages: Sequence[str]) -> str:
    """Name the versions of packages."""
    return ", ".join(f"{name} {_version(name)}" for name in packages)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"
