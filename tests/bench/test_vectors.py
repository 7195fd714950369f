"""The benchmark of vector stores measures what it says."""

from pathlib import Path

import numpy as np
import pytest

from tests.bench.vectors.__main__ import page
from tests.bench.vectors.trials import queries, run_trial, tenth_nearest

N = 20_000


@pytest.fixture(scope="module")
def vectors(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("vectors") / "vectors.npy"
    random = np.random.default_rng(0)
    np.save(path, random.normal(size=(N, 70)).astype(np.float32) * 0.8 ** np.arange(70, dtype="f4"))
    X = np.load(path, mmap_mode="r")
    asked = queries(X, 10)
    np.savez(path.with_suffix(".truth.npz"), asked=asked, far=tenth_nearest(X, asked))
    return path


def test_the_truth_is_that_of_brute_force(vectors: Path) -> None:
    X, truth = np.load(vectors), np.load(vectors.with_suffix(".truth.npz"))
    for query, far in zip(truth["asked"], truth["far"], strict=True):
        away = np.sort(np.linalg.norm(X.astype(np.float64) - query, axis=1))
        assert far == pytest.approx(away[9])


def test_brute_force_finds_all_and_outfield_s_store_nearly(vectors: Path, tmp_path: Path) -> None:
    whole = run_trial("numpy, whole", vectors, tmp_path / "a", 10)
    ours = run_trial("FAISS, outfield's", vectors, tmp_path / "b", 10)
    assert whole.recall == 1.0
    assert ours.recall >= 0.95
    assert ours.megabytes < 0.6 * N * 70 * 4 / 1e6
    assert "| numpy, whole | 20,000 |" in page([whole, ours])
