"""Times of the findings, whatever type their time column has."""

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from schemas.events.instants import COUNT, read_instants

_YEAR_1, _YEAR_10000 = -62_135_596_800_000, 253_402_300_800_000
"""Milliseconds since 1970: what lies outside cannot be drawn or written as a date."""
_FIRST_COUNT = 100_000_000_000
"""Milliseconds since 1970, in 1973: what counts less is no Unix time but a small number."""
_ZONED = rf"(?i)(?:Z|UTC|GMT|[+-]\d\d:?\d\d)\]?$|^{COUNT}$"
"""Text of a time with its zone, or of a count since 1970."""


@dataclass(frozen=True)
class EventTimes:
    """The time of each finding; null where it is not known."""

    milliseconds: pa.Array
    """int64 (n_findings,), since 1970-01-01 00:00."""
    zone: str
    """`UTC`, or empty where the log names no zone."""

    def texts(self) -> list[str | None]:
        """Write each time to the second."""
        stamps = pc.cast(self.milliseconds, pa.timestamp("ms")).to_pylist()
        return [stamp and f"{stamp:%Y-%m-%d %H:%M:%S} {self.zone}".rstrip() for stamp in stamps]


def event_times(findings: pa.Table, time_column: str | None) -> EventTimes | None:
    """Read the time column: timestamps, dates, Unix times, or text that `read_instants` reads.

    Returns
    -------
    EventTimes or None
        None without a time column, or where no finding's time can be read.
    """
    if time_column is None or time_column not in findings.column_names:
        return None
    column, zone = _timestamps(findings[time_column].combine_chunks())
    milliseconds = pc.cast(column, pa.int64())
    possible = pc.and_(pc.greater_equal(milliseconds, _YEAR_1), pc.less(milliseconds, _YEAR_10000))
    milliseconds = pc.if_else(possible, milliseconds, None)
    return None if milliseconds.null_count == len(milliseconds) else EventTimes(milliseconds, zone)


def _timestamps(column: pa.Array) -> tuple[pa.Array, str]:
    """Read a column as timestamps in milliseconds, null where it cannot be, and their zone."""
    if pa.types.is_timestamp(column.type) or pa.types.is_date(column.type):
        zone = "UTC" if getattr(column.type, "tz", None) else ""
        return pc.cast(column, pa.timestamp("ms"), safe=False), zone
    if pa.types.is_dictionary(column.type):
        return _timestamps(column.dictionary_decode())
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return _from_text(column)
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
        return _from_counts(column), "UTC"
    return pa.nulls(len(column), pa.timestamp("ms")), ""


def _from_counts(column: pa.Array) -> pa.Array:
    moments = _in_milliseconds(column)
    counted = pc.greater_equal(pc.cast(moments, pa.int64()), _FIRST_COUNT)
    return pc.if_else(counted, moments, None)


def _from_text(column: pa.Array) -> tuple[pa.Array, str]:
    zoned = pc.all(pc.match_substring_regex(column, _ZONED)).as_py()
    return _in_milliseconds(column), "UTC" if zoned else ""


def _in_milliseconds(column: pa.Array) -> pa.Array:
    moments = pc.cast(read_instants(column).values, pa.timestamp("ms", "UTC"), safe=False)
    return moments.cast(pa.timestamp("ms"))
