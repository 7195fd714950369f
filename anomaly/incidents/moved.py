"""Incidents of a column that moved as a whole: one statement says what many findings would.

After a new network plan or a new version of an agent, most records hold a value that the model
never saw. Each of them is odd for that, and none more than the others.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from anomaly.embedding.embedder import EventEmbedder
from anomaly.incidents.summary import Incident
from anomaly.model.fold import Fold
from schemas.events.contract import one_array
from schemas.events.texts import as_text
from schemas.outputs.figures import ColumnDrift

_ALONE = 0.8
"""The share of the surprisal from which on a column is the only reason."""
_NEWER = 0.05
"""So many more records with unseen values than before are a column that moved as a whole."""
_RARER = 0.01
"""An unseen value so much rarer than those of most such records is no part of the move."""
_FEWEST = 100
"""Records with unseen values that are a move: among fewer, no value could be told to be rare."""
_ORDINARY = 0.05
"""A record with a p-value from this on is ordinary beside the move."""

NewValues = Mapping[str, Counter[str]]
"""Column that moved as a whole -> its unseen values in a sample, and how many records hold each."""


def moved_as_a_whole(drifts: Mapping[str, ColumnDrift]) -> list[str]:
    """Return the columns that moved and hold more unseen values than before, the most first."""
    moved = [
        column
        for column, drift in drifts.items()
        if drift.moved and drift.unseen - drift.unseen_before > _NEWER
    ]
    return sorted(moved, key=lambda column: -drifts[column].unseen)


def new_values(
    embedder: EventEmbedder, columns: Sequence[str], tables: Iterable[pa.Table]
) -> NewValues:
    """Count the values of columns that the model of `embedder` never saw, in conformed records.

    A column of which only a few records hold such values is left out: it did not move as a whole.
    """
    found = {column: Counter[str]() for column in columns}
    for table in tables:
        for column, counts in found.items():
            counts.update(value for value in _unseen(embedder, column, table) if value is not None)
    return {column: counts for column, counts in found.items() if counts.total() >= _FEWEST}


def parts_of_moves(embedder: EventEmbedder, moved: NewValues, events: pa.Table) -> list[set[str]]:
    """Return for each event the columns in which it holds what the column moved to.

    That is an unseen value, unless it is rare among those. So a tool of an attacker in the night of
    a new version stays a finding. A value is rare if less than a hundredth of the records hold it
    that hold the usual one. The usual one is that of the median record with an unseen value.
    """
    found: list[set[str]] = [set() for _ in range(events.num_rows)]
    for column, counts in moved.items():
        least = _RARER * _usual_count(counts)
        for place, value in enumerate(_unseen(embedder, column, events)):
            # Itself, if the sample has none: it is one record.
            if value is not None and max(counts[value], 1) >= least:
                found[place].add(column)
    return found


@dataclass(frozen=True)
class BesideMoves:
    """Events as they are beside the moves, n of them."""

    X: npt.NDArray[np.float32]
    """(n, n_dims): their embedding, with what a column moved to exchanged for a normal part."""
    alone: list[str | None]
    """(n,): the column that moved, of an event that is ordinary without that; else None."""
    p_values: npt.NDArray[np.float64]
    """(n,): without the moves; NaN of an event that is no part of one."""


def beside_moves(fold: Fold, moved: NewValues, events: pa.Table) -> BesideMoves:
    """Embed events without what columns moved to as a whole.

    All events of such a night lie far from the normal ones, and near to each other beside that.
    What they are without the move tells them apart. As for the reasons of a finding, the part of
    the column is exchanged for that of the nearest normal event.

    Parameters
    ----------
    fold
        That explains.
    moved
        The columns that moved, with their unseen values.
    events
        Conformed events.
    """
    X = fold.embedder.transform(events)
    if not moved:
        return BesideMoves(X, [None] * len(X), np.full(len(X), np.nan))
    parts = parts_of_moves(fold.embedder, moved, events)
    nearest = fold.combination.density.references_[fold.nearest_usual(X, 1)[:, 0]]
    for column in moved:
        part = np.array([column in each for each in parts], dtype=bool)
        for span in fold.embedder.spans:
            if column in (span.column, span.given):
                dims = slice(span.start, span.stop)
                X[part, dims] = nearest[part, dims]
    p_values = np.where(list(map(bool, parts)), fold.score_vectors(X).p_values, np.nan)
    ordinary = p_values >= _ORDINARY
    first = [next((column for column in moved if column in each), None) for each in parts]
    alone = [column if plain else None for column, plain in zip(first, ordinary, strict=True)]
    return BesideMoves(X, alone, p_values)


def column_alone(incident: Incident) -> str | None:
    """Return the column that is the only reason of an incident; None if there are others."""
    first = incident.reasons[0] if incident.reasons else None
    return first.column if first is not None and first.share >= _ALONE else None


def _usual_count(counts: Counter[str]) -> float:
    """Return how many records share the value of the median record.

    >>> _usual_count(Counter(a=6, b=3, c=1))
    6.0
    """
    sizes = np.array(sorted(counts.values()), dtype=np.float64)
    if not len(sizes):
        return 0.0
    return float(sizes[np.searchsorted(np.cumsum(sizes), sizes.sum() / 2)])


def _unseen(embedder: EventEmbedder, column: str, events: pa.Table) -> list[str | None]:
    """Return the value of each event in a column as text; None where the model knows it."""
    if not events.num_rows:
        return []
    known = embedder.drift_bins(column, events).codes != 0
    texts = as_text(one_array(events[column])).to_pylist()
    return [None if seen else text for seen, text in zip(known, texts, strict=True)]
