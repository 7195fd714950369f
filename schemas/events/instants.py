"""Values read as moments: timestamps, dates, text of logs and mails, and counts since 1970.

Text is ISO 8601, the common log format (`05/Jan/2026:03:11:00 +0100`) or RFC 1123 (`Mon, 05 Jan
2026 03:11:00 GMT`). What is written otherwise needs a format, see `event_times.py`.
"""

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from schemas.events.parsing import (
    PER_SECOND,
    Reading,
    distinct_texts,
    integers_of,
    is_number,
    spells_missing,
    to_floats,
    undictionaried,
)
from schemas.patterns import FILETIME, NAMED_MONTHS

INSTANT = pa.timestamp("us", tz="UTC")

EARLIEST = -2_208_988_800
"""The first possible moment, 1900-01-01, in seconds since 1970."""
LATEST = 7_258_118_400
"""The first that is no longer possible, 2200-01-01, in seconds since 1970."""

_EPOCH_BOUNDS = (("s", 1e11), ("ms", 1e14), ("us", 1e17))
"""Unit -> the median from which on a count is of the next finer unit."""
COUNT = r"[+-]?(?:\d{9,13}|\d{15,})(?:\.\d+)?"
"""Text that counts from 1970; 8 and 14 digits are a date and a time without separators."""
_DATE = r"\d{4}"
_SPELLINGS = {r" ?(?:UTC|GMT)$": "Z", r"(?<=:\d\d),(?=\d)": ".", r"^(\d{8})(\d{6})$": r"\1T\2"}
"""How logs spell ISO 8601 otherwise -> what pandas takes."""
_SECONDS_IN_DAY = 86_400
_NOT_OF_THE_FORMAT = r"^[A-Za-z]{3}, |[\[\]]"
ACCEPTED = (
    "ISO 8601, `05/Jan/2026:03:11:00 +0100`, `Mon, 05 Jan 2026 03:11:00 GMT`, and counts since 1970"
    " in s, ms, µs or ns; others by a `format`, as in"
    ' `{ role = "time", format = "%d.%m.%Y %H:%M:%S" }`'
)
"""The spellings of times that are read, for whoever is told that his are not."""
_FILETIME_TO_MICROSECONDS = 11_644_473_600_000_000


def read_instants(values: pa.Array) -> Reading:
    """Read values as moments (timestamp[us, UTC]) from 1900 up to 2200.

    Dates and times without a zone are taken as UTC. Plain numbers, also in text, count seconds,
    milli-, micro- or nanoseconds since 1970: which of them, the column's median tells.

    Examples
    --------
    >>> read_instants(pa.array([1_700_000_000_000])).values[0].as_py().isoformat()
    '2023-11-14T22:13:20+00:00'
    """
    values = undictionaried(values)
    kind = values.type
    missing = values.is_null().to_numpy(zero_copy_only=False)
    if pa.types.is_timestamp(kind):
        return _reading(*_microseconds(_stored(values), PER_SECOND[kind.unit]), missing)
    if pa.types.is_date32(kind):
        return _reading(*_microseconds(_stored(values) * _SECONDS_IN_DAY, 1), missing)
    if pa.types.is_date64(kind):
        return _reading(*_microseconds(_stored(values), PER_SECOND["ms"]), missing)
    if is_number(kind) and not pa.types.is_boolean(kind):
        return _counted(values)
    if pa.types.is_temporal(kind) or pa.types.is_boolean(kind):
        return _reading(np.zeros(len(values)), np.zeros(len(values), dtype=bool), missing)
    return _written(values)


def _counted(values: pa.Array) -> Reading:
    floats = to_floats(values)
    per_second = _epoch_unit(floats)
    exact = pa.types.is_signed_integer(values.type)  # float64 is too coarse for nanoseconds
    counts = _stored(values.cast(pa.int64())) if exact else floats
    if _are_filetimes(floats):
        micros = counts // 10 - _FILETIME_TO_MICROSECONDS
        return _reading(*_microseconds(micros, PER_SECOND["us"]), np.isnan(floats))
    return _reading(*_microseconds(counts, per_second), np.isnan(floats))


def _written(values: pa.Array) -> Reading:
    distinct = distinct_texts(values)
    counts = _counts_of_text(distinct.texts)
    if _are_filetimes(counts):
        counts, per_second = counts // 10 - _FILETIME_TO_MICROSECONDS, PER_SECOND["us"]
    else:
        per_second = _epoch_unit(counts)
    micros, possible = _microseconds(counts, per_second)
    dates, dated = _microseconds(_dates_of_text(distinct.texts), PER_SECOND["us"])
    missing = distinct.spread(spells_missing(distinct.texts), True)
    return _reading(
        distinct.spread(np.where(dated, dates, micros), 0),
        distinct.spread(possible | dated, False),
        missing,
    )


def _counts_of_text(texts: "pd.Series[Any]") -> np.ndarray:
    counts = texts.where(texts.str.fullmatch(COUNT).astype(bool))
    return pd.to_numeric(counts, errors="coerce").to_numpy(np.float64)


def _dates_of_text(texts: "pd.Series[Any]") -> np.ndarray:
    """Parse what starts like a date: pandas would take `now` for one too."""
    dated = texts.str.match(_DATE).astype(bool) & ~texts.str.fullmatch(COUNT).astype(bool)
    spelt = texts.where(dated).str.upper().replace(_SPELLINGS, regex=True)
    moments = pd.to_datetime(spelt, format="ISO8601", utc=True, errors="coerce")
    for pattern, spelling in NAMED_MONTHS:
        named = texts.str.fullmatch(pattern).astype(bool)
        if named.any():
            moments = moments.where(~named, _moments_of(texts.where(named), spelling))
    return moments.dt.tz_localize(None).to_numpy("datetime64[us]").astype(np.int64)


def _moments_of(texts: "pd.Series[Any]", spelling: str) -> "pd.Series[Any]":
    plain = texts.str.replace(_NOT_OF_THE_FORMAT, "", regex=True)
    zoned = plain.str.replace(r" (?:GMT|UTC|Z)$", " +0000", case=False, regex=True)
    return pd.to_datetime(zoned, format=spelling, utc=True, errors="coerce")


def _are_filetimes(counts: np.ndarray) -> bool:
    """Tell counts of 100 ns since 1601 by their size; as nanoseconds since 1970 they lie in 1974.

    Nanoseconds of the years 1973 and 1974 are of the same size, and no log has them.
    """
    known = counts[np.isfinite(counts) & (counts != 0)]
    return bool(len(known)) and FILETIME[0] <= float(np.median(known)) < FILETIME[1]


def _epoch_unit(counts: np.ndarray) -> int:
    """Tell what numbers count since 1970 by their size; give its ticks in a second."""
    sizes = np.abs(counts[np.isfinite(counts) & (counts != 0)])
    median = np.median(sizes) if len(sizes) else 0.0
    return PER_SECOND[next((unit for unit, bound in _EPOCH_BOUNDS if median < bound), "ns")]


def _stored(values: pa.Array) -> np.ndarray:
    integers = values.cast(integers_of(values.type)).cast(pa.int64())
    return integers.fill_null(0).to_numpy()


def _microseconds(ticks: np.ndarray, per_second: int) -> tuple[np.ndarray, np.ndarray]:
    """Convert ticks since 1970; tell which of them are possible."""
    possible = (ticks >= EARLIEST * per_second) & (ticks < LATEST * per_second)
    within = np.where(possible, ticks, 0)
    if per_second > PER_SECOND["us"]:
        micros = within // (per_second // PER_SECOND["us"])
    else:
        micros = within * (PER_SECOND["us"] // per_second)
    return np.rint(micros).astype(np.int64), possible


def _reading(micros: np.ndarray, possible: np.ndarray, missing: np.ndarray) -> Reading:
    moments = pa.array(micros.astype(np.int64), mask=missing | ~possible).cast(INSTANT)
    return Reading(moments, ~possible & ~missing)
