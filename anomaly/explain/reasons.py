"""A finding to reasons: which columns made it odd, what they hold, and what was to be expected."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from anomaly.embedding.deduplicated import Span
from anomaly.embedding.embedder import EventEmbedder
from anomaly.explain.attribution import span_shares
from anomaly.explain.claims import COMMON, Claim, Judged
from anomaly.explain.known_records import KnownRecords
from anomaly.explain.sentences import Sentences, combination
from anomaly.model.fold import Fold
from schemas.columns.roles import Role

_MOST_REASONS = 5
_SMALLEST_SHARE = 0.05
"""A column with less of the surprisal than this is left out, unless it would be the only one."""
_IN_SUMMARY = 3
"""Reasons that a summary joins at the most."""
_TELLING = 0.1
"""Columns with at least this share of the surprisal stand in the summary."""


@dataclass(frozen=True)
class Reason:
    """One column's part in a finding."""

    column: str
    observed: str | None
    expected: str | None
    share: float
    sentence: str


class Explanations(NamedTuple):
    """Reasons of events, a summary of each, and whose records say what is usual for it."""

    reasons: list[list[Reason]]
    """The most telling first."""
    summaries: list[str]
    peers: list[str | None]
    """The column whose name the records share that say what is usual; None where all say it."""


def explain(fold: Fold, known: pa.Table | KnownRecords, events: pa.Table) -> Explanations:
    """Give the reasons for each of `events`, a summary of each, and whose records are usual.

    Parameters
    ----------
    fold
        The fold that explains: `AnomalyModel.explaining`.
    known
        The conformed events that are counted (`anomaly.explain.known_records`). The first are
        those behind `fold.combination.density.references_`, in their order.
    events
        The conformed events to explain; few, for each is scored once a column again.
    """
    if not events.num_rows:
        return Explanations([], [], [])
    X = fold.embedder.transform(events)
    nearest = fold.nearest_usual(X, 1)[:, 0]
    shares = span_shares(fold, X, fold.combination.density.references_[nearest])
    spans, sentences = fold.embedder.spans, Sentences(fold.embedder)
    records = KnownRecords.of(known, fold.embedder.roles)
    judged = list(_judged(records, events.to_pylist(), fold.embedder, shares))
    reasons = [
        _reasons(sentences, one, _by_column(spans, of_one))
        for one, of_one in zip(judged, shares, strict=True)
    ]
    return Explanations(
        reasons, [_summary(r) for r in reasons], [one.peers.column for one in judged]
    )


def _judged(
    known: KnownRecords,
    rows: Sequence[Mapping[str, Any]],
    embedder: EventEmbedder,
    shares: npt.NDArray[np.float64],
) -> Iterator[Judged]:
    """Yield each record beside the known ones, under the name that these have for all of them."""
    are_known = known.are_known(rows)
    noun = known.name_of_all(are_known)
    for row, itself, of_one in zip(rows, are_known, shares, strict=True):
        entities = _entities(embedder, of_one)
        yield Judged(known, row, int(itself), noun, entities)


def _entities(embedder: EventEmbedder, shares: npt.NDArray[np.float64]) -> tuple[str, ...]:
    """Return the entity columns, first those that most of the surprisal is given; then peers."""
    given = dict.fromkeys(embedder.entities, 0.0)
    for span, share in zip(embedder.spans, shares, strict=True):
        if span.given in given:
            given[span.given] += float(share)
    are_peers = {column: embedder.roles[column] is not Role.ENTITY for column in given}
    return tuple(sorted(given, key=lambda column: (are_peers[column], -given[column])))


@dataclass(frozen=True)
class _Part:
    """A column's part in the surprisal of a record."""

    column: str
    share: float
    spans: list[Span]
    """The most telling first."""


def _reasons(sentences: Sentences, judged: Judged, parts: Sequence[_Part]) -> list[Reason]:
    """Say what is odd in each column, as far as that does not hold for many records.

    Of the first column it is said in any case, with other columns where it is not odd alone.
    """
    first, *others = parts
    telling = [part for part in others if part.share >= _SMALLEST_SHARE]
    rest = list(islice(_claimed(sentences, judged, telling), _MOST_REASONS - 1))
    claim = sentences.claim(judged, first.spans)
    if claim is None:
        claim = combination(judged, [part.column for part in parts])
        if claim.share > COMMON:
            rest = rest or list(islice(_claimed(sentences, judged, others), 1))
            return rest or [_reason(first, claim)]
    return [_reason(first, claim), *rest]


def _claimed(sentences: Sentences, judged: Judged, parts: Sequence[_Part]) -> Iterator[Reason]:
    for part in parts:
        claim = sentences.claim(judged, part.spans)
        if claim is not None:
            yield _reason(part, claim)


def _reason(part: _Part, claim: Claim) -> Reason:
    return Reason(part.column, claim.observed, claim.expected, part.share, claim.sentence)


def _by_column(spans: Sequence[Span], shares: npt.NDArray[np.float64]) -> list[_Part]:
    """Sum the shares of each column, the largest first."""
    of_column: dict[str, list[int]] = {}
    for i, span in enumerate(spans):
        of_column.setdefault(span.column, []).append(i)
    parts = [
        _Part(
            column,
            float(shares[at].sum()),
            [spans[i] for i in sorted(at, key=lambda i: -shares[i])],
        )
        for column, at in of_column.items()
    ]
    return sorted(parts, key=lambda part: -part.share)


def _summary(reasons: list[Reason]) -> str:
    """Join the sentences of the columns that carry the finding."""
    telling = [r.sentence for r in reasons[:_IN_SUMMARY] if r.share >= _TELLING]
    return "; ".join(telling or [r.sentence for r in reasons[:1]])
