"""How far an event is from the centre of others, in deviations: the Mahalanobis distance."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
from scipy.linalg import cholesky, solve_triangular
from sklearn.base import BaseEstimator
from sklearn.covariance import ledoit_wolf
from sklearn.utils.validation import check_is_fitted, validate_data

from anomaly.embedding.parts import EmbeddedEvents

_CHUNK = 4_096
"""Rows at a time: a chunk of 100 float32 dimensions fits the second-level cache."""


class ShrunkMahalanobis(BaseEstimator):  # type: ignore[misc]  # scikit-learn is untyped
    """Mahalanobis distance to the centre of the rows it was fitted on.

    The covariance is shrunk after Ledoit and Wolf (2004), so that it can be inverted however few
    the rows. Robust only as far as the rows are: fit it on a normal cluster.

    Attributes
    ----------
    location_ : ndarray of shape (n_dims,), float32
    whitener_ : ndarray of shape (n_dims, n_dims), float32
        `W` such that `|(x - location) W|` is the distance.
    """

    def fit(self, X: npt.ArrayLike, y: None = None) -> "ShrunkMahalanobis":
        """Fit on the normal rows `X` (n_rows, n_dims)."""
        rows: npt.NDArray[np.float64] = validate_data(
            self, X, dtype=np.float64, ensure_min_samples=2
        )
        covariance, _ = ledoit_wolf(rows)
        # A floor for dimensions that never vary: they then count a deviation in their own units.
        ridge = max(1e-3, 1e-6 * float(np.trace(covariance)) / len(covariance))
        lower = cholesky(covariance + ridge * np.eye(len(covariance)), lower=True)
        inverse = solve_triangular(lower, np.eye(len(covariance)), lower=True)
        self.location_ = rows.mean(axis=0).astype(np.float32)
        self.whitener_ = np.ascontiguousarray(inverse.T, dtype=np.float32)
        return self

    def score_samples(self, X: npt.ArrayLike) -> npt.NDArray[np.float32]:
        """Return the distance of each row of `X`, float32 (n_rows,): higher is more anomalous."""
        check_is_fitted(self)
        rows: npt.NDArray[np.float32] = validate_data(
            self, X, dtype=np.float32, reset=False, ensure_min_samples=0
        )
        return self._scores(rows[i : i + _CHUNK] for i in range(0, len(rows), _CHUNK))

    def score_events(self, events: EmbeddedEvents) -> npt.NDArray[np.float32]:
        """Return the distance of embedded events, float32 (n_events,); X is never whole."""
        check_is_fitted(self)
        return self._scores(events.blocks(_CHUNK))

    def _scores(self, blocks: Iterable[npt.NDArray[np.float32]]) -> npt.NDArray[np.float32]:
        scores = [np.zeros(0, dtype=np.float32)]
        for rows in blocks:
            white = (rows - self.location_) @ self.whitener_
            scores.append(np.sqrt(np.einsum("ij,ij->i", white, white)))
        return np.concatenate(scores)
