"""The sample that profiles and models are made from: which rows, and in which order."""

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from schemas.events import one_array
from schemas.texts import as_text

SAMPLE_ROWS = 262_144
"""All rows of a small input, a random draw of a large."""
_SAMPLE_CELLS = 128 * SAMPLE_ROWS
_FEWEST_ROWS = 2_048
"""Of a log of thousands of columns a draw has fewer rows, so that memory holds it."""

_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)


def sample_rows(total: int, n_columns: int, seed: int) -> npt.NDArray[np.int64]:
    """Draw the numbers of the rows to look at, ascending; all of them if they are few.

    Examples
    --------
    >>> len(sample_rows(10**6, 12, seed=0)), len(sample_rows(10**6, 10_000, seed=0))
    (262144, 3355)
    """
    most = min(SAMPLE_ROWS, max(_SAMPLE_CELLS // max(n_columns, 1), _FEWEST_ROWS))
    if total <= most:
        return np.arange(total)
    draw = np.random.default_rng(seed).choice(total, most, replace=False, shuffle=False)
    return np.sort(draw)


def by_content(records: pa.Table) -> pa.Table:
    """Order records by a hash of what they hold, so that their order in the input does not matter.

    A model is fitted on halves drawn by position: without this, the same events in other files or
    in another order would be judged otherwise.

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
    texts = pc.fill_null(as_text(values), "")
    return pd.util.hash_array(texts.to_numpy(zero_copy_only=False), categorize=False)
