"""Attribution: shares out the surprisal of an event over the spans of X that cause it.

Each span has two counterfactuals. The event takes the coordinates of the nearest normal event
there, and loses surprisal. The normal event takes the coordinates of the event, and gains
surprisal. They are the last and the first term of a Shapley value (Lundberg and Lee, 2017). The
first alone would overlook a cause that two columns share. The second alone would overlook a cause
that is odd only beside another column. The normal events are the usual references of a fold, see
`Fold.nearest_usual`.
"""

import numpy as np
import numpy.typing as npt

from anomaly.embedding.deduplicated import Span
from anomaly.model.fold import Fold


def span_shares(
    fold: Fold, X: npt.NDArray[np.float32], normal: npt.NDArray[np.float32]
) -> npt.NDArray[np.float64]:
    """Share out the surprisal of each event over the spans of its embedding.

    Parameters
    ----------
    fold
        Scores the counterfactuals; its `embedder.spans` are the n_spans parts.
    X
        The events, float32 (n_events, n_dims).
    normal
        For each the nearest normal event, float32 (n_events, n_dims).

    Returns
    -------
    float64 (n_events, n_spans): shares of one. An event as ordinary as its nearest normal one has
    no surprisal to share out; the squared differences between the two stand in for it.
    """
    spans = fold.embedder.spans
    shares = _effects(fold, X, normal)
    ordinary = ~shares.any(axis=1)
    shares[ordinary] = _differences(X[ordinary], normal[ordinary], spans)
    total = shares.sum(axis=1, keepdims=True)
    return np.divide(shares, total, out=np.zeros_like(shares), where=total > 0)


def leading_columns(fold: Fold, X: npt.NDArray[np.float32], n: int) -> npt.NDArray[np.int64]:
    """Return the `n` columns that take most of each event's surprisal, the most telling first.

    Returns
    -------
    int64 (n_events, n): places in the order in which the columns first come among the fold's
    spans. Where there are fewer columns than `n`, there are fewer here.
    """
    names = [span.column for span in fold.embedder.spans]
    columns = list(dict.fromkeys(names))
    nearest = fold.nearest_usual(X, 1)[:, 0]
    shares = span_shares(fold, X, fold.combination.density.references_[nearest])
    by_column = np.zeros((len(X), len(columns)))
    for span, name in enumerate(names):
        by_column[:, columns.index(name)] += shares[:, span]
    return np.argsort(-by_column, axis=1, kind="stable")[:, :n]


def _effects(
    fold: Fold, X: npt.NDArray[np.float32], normal: npt.NDArray[np.float32]
) -> npt.NDArray[np.float64]:
    without, alone = _surprisals(fold, X, normal), _surprisals(fold, normal, X)
    loss, gain = without[:, :1] - without[:, 1:], alone[:, 1:] - alone[:, :1]
    return np.maximum(loss, 0.0) + np.maximum(gain, 0.0)


def _surprisals(
    fold: Fold, X: npt.NDArray[np.float32], others: npt.NDArray[np.float32]
) -> npt.NDArray[np.float64]:
    """Return surprisals, (n_events, 1 + n_spans): of the event, then with each span exchanged."""
    surprisal = fold.combination.score_exchanged(X, others, fold.embedder.spans).surprisal
    return -np.log(fold.calibration.p_values(surprisal.ravel())).reshape(surprisal.shape)


def _differences(
    X: npt.NDArray[np.float32], normal: npt.NDArray[np.float32], spans: tuple[Span, ...]
) -> npt.NDArray[np.float64]:
    starts = [span.start for span in spans]
    return np.add.reduceat((X - normal).astype(np.float64) ** 2, starts, axis=1)
