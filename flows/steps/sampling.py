"""Samples of the rows of a run: for profiles and models, and a few of each chunk for monitoring."""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from anomaly.numerics.spacing import spread
from flows.steps.records import BATCH_ROWS, batch_rows
from flows.storage.fs.scratch import Scratch
from schemas.events.contract import one_array
from schemas.events.masks import without_digits
from schemas.events.texts import as_text

SAMPLE_ROWS = 262_144
"""All rows of a small input, a random draw of a large."""
_SAMPLE_CELLS = 128 * SAMPLE_ROWS
_FEWEST_ROWS = 2_048
"""Of a log of thousands of columns a draw has fewer rows, so that memory holds it."""

ROWS_OF_BATCH = 1_024
"""Records sampled of a batch, evenly spaced; of a smaller one, for its many columns, fewer."""
MOST_CHUNKS = 256
"""Chunks, evenly spaced, that are looked back on: a quarter of a million records tell enough."""

_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)


def sample_rows(total: int, n_columns: int, seed: int) -> npt.NDArray[np.int64]:
    """Draw the numbers of the rows to look at, ascending; all of them if they are few.

    Examples
    --------
    >>> len(sample_rows(10**6, 12, seed=0)), len(sample_rows(10**6, 10_000, seed=0))
    (262144, 3355)
    """
    if not is_drawn(total, n_columns):
        return np.arange(total)
    most = _most_rows(n_columns)
    draw = np.random.default_rng(seed).choice(total, most, replace=False, shuffle=False)
    return np.sort(draw)


def is_drawn(total: int, n_columns: int) -> bool:
    """Return whether a sample of `total` rows holds fewer than all."""
    return total > _most_rows(n_columns)


def _most_rows(n_columns: int) -> int:
    return min(SAMPLE_ROWS, max(_SAMPLE_CELLS // max(n_columns, 1), _FEWEST_ROWS))


def by_content(records: pa.Table) -> pa.Table:
    """Order records by a hash of what they hold, so that their order in the input does not matter.

    A model is fitted on thirds drawn by position: without this, the same events in other files or
    in another order would be judged otherwise. Nor does the masking key matter.

    Parameters
    ----------
    records
        n_records rows of flat columns or of lists of strings.
    """
    hashes = np.zeros(records.num_rows, dtype=np.uint64)
    for column in records.columns:
        hashes = hashes * _MULTIPLIER + _hashes(one_array(column))
    return records.take(pa.array(np.argsort(hashes, kind="stable")))


def _hashes(values: pa.Array) -> npt.NDArray[np.uint64]:
    """Hash each value, uint64 (n_values,); null has a hash too."""
    if pa.types.is_dictionary(values.type):
        names = np.append(_hashes(values.dictionary), np.uint64(0))
        return names[values.indices.fill_null(-1).to_numpy()]
    if pa.types.is_floating(values.type):
        return pd.util.hash_array(values.to_numpy(zero_copy_only=False))
    if pa.types.is_temporal(values.type):
        return pd.util.hash_array(values.cast(pa.int64()).fill_null(0).to_numpy())
    texts = without_digits(pc.fill_null(as_text(values), ""))
    return pd.util.hash_array(texts.to_numpy(zero_copy_only=False), categorize=False)


def sample_of_batch(records: pa.Table) -> pa.Table:
    """Take some records of a batch, with no more names and texts than they hold."""
    most = max(1, ROWS_OF_BATCH * batch_rows(records.num_columns) // BATCH_ROWS)
    some = records.take(pa.array(spread(records.num_rows, most)))
    columns = [
        column.cast(column.type.value_type).dictionary_encode()
        if pa.types.is_dictionary(column.type)
        else column
        for column in some.columns
    ]
    return pa.table(columns, names=some.column_names)


def write_chunk_sample(scratch: Scratch, chunk: int, some: Sequence[pa.Table]) -> None:
    """Write the samples of a chunk's batches to the scratch, as one table."""
    sampled = pa.concat_tables(some).unify_dictionaries().combine_chunks()
    scratch.write_table(_name(chunk), sampled)


def read_chunk_samples(
    scratch: Scratch, n_chunks: int, most: int = MOST_CHUNKS
) -> Iterator[pa.Table]:
    """Read back the samples of the chunks, or of `most` of them, one after the other."""
    for chunk in spread(n_chunks, min(most, MOST_CHUNKS)).tolist():
        yield scratch.read_table(_name(chunk))


def _name(chunk: int) -> str:
    return f"sampled-{chunk:05d}"
