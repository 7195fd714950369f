"""Distance of an event from the normal cluster in the column where it is farthest.

The density weighs all columns together, so one odd value among fifty ordinary ones counts little.
Here each column is measured alone, and the largest distance counts. It may be that of an extreme
value, a rare name, or a word that no other event has.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from anomaly.embedding.deduplicated import Codes, EmbeddedEvents, Span
from anomaly.numerics.arrays import Doubles, Floats
from anomaly.numerics.sorted_lookup import Boundaries, before_in_rows

_MASS = 0.1
"""Share of the references that a coordinate is measured against."""
_FEW = 1_024
"""Vectors whose dimensions are measured together: one after the other takes longer."""
_TOGETHER = 65_536
"""Coordinates that are measured, or learnt from, together: what they need fits the cache."""


@dataclass(frozen=True)
class FarthestColumn:
    """The largest distance of an event's spans from the normal references.

    In each dimension it is the distance to a measure (`anomaly.detectors.density`), which is exact
    in one dimension. The nearest m of n ordered references follow each other there. So one search
    finds the first of them, and their mean and variance give the distance. The squared distances of
    a span's dimensions are summed.
    """

    starts: npt.NDArray[np.int64]
    """(n_spans,): the first dimension of each span, ascending; together they cover X."""
    boundaries: Floats
    """(n_references - m, n_dims): beyond the i-th, the nearest m begin at reference i + 1."""
    means: Floats
    """(n_references - m + 1, n_dims): the mean of the m references from the i-th on."""
    variances: Floats
    """(n_references - m + 1, n_dims)."""

    def __post_init__(self) -> None:
        # Dimensions are read one after the other, so each lies together in memory.
        for name in ("boundaries", "means", "variances"):
            object.__setattr__(self, name, np.asfortranarray(getattr(self, name)))

    @classmethod
    def fit(
        cls, references: Floats, spans: Sequence[Span], mass: float = _MASS
    ) -> "FarthestColumn":
        """Learn from the normal `references`, float32 (n_references, n_dims), and their spans.

        `mass` is the share of them that a coordinate is measured against.
        """
        return cls.fit_each(references, spans, [mass])[0]

    @classmethod
    def fit_each(
        cls, references: Floats, spans: Sequence[Span], masses: Sequence[float]
    ) -> list["FarthestColumn"]:
        """Learn a distance for each of several masses, as `fit` does: the sums are taken once."""
        n, n_dims = references.shape
        sizes = [max(1, round(mass * n)) for mass in masses]
        tables = [_Tables.empty(n_dims, n, m) for m in sizes]
        at_once = max(1, _TOGETHER // max(1, n))
        for here in (slice(begin, begin + at_once) for begin in range(0, n_dims, at_once)):
            ordered = np.sort(references.T[here], axis=1).astype(np.float64)
            sums = _running(ordered)
            centre = sums[:, -1:] / n
            squares = _running((ordered - centre) ** 2)
            for table, m in zip(tables, sizes, strict=True):
                table.boundaries[here] = (ordered[:, :-m] + ordered[:, m:]) / 2.0
                means = (sums[:, m:] - sums[:, :-m]) / m
                table.means[here] = means
                variances = (squares[:, m:] - squares[:, :-m]) / m - (means - centre) ** 2
                table.variances[here] = np.maximum(variances, 0.0)
        starts = np.array([span.start for span in spans], dtype=np.int64)
        return [cls(starts, *(each.T for each in table)) for table in tables]

    def by_span(self, X: Floats) -> Floats:
        """Return the distance of each span of `X`, float32 (n_rows, n_spans)."""
        squares = self._squares_of_spans(X, np.arange(X.shape[1]), self.starts)
        return np.sqrt(np.column_stack(list(squares)))

    def score_exchanged(self, X: Floats, others: Floats, starts: Codes) -> Floats:
        """Return the distance of each row of `X` as it is, then with each span of `others` in it.

        float32 (n_rows, 1 + n_spans); see `DistanceToMeasure.score_exchanged`. The spans that begin
        at `starts` are those it was fitted with.
        """
        own, other = self.by_span(X), self.by_span(others)
        farthest = own.max(axis=1, keepdims=True)
        without = np.repeat(farthest, len(starts), axis=1)
        is_farthest = np.arange(len(starts)) == own.argmax(axis=1)[:, None]
        without[is_farthest] = np.where(is_farthest, -np.inf, own).max(axis=1)
        return np.hstack([farthest, np.maximum(without, other)])

    def score_events(self, events: EmbeddedEvents) -> Floats:
        """Return the distance of each event, float32 (n_events,): higher is more anomalous.

        Each distinct vector is measured once.
        """
        farthest = np.zeros(events.n_events, dtype=np.float32)
        for part in events.parts:
            widths = np.array([span.n_dims for span in part.spans])
            dims = np.concatenate([np.arange(span.start, span.stop) for span in part.spans])
            largest = np.zeros(len(part.vectors), dtype=np.float32)
            for squares in self._squares_of_spans(part.vectors, dims, np.cumsum(widths) - widths):
                np.maximum(largest, squares, out=largest)
            distances = np.sqrt(largest)
            here = distances if part.rows is None else distances[part.rows]
            np.maximum(farthest, here, out=farthest)
        return farthest

    def _squares_of_spans(self, vectors: Floats, dims: Codes, starts: Codes) -> Iterator[Floats]:
        """Give the squared distances of `vectors`, (n_vectors,), in one span after the other.

        Their columns are the dimensions `dims` of X; the spans begin at the columns `starts`.
        """
        of_columns = self._squares_of_columns(vectors, dims)
        for start, stop in pairwise([*starts.tolist(), len(dims)]):
            squares = np.zeros(len(vectors), dtype=np.float32)
            for of_column in islice(of_columns, stop - start):
                squares += of_column
            yield squares

    def _squares_of_columns(self, vectors: Floats, dims: Codes) -> Iterator[Floats]:
        """Give the squared distances of `vectors`, (n_vectors,), in one column after the other."""
        if len(vectors) > _FEW:
            for column, dim in enumerate(dims):
                yield self._squared(np.ascontiguousarray(vectors[:, column]), dim)
            return
        turned = np.ascontiguousarray(vectors.T)
        size = _TOGETHER // max(1, len(vectors))
        for here in (slice(begin, begin + size) for begin in range(0, len(dims), size)):
            yield from self._measure_together(turned[here], dims[here])

    def _measure_together(self, values: Floats, dims: Codes) -> Floats:
        """Return the squared distances of coordinates, float32 (n_dims, n_values).

        The same as those of one dimension after the other.
        """
        first = before_in_rows(self.boundaries.T, dims, values)
        first += (len(self.means) * dims)[:, None]
        away = values - self.means.T.ravel().take(first)
        away *= away
        away += self.variances.T.ravel().take(first)
        return away

    def _squared(self, values: Floats, dim: int) -> Floats:
        """Return the squared distances of coordinates, float32 (n_values,), in one dimension."""
        if 2 * np.count_nonzero(values) < len(values):
            # Mostly 0: the axis of another name, a usual value.
            others = np.flatnonzero(values)
            squared = np.full(len(values), self._measure(np.zeros(1, values.dtype), dim)[0])
            squared[others] = self._measure(values[others], dim)
            return squared
        return self._measure(values, dim)

    @cached_property
    def _searched(self) -> list[Boundaries]:
        """The boundaries of each dimension; what is made to search them is kept."""
        return [Boundaries(of_dim, "left") for of_dim in self.boundaries.T]

    def _measure(self, values: Floats, dim: int) -> Floats:
        first = self._searched[dim].before(values)
        away = values - self.means[:, dim].take(first)
        away *= away
        away += self.variances[:, dim].take(first)
        return away


class _Tables(NamedTuple):
    """The tables of `FarthestColumn` for one mass, a row for each dimension."""

    boundaries: Floats
    means: Floats
    variances: Floats

    @classmethod
    def empty(cls, n_dims: int, n: int, m: int) -> "_Tables":
        """Make room for what the nearest `m` of `n` references are."""
        lengths = (n - m, n - m + 1, n - m + 1)
        return cls(*(np.empty((n_dims, length), dtype=np.float32) for length in lengths))


def _running(rows: Doubles) -> Doubles:
    """Return the sums of the first 0, 1, … values of each row."""
    sums = np.zeros((len(rows), rows.shape[1] + 1))
    np.cumsum(rows, axis=1, out=sums[:, 1:])
    return sums
