"""Rows that repeat an id: found exactly, though by hashes first: the ids need not fit in memory."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pyarrow as pa

from flows.storage.plan import InputPlan
from flows.storage.rows import read_batches, read_rows
from schemas.events import one_array
from schemas.flattening import flatten, flattened_origin
from schemas.reading import TERMS
from schemas.texts import as_text

_ROWS_AT_ONCE = 131_072


def repeated_ids(plan: InputPlan, column: str) -> np.ndarray:
    """Find the rows whose value in a column stands in an earlier row too; null never does.

    16 bytes of memory for a row; the ids themselves are only held where their hashes are equal.

    Parameters
    ----------
    plan
        The input.
    column
        A flattened column; its values are compared as text, which is what names a record.

    Returns
    -------
    numpy.ndarray
        int64 (n_repeats,): numbers of rows, ascending.
    """
    origin = flattened_origin(plan.schema)[column]
    hashes, rows = _hash_ids(plan, origin, column)
    suspects = _with_equal_hashes(hashes, rows)
    codes = _number_ids(plan, origin, column, suspects)
    _, first_of_each = np.unique(codes, return_index=True)
    return np.delete(suspects, first_of_each)


def _hash_ids(plan: InputPlan, origin: str, column: str) -> tuple[np.ndarray, np.ndarray]:
    hashes, rows = [np.empty(0, dtype=np.uint64)], [np.empty(0, dtype=np.int64)]
    for chunk in plan.chunks(_ROWS_AT_ONCE):
        for first, table in read_batches(plan, chunk, [origin], _ROWS_AT_ONCE):
            ids = _ids(table, column)
            known = np.flatnonzero(ids.is_valid().to_numpy(zero_copy_only=False))
            texts = ids.drop_null().to_numpy(zero_copy_only=False)
            hashes.append(pd.util.hash_array(texts, categorize=False))
            rows.append(known + first)
    return np.concatenate(hashes), np.concatenate(rows)


def _with_equal_hashes(hashes: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Give the rows whose hash is not the only one of its value, ascending."""
    order = np.argsort(hashes, kind="stable")
    equal = np.diff(hashes[order]) == 0
    shared = np.append(equal, False) | np.insert(equal, 0, False)
    return np.sort(rows[order[shared[: len(order)]]])


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
