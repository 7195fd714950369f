"""The programs that are run on the log, each in its own process: `… contenders NAME LOG OUTPUT`.

`floor` reads the log and writes it again: the cost of any program that keeps its events. `lean` is
a short script as a user in a hurry writes it, `lean-text` the same for a log with texts. The others
use skrub and PyOD as their documentation shows.
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

_BATCH = 131_072
_MOST_FINDINGS = 1_000
_FEW = 32
"""Names of a column at most that `lean` gives a column each."""
_TOKENS, _DIRECTIONS = 2**16, 16
"""Of each column of texts, for `lean-text`."""


def floor(log: Path, output: Path) -> None:
    """Read the log and write it again, with pyarrow alone."""
    source = pq.ParquetFile(log, pre_buffer=False)  # which would hold the file whole
    with pq.ParquetWriter(output, source.schema_arrow, compression="zstd") as writer:
        for batch in source.iter_batches(_BATCH):
            writer.write_batch(batch)


def lean(log: Path, output: Path) -> None:
    """Encode by frequency and one-hot, and let scikit-learn's IsolationForest use all cores."""
    from sklearn.ensemble import IsolationForest  # noqa: PLC0415 - a contender's own start-up

    events = pd.read_parquet(log)
    X = pd.DataFrame(_frequencies(events)).to_numpy(np.float32)
    forest = IsolationForest(n_jobs=-1, random_state=0).fit(X)
    _write(events, -forest.score_samples(X), output)


def lean_text(log: Path, output: Path) -> None:
    """Hash the words of texts and reduce them by a truncated SVD; the rest is as for `lean`."""
    from sklearn.decomposition import TruncatedSVD  # noqa: PLC0415
    from sklearn.ensemble import IsolationForest  # noqa: PLC0415
    from sklearn.feature_extraction.text import HashingVectorizer  # noqa: PLC0415

    events = pd.read_parquet(log)
    texts = [name for name in events if _hardly_repeats(events[name])]
    parts = [pd.DataFrame(_frequencies(events.drop(columns=texts))).to_numpy(np.float32)]
    for name in texts:
        hashed = HashingVectorizer(dtype=np.float32, n_features=_TOKENS).fit_transform(events[name])
        parts.append(TruncatedSVD(_DIRECTIONS, random_state=0).fit_transform(hashed))
    X = np.hstack(parts)
    forest = IsolationForest(n_jobs=-1, random_state=0).fit(X)
    _write(events, -forest.score_samples(X), output)


def _hardly_repeats(values: pd.Series) -> bool:
    return pd.api.types.is_object_dtype(values) and 2 * values.nunique() > len(values)


def _frequencies(events: pd.DataFrame) -> dict[str, Any]:
    """Encode times, numbers and names: how frequent each name is, and the few ones one-hot."""
    columns: dict[str, Any] = {
        "hour": events["timestamp"].dt.hour,
        "weekday": events["timestamp"].dt.day_of_week,
    }
    for name in events.columns.drop("timestamp"):
        values = events[name]
        if pd.api.types.is_numeric_dtype(values):
            columns[name] = values.fillna(-1.0)
            continue
        columns[f"{name}, frequency"] = values.map(values.value_counts(normalize=True)).fillna(0.0)
        if values.nunique() <= _FEW:
            columns |= dict(pd.get_dummies(values, prefix=name).items())
    return columns


def pyod_iforest(log: Path, output: Path) -> None:
    """Encode with skrub, score with PyOD's IForest."""
    from pyod.models.iforest import IForest  # noqa: PLC0415

    _encode_and_score(log, output, IForest(n_jobs=-1, random_state=0))


def pyod_ecod(log: Path, output: Path) -> None:
    """Encode with skrub, score with PyOD's ECOD."""
    from pyod.models.ecod import ECOD  # noqa: PLC0415

    _encode_and_score(log, output, ECOD(n_jobs=-1))


def pyod_knn(log: Path, output: Path) -> None:
    """Encode with skrub, score with PyOD's KNN."""
    from pyod.models.knn import KNN  # noqa: PLC0415

    _encode_and_score(log, output, KNN(n_jobs=-1))


def _encode_and_score(log: Path, output: Path, detector: Any) -> None:
    from sklearn.preprocessing import StandardScaler  # noqa: PLC0415
    from skrub import TableVectorizer  # noqa: PLC0415

    events = pd.read_parquet(log)
    X = TableVectorizer(n_jobs=-1).fit_transform(events).to_numpy(dtype=np.float32)
    detector.fit(StandardScaler().fit_transform(np.nan_to_num(X)))
    _write(events, detector.decision_scores_, output)


def _write(events: pd.DataFrame, scores: np.ndarray, output: Path) -> None:
    """Write the score of each event, and the oddest events whole."""
    scored = events.assign(score=scores)
    scored[["score"]].to_parquet(output)
    scored.nlargest(_MOST_FINDINGS, "score").to_parquet(output.with_suffix(".findings.parquet"))


CONTENDERS = {
    "floor": floor,
    "lean": lean,
    "lean-text": lean_text,
    "pyod-iforest": pyod_iforest,
    "pyod-ecod": pyod_ecod,
    "pyod-knn": pyod_knn,
}


if __name__ == "__main__":
    CONTENDERS[sys.argv[1]](Path(sys.argv[2]), Path(sys.argv[3]))
