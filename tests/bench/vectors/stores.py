"""The stores that are compared, each built from the same vectors and asked one query at a time.

A store that keeps less than whole vectors is asked for 40, which are measured again on whole ones.
`outfield similar` asks its own in the same way. Each is built into a folder and opened from it.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from flows.storage.search.vector_index import layout

K = 10
_CANDIDATES = 40
_BLOCK = 65_536
_CELLS_ASKED = 16

Vectors = npt.NDArray[Any]
Ask = Callable[[npt.NDArray[np.float32]], npt.NDArray[np.int64]]
"""A query, float32 (n_dims,) -> the numbers of the vectors found, the nearest first."""
Store = Callable[[Vectors, Path], Callable[[], Ask]]
"""Vectors and a folder -> what opens the store that was built there."""


def _blocks(X: Vectors) -> Iterator[npt.NDArray[np.float32]]:
    for start in range(0, len(X), _BLOCK):
        yield np.asarray(X[start : start + _BLOCK], dtype=np.float32)


def _measured(X: Vectors, query: npt.NDArray[np.float32], found: Any) -> npt.NDArray[np.int64]:
    """Order candidates by their distance on whole vectors, and keep the nearest."""
    places = np.sort(np.asarray(found, dtype=np.int64))
    away = np.linalg.norm(np.asarray(X[places], dtype=np.float32) - query, axis=1)
    return places[np.argsort(away, kind="stable")[:K]]


def numpy_whole(X: Vectors, folder: Path) -> Callable[[], Ask]:
    """Brute force: a product of the mapped matrix and the query."""
    np.save(folder / "squares.npy", np.concatenate([(b * b).sum(1) for b in _blocks(X)]))

    def opened() -> Ask:
        squares = np.load(folder / "squares.npy")
        return lambda q: _measured(X, q, np.argpartition(squares - 2 * (X @ q), K)[:K])

    return opened


def numpy_axes(X: Vectors, folder: Path) -> Callable[[], Ask]:
    """Brute force on 48 main axes; the nearest 500 are measured on whole vectors."""
    sample = np.asarray(X[:: max(1, len(X) // 100_000)], dtype=np.float64)
    centre = sample.mean(0).astype(np.float32)
    axes = np.linalg.eigh(np.cov((sample - centre).T))[1][:, ::-1][:, :48].astype(np.float32)
    np.save(folder / "turned.npy", np.vstack([(b - centre) @ axes for b in _blocks(X)]))

    def opened() -> Ask:
        turned = np.load(folder / "turned.npy", mmap_mode="r")
        squares = (turned * turned).sum(1)

        def ask(q: npt.NDArray[np.float32]) -> npt.NDArray[np.int64]:
            away = squares - 2 * (turned @ ((q - centre) @ axes))
            return _measured(X, q, np.argpartition(away, 500)[:500])

        return ask

    return opened


def sklearn_brute(X: Vectors, _folder: Path) -> Callable[[], Ask]:
    """Brute force by scikit-learn's NearestNeighbors, which holds the matrix in memory."""
    from sklearn.neighbors import NearestNeighbors  # noqa: PLC0415 - a contender's own start-up

    def opened() -> Ask:
        model = NearestNeighbors(n_neighbors=K, algorithm="brute").fit(np.asarray(X, np.float32))
        return lambda q: model.kneighbors(q[None], return_distance=False)[0]

    return opened


def faiss_store(spec: str | None) -> Store:
    """Make a store of an index of FAISS; by default the one that outfield uses."""

    def build(X: Vectors, folder: Path) -> Callable[[], Ask]:
        import faiss  # noqa: PLC0415

        index = faiss.index_factory(X.shape[1], spec or layout(*X.shape))
        index.train(np.asarray(X[:: max(1, len(X) // 16_384)], dtype=np.float32))
        for block in _blocks(X):
            index.add(block)
        faiss.write_index(index, str(folder / "index"))

        def opened() -> Ask:
            index = faiss.read_index(str(folder / "index"))
            if "IVF" in (spec or layout(*X.shape)):
                faiss.extract_index_ivf(index).nprobe = _CELLS_ASKED
            return lambda q: _measured(X, q, index.search(q[None], _CANDIDATES)[1][0])

        return opened

    return build


def usearch_exact(X: Vectors, folder: Path) -> Callable[[], Ask]:
    """Brute force by USearch on half floats."""
    from usearch.index import MetricKind, search  # noqa: PLC0415

    half = np.lib.format.open_memmap(folder / "half.npy", "w+", np.float16, X.shape)
    for number, block in enumerate(_blocks(X)):
        half[number * _BLOCK : number * _BLOCK + len(block)] = block

    def opened() -> Ask:
        stored = np.load(folder / "half.npy", mmap_mode="r")
        how = {"metric": MetricKind.L2sq, "exact": True}
        return lambda q: (
            search(stored, q.astype(np.float16), K, **how).keys.ravel().astype(np.int64)
        )

    return opened


def usearch_graph(X: Vectors, folder: Path) -> Callable[[], Ask]:
    """A graph (HNSW) by USearch on half floats."""
    from usearch.index import Index  # noqa: PLC0415

    index = Index(ndim=X.shape[1], metric="l2sq", dtype="f16")
    first = 0
    for block in _blocks(X):
        index.add(np.arange(first, first + len(block)), block)
        first += len(block)
    index.save(str(folder / "index"))

    def opened() -> Ask:
        index = Index.restore(str(folder / "index"), view=True)
        return lambda q: _measured(X, q, index.search(q, _CANDIDATES).keys)

    return opened


def lancedb_store(kind: str | None) -> Store:
    """Make a table of LanceDB: of half floats, with an index of a kind or none."""

    def build(X: Vectors, folder: Path) -> Callable[[], Ask]:
        import lancedb  # noqa: PLC0415
        import pyarrow as pa  # noqa: PLC0415

        vector = pa.list_(pa.float16(), X.shape[1])
        schema = pa.schema([("id", pa.int64()), ("vector", vector)])

        def batches() -> Iterator[pa.RecordBatch]:
            first = 0
            for block in _blocks(X):
                flat = pa.array(block.astype(np.float16).ravel())
                ids = pa.array(np.arange(first, first + len(block)))
                first += len(block)
                yield pa.record_batch(
                    [ids, pa.FixedSizeListArray.from_arrays(flat, X.shape[1])], schema=schema
                )

        table = lancedb.connect(folder).create_table("vectors", batches(), schema=schema)
        if kind is not None:
            table.create_index(metric="l2", index_type=kind, num_partitions=256)

        def opened() -> Ask:
            table = lancedb.connect(folder).open_table("vectors")

            def ask(q: npt.NDArray[np.float32]) -> npt.NDArray[np.int64]:
                query = table.search(q.astype(np.float16)).select(["id"])
                if kind is not None:
                    query = query.nprobes(_CELLS_ASKED)
                return _measured(X, q, query.limit(_CANDIDATES).to_arrow()["id"].to_numpy())

            return ask

        return opened

    return build


STORES: dict[str, Store] = {
    "numpy, whole": numpy_whole,
    "numpy, 48 axes": numpy_axes,
    "scikit-learn, brute": sklearn_brute,
    "FAISS, outfield's": faiss_store(None),
    "FAISS, half floats": faiss_store("SQfp16"),
    "FAISS, cells": faiss_store("IVF256,Flat"),
    "FAISS, graph": faiss_store("HNSW16"),
    "USearch, exact": usearch_exact,
    "USearch, graph": usearch_graph,
    "LanceDB, flat": lancedb_store(None),
    "LanceDB, IVF_SQ": lancedb_store("IVF_SQ"),
    "LanceDB, IVF_PQ": lancedb_store("IVF_PQ"),
}
