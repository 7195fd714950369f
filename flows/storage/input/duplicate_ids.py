"""Rows that repeat an id: found exactly, though by hashes first, which are sorted outside memory.

Each part of the input leaves its hashes, sorted, in the scratch; then they are compared range by
range, over all parts. Only where hashes are equal the ids themselves are read again.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pyarrow as pa

from flows.storage.fs.scratch import Scratch
from flows.storage.input.plan import Chunk, InputPlan
from flows.storage.input.rows import read_batches, read_rows
from schemas.events.contract import one_array
from schemas.events.flattening import flatten, flattened_origin
from schemas.events.parsing import TERMS
from schemas.events.texts import as_text

_ROWS_AT_ONCE = 131_072
_MOST_PARTS = 96
_ROWS_IN_RANGE = 4_194_304
"""Hashes that are compared at a time."""


def repeated_ids(plan: InputPlan, column: str, scratch: Scratch) -> np.ndarray:
    """Find the rows whose value in a column stands in an earlier row too; null never does.

    16 bytes of scratch for a row. In memory are a part of the hashes at a time, and the ids only of
    rows whose hashes are equal.

    Parameters
    ----------
    plan
        The input.
    column
        A flattened column; its values are compared as text, which is what names a record.
    scratch
        Where the hashes are kept.

    Returns
    -------
    numpy.ndarray
        int64 (n_repeats,): numbers of rows, ascending.
    """
    origin = flattened_origin(plan.schema)[column]
    parts = plan.chunks(max(_ROWS_AT_ONCE, -(-plan.rows // _MOST_PARTS)))
    for number, part in enumerate(parts):
        _hash_part(plan, origin, column, part, scratch, number)
    suspects = np.sort(np.concatenate(list(_with_equal_hashes(scratch, len(parts), plan.rows))))
    codes = _number_ids(plan, origin, column, suspects)
    _, first_of_each = np.unique(codes, return_index=True)
    return np.delete(suspects, first_of_each)


def _hash_part(
    plan: InputPlan, origin: str, column: str, part: Chunk, scratch: Scratch, number: int
) -> None:
    """Leave the hashes of a part's ids in the scratch, ascending, and the rows they are of."""
    hashes, rows = [], []
    for first, table in read_batches(plan, part, [origin], _ROWS_AT_ONCE):
        ids = _ids(table, column)
        known = np.flatnonzero(ids.is_valid().to_numpy(zero_copy_only=False))
        texts = ids.drop_null().to_numpy(zero_copy_only=False)
        hashes.append(pd.util.hash_array(texts, categorize=False))
        rows.append(known + first)
    unordered = np.concatenate(hashes)
    order = np.argsort(unordered, kind="stable")
    scratch.write_array(_name(number, "hashes"), unordered[order])
    scratch.write_array(_name(number, "rows"), np.concatenate(rows)[order])


def _with_equal_hashes(scratch: Scratch, n_parts: int, n_rows: int) -> Iterator[np.ndarray]:
    """Give the rows whose hash is not the only one of its value, in no order."""
    hashes, rows = (
        [scratch.read_array(_name(part, kind)) for part in range(n_parts)]
        for kind in ("hashes", "rows")
    )
    n_ranges = 1 + n_rows // _ROWS_IN_RANGE
    starts = np.array([i * 2**64 // n_ranges for i in range(n_ranges)], dtype=np.uint64)
    cuts = [[*np.searchsorted(part, starts), len(part)] for part in hashes]
    for i in range(n_ranges):
        inside = [slice(cut[i], cut[i + 1]) for cut in cuts]
        some = np.concatenate([part[where] for part, where in zip(hashes, inside, strict=True)])
        order = np.argsort(some, kind="stable")
        equal = np.diff(some[order]) == 0
        shared = (np.append(equal, False) | np.insert(equal, 0, False))[: len(order)]
        of_some = np.concatenate([part[where] for part, where in zip(rows, inside, strict=True)])
        yield of_some[order[shared]]


def _name(part: int, kind: str) -> str:
    return f"ids-{part:05d}-{kind}"


def _number_ids(plan: InputPlan, origin: str, column: str, rows: np.ndarray) -> np.ndarray:
    """Give the ids of some rows numbers, equal ones for equal ids; int64 (n,)."""
    encoded = pa.chunked_array(list(_encoded_ids(plan, origin, column, rows)), TERMS)
    chunks = encoded.unify_dictionaries().chunks
    codes = [chunk.indices.to_numpy().astype(np.int64) for chunk in chunks]
    return np.concatenate([np.empty(0, dtype=np.int64), *codes])


def _encoded_ids(
    plan: InputPlan, origin: str, column: str, rows: np.ndarray
) -> Iterator[pa.DictionaryArray]:
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        table = read_rows(plan, rows[start : start + _ROWS_AT_ONCE], [origin])
        yield _ids(table, column).dictionary_encode()


def _ids(table: pa.Table, column: str) -> pa.Array:
    return as_text(one_array(flatten(table)[column]))
