"""Some records of each chunk, kept in the scratch for what looks back on the whole run."""

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa

from flows.records import BATCH_ROWS, batch_rows
from flows.storage.scratch import Scratch

ROWS_OF_BATCH = 1_024
"""Records kept of a batch, evenly spaced; of a smaller one, for its many columns, fewer."""
MOST_CHUNKS = 256
"""Chunks, evenly spaced, that are looked back on: a quarter of a million records tell enough."""


def some_of(records: pa.Table) -> pa.Table:
    """Take some records of a batch, with no more names and texts than they hold."""
    most = max(1, ROWS_OF_BATCH * batch_rows(records.num_columns) // BATCH_ROWS)
    some = records.take(pa.array(_spread(records.num_rows, most)))
    columns = [
        column.cast(column.type.value_type).dictionary_encode()
        if pa.types.is_dictionary(column.type)
        else column
        for column in some.columns
    ]
    return pa.table(columns, names=some.column_names)


def keep(scratch: Scratch, chunk: int, some: Sequence[pa.Table]) -> None:
    """Keep some records of the batches of a chunk."""
    kept = pa.concat_tables(some).unify_dictionaries().combine_chunks()
    scratch.write_table(_name(chunk), kept)


def kept_records(scratch: Scratch, n_chunks: int, most: int = MOST_CHUNKS) -> Iterator[pa.Table]:
    """Read back what was kept of the chunks, or of `most` of them, one after the other."""
    for chunk in _spread(n_chunks, min(most, MOST_CHUNKS)).tolist():
        yield scratch.read_table(_name(chunk))


def _spread(n: int, most: int) -> np.ndarray:
    """Return 0 … n - 1, or `most` of them, evenly spaced."""
    return np.arange(n) if n <= most else np.arange(most, dtype=np.int64) * n // most


def _name(chunk: int) -> str:
    return f"kept-{chunk:05d}"
