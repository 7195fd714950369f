"""How far an event is from the centre of others, in deviations: the Mahalanobis distance."""

import numpy as np
import numpy.typing as npt
from scipy.linalg import cholesky, solve_triangular
from sklearn.base import BaseEstimator
from sklearn.covariance import ledoit_wolf
from sklearn.utils.validation import check_is_fitted, validate_data

_CHUNK = 16_384
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
        scores = np.empty(len(rows), dtype=np.float32)
        for start in range(0, len(rows), _CHUNK):
            white = (rows[start : start + _CHUNK] - self.location_) @ self.whitener_
            scores[start : start + _CHUNK] = np.sqrt(np.einsum("ij,ij->i", white, white))
        return scores
