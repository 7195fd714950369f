"""How much of the normal mass lives around an event: the distance to a measure."""

from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

_CHUNK = 4_096
"""Rows at a time: their float32 distances to 512 references fit the cache."""

Rows = npt.NDArray[np.float32]


class DistanceToMeasure(BaseEstimator):  # type: ignore[misc]  # scikit-learn is untyped
    """Root mean square distance to the nearest share `mass` of a sample of normal rows.

    Unlike the distance to the k-th neighbour it is robust: a clump of anomalies smaller than the
    mass cannot vouch for itself. Chazal, Cohen-Steiner and Merigot (2011); as a detector, Gu,
    Akoglu and Rinaldo (NeurIPS 2019).

    Parameters
    ----------
    mass
        Share of the references that an event is measured against, in (0, 1].
    n_references
        References drawn from the rows it is fitted on.
    random_state
        Seeds the draw.

    Attributes
    ----------
    references_ : ndarray of shape (n_references, n_dims), float32
    drawn_ : ndarray of shape (n_references,), int64
        Their positions among the rows it was fitted on, ascending.
    """

    def __init__(
        self, mass: float = 0.05, n_references: int = 512, random_state: Any = None
    ) -> None:
        self.mass = mass
        self.n_references = n_references
        self.random_state = random_state

    def fit(self, X: npt.ArrayLike, y: None = None) -> "DistanceToMeasure":
        """Draw the references from the normal rows `X` (n_rows, n_dims)."""
        rows: Rows = validate_data(self, X, dtype=np.float32)
        random = check_random_state(self.random_state)
        n = min(self.n_references, len(rows))
        self.drawn_ = np.sort(random.choice(len(rows), size=n, replace=False)).astype(np.int64)
        self.references_ = np.ascontiguousarray(rows[self.drawn_])
        return self

    @property
    def n_neighbors_(self) -> int:
        """Return how many references make up the mass."""
        return max(1, round(self.mass * len(self.references_)))

    def score_samples(self, X: npt.ArrayLike) -> npt.NDArray[np.float32]:
        """Return the distance of each row of `X`, float32 (n_rows,): higher is more anomalous."""
        check_is_fitted(self)
        rows: Rows = validate_data(self, X, dtype=np.float32, reset=False, ensure_min_samples=0)
        scores = np.empty(len(rows), dtype=np.float32)
        for start in range(0, len(rows), _CHUNK):
            squared = self._squared_distances(rows[start : start + _CHUNK])
            if self.n_neighbors_ < squared.shape[1]:
                squared.partition(self.n_neighbors_ - 1, axis=1)
            nearest = squared[:, : self.n_neighbors_]
            scores[start : start + _CHUNK] = np.sqrt(nearest.mean(axis=1))
        return scores

    def nearest(self, X: npt.ArrayLike, n: int) -> npt.NDArray[np.int64]:
        """Return the `n` nearest references of each row, int64 (n_rows, n), nearest first."""
        check_is_fitted(self)
        rows: Rows = validate_data(self, X, dtype=np.float32, reset=False, ensure_min_samples=0)
        return np.argsort(self._squared_distances(rows), axis=1, kind="stable")[:, :n]

    def _squared_distances(self, rows: Rows) -> Rows:
        # |x - r|^2 = |x|^2 - 2 x.r + |r|^2, about the references' centre to keep the digits.
        centre = self.references_.mean(axis=0)
        references = self.references_ - centre
        rows = rows - centre
        squared = rows @ (-2.0 * references.T)
        squared += np.einsum("ij,ij->i", references, references)
        squared += np.einsum("ij,ij->i", rows, rows)[:, None]
        return np.maximum(squared, 0.0, out=squared)
