"""Metrics of a ranking against the labels."""

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata
from sklearn.metrics import average_precision_score, roc_auc_score

FIRST = 100
"""What an analyst looks at."""

Labels = npt.NDArray[np.bool_]
Scores = npt.NDArray[np.float64]


def judged(labels: Labels, scores: Scores) -> dict[str, float]:
    """Judge scores, higher for more anomalous, by the labels.

    Only their order counts, so that no score is too large for a metric.

    Raises
    ------
    ValueError
        A score is not a number, or the labels are all alike.

    Examples
    --------
    >>> labels = np.array([True, False, True, False])
    >>> figures = judged(labels, np.array([4.0, 3.0, 2.0, 1.0]))
    >>> {name: round(figure, 3) for name, figure in figures.items()}
    {'auroc': 0.75, 'ap': 0.833, 'precision': 0.5}
    """
    if np.isnan(scores).any():
        raise ValueError(f"{np.isnan(scores).sum()} scores are not numbers")
    if labels.all() or not labels.any():
        raise ValueError("the labels are all alike")
    ranks = rankdata(scores, method="dense")
    return {
        "auroc": float(roc_auc_score(labels, ranks)),
        "ap": float(average_precision_score(labels, ranks)),
        "precision": precision_among_first(labels, ranks, FIRST),
    }


def precision_among_first(labels: Labels, scores: Scores, first: int) -> float:
    """Return the share of anomalies among the `first` highest scores, or among all if fewer.

    Where the cut goes through equal scores, what is expected of a draw among them counts.

    Examples
    --------
    >>> labels = np.array([True, True, False, False, False])
    >>> precision_among_first(labels, np.array([3.0, 2.0, 2.0, 1.0, 1.0]), 2)
    0.75
    """
    first = min(first, len(scores))
    cut = np.sort(scores)[-first]
    above, at_cut = scores > cut, scores == cut
    hits = labels[above].sum() + (first - above.sum()) * labels[at_cut].mean()
    return float(hits / first)
