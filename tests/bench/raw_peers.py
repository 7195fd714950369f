"""Peers on engineered features: isotree, Isolation Forest and nearest neighbours.

Each takes a seed, imports what it needs, and returns a function from the features to the scores.
Higher is more anomalous.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.ensemble import IsolationForest
from sklearn.neighbors import NearestNeighbors

from tests.bench.engineered import Matrix

Scores = npt.NDArray[np.float64]
TREES = 200
"""Of both forests. The 500 of isotree by default take three times as long on 300,000 rows."""
MOST_SEARCHED = 20_000
"""Rows among which neighbours are searched: all, or a random draw of so many."""


def isotree(seed: int) -> Callable[[pd.DataFrame | Matrix], Scores]:
    """Return isotree's forest, which splits categories as they are."""
    import isotree as library  # noqa: PLC0415 - of the bench environment alone

    forest = library.IsolationForest(ntrees=TREES, random_seed=seed, nthreads=1)
    return lambda frame: np.asarray(forest.fit(frame).predict(frame), dtype=np.float64)


def isolation_forest(seed: int) -> Callable[[Matrix], Scores]:
    """Return scikit-learn's Isolation Forest."""
    forest = IsolationForest(n_estimators=TREES, random_state=seed)
    return lambda X: -forest.fit(X).score_samples(X)


def nearest(seed: int, most: int = MOST_SEARCHED) -> Callable[[Matrix], Scores]:
    """Return the distance to the k-th nearest other row, k = √n of the n rows searched."""

    def score(X: Matrix) -> Scores:
        n = min(len(X), most)
        drawn = np.random.default_rng(seed).choice(len(X), n, replace=False)
        k = int(np.sqrt(n))
        search = NearestNeighbors(n_neighbors=k + 1, algorithm="brute").fit(X[drawn])
        distances = search.kneighbors(X)[0]
        is_drawn = np.isin(np.arange(len(X)), drawn)
        # A row that is searched itself is its own first neighbour.
        return np.where(is_drawn, distances[:, k], distances[:, k - 1])

    return score
