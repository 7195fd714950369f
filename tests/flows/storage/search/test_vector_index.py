"""The vector store against brute force: what it finds, what it may find, and what it refuses."""

from pathlib import Path

import numpy as np
import pytest

from flows.storage.runs.reader import INDEXES, PublishedRun
from flows.storage.runs.writer import RunFolder
from flows.storage.search.vector_index import IndexWriter, VectorIndex, layout, open_index
from schemas.errors import OutputError
from tests.flows.sample_runs import manifest


def clusters(n: int, n_dims: int, seed: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed)
    centres = random.normal(0, 4, (40, n_dims))
    spread = 0.8 ** np.arange(n_dims)
    X = centres[random.integers(0, 40, n)] * spread + random.normal(size=(n, n_dims)) * spread
    return X.astype(np.float32)


def indexed(folder: Path, X: np.ndarray) -> tuple[PublishedRun, VectorIndex]:
    run = RunFolder.create(str(folder), "job", "one")
    writer = IndexWriter(len(X), X[:: max(1, len(X) // 2_000)])
    for part in np.array_split(X, 3):
        writer.add(part)
    writer.write(run.path, "euclidean")
    published = run.publish(manifest("one"), "")
    return published, open_index(published, "euclidean")


def recall(X: np.ndarray, queries: np.ndarray, found: np.ndarray, k: int = 10) -> float:
    """Share of the k found that are no farther than the k-th nearest."""
    hits = []
    for query, places in zip(queries, found, strict=True):
        away = np.linalg.norm(X - query, axis=1)
        hits.append(np.mean(away[places[:k]] <= np.sort(away)[k - 1] * (1 + 1e-5)))
    return float(np.mean(hits))


def test_few_vectors_are_searched_exactly(tmp_path: Path) -> None:
    X = clusters(500, 70)
    _, index = indexed(tmp_path, X)
    assert recall(X, X[:20], index.nearest(X[:20], 10)) == 1.0


def test_many_vectors_are_found_again_but_for_a_few(tmp_path: Path) -> None:
    X = clusters(20_000, 70)
    assert layout(*X.shape).startswith("PCA64,IVF")
    _, index = indexed(tmp_path, X)
    queries = X[::200]
    found = index.nearest(queries, 40)
    nearest = np.array(
        [
            places[np.argsort(np.linalg.norm(X[places] - q, axis=1))]
            for q, places in zip(queries, found, strict=True)
        ]
    )
    assert recall(X, queries, nearest) >= 0.95


@pytest.mark.parametrize("n", [500, 20_000])
def test_only_what_is_allowed_is_found_and_all_of_that(tmp_path: Path, n: int) -> None:
    X = clusters(n, 70)
    _, index = indexed(tmp_path, X)
    allowed = np.arange(7, n, n // 5)
    found = index.nearest(X[:3], 10, allowed)
    for row in found:
        assert sorted(row[row >= 0]) == allowed.tolist()


def test_the_same_vectors_give_the_same_bytes(tmp_path: Path) -> None:
    X = clusters(20_000, 70)
    runs = [indexed(tmp_path / name, X)[0] for name in ("a", "b")]
    one, other = ((run.folder / INDEXES / "euclidean.faiss").read_bytes() for run in runs)
    assert one == other


def test_a_file_that_no_run_wrote_is_not_read(tmp_path: Path) -> None:
    run, _ = indexed(tmp_path, clusters(500, 8))
    path = Path(str(run.folder)) / INDEXES / "euclidean.faiss"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(OutputError, match="is not the file that was written"):
        open_index(run, "euclidean")
    path.unlink()
    with pytest.raises(OutputError, match="cannot be read"):
        open_index(run, "euclidean")
