"""A finding to reasons: which columns made it odd, what they hold, and what was to be expected."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from anomaly.embedding.deduplicated import Span
from anomaly.explain.attribution import span_shares
from anomaly.explain.sentences import ExplainedColumn, describe
from anomaly.model.fold import Fold

_NEIGHBOURS = 10
"""Nearest normal events that say what was to be expected."""
_MOST_REASONS = 5
_FEWEST_REASONS = 3
_SMALLEST_SHARE = 0.05
"""Beyond the first three, a column with less of the surprisal than this is left out."""


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


def explain(
    fold: Fold, references: pa.Table, events: pa.Table
) -> tuple[list[list[Reason]], list[str]]:
    """Give the reasons for each of `events`, the most telling first, and a summary of each.

    Parameters
    ----------
    fold
        The fold that explains: `AnomalyModel.explaining`.
    references
        The conformed events behind `fold.combination.density.references_`, in their order.
    events
        The conformed events to explain; few, for each is scored once a column again.
    """
    if not events.num_rows:
        return [], []
    X = fold.embedder.transform(events)
    neighbours = fold.nearest_usual(X, _NEIGHBOURS)
    shares = span_shares(fold, X, fold.combination.density.references_[neighbours[:, 0]])
    rows, normals = events.to_pylist(), references.to_pylist()
    reasons = [
        _reasons(fold, shares[i], rows[i], [normals[j] for j in neighbours[i]])
        for i in range(len(rows))
    ]
    return reasons, [_summary(r) for r in reasons]


def _reasons(
    fold: Fold,
    shares: npt.NDArray[np.float64],
    event: dict[str, Any],
    near: list[dict[str, Any]],
) -> list[Reason]:
    reasons: list[Reason] = []
    for column, (share, span) in _by_column(fold.embedder.spans, shares).items():
        enough = share >= _SMALLEST_SHARE or len(reasons) < _FEWEST_REASONS
        if len(reasons) == _MOST_REASONS or not enough:
            break
        explained = ExplainedColumn(fold.embedder, span, event, near)
        observed, expected, sentence = describe(explained)
        reasons.append(Reason(column, observed, expected, share, sentence))
    return reasons


def _by_column(
    spans: tuple[Span, ...], shares: npt.NDArray[np.float64]
) -> dict[str, tuple[float, Span]]:
    """Sum the shares of each column, largest first, and name its most telling span."""
    totals: dict[str, float] = {}
    telling: dict[str, int] = {}
    for i, span in enumerate(spans):
        totals[span.column] = totals.get(span.column, 0.0) + float(shares[i])
        best = telling.setdefault(span.column, i)
        if shares[i] > shares[best]:
            telling[span.column] = i
    ranked = sorted(totals, key=lambda column: -totals[column])
    return {column: (totals[column], spans[telling[column]]) for column in ranked}


def _summary(reasons: list[Reason]) -> str:
    """Join the sentences of the columns that carry the finding."""
    telling = [r.sentence for r in reasons[:_FEWEST_REASONS] if r.share >= _TELLING]
    return "; ".join(telling or [r.sentence for r in reasons[:1]])
