"""One store on the vectors of a file, in a process of its own: `… trials STORE VECTORS FOLDER`."""

import json
import resource
import shutil
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter, process_time

import numpy as np
import numpy.typing as npt

from tests.bench.vectors.stores import STORES, K

_SEED = 0
_SAME = 1e-3
"""Two distances that differ by no more than a half float does."""


@dataclass(frozen=True)
class Trial:
    """The outcome of a store."""

    store: str
    vectors: int
    dims: int
    build_seconds: float
    build_cpu: float
    megabytes: float
    open_seconds: float
    """To open it and answer the first query."""
    recall: float
    """Share of those found that are no farther than the tenth nearest."""
    median_ms: float
    slow_ms: float
    """Nineteen of twenty queries are faster."""
    query_cpu_ms: float
    peak_mib: float


def queries(X: npt.NDArray[np.float32], n: int) -> npt.NDArray[np.float32]:
    """Draw vectors to ask for: half of all, half of the hundredth farthest from the middle."""
    rng = np.random.default_rng(_SEED)
    centre = np.asarray(X[:: max(1, len(X) // 20_000)], dtype=np.float32).mean(0)
    blocks = (np.asarray(X[s : s + 65_536], np.float32) for s in range(0, len(X), 65_536))
    away = [np.linalg.norm(block - centre, axis=1) for block in blocks]
    odd = np.argsort(-np.concatenate(away))[: max(n, len(X) // 100)]
    chosen = [rng.choice(len(X), n - n // 2, replace=False), rng.choice(odd, n // 2, replace=False)]
    return np.asarray(X[np.concatenate(chosen)], dtype=np.float32)


def tenth_nearest(
    X: npt.NDArray[np.float32], asked: npt.NDArray[np.float32]
) -> npt.NDArray[np.float64]:
    """Return how far the K-th nearest vector is from each query, by brute force."""
    best = np.full((len(asked), K), np.inf)
    for start in range(0, len(X), 65_536):
        block = np.asarray(X[start : start + 65_536], dtype=np.float32)
        rough = (block * block).sum(1) - 2 * asked @ block.T
        near = np.argpartition(rough, min(2 * K, len(block) - 1), axis=1)[:, : 2 * K]
        for i, places in enumerate(near):
            away = ((block[places].astype(np.float64) - asked[i]) ** 2).sum(1)
            best[i] = np.sort(np.concatenate([best[i], away]))[:K]
    return np.sqrt(best[:, -1])


def run_trial(store: str, vectors: Path, folder: Path, n_queries: int) -> Trial:
    """Build a store, open it and ask it; the truth lies beside the vectors."""
    X = np.load(vectors, mmap_mode="r")
    truth = np.load(vectors.with_suffix(".truth.npz"))
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    began, cpu = perf_counter(), process_time()
    opened = STORES[store](X, folder)
    built, built_cpu = perf_counter() - began, process_time() - cpu
    began = perf_counter()
    ask = opened()
    ask(truth["asked"][0])
    opening = perf_counter() - began
    taken, hits, cpu = [], [], process_time()
    for query, far in list(zip(truth["asked"], truth["far"], strict=True))[:n_queries]:
        began = perf_counter()
        found = ask(query)[:K]
        taken.append(1e3 * (perf_counter() - began))
        away = np.linalg.norm(np.asarray(X[found], dtype=np.float64) - query, axis=1)
        hits.append(np.sum(away <= far * (1 + _SAME) + _SAME) / K)
    return Trial(
        store=store,
        vectors=len(X),
        dims=X.shape[1],
        build_seconds=built,
        build_cpu=built_cpu,
        megabytes=sum(f.stat().st_size for f in folder.rglob("*") if f.is_file()) / 1e6,
        open_seconds=opening,
        recall=float(np.mean(hits)),
        median_ms=float(np.median(taken)),
        slow_ms=float(np.quantile(taken, 0.95)),
        query_cpu_ms=1e3 * (process_time() - cpu) / len(taken),
        peak_mib=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    )


if __name__ == "__main__":
    name, vectors, folder, number = sys.argv[1:]
    print(json.dumps(asdict(run_trial(name, Path(vectors), Path(folder), int(number)))))
