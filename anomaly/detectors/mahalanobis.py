"""Mahalanobis distance: how far an event is from the centre of others, in deviations."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.linalg import cholesky, solve_triangular
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted, validate_data

from anomaly.embedding.deduplicated import EmbeddedEvents, rows_at_once
from anomaly.numerics.arrays import Doubles, Floats


class ShrunkMahalanobis(BaseEstimator):  # type: ignore[misc]  # scikit-learn is untyped
    """Mahalanobis distance to the centre of the rows it was fitted on.

    The covariance is shrunk after Ledoit and Wolf (2004), so that it can be inverted however few
    the rows. Robust only as far as the rows are: fit it on a normal cluster.

    Attributes
    ----------
    location_ : ndarray of shape (n_dims,), float32
    metric_ : WhitenedSpace or FewAxes
        Measures a row from that location.
    """

    def fit(self, X: npt.ArrayLike, y: None = None) -> "ShrunkMahalanobis":
        """Fit on the normal rows `X` (n_rows, n_dims)."""
        rows: Doubles = validate_data(self, X, dtype=np.float64, ensure_min_samples=2)
        location = rows.mean(axis=0)
        centred = rows - location
        n_rows, n_dims = rows.shape
        # The covariance, or what has the same squares in sum and the same axes, but is smaller.
        few = n_rows < n_dims
        products = (centred @ centred.T if few else centred.T @ centred) / n_rows
        shrinkage, floor = _shrunk(products, np.einsum("ij,ij->i", centred, centred), n_dims)
        products *= 1.0 - shrinkage
        centred *= np.sqrt((1.0 - shrinkage) / n_rows)
        self.location_ = location.astype(np.float32)
        self.metric_ = (
            FewAxes.of(centred, products, floor) if few else WhitenedSpace.of(products, floor)
        )
        return self

    def score_samples(self, X: npt.ArrayLike) -> Floats:
        """Return the distance of each row of `X`, float32 (n_rows,): higher is more anomalous."""
        check_is_fitted(self)
        rows: Floats = validate_data(self, X, dtype=np.float32, reset=False, ensure_min_samples=0)
        size = rows_at_once(rows.shape[1])
        return self._scores(rows[i : i + size] for i in range(0, len(rows), size))

    def score_events(self, events: EmbeddedEvents) -> Floats:
        """Return the distance of embedded events, float32 (n_events,); X is never whole."""
        check_is_fitted(self)
        return self._scores(events.blocks(rows_at_once(events.n_dims)))

    def _scores(self, blocks: Iterable[Floats]) -> Floats:
        squares = [self.metric_.squares(rows - self.location_) for rows in blocks]
        return np.sqrt(np.concatenate([np.zeros(0, dtype=np.float32), *squares]))


@dataclass(frozen=True)
class WhitenedSpace:
    """Deviations in all directions, for no more dimensions than there are rows."""

    whitener: Floats
    """(n_dims, n_dims): `W` such that `|x W|` is the distance of x from the centre."""

    @classmethod
    def of(cls, covariance: Doubles, floor: float) -> "WhitenedSpace":
        """Learn from a covariance, to which `floor` is added in every dimension."""
        lower = cholesky(covariance + floor * np.eye(len(covariance)), lower=True)
        inverse = solve_triangular(lower, np.eye(len(covariance)), lower=True)
        return cls(np.ascontiguousarray(inverse.T, dtype=np.float32))

    def squares(self, centred: Floats) -> Floats:
        """Return the squared distances of centred rows, float32 (n_rows,)."""
        white = centred @ self.whitener
        return np.einsum("ij,ij->i", white, white)


@dataclass(frozen=True)
class FewAxes:
    """Deviations along the axes that few rows span; `floor` is the variance in all others.

    By the Woodbury identity, the inverse covariance is that of the floor less a product of the
    axes. So it costs products of rows and not of dimensions, of which there may be tens of
    thousands.
    """

    axes: Doubles
    """(n_dims, n_rows): `A` such that `|x|² / floor - |x A|²` is the squared distance of x."""
    floor: float

    @classmethod
    def of(cls, spread: Doubles, products: Doubles, floor: float) -> "FewAxes":
        """Learn from rows whose products `spread.T @ spread` are the covariance, but for the floor.

        `products` is `spread @ spread.T`, (n_rows, n_rows).
        """
        lower = cholesky(products + floor * np.eye(len(products)), lower=True)
        axes = solve_triangular(lower, spread, lower=True)
        return cls(np.ascontiguousarray(axes.T / np.sqrt(floor)), floor)

    def squares(self, centred: Floats) -> Floats:
        """Return the squared distances of centred rows, float32 (n_rows,)."""
        rows = centred.astype(np.float64)
        along = rows @ self.axes
        squares = np.einsum("ij,ij->i", rows, rows) / self.floor
        squares -= np.einsum("ij,ij->i", along, along)
        return np.maximum(squares, 0.0).astype(np.float32)


@dataclass(frozen=True)
class FewRows:
    """Rows that are fewer than their dimensions, and are measured by some of themselves.

    A distance and the shrinkage depend on products of rows alone. So these are made once, however
    often the rows that are fitted on change.
    """

    products: Doubles
    """(n_rows, n_rows): each row times each, from their centre."""
    n_dims: int

    @classmethod
    def of(cls, X: Floats) -> "FewRows":
        """Take float32 (n_rows, n_dims)."""
        centred = X - X.mean(axis=0, dtype=np.float64)
        return cls(centred @ centred.T, X.shape[1])

    def distances(self, fitted: npt.NDArray[np.intp]) -> Floats:
        """Return what `ShrunkMahalanobis` gives all rows, fitted on those of these positions.

        float32 (n_rows,).
        """
        among = self.products[fitted]
        to_centre = among.mean(axis=0)
        of_centre = to_centre[fitted].mean()
        lengths = np.diag(self.products) - 2.0 * to_centre + of_centre
        # Each fitted row times each row, now both from the centre of the fitted ones.
        among -= to_centre
        among -= to_centre[fitted][:, None] - of_centre
        own = among[:, fitted] / len(fitted)
        shrinkage, floor = _shrunk(own, lengths[fitted], self.n_dims)
        own *= 1.0 - shrinkage
        among *= np.sqrt((1.0 - shrinkage) / len(fitted))
        lower = cholesky(own + floor * np.eye(len(own)), lower=True, overwrite_a=True)
        along = solve_triangular(lower, among, lower=True, overwrite_b=True)
        squares = (lengths - np.einsum("ij,ij->j", along, along)) / floor
        return np.sqrt(np.maximum(squares, 0.0)).astype(np.float32)


def _shrunk(products: Doubles, lengths: Doubles, n_dims: int) -> tuple[float, float]:
    """Return the weight of the sphere in a covariance, and the variance to add in all dimensions.

    The weight is from 0 to 1 (Ledoit and Wolf, 2004). scikit-learn sums over pairs of dimensions.
    The same sums follow from the length of each row and from the products that are needed anyway:
    one product of matrices instead of three.

    Parameters
    ----------
    products
        The covariance, or the products of the centred rows over their number.
    lengths
        (n_rows,): the squared length of each centred row.
    n_dims
        How many dimensions the rows have.
    """
    n_rows = len(lengths)
    variance = float(np.trace(products)) / n_dims
    squares = float(np.sum(products * products))
    from_sphere = squares / n_dims - variance**2
    from_noise = (float(np.sum(lengths**2)) / n_rows - squares) / (n_dims * n_rows)
    weight = min(max(from_noise / from_sphere, 0.0), 1.0) if from_sphere > 0 else 0.0
    # A floor for dimensions that never vary: they then count a deviation in their own units.
    return weight, weight * variance + max(1e-3, 1e-6 * variance)
