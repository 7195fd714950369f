"""Values read as names, numbers and flags, whatever Arrow type holds them.

Text is converted once for each distinct value. What cannot be read is marked, not raised: the
contract in `schemas/events/contract.py` decides what becomes of the row.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from schemas.events.texts import as_text, is_string

TERMS = pa.dictionary(pa.int32(), pa.string())

PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
"""Unit of an Arrow time -> its ticks in a second."""

_MILLISECONDS_IN_DAY = 86_400_000
_MISSING = ("", "-", "nan", "na", "n/a", "nat", "null", "none")
"""How text spells a missing number, time or flag."""
_YES = ("true", "t", "yes", "y", "on", "1", "1.0")
_NO = ("false", "f", "no", "n", "off", "0", "0.0", "-0", "-0.0")


@dataclass(frozen=True)
class Reading:
    """A column read as a type."""

    values: pa.Array
    """n values of the type; null where there is none and where it cannot be read."""
    unreadable: np.ndarray
    """bool (n,): there is a value, but it cannot be read."""


class DistinctTexts(NamedTuple):
    """Values as text, each distinct one once."""

    codes: np.ndarray
    """(n,) positions in `texts`, -1 for null."""
    texts: "pd.Series[Any]"
    """The distinct texts, trimmed."""

    def spread(self, results: np.ndarray, null: Any) -> np.ndarray:
        """Give each of the n values the result for its text."""
        return np.append(results, np.array(null, dtype=results.dtype))[self.codes]


def read_terms(values: pa.Array) -> pa.DictionaryArray:
    """Read values as names: `dictionary<int32, string>`, no two entries alike.

    Examples
    --------
    >>> read_terms(pa.array([80, 443, None, 80])).to_pylist()
    ['80', '443', None, '80']
    """
    if pa.types.is_nested(values.type):
        return as_text(values).dictionary_encode()
    encoded = values if pa.types.is_dictionary(values.type) else values.dictionary_encode()
    texts = as_text(encoded.dictionary)
    if encoded is not values and texts.equals(encoded.dictionary):  # They are distinct.
        return encoded
    distinct = texts.dictionary_encode()
    codes = distinct.indices.take(encoded.indices)
    return pa.DictionaryArray.from_arrays(codes, distinct.dictionary)


def read_numbers(values: pa.Array) -> Reading:
    """Read values as numbers (float64): null and NaN are missing, infinity is left.

    Booleans count as 0 and 1, durations as seconds, times as seconds of the day, dates as days and
    timestamps as seconds since 1970.

    Examples
    --------
    >>> reading = read_numbers(pa.array(["1e3", " 2 ", "-", "two"]))
    >>> reading.values.to_pylist(), reading.unreadable.tolist()
    ([1000.0, 2.0, None, None], [False, False, False, True])
    """
    values = undictionaried(values)
    if is_number(values.type):
        return _numbers(to_floats(values), np.zeros(len(values), dtype=bool))
    if pa.types.is_temporal(values.type):
        ticks = to_floats(values.cast(integers_of(values.type)))
        return _numbers(ticks / _ticks_in_one(values.type), np.zeros(len(values), dtype=bool))
    distinct = distinct_texts(values)
    parsed = pd.to_numeric(distinct.texts, errors="coerce").to_numpy(np.float64)
    unreadable = np.isnan(parsed) & ~spells_missing(distinct.texts)
    return _numbers(distinct.spread(parsed, np.nan), distinct.spread(unreadable, False))


def read_flags(values: pa.Array) -> Reading:
    """Read values as the names `true` and `false`: from booleans, 0 and 1, yes and no, on and off.

    Examples
    --------
    >>> read_flags(pa.array(["Yes", "0", "", "maybe"])).values.to_pylist()
    ['true', 'false', None, None]
    """
    values = undictionaried(values)
    if pa.types.is_decimal(values.type):
        values = values.cast(pa.float64())
    distinct = distinct_texts(values)
    lower = distinct.texts.str.lower()
    yes, no = lower.isin(_YES).to_numpy(bool), lower.isin(_NO).to_numpy(bool)
    unreadable = ~(yes | no | spells_missing(lower))
    answers = distinct.spread(np.where(yes, 1, np.where(no, 0, -1)).astype(np.int32), -1)
    flags = pa.DictionaryArray.from_arrays(
        pa.array(answers, mask=answers < 0), pa.array(["false", "true"])
    )
    return Reading(flags, distinct.spread(unreadable, False))


def distinct_texts(values: pa.Array) -> DistinctTexts:
    """Convert values to text, each distinct one once."""
    terms = read_terms(values)
    codes = terms.indices.fill_null(-1).to_numpy()
    texts = pd.Series(terms.dictionary.to_pylist(), dtype=object)
    return DistinctTexts(codes, texts.str.strip() if len(texts) else texts.astype(str))


def spells_missing(texts: "pd.Series[Any]") -> np.ndarray:
    """Mark the texts that spell a missing value."""
    return texts.str.lower().isin(_MISSING).to_numpy(bool)


def undictionaried(values: pa.Array) -> pa.Array:
    """Decode a dictionary of anything but text, so that its type can be seen."""
    kind = values.type
    if pa.types.is_dictionary(kind) and not is_string(kind.value_type):
        return values.dictionary_decode()
    return values


def is_number(kind: pa.DataType) -> bool:
    """Return whether a type holds numbers, booleans or nothing at all."""
    return bool(
        pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
        or pa.types.is_decimal(kind)
        or pa.types.is_boolean(kind)
        or pa.types.is_null(kind)
    )


def to_floats(values: pa.Array) -> np.ndarray:
    """Give numbers as float64 (n,), null as NaN, and -0.0 as 0."""
    return values.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False) + 0.0


def integers_of(kind: pa.DataType) -> pa.DataType:
    """Give the integer type that stores a date, time or duration."""
    return pa.int32() if kind.bit_width == 32 else pa.int64()


def _numbers(numbers: np.ndarray, unreadable: np.ndarray) -> Reading:
    return Reading(pa.array(numbers, mask=np.isnan(numbers)), unreadable)


def _ticks_in_one(kind: pa.DataType) -> int:
    """Ticks in a day for dates, in a second for all else."""
    if pa.types.is_date(kind):
        return 1 if pa.types.is_date32(kind) else _MILLISECONDS_IN_DAY
    return PER_SECOND[kind.unit]
