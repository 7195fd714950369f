"""Times of events read as the job, or the values of their column, say that they are written."""

from datetime import date
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from schemas.columns.time_formats import Spelling, has_year
from schemas.events.instants import INSTANT, read_instants
from schemas.events.parsing import Reading, distinct_texts, spells_missing
from schemas.events.texts import as_text

_SECONDS = 8
"""Characters of a time of day to the second."""


def read_event_times(values: pa.Array, days: pa.Array | None, spelling: Spelling) -> Reading:
    """Read the times of events as moments (timestamp[us, UTC]) from 1900 up to 2200.

    Parameters
    ----------
    values
        n values: times, or times of day.
    days
        n days, where `values` are times of day.
    spelling
        How they are written.

    Examples
    --------
    >>> spelling = Spelling("%b %d %H:%M:%S", before=date(2026, 1, 2))
    >>> times = pa.array(["Dec 31 23:59:59", "Jan  1 00:00:00"])
    >>> [time.year for time in read_event_times(times, None, spelling).values.to_pylist()]
    [2025, 2026]
    """
    if days is not None:
        values = _joined(days, values, with_fractions="%f" in (spelling.format or "%f"))
    if spelling.format is None:
        return read_instants(values)
    distinct = distinct_texts(values)
    moments = _parsed(distinct.texts, spelling.format, spelling.before)
    reading = read_instants(pa.array(moments, INSTANT, from_pandas=True))
    missing = distinct.spread(spells_missing(distinct.texts), True)
    read = distinct.spread(reading.values.is_valid().to_numpy(zero_copy_only=False), False)
    places = pa.array(distinct.codes, mask=distinct.codes < 0)
    return Reading(reading.values.take(places), ~read & ~missing)


def _joined(days: pa.Array, clocks: pa.Array, *, with_fractions: bool) -> pa.Array:
    """Put day and time of day into one text, null where one of them is."""
    if pa.types.is_timestamp(days.type):
        days = days.cast(pa.date32(), safe=False)
    texts = as_text(clocks)
    if pa.types.is_time(clocks.type) and not with_fractions:
        texts = pc.utf8_slice_codeunits(texts, 0, _SECONDS)
    stripped = [pc.utf8_trim_whitespace(each) for each in (as_text(days), texts)]
    return pc.binary_join_element_wise(*stripped, " ")


def _parsed(texts: "pd.Series[Any]", spelling: str, before: date | None) -> "pd.Series[Any]":
    """Parse distinct texts; without a year they lie in the last year possible."""
    plain = texts.str.strip("[] ")
    if has_year(spelling):
        return pd.to_datetime(plain, format=spelling, utc=True, errors="coerce")
    if before is None:
        return pd.to_datetime(plain.where(plain.isna()), utc=True)
    last = pd.Timestamp(before, tz="UTC")
    year = (last - pd.Timedelta(1)).year
    moments = _of_year(plain, spelling, year)
    return moments.where(moments < last, _of_year(plain, spelling, year - 1))


def _of_year(texts: "pd.Series[Any]", spelling: str, year: int) -> "pd.Series[Any]":
    dated = texts.where(texts.isna(), str(year) + " " + texts)
    return pd.to_datetime(dated, format=f"%Y {spelling}", utc=True, errors="coerce")
