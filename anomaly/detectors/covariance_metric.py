"""The metric of numbers: a difference along directions that normal events share counts more.

Several columns often measure one quantity: bytes, packets and seconds a size, the pixels of a
picture a stroke. A difference that many columns share is less likely to be chance than one in a
single column, which `anomaly.detectors.distance` measures. So the density measures numbers in the
square root of their own covariance. A difference along the directions in which normal events vary
counts more, one across them less. A Mahalanobis distance does the opposite. On event logs and
tables this metric found more anomalies than plain distances, and a Mahalanobis distance fewer.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from anomaly.numerics.arrays import Doubles, Floats, Integers

_UNSHARED = float(np.sqrt(np.sqrt(0.5)))
"""What a difference is multiplied by in directions that normal events do not vary in."""
_NEGLIGIBLE = 1e-6
"""A direction with less than this share of the mean variance is one that nothing varies in."""


@dataclass(frozen=True)
class CovarianceMetric:
    """A metric for some dimensions of X: `((C / t + I) / 2)^(1/2)`.

    C is the covariance of the references in these dimensions, t its mean variance. One number alone
    keeps its plain distance, and so do several that vary alike and independently. A direction in
    which normal events never vary keeps seven tenths of its squared distance.
    A squared distance is the sum of two: that of the coordinates times their `scale`, and that
    along the `axes`.
    """

    levels: Integers
    """(n_levels,): the dimensions, ascending."""
    alone: float
    """The scale of these dimensions; that of all others is 1."""
    axes: Floats
    """(n_levels, n_axes): they lead from scaled coordinates to those along the axes."""

    @classmethod
    def of(cls, references: Floats, levels: Integers) -> "CovarianceMetric":
        """Learn from the `references`, float32 (n_references, n_dims), in their `levels`."""
        centred = references[:, levels].astype(np.float64)
        centred -= centred.mean(axis=0)
        _, lengths, directions = np.linalg.svd(centred, full_matrices=False)
        variances = lengths**2 / len(references)
        total = float(variances.sum())
        if len(levels) < 2 or total <= 0.0:
            return cls(levels, 1.0, np.zeros((len(levels), 0), dtype=np.float32))
        shares = variances * (len(levels) / total)
        varied = shares > _NEGLIGIBLE
        axes = directions[varied].T * np.sqrt(np.sqrt(shares[varied] + 1.0) - 1.0)
        return cls(levels, _UNSHARED, np.ascontiguousarray(axes, dtype=np.float32))

    def scale(self, n_dims: int) -> Floats:
        """Return what each dimension is multiplied by, float32 (n_dims,)."""
        scale = np.ones(n_dims, dtype=np.float32)
        scale[self.levels] = self.alone
        return scale

    def along(self, scaled: Doubles) -> Doubles:
        """Return the coordinates along the axes, (n_rows, n_axes), of scaled (n_rows, n_dims)."""
        return scaled[:, self.levels] @ self.axes.astype(np.float64)

    def back(self, along: Doubles, n_dims: int) -> Doubles:
        """Return what coordinates along the axes are in the dimensions of X, (n_rows, n_dims)."""
        rows = np.zeros((len(along), n_dims))
        rows[:, self.levels] = along @ self.axes.T.astype(np.float64)
        return rows

    def within(self, start: int, stop: int) -> Doubles:
        """Return the axes in the dimensions `start` to `stop` alone, (stop - start, n_axes)."""
        here = slice(*np.searchsorted(self.levels, [start, stop]))
        axes = np.zeros((stop - start, self.axes.shape[1]))
        axes[self.levels[here] - start] = self.axes[here]
        return axes


class Measured(NamedTuple):
    """Rows in a metric, float64: `scaled` and `along` are their coordinates."""

    scaled: Doubles
    """(n_rows, n_dims), from the centre of the references."""
    along: Doubles
    """(n_rows, n_axes)."""
    toward: Doubles
    """(n_rows, n_dims): the product of two rows is that of one `scaled` and the other `toward`."""

    @classmethod
    def of(cls, rows: Floats, centre: Floats, metric: CovarianceMetric) -> "Measured":
        """Measure rows, float32 (n_rows, n_dims), from a centre (n_dims,)."""
        n_dims = rows.shape[1]
        scaled = (rows.astype(np.float64) - centre) * metric.scale(n_dims)
        along = metric.along(scaled)
        return cls(scaled, along, scaled + metric.back(along, n_dims))

    @property
    def squares(self) -> Doubles:
        """The square of each row's length, (n_rows,)."""
        return np.asarray(np.einsum("ij,ij->i", self.scaled, self.toward))


class Exchange(NamedTuple):
    """The references, for rows that have one span after the other exchanged."""

    references: Measured
    centre: Floats
    metric: CovarianceMetric

    @classmethod
    def between(cls, references: Floats, metric: CovarianceMetric) -> "Exchange":
        """Measure the references, float32 (n_references, n_dims), from their centre."""
        centre = references.mean(axis=0)
        return cls(Measured.of(references, centre, metric), centre, metric)

    def squares(
        self, X: Floats, others: Floats, spans: Sequence[tuple[int, int]]
    ) -> Iterator[Doubles]:
        """Give squared distances, float64 (n_rows, n_references): as the rows are, then exchanged.

        What a span changes of them, its own coordinates say.
        """
        rows = Measured.of(X, self.centre, self.metric)
        others_scaled = Measured.of(others, self.centre, self.metric).scaled
        products = rows.scaled @ self.references.toward.T
        whole = rows.squares[:, None] + self.references.squares - 2.0 * products
        yield whole.copy()
        for start, stop in spans:
            here = slice(start, stop)
            change = others_scaled[:, here] - rows.scaled[:, here]
            in_axes = change @ self.metric.within(start, stop)
            own = np.einsum("ij,ij->i", change, change + 2.0 * rows.toward[:, here])
            own += np.einsum("ij,ij->i", in_axes, in_axes)
            yield whole + own[:, None] - 2.0 * (change @ self.references.toward[:, here].T)
