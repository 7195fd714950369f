"""Amounts as a person reads them: with unit and magnitude where the name of the column tells it."""

import math
import re
from collections.abc import Sequence

import numpy as np

_TOKENS = re.compile(r"[^A-Za-zµ]+|(?<=[a-z])(?=[A-Z])")
_SECONDS = {
    **dict.fromkeys(("ns", "nanos", "nanoseconds"), 1e-9),
    **dict.fromkeys(("us", "µs", "micros", "microseconds"), 1e-6),
    **dict.fromkeys(("ms", "msec", "millis", "milliseconds"), 1e-3),
    **dict.fromkeys(("s", "sec", "secs", "seconds"), 1.0),
}
_UNITS = {1e-9: "ns", 1e-6: "µs", 1e-3: "ms", 1.0: "s"}
_BYTES = {"byte", "bytes"}
_NO_AMOUNT = {"distinct", "per", "rate", "ratio", "count", "pct", "percent", "code", "id"}
_MAGNITUDES = ((1e15, "PB"), (1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB"))
_DIGITS = 4
_EXACT_DIGITS = 8
"""A number of no more is told as it stands in the log."""
_ALL_DIGITS = 17
"""Of a float: two that differ do so in these."""
_LARGEST = 1e15
"""From here on a float does not hold each whole number."""
_INFINITE = float(np.finfo(np.float64).max)
"""As what infinity is read."""


def amount(column: str, value: float) -> str:
    """Return a number as it stands in the log; where it has a unit, that stands behind a round one.

    Examples
    --------
    >>> amount("duration_ms", 231004.0), amount("bytes", 4.6e9), amount("price", 130.53)
    ('3 min 51 s (231,004 ms)', '4.6 GB (4,600,000,000)', '130.53')
    """
    exact, short = _exact(value), rounded(column, value)
    unit = _seconds(column)
    if is_infinite(value) or (unit is None and not _is_size(column)):
        return exact
    if unit is not None:
        exact = f"{exact} {_UNITS[unit]}"
    return short if short in (exact, f"{exact} B") else f"{short} ({exact})"


def rounded(column: str, value: float) -> str:
    """Return a number with its unit, to two or three digits where it is large.

    Examples
    --------
    >>> rounded("duration_ms", 25101.0), rounded("bytes", 512.0), rounded("score", 0.25)
    ('25.1 s', '512 B', '0.25')
    """
    if is_infinite(value):
        return number(value)
    unit = _seconds(column)
    if unit is not None and math.isfinite(value):
        return _time(value, unit)
    if _is_size(column):
        return _size(value)
    return number(value)


def apart(column: str, value: float, *others: float) -> list[str]:
    """Return a number and those beside it as `rounded` does, with more digits if they look alike.

    Examples
    --------
    >>> apart("bytes", 25101.0, 512.0), apart("bytes", 123456.0, 123399.0)
    (['25.1 kB', '512 B'], ['123,456 B', '123,399 B'])
    """
    values = [value, *others]
    shown = [rounded(column, each) for each in values]
    if shown[0] not in shown[1:] or value in others:
        return shown
    digits = next(n for n in range(_DIGITS, _ALL_DIGITS + 1) if _differs(n, value, others))
    unit = _seconds(column)
    size = " B" if _is_size(column) else ""
    end = size if unit is None else f" {_UNITS[unit]}"
    return [f"{_in_digits(each, digits)}{end}" for each in values]


def percents(value: float, other: float) -> tuple[str, str]:
    """Return two different shares in as many digits as tell them apart, at least whole percents.

    Examples
    --------
    >>> percents(0.71, 0.42), percents(0.7104, 0.7102)
    (('71%', '42%'), ('71.04%', '71.02%'))
    """
    shown = ((f"{value:.{n}%}", f"{other:.{n}%}") for n in range(_ALL_DIGITS))
    return next((own, beside) for own, beside in shown if own != beside)


def _differs(digits: int, value: float, others: Sequence[float]) -> bool:
    return all(f"{value:.{digits}g}" != f"{each:.{digits}g}" for each in others)


def number(value: float) -> str:
    """Return a number without a unit: whole ones in full, others to four digits at least.

    Examples
    --------
    >>> number(400006.0), number(1234567.8), number(0.000123456), number(1e300)
    ('400,006', '1,234,568', '0.0001235', '1e+300')
    """
    if is_infinite(value):
        return "infinity" if value > 0 else "-infinity"
    if not math.isfinite(value) or abs(value) >= _LARGEST:
        return f"{value:.4g}"
    if float(value).is_integer():
        return f"{value:,.0f}"
    return _in_digits(value, _DIGITS)


def _in_digits(value: float, digits: int) -> str:
    """Return a number to so many digits at least; a very large or small one with a power of ten."""
    if value and not 1e-4 <= abs(value) < _LARGEST:
        return f"{value:.{digits}g}"
    places = max(digits - 1 - math.floor(math.log10(abs(value))), 0) if value else 0
    text = f"{value:,.{places}f}"
    return text.rstrip("0").rstrip(".") if places else text


def _exact(value: float) -> str:
    """Return a number with all of its digits where these are few, else as `number` does."""
    told = f"{value:,.{_EXACT_DIGITS}g}"
    few = "e" not in told and math.isfinite(value) and float(told.replace(",", "")) == value
    return told if few else number(value)


def is_infinite(value: float) -> bool:
    """Tell whether a number is read from infinity, which is the largest number then."""
    return abs(value) >= _INFINITE


def _tokens(column: str) -> set[str]:
    return {token.lower() for token in _TOKENS.split(column) if token}


def _is_size(column: str) -> bool:
    tokens = _tokens(column)
    return bool(tokens & _BYTES) and not tokens & _NO_AMOUNT


def _seconds(column: str) -> float | None:
    """Return how many seconds a unit of the column has; None where its name tells no time."""
    tokens = _tokens(column)
    found = [_SECONDS[token] for token in tokens if token in _SECONDS]
    return found[0] if len(found) == 1 and not tokens & (_NO_AMOUNT | _BYTES) else None


def _time(value: float, unit: float) -> str:
    seconds = abs(value) * unit
    sign = "-" if value < 0 else ""
    if seconds < 60:
        step = max((u for u in _UNITS if u <= max(seconds, unit)), default=unit)
        shown = seconds / step
        return f"{sign}{number(float(f'{shown:.3g}'))} {_UNITS[step]}"
    whole = round(seconds)
    days, rest = divmod(whole, 86_400)
    hours, rest = divmod(rest, 3_600)
    minutes, left = divmod(rest, 60)
    parts = [(days, "d"), (hours, "h"), (minutes, "min"), (left, "s")]
    start = next(i for i, (n, _) in enumerate(parts) if n)
    # The two largest units: the seconds of a day say nothing.
    told = [f"{n:,} {name}" for n, name in parts[start : start + 2] if n]
    return sign + " ".join(told)


def _size(value: float) -> str:
    for step, name in _MAGNITUDES:
        if step <= abs(value) < _LARGEST * 1e3:
            return f"{value / step:.3g} {name}"
    return f"{number(value)} B"
