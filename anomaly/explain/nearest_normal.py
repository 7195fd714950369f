"""The nearest normal record of a finding: of its peers where enough of them are usual, else of all.

The peers of a record are those whose values a reason calls usual: the known records of its entity,
or of its peer group. So what is expected and what is near are of the same records.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from anomaly.detectors.covariance_metric import Measured
from anomaly.explain.known_records import KnownRecords, without_spare_names
from anomaly.model.fold import Fold, are_equal
from anomaly.numerics.arrays import Integers
from anomaly.numerics.spacing import evenly_spaced

_DRAWN = 64
"""Known records of one entity that are looked at. So many are embedded in some milliseconds."""
_FEWEST = 5
"""Usual ones among them that there must be: the nearest of fewer may be near to nothing. An entity
with fewer has mostly odd records, and no normal of its own."""
_ENTITIES_AT_ONCE = 64
"""Entities whose records are embedded at a time: 30 MB of vectors at the most."""

_Whose = tuple[str, Any]


@dataclass(frozen=True)
class NearestNormal:
    """The normal record that a finding is most like."""

    place: int
    """Its place among the known records."""
    of: str | None
    """The column in which it holds the same name as the finding; None where it is of all."""


def nearest_normal(
    fold: Fold, known: pa.Table | KnownRecords, events: pa.Table, peers: Sequence[str | None]
) -> list[NearestNormal]:
    """Find the normal record that each of `events` is most like.

    Of its peers these are the usual ones among `_DRAWN`, evenly spaced; of all the references. One
    that equals the event says nothing about it.

    Parameters
    ----------
    fold
        The fold that explains: `AnomalyModel.explaining`.
    known
        The known records, the references of the fold first (`anomaly.explain.known_records`).
    events
        The conformed findings, n of them.
    peers
        (n,): the column that each shares with its peers, as `Explanations` has it.
    """
    X = fold.embedder.transform(events)
    found = [NearestNormal(place, None) for place in fold.nearest_usual(X, 1)[:, 0].tolist()]
    records = KnownRecords.of(known, fold.embedder.roles)
    whose = list(_findings_of(events, peers).items())
    for start in range(0, len(whose), _ENTITIES_AT_ONCE):
        some = whose[start : start + _ENTITIES_AT_ONCE]
        candidates = _candidates(fold, records, [each for each, _ in some])
        for ((column, _), findings), of_one in zip(some, candidates, strict=True):
            for finding in findings:
                place = _nearest(fold, X[finding], of_one)
                if place is not None:
                    found[finding] = NearestNormal(place, column)
    return found


@dataclass(frozen=True)
class _Candidates:
    """The usual known records of one entity."""

    places: Integers
    """(n,): their places among the known records."""
    X: npt.NDArray[np.float32]
    """(n, n_dims)."""


def _findings_of(events: pa.Table, peers: Sequence[str | None]) -> Mapping[_Whose, list[int]]:
    """Return the findings of each entity, in the order in which it comes first."""
    held = {column: events[column].to_pylist() for column in set(peers) if column is not None}
    findings: dict[_Whose, list[int]] = {}
    for finding, column in enumerate(peers):
        if column is not None:
            findings.setdefault((column, held[column][finding]), []).append(finding)
    return findings


def _candidates(fold: Fold, records: KnownRecords, entities: Sequence[_Whose]) -> list[_Candidates]:
    """Return the usual ones among the known records of each entity."""
    drawn = [_drawn(records.holding(*whose)) for whose in entities]
    # A text is embedded once for each name of its dictionary, held or not.
    held = records.table.take(pa.array(np.concatenate(drawn)))
    X = fold.embedder.transform(without_spare_names(held))
    ends = np.cumsum([len(places) for places in drawn])[:-1]
    usual = np.split(fold.are_usual(X), ends)
    return [
        _Candidates(places[normal], vectors[normal])
        for places, vectors, normal in zip(drawn, np.split(X, ends), usual, strict=True)
    ]


def _drawn(held: npt.NDArray[np.bool_]) -> Integers:
    places = np.flatnonzero(held)
    return places[evenly_spaced(len(places), _DRAWN)]


def _nearest(fold: Fold, x: npt.NDArray[np.float32], candidates: _Candidates) -> int | None:
    """Return the place of the candidate nearest to x; None where too few differ from it."""
    others = np.flatnonzero(~are_equal(x, candidates.X))
    if len(others) < _FEWEST:
        return None
    metric = fold.combination.density.covariance_metric_
    squares = Measured.of(candidates.X[others], x, metric).squares
    return int(candidates.places[others[np.argmin(squares)]])
