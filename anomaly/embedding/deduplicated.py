"""Embedded events in parts: each distinct vector once, and which event has which.

Events repeat themselves: a million of them may hold thirty thousand combinations of user, host and
action, and fifty texts. What depends on a column alone is computed once for each distinct vector.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

_VALUES_AT_ONCE = 2**20
"""Coordinates of a block, about: they and what comes of them fit the cache."""
_ROWS_AT_ONCE = 4_096
_FEWEST_AT_ONCE = 8

Codes = npt.NDArray[np.int64]
Vectors = npt.NDArray[np.float32]


def rows_at_once(n_dims: int) -> int:
    """Return how many vectors are measured at a time, a multiple of eight.

    Examples
    --------
    >>> rows_at_once(100), rows_at_once(48_000)
    (4096, 16)
    """
    rows = min(_ROWS_AT_ONCE, _VALUES_AT_ONCE // max(n_dims, 1))
    return max(rows // _FEWEST_AT_ONCE, 1) * _FEWEST_AT_ONCE


@dataclass(frozen=True)
class Span:
    """The dimensions `start` to `stop` of X that speak of `column`, given the entity or alone."""

    column: str
    given: str | None
    start: int
    stop: int

    @property
    def n_dims(self) -> int:
        """Return the number of dimensions."""
        return self.stop - self.start

    @property
    def is_surprisal(self) -> bool:
        """Return whether its coordinate is a surprisal by itself: names given the column's own."""
        return self.given == self.column


class Part(NamedTuple):
    """Some of the spans of X."""

    spans: tuple[Span, ...]
    vectors: Vectors
    """(n_vectors, n_dims of the spans): the spans side by side."""
    rows: Codes | None
    """(n_events,): the vector of each event; None where event i has vector i."""


@dataclass(frozen=True)
class EmbeddedEvents:
    """X, float32 (n_events, n_dims), in parts that together cover its dimensions."""

    parts: tuple[Part, ...]
    n_events: int
    n_dims: int

    @classmethod
    def whole(cls, X: Vectors, spans: Sequence[Span]) -> "EmbeddedEvents":
        """Take vectors as they are, float32 (n_events, n_dims); the spans cover them in order."""
        return cls((Part(tuple(spans), X, None),), *X.shape)

    def take(self, events: Codes) -> "EmbeddedEvents":
        """Return the events of these positions, int64 (n_taken,)."""
        return self._at(events, len(events))

    def without(self, dims: Codes) -> "EmbeddedEvents":
        """Return the events with 0 in these dimensions of X."""
        parts = tuple(_without(part, dims) for part in self.parts)
        return EmbeddedEvents(parts, self.n_events, self.n_dims)

    def largest(self, dims: Sequence[int]) -> Vectors:
        """Return the largest coordinate of each event in these dimensions of X, and at least 0."""
        largest = np.zeros(self.n_events, dtype=np.float32)
        for part in self.parts:
            here = np.flatnonzero(np.isin(_dims(part), dims))
            if len(here):
                of_vectors = part.vectors[:, here].max(axis=1)
                np.maximum(
                    largest, of_vectors if part.rows is None else of_vectors[part.rows], out=largest
                )
        return largest

    def blocks(self, size: int) -> Iterator[Vectors]:
        """Give X in blocks of `size` events; the last one may be shorter."""
        for start in range(0, self.n_events, size):
            stop = min(start + size, self.n_events)
            yield self._at(slice(start, stop), stop - start).X

    def _at(self, events: Codes | slice, n_events: int) -> "EmbeddedEvents":
        return EmbeddedEvents(
            tuple(_some_of(part, events) for part in self.parts), n_events, self.n_dims
        )

    @cached_property
    def X(self) -> Vectors:  # noqa: N802 - the field's name for a matrix of embeddings
        """The whole matrix."""
        if len(self.parts) == 1 and self.parts[0].rows is None:
            return self.parts[0].vectors
        X = np.empty((self.n_events, self.n_dims), dtype=np.float32)
        for part in self.parts:
            start = 0
            for span in part.spans:
                vectors = part.vectors[:, start : start + span.n_dims]
                X[:, span.start : span.stop] = vectors if part.rows is None else vectors[part.rows]
                start += span.n_dims
        return X


def _without(part: Part, dims: Codes) -> Part:
    """Return a part with 0 in these dimensions of X."""
    left = np.flatnonzero(np.isin(_dims(part), dims))
    if not len(left):
        return part
    vectors = part.vectors.copy()
    vectors[:, left] = 0.0
    return part._replace(vectors=vectors)


def _dims(part: Part) -> Codes:
    """Return the dimensions of X that a part covers, in its order."""
    return np.concatenate([np.arange(span.start, span.stop) for span in part.spans])


def _some_of(part: Part, events: Codes | slice) -> Part:
    """Return a part for some events; where these are few, with their vectors alone."""
    if part.rows is None:
        return part._replace(vectors=part.vectors[events])
    rows = part.rows[events]
    if len(rows) >= len(part.vectors):
        return part._replace(rows=rows)
    held = np.zeros(len(part.vectors), dtype=bool)
    held[rows] = True
    place = np.cumsum(held) - 1
    return part._replace(vectors=part.vectors[held], rows=place[rows])


class SomeEvents(Protocol):
    """Events that can be taken embedded, some at a time: `EmbeddedEvents` is one such."""

    @property
    def n_events(self) -> int:
        """Return how many events there are."""

    def take(self, events: Codes) -> EmbeddedEvents:
        """Return the events of these positions, int64 (n_taken,), embedded."""


class Combinations(NamedTuple):
    """The distinct rows of some columns."""

    first: Codes
    """(n_combinations,): the first event of each."""
    rows: Codes
    """(n_events,): the combination of each event."""


def combinations(columns: Sequence[Codes], n_events: int) -> Combinations | None:
    """Find the distinct combinations of codes; None where most events have one of their own.

    Parameters
    ----------
    columns
        Each int64 (n_events,), from 0 on.
    n_events
        How many events there are.

    Examples
    --------
    >>> host, port = np.array([0, 1, 0, 0, 1, 0]), np.array([3, 3, 3, 4, 3, 4])
    >>> first, rows = combinations([host, port], 6)
    >>> first.tolist(), rows.tolist()
    ([0, 1, 3], [0, 1, 0, 2, 1, 2])
    """
    rows = np.zeros(n_events, dtype=np.int64)
    count = min(n_events, 1)
    for codes in columns:
        size = int(codes.max(initial=0)) + 1
        rows, distinct = pd.factorize(rows * size + codes)
        count = len(distinct)
        if 2 * count > n_events:
            return None
    first = np.empty(count, dtype=np.int64)
    first[rows[::-1]] = np.arange(n_events)[::-1]
    return Combinations(first, rows)
