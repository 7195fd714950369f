"""Rows of a file that its table has deleted: their positions, and the rows that are left."""

import base64
import hashlib
import zlib
from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np
import pyarrow as pa

_STORED = np.dtype("<i8")


def pack(positions: np.ndarray) -> str:
    """Pack positions into a text, fit for a plan: some two bytes for each.

    Parameters
    ----------
    positions
        int64 (n,): numbers of rows in their file, in any order, some perhaps twice.

    Examples
    --------
    >>> unpack(pack(np.array([7, 3, 7]))).tolist(), pack(np.array([]))
    ([3, 7], '')
    """
    distinct = np.unique(positions).astype(_STORED)
    if not len(distinct):
        return ""
    steps = np.diff(distinct, prepend=np.zeros(1, dtype=_STORED))
    return base64.b64encode(zlib.compress(steps.tobytes())).decode()


@lru_cache(maxsize=16)
def unpack(packed: str) -> np.ndarray:
    """Give packed positions, ascending, each once; int64 (n,)."""
    steps = zlib.decompress(base64.b64decode(packed)) if packed else b""
    positions = np.cumsum(np.frombuffer(steps, dtype=_STORED), dtype=np.int64)
    positions.flags.writeable = False  # it is shared
    return positions


def fingerprint(packed: str) -> str | None:
    """Tell these deleted rows from others of the same file; None where none is deleted."""
    return hashlib.sha256(unpack(packed).tobytes()).hexdigest()[:16] if packed else None


def live_sizes(packed: str, sizes: Sequence[int]) -> tuple[int, ...]:
    """Give the rows that are left of each row group.

    Examples
    --------
    >>> live_sizes(pack(np.array([0, 1, 5])), [3, 2, 4])
    (1, 2, 3)
    """
    ends = np.cumsum([0, *sizes])
    deleted = np.diff(np.searchsorted(unpack(packed), ends))
    return tuple((np.diff(ends) - deleted).tolist())


def stored_positions(packed: str, live: np.ndarray) -> np.ndarray:
    """Give the positions in the file of rows that are counted without the deleted ones.

    Examples
    --------
    >>> stored_positions(pack(np.array([0, 1, 5])), np.array([0, 1, 2, 3, 4])).tolist()
    [2, 3, 4, 6, 7]
    """
    deleted = unpack(packed)
    live_before = deleted - np.arange(len(deleted))
    return live + np.searchsorted(live_before, live, side="right")


def positions_within(packed: str, row_groups: Sequence[int], sizes: Sequence[int]) -> np.ndarray:
    """Give the positions of deleted rows among the rows of some row groups, read in a row.

    Parameters
    ----------
    packed
        The deleted rows of the file.
    row_groups
        Numbers of row groups, ascending.
    sizes
        Stored rows of each row group of the file.

    Examples
    --------
    >>> positions_within(pack(np.array([0, 1, 5])), [0, 2], [3, 2, 4]).tolist()
    [0, 1, 3]
    """
    deleted, ends = unpack(packed), np.cumsum([0, *sizes])
    cuts = np.searchsorted(deleted, ends)
    before, found = 0, [np.empty(0, dtype=np.int64)]
    for group in row_groups:
        found.append(deleted[cuts[group] : cuts[group + 1]] - ends[group] + before)
        before += sizes[group]
    return np.concatenate(found)


def without_rows(
    batches: Iterator[pa.RecordBatch], positions: np.ndarray
) -> Iterator[pa.RecordBatch]:
    """Drop the rows at ascending positions of a stream of batches; none is passed on empty."""
    start = 0
    for batch in batches:
        stop = start + batch.num_rows
        first, last = np.searchsorted(positions, [start, stop])
        keep = np.ones(batch.num_rows, dtype=bool)
        keep[positions[first:last] - start] = False
        live = batch if first == last else batch.filter(pa.array(keep))
        if live.num_rows:
            yield live
        start = stop
