"""The shape of texts: how long they are, and which kinds of signs they are made of."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from anomaly.embedding.text_pieces import parts_of
from anomaly.numerics.arrays import Doubles, Integers

_CLASSES = (r"\d", r"\p{Lu}", r"\s", r"[^\s\d\p{L}]")
"""Digits, capitals, white space, and signs that are none of these and no letters."""
_AT_ONCE = 2**17
"""Characters that are counted at once: the 2 MB that they need fit the cache."""
_BITS = 16
"""Of a sum that hold the count of one class."""


def shapes_of(texts: pa.Array) -> list[Doubles]:
    """Return the log length, and the share of each class of signs, each float64 (n_texts,)."""
    length = pc.utf8_length(texts).to_numpy(zero_copy_only=False).astype(np.float64)
    counts = np.concatenate([_counts(part) for part in parts_of(texts, _AT_ONCE)])
    return [np.log1p(length), *(count / np.maximum(length, 1.0) for count in counts.T)]


def _counts(texts: pa.Array) -> Integers:
    """Count the signs of each class, int64 (n_texts, n_classes)."""
    sizes = pc.binary_length(texts).to_numpy(zero_copy_only=False)
    plain = np.asarray(pc.string_is_ascii(texts)) & (sizes < 2**_BITS)
    if plain.all():
        return _counts_of_ascii(texts)
    counts = np.empty((len(texts), len(_CLASSES)), np.int64)
    counts[plain] = _counts_of_ascii(texts.filter(pa.array(plain)))
    counts[~plain] = _counts_by_search(texts.filter(pa.array(~plain)))
    return counts


def _counts_by_search(texts: pa.Array) -> Integers:
    found = [pc.count_substring_regex(texts, pattern).to_numpy() for pattern in _CLASSES]
    return np.column_stack(found).astype(np.int64)


_IN_CLASSES = _counts_by_search(pa.array([chr(code) for code in range(128)])).astype(np.uint64)
_SHIFTS = np.arange(0, 64, _BITS, dtype=np.uint64)
_PACKED = np.sum(_IN_CLASSES << _SHIFTS, axis=1, dtype=np.uint64)
"""(128,): one in the bits of each class that a character is of."""


def _counts_of_ascii(texts: pa.Array) -> Integers:
    """Count in one pass over the bytes: the counts of all classes are parts of one sum."""
    sizes = pc.binary_length(texts).to_numpy(zero_copy_only=False).astype(np.int64)
    sums = np.zeros(len(texts), np.uint64)
    filled = np.flatnonzero(sizes)
    starts = np.cumsum(sizes)[filled] - sizes[filled]
    if len(filled):
        sums[filled] = np.add.reduceat(_PACKED.take(_bytes_of(texts)), starts)
    counts = np.bitwise_and(sums[:, None] >> _SHIFTS, 2**_BITS - 1)
    return counts.astype(np.int64)


def _bytes_of(texts: pa.Array) -> npt.NDArray[np.uint8]:
    """Return the bytes of `texts`, one after the other."""
    large = texts.cast(pa.large_string())
    _, offsets, data = large.buffers()
    ends = np.frombuffer(offsets, np.int64)[large.offset : large.offset + len(large) + 1]
    return np.frombuffer(data, np.uint8)[ends[0] : ends[-1]]
