"""Column profiles: what a sample of rows says about the meaning of each column."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anomaly.numerics.spacing import evenly_spaced
from anomaly.preprocess.whole_numbers import count_whole_numbers
from schemas.columns.profile import LOOKS_LIKE, PATTERNS, ColumnProfile, WholeNumbers
from schemas.columns.time_formats import likely_formats
from schemas.events.texts import as_text, is_binary
from schemas.shortening import shortened

PATTERN_SAMPLE = 10_000
"""The most distinct values of a column that are matched against the patterns."""
PATTERN_LENGTH = 512
"""Characters of a value that the patterns see."""
EXAMPLES = 5
EXAMPLE_LENGTH = 80
_TIMES = ("other time", "other date", "clock")
"""The patterns of texts that need a format to be read as times."""


def profile(table: pa.Table) -> dict[str, ColumnProfile]:
    """Profile every column of a sample of rows.

    Everything but the row and null counts is computed over distinct values, so a column costs one
    hash of its rows.

    Parameters
    ----------
    table
        Flat rows: structs, lists and maps are already columns of plain values.

    Returns
    -------
    dict
        Column name -> its profile, in the order of the table.

    Examples
    --------
    >>> profiles = profile(pa.table({"host": ["a", "b", "a", None]}))
    >>> profiles["host"].distinct, profiles["host"].nulls, profiles["host"].examples
    (2, 1, ('a', 'b'))

    """
    return {name: _profile_column(name, table[name]) for name in table.column_names}


def _profile_column(name: str, column: pa.ChunkedArray) -> ColumnProfile:
    column = _plain(column)
    kind = _kind(column.type)
    values, counts = _distinct(column)
    filled = int(counts.sum())
    texts = _texts(values) if kind == "string" else None
    patterns = _pattern_shares(texts)
    low, high, whole = _range(values) if kind in ("integer", "float") else (None, None, False)
    counted = whole or patterns.get("decimal", 0.0) == 1.0
    return ColumnProfile(
        name=name,
        kind=kind,
        rows=len(column),
        nulls=len(column) - filled,
        distinct=len(values),
        top_share=float(counts.max() / filled) if filled else 0.0,
        mean_length=_mean(pc.utf8_length(values)) if kind == "string" else 0.0,
        space_share=_share(texts, r"\s"),
        patterns=patterns,
        examples=_examples(values, counts),
        minimum=low,
        maximum=high,
        whole=whole,
        time_formats=_time_formats(texts, patterns),
        whole_numbers=_whole_numbers(values, counts) if counted else None,
    )


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Undo encodings and unify widths, so that a few types stand for all."""
    if isinstance(column.type, pa.BaseExtensionType):
        column = column.cast(column.type.storage_type)
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_string(column.type) or pa.types.is_string_view(column.type):
        return column.cast(pa.large_string())
    if is_binary(column.type):
        return _text_if_valid(column)
    if pa.types.is_floating(column.type):
        column = pc.add(column.cast(pa.float64()), 0.0)  # -0.0 is 0
        return pc.if_else(pc.is_nan(column), pa.scalar(None, pa.float64()), column)
    return column


def _text_if_valid(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Read bytes as text where all are: some writers leave strings without their type."""
    column = column.cast(pa.large_binary())
    try:
        return column.cast(pa.large_string())
    except pa.ArrowInvalid:
        return column


_KINDS = (
    (pa.types.is_null, "null"),
    (pa.types.is_boolean, "bool"),
    (pa.types.is_integer, "integer"),
    (pa.types.is_floating, "float"),
    (pa.types.is_large_string, "string"),
    (pa.types.is_timestamp, "timestamp"),
    (pa.types.is_date, "date"),
    (pa.types.is_time, "time"),
    (pa.types.is_duration, "duration"),
    (pa.types.is_interval, "duration"),
)


def _kind(dtype: pa.DataType) -> str:
    if pa.types.is_decimal(dtype):
        return "integer" if dtype.scale <= 0 else "float"
    return next((kind for fits, kind in _KINDS if fits(dtype)), "binary")


def _distinct(column: pa.ChunkedArray) -> tuple[pa.Array, np.ndarray]:
    """Give the distinct non-null values in order of appearance, and how often each occurs."""
    pairs = column.value_counts()
    values, counts = pairs.field("values"), pairs.field("counts")
    there = pc.is_valid(values)
    return values.filter(there), counts.filter(there).to_numpy()


def _texts(values: pa.Array) -> pa.Array:
    """Give the beginnings of at most `PATTERN_SAMPLE` values, evenly spaced."""
    places = pa.array(evenly_spaced(len(values), PATTERN_SAMPLE))
    return pc.utf8_slice_codeunits(values.take(places), 0, PATTERN_LENGTH)


def _pattern_shares(texts: pa.Array | None) -> dict[str, float]:
    shares = {name: _share(texts, pattern) for name, pattern in PATTERNS.items()}
    return {name: share for name, share in shares.items() if share > 0}


def _time_formats(texts: pa.Array | None, patterns: dict[str, float]) -> tuple[str, ...]:
    if texts is None or max(patterns.get(name, 0.0) for name in _TIMES) < LOOKS_LIKE:
        return ()
    return likely_formats(texts.to_pylist())


def _share(texts: pa.Array | None, pattern: str) -> float:
    return _mean(pc.match_substring_regex(texts, pattern)) if texts is not None else 0.0


def _mean(values: pa.Array) -> float:
    return float(pc.mean(values).as_py() or 0.0)


def _range(values: pa.Array) -> tuple[float | None, float | None, bool]:
    """Give the least and the greatest finite value, and whether all are whole."""
    numbers = values.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    finite = numbers[np.isfinite(numbers)]
    if not len(finite):
        return None, None, False
    whole = bool((finite == np.floor(finite)).all())
    return float(finite.min()), float(finite.max()), whole


def _whole_numbers(values: pa.Array, counts: np.ndarray) -> WholeNumbers | None:
    """Count whole numbers, of a type or spelt as text; None where a value is none."""
    try:
        numbers = values.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    except pa.ArrowInvalid:  # A text that was not among those matched.
        return None
    return count_whole_numbers(numbers, counts)


def _examples(values: pa.Array, counts: np.ndarray) -> tuple[str, ...]:
    most_common = np.argsort(-counts, kind="stable")[:EXAMPLES]
    # As text by Arrow: a file may hold times that Python has no date for.
    texts = as_text(values.take(pa.array(most_common))).to_pylist()
    return tuple(shortened(text, EXAMPLE_LENGTH) for text in texts)
