"""The vector store: FAISS, one index file of a run for each metric.

Chosen by measurement (`make bench-vectors`). The vectors are rotated to their
main axes, of which 64 are stored as half floats. They lie in cells: a query searches the nearest
cells. The caller measures what is found again, on whole vectors.
"""

import hashlib
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np
import numpy.typing as npt

from flows.storage.fs.atomic import naming_output_errors, replacing
from flows.storage.fs.store_path import Place
from flows.storage.runs.reader import INDEX_SUFFIX, INDEXES, PublishedRun
from schemas.errors import JobError, OutputError

AXES = 64
"""Main axes that are kept: of the sample log's 266 dimensions they hold 98.5 % of the variance."""
_IN_CELL = 4_096
"""Vectors of a cell, about."""
_MOST_CELLS = 256
_CELLS_ASKED = 1 / 16
_FEWEST_ASKED = 8
_REMEDY = "run the job again"

Vectors = npt.NDArray[np.float32]
Places = npt.NDArray[np.int64]


def require_store() -> None:
    """Check that the vector store is installed.

    Raises
    ------
    JobError
        It is not.
    """
    if find_spec("faiss") is None:
        raise JobError(
            "the vector store is not installed",
            where="search.store",
            remedy="pip install 'outfield[search]', or set it to false",
        )


def layout(n: int, n_dims: int) -> str:
    """Say, in FAISS's terms, how `n` vectors are stored: all side by side if they are few.

    Examples
    --------
    >>> layout(1_000, 266), layout(1_000_000, 266)
    ('Flat', 'PCA64,IVF244,SQfp16')
    """
    cells = min(n // _IN_CELL, _MOST_CELLS)
    if cells < 2:
        return "Flat"
    turned = f"PCA{AXES}," if n_dims > AXES else ""
    return f"{turned}IVF{cells},SQfp16"


class IndexWriter:
    """An index that is being filled.

    Parameters
    ----------
    n
        How many vectors there will be.
    sample
        Some of them, float32 (n_sample, n_dims): axes and cells come from these.
    """

    def __init__(self, n: int, sample: Vectors) -> None:
        import faiss  # noqa: PLC0415 - an extra, and slow to import

        self._index = faiss.index_factory(sample.shape[1], layout(n, sample.shape[1]))
        self._index.train(np.ascontiguousarray(sample))

    def add(self, X: Vectors) -> None:
        """Append vectors, float32 (n, n_dims); the first of all is number 0."""
        self._index.add(np.ascontiguousarray(X))

    def write(self, run: Place, name: str) -> None:
        """Write the index into the folder of a run, whole or not at all.

        Raises
        ------
        OutputError
            The disk is full or the folder is gone.
        """
        import faiss  # noqa: PLC0415

        folder = run / INDEXES
        with naming_output_errors(folder):
            folder.mkdir(exist_ok=True)
            with replacing(folder / f"{name}{INDEX_SUFFIX}") as temporary:
                temporary.write_bytes(faiss.serialize_index(self._index).tobytes())


@dataclass(frozen=True)
class VectorIndex:
    """An index that can be asked."""

    index: Any

    def nearest(self, X: Vectors, k: int, allowed: Places | None = None) -> Places:
        """Find the vectors near each of `X`, by their numbers.

        Parameters
        ----------
        X
            The queries, float32 (n_queries, n_dims).
        k
            How many to find for each.
        allowed
            Numbers that may be found, ascending; all by default.

        Returns
        -------
        int64 (n_queries, k): the nearest first, -1 where there are fewer.
        """
        _, found = self.index.search(np.ascontiguousarray(X), k, params=self._how(allowed))
        return found

    def _how(self, allowed: Places | None) -> Any:
        """Say which cells are asked: all of them where not every vector may be found."""
        import faiss  # noqa: PLC0415

        chosen = {} if allowed is None else {"sel": faiss.IDSelectorBatch(allowed)}
        turned = isinstance(self.index, faiss.IndexPreTransform)
        inner = faiss.downcast_index(self.index.index) if turned else self.index
        if not isinstance(inner, faiss.IndexIVF):
            return faiss.SearchParameters(**chosen)
        asked = max(_FEWEST_ASKED, round(inner.nlist * _CELLS_ASKED))
        cells = min(inner.nlist, asked) if allowed is None else inner.nlist
        kinds: Any = faiss  # whose stubs do not know the parameters of a search
        how = kinds.SearchParametersIVF(nprobe=cells, **chosen)
        return kinds.SearchParametersPreTransform(index_params=how) if turned else how


def open_index(run: PublishedRun, name: str) -> VectorIndex:
    """Load an index of a run; the file is the one that was written, or it is refused.

    Raises
    ------
    OutputError
        It is missing or damaged.
    JobError
        The vector store is not installed.
    """
    require_store()
    import faiss  # noqa: PLC0415

    path = run.folder / INDEXES / f"{name}{INDEX_SUFFIX}"
    try:
        content = path.read_bytes()
    except OSError as error:
        raise OutputError("cannot be read", where=str(path), remedy=_REMEDY) from error
    # FAISS trusts what it reads, so it reads nothing but what the run wrote.
    written = run.manifest.files.get(f"{INDEXES}/{path.name}")
    if hashlib.sha256(content).hexdigest() != written:
        raise OutputError("is not the file that was written", where=str(path), remedy=_REMEDY)
    return VectorIndex(faiss.deserialize_index(np.frombuffer(content, dtype=np.uint8)))
