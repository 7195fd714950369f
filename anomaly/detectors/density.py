"""Distance to a measure: how far an event is from the nearest share of the normal events."""

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from anomaly.detectors.covariance_metric import CovarianceMetric, Exchange, Measured
from anomaly.embedding.deduplicated import (
    Codes,
    EmbeddedEvents,
    Part,
    SomeEvents,
    combinations,
    rows_at_once,
)
from anomaly.numerics.arrays import Floats

_EXCHANGED_AT_ONCE = 256
"""Rows at a time: their float64 distances to 512 references fit the cache."""
_KNOWN = 8_192
"""Distinct vectors of a part, or of parts joined, whose distances to 512 references are held, in
16 MB, at the most."""
_TOGETHER = 8
"""Rows of one product. In a larger product BLAS rounds a row differently at different places
(measured for 2 to 1,537 dimensions). A score must not depend on the events beside it."""


class DistanceToMeasure(BaseEstimator):  # type: ignore[misc]  # scikit-learn is untyped
    """Root mean square distance to the nearest share of a sample of normal rows, the mass.

    Unlike the distance to the k-th neighbour it is robust: anomalies in a group smaller than the
    mass still have a large distance. Chazal, Cohen-Steiner and Merigot (2011); as a detector, Gu,
    Akoglu and Rinaldo (NeurIPS 2019).

    Parameters
    ----------
    masses
        Shares of the references that an event is measured against, each in (0, 1]: a distance for
        each. The first is that of `score_samples`.
    n_references
        References drawn from the rows it is fitted on.
    fewest
        References that an event is measured against at least, if there are as many. Of a hundred
        rows, the share alone is so few that a handful of anomalies make each other look normal.
    levels
        Dimensions that are levels of numbers, ascending: they are measured with their
        covariance, as `anomaly.detectors.covariance_metric` has it.
    random_state
        Seeds the draw.

    Attributes
    ----------
    references_ : ndarray of shape (n_references, n_dims), float32
    covariance_metric_ : CovarianceMetric
    drawn_ : ndarray of shape (n_references,), int64
        Their positions among the rows it was fitted on, ascending.
    """

    def __init__(
        self,
        masses: Sequence[float] = (0.05,),
        n_references: int = 512,
        fewest: int = 1,
        levels: Sequence[int] = (),
        random_state: Any = None,
    ) -> None:
        self.masses = masses
        self.n_references = n_references
        self.fewest = fewest
        self.levels = levels
        self.random_state = random_state

    def fit(self, X: npt.ArrayLike, y: None = None) -> "DistanceToMeasure":
        """Draw the references from the normal rows `X` (n_rows, n_dims)."""
        rows: Floats = validate_data(self, X, dtype=np.float32)
        return self._keep(rows[self._draw(len(rows))])

    def fit_events(self, events: SomeEvents) -> "DistanceToMeasure":
        """Draw the references from normal events."""
        return self._keep(events.take(self._draw(events.n_events)).X)

    def _draw(self, n_rows: int) -> npt.NDArray[np.int64]:
        random = check_random_state(self.random_state)
        n = min(self.n_references, n_rows)
        self.drawn_ = np.sort(random.choice(n_rows, size=n, replace=False)).astype(np.int64)
        return self.drawn_

    def _keep(self, references: Floats) -> "DistanceToMeasure":
        self.references_ = np.ascontiguousarray(references)
        self.covariance_metric_ = CovarianceMetric.of(
            references, np.asarray(self.levels, dtype=np.int64)
        )
        for of_other_references in ("_view", "_exchange"):
            self.__dict__.pop(of_other_references, None)
        return self

    @property
    def n_neighbors_(self) -> tuple[int, ...]:
        """Return how many references make up each mass."""
        n = len(self.references_)
        return tuple(min(n, max(self.fewest, round(mass * n))) for mass in self.masses)

    def score_samples(self, X: npt.ArrayLike) -> npt.NDArray[np.float32]:
        """Return the distance of each row of `X`, float32 (n_rows,): higher is more anomalous."""
        check_is_fitted(self)
        rows: Floats = validate_data(self, X, dtype=np.float32, reset=False, ensure_min_samples=0)
        size = rows_at_once(rows.shape[1])
        blocks = (rows[i : i + size] for i in range(0, len(rows), size))
        return self._distances(map(self._beside_squares, blocks))[:, 0]

    def measure_events(self, events: EmbeddedEvents) -> Floats:
        """Return the distances of events, float32 (n_events, n_masses); X is never whole."""
        check_is_fitted(self)
        return self._distances(self._beside_squares_of(events))

    def _distances(self, seen: Iterable["_Seen"]) -> Floats:
        none = np.zeros((0, len(self.masses)), dtype=np.float32)
        return np.concatenate([none, *map(self._of_seen, seen)])

    def _of_seen(self, seen: "_Seen") -> Floats:
        beside, along = np.split(seen.products, [len(self.references_)], axis=1)
        squares = seen.squares + np.einsum("ij,ij->i", along, along)
        nearest = self._nearest_of(beside) + squares[:, None]
        return self._means(np.maximum(nearest, 0.0))

    def _nearest_of(self, squares: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return the least squares of each row of (n_rows, n_references), which are reordered.

        They are ascending: sums have one order on every processor.
        """
        most = max(self.n_neighbors_)
        squares.partition(most - 1, axis=1)
        nearest = squares[:, :most]
        nearest.sort(axis=1)
        return nearest

    def _means(self, nearest: npt.NDArray[Any]) -> Floats:
        """Return the root mean of the first squares of each mass, float32 (n_rows, n_masses)."""
        means = [nearest[:, :n].mean(axis=1) for n in self.n_neighbors_]
        return np.sqrt(np.column_stack(means)).astype(np.float32)

    def score_exchanged(
        self, X: Floats, others: Floats, starts: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.float32]:
        """Return what the distances of each row would be with a span of another row in its place.

        An exchange changes a squared distance only by the coordinates of its span. So the whole is
        measured once, and not once for each exchange.

        Parameters
        ----------
        X, others
            float32 (n_rows, n_dims).
        starts
            (n_spans,): the first dimension of each span, ascending; together they cover X.

        Returns
        -------
        float32 (n_rows, 1 + n_spans, n_masses): as they are, then with each span exchanged.
        """
        check_is_fitted(self)
        scores = np.empty((len(X), 1 + len(starts), len(self.masses)), dtype=np.float32)
        stops = [*starts[1:].tolist(), X.shape[1]]
        spans = list(zip(starts.tolist(), stops, strict=True))
        for begin in range(0, len(X), _EXCHANGED_AT_ONCE):
            here = slice(begin, begin + _EXCHANGED_AT_ONCE)
            for i, squares in enumerate(self._exchange.squares(X[here], others[here], spans)):
                scores[here, i] = self._means(np.maximum(self._nearest_of(squares), 0.0))
        return scores

    def nearest(
        self, X: npt.ArrayLike, n: int, among: npt.NDArray[np.bool_] | None = None
    ) -> npt.NDArray[np.int64]:
        """Return the `n` nearest references of each row, int64 (n_rows, n), nearest first.

        `among` (n_references,) marks those that count, at least `n`; by default all do.
        """
        check_is_fitted(self)
        rows: Floats = validate_data(self, X, dtype=np.float32, reset=False, ensure_min_samples=0)
        beside = self._beside_squares(rows).products[:, : len(self.references_)]
        if among is not None:
            beside[:, ~among] = np.inf
        return np.argsort(beside, axis=1, kind="stable")[:, :n]

    def _beside_squares(self, rows: Floats) -> "_Seen":
        """See rows from the references, in all dimensions."""
        return self._view.of(rows)

    def _beside_squares_of(self, events: EmbeddedEvents) -> Iterator["_Seen"]:
        """See events from the references, block by block.

        The products and squares of the parts are summed. A part with few distinct vectors is
        measured once for each of them; any other part is measured for each event.
        """
        views = _few_together(
            [_seen_from(self._view, part, first=i == 0) for i, part in enumerate(events.parts)]
        )
        size = rows_at_once(max(self.references_.shape))
        for start in range(0, events.n_events, size):
            here = slice(start, min(start + size, events.n_events))
            products, squares = views[0].at(here)
            for view in views[1:]:
                more, longer = view.at(here)
                products += more
                squares += longer
            yield _Seen(products, squares)

    @cached_property
    def _exchange(self) -> Exchange:
        return Exchange.between(self.references_, self.covariance_metric_)

    @cached_property
    def _view(self) -> "_View":
        """The references as they are seen in all dimensions; kept, as events come in batches."""
        seen = Measured.of(self.references_, self.references_.mean(axis=0), self.covariance_metric_)
        n_dims = self.references_.shape[1]
        weights = np.zeros((n_dims + 1, len(seen.scaled) + seen.along.shape[1]), dtype=np.float32)
        weights[:-1, : len(seen.scaled)] = -2.0 * seen.toward.T
        weights[-1, : len(seen.scaled)] = seen.squares
        weights[self.covariance_metric_.levels, len(seen.scaled) :] = self.covariance_metric_.axes
        return _View(self.references_.mean(axis=0), self.covariance_metric_.scale(n_dims), weights)


class _Seen(NamedTuple):
    """The squared distances |x - r|² of rows from the references, in parts.

    The products alone decide which references are the nearest to x.
    """

    products: Floats
    """|r|² - 2 x.r, (n_rows, n_references), and beside them x along the axes (n_rows, n_axes)."""
    squares: Floats
    """|x|² of the scaled coordinates, (n_rows,)."""


class _View(NamedTuple):
    """The references, seen from their centre, to keep the digits; in all dimensions or some."""

    centre: Floats
    """(n_dims,)."""
    scale: Floats
    """(n_dims,)."""
    weights: Floats
    """(n_dims + 1, n_references + n_axes): -2 r and the axes, and |r|² in the last row."""

    def of(self, rows: Floats) -> _Seen:
        """See rows, float32 (n_rows, n_dims)."""
        n_products = -(-len(rows) // _TOGETHER)
        padded = np.zeros((n_products * _TOGETHER, len(self.weights)), dtype=np.float32)
        padded[:, -1] = 1.0
        inner = padded[: len(rows), :-1]
        np.subtract(rows, self.centre, out=inner)
        inner *= self.scale
        products = padded.reshape(n_products, _TOGETHER, len(self.weights)) @ self.weights
        flat = products.reshape(len(padded), self.weights.shape[1])
        return _Seen(flat[: len(rows)], np.einsum("ij,ij->i", inner, inner))


class _EachSeen(NamedTuple):
    """A part of events that is seen event by event."""

    part: Part
    view: _View

    def at(self, events: slice | Codes) -> _Seen:
        """See some of the events."""
        rows = events if self.part.rows is None else self.part.rows[events]
        return self.view.of(self.part.vectors[rows])


class _OnceSeen(NamedTuple):
    """Parts of events that have few distinct vectors: each is seen once."""

    seen: _Seen
    """Of the distinct vectors."""
    rows: Codes
    """(n_events,): the vector of each event."""

    def at(self, events: slice | Codes) -> _Seen:
        """See some of the events."""
        rows = self.rows[events]
        return _Seen(self.seen.products.take(rows, axis=0), self.seen.squares[rows])

    def beside(self, other: "_OnceSeen") -> "_OnceSeen | None":
        """See both at once; None where their vectors come in too many combinations."""
        both = combinations([self.rows, other.rows], len(self.rows))
        if both is None or len(both.first) > _KNOWN:
            return None
        products, squares = self.at(both.first)
        size = rows_at_once(products.shape[1])
        for start in range(0, len(both.first), size):
            more, longer = other.at(both.first[start : start + size])
            products[start : start + size] += more
            squares[start : start + size] += longer
        return _OnceSeen(_Seen(products, squares), both.rows)


def _seen_from(whole: _View, part: Part, first: bool) -> _EachSeen | _OnceSeen:
    """See a part of events from the references; the `first` one alone brings |r|²."""
    dims = np.concatenate([np.arange(span.start, span.stop) for span in part.spans])
    weights = np.vstack([whole.weights[dims], whole.weights[-1:] * np.float32(first)])
    view = _View(whole.centre[dims], whole.scale[dims], weights)
    if part.rows is not None and len(part.vectors) <= min(_KNOWN, len(part.rows)):
        return _OnceSeen(view.of(part.vectors), part.rows)
    return _EachSeen(part, view)


def _few_together(views: Sequence[_EachSeen | _OnceSeen]) -> list[_EachSeen | _OnceSeen]:
    """Join the first views while their vectors are few together.

    The sums of each event stay what they are: from the first part to the last.
    """
    joined, *others = views
    while others and isinstance(joined, _OnceSeen) and isinstance(others[0], _OnceSeen):
        together = joined.beside(others[0])
        if together is None:
            break
        joined, others = together, others[1:]
    return [joined, *others]
