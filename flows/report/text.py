"""Numbers and values as a reader wants them: short, exact where it matters, nothing hidden."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from schemas.escaping import spell_out
from schemas.shortening import beginning, shortened

_CONTROLS = [code for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\n\t"]
_INVISIBLE = (*range(0x200B, 0x2010), *range(0x2028, 0x202F), *range(0x2060, 0x2070), 0xFEFF)
_VISIBLE = {code: spell_out(code) for code in (*_CONTROLS, *_INVISIBLE)}
_LARGE = ((1e12, "trillion"), (1e9, "billion"), (1e6, "million"))
_SUPERSCRIPT = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def visible(text: str) -> str:
    r"""Show what a hostile value would hide: control characters and changes of direction.

    Examples
    --------
    >>> print(visible("cod\u202eexe.gpj\x00"))
    cod\u202eexe.gpj\x00
    """
    return text.translate(_VISIBLE)


@dataclass(frozen=True)
class Cut:
    """A text that may be too long to show at once."""

    head: str
    """The whole of it, or a part of it with an ellipsis for the rest."""
    full: str | None = None
    """The whole of it, if `head` is not."""
    left_out: int = 0
    """Characters that even `full` does not hold."""


def cut(text: str, head: int, full: int) -> Cut:
    """Split a value into what is shown at once and what on demand.

    Examples
    --------
    >>> cut("abcdef", head=4, full=5)
    Cut(head='a…ef', full='abcde', left_out=1)
    >>> cut("abc", head=3, full=5)
    Cut(head='abc', full=None, left_out=0)
    """
    return _cut(text, shortened(text, head), full)


def cut_sentence(text: str, head: int, full: int) -> Cut:
    """Split a sentence, or a list of values, in the same way; the head is its beginning.

    Examples
    --------
    >>> cut_sentence("abcdef", head=4, full=5)
    Cut(head='abcd…', full='abcde', left_out=1)
    """
    return _cut(text, beginning(text, head), full)


def _cut(text: str, head: str, full: int) -> Cut:
    if head == text:
        return Cut(visible(text))
    return Cut(visible(head), visible(text[:full]), max(0, len(text) - full))


def plain(value: Any) -> str | None:
    r"""Write a value as text; None stays None.

    Examples
    --------
    >>> plain(True), plain(0.1), plain(b"\x01\xff"), plain(["a", None])
    ('true', '0.1', '0x01ff', '["a", null]')
    """
    match value:
        case None:
            return None
        case bool():
            return "true" if value else "false"
        case float():
            return format(value, ".10g")
        case bytes():
            return f"0x{value.hex()}"
        case dict() | list():
            return json.dumps(value, ensure_ascii=False, default=str)
        case _:
            return str(value)


def count(number: int, noun: str = "") -> str:
    """Write a number with its noun, plural where it should be.

    Examples
    --------
    >>> count(1, "row"), count(12345, "row"), count(3)
    ('1 row', '12,345 rows', '3')
    """
    plural = "" if number == 1 or not noun else "s"
    return f"{number:,} {noun}{plural}".rstrip()


def share(part: float) -> str:
    """Write a share of 1 as a percentage: only nothing reads as 0, only all as 100.

    Examples
    --------
    >>> [share(part).replace("\N{NO-BREAK SPACE}", " ") for part in (0.4142, 0.0004, 0, 0.9993)]
    ['41 %', '< 0.1 %', '0 %', '99.9 %']
    """
    percent = part * 100
    if 0 < percent < 0.1:
        text = "< 0.1 %"
    elif 99.5 <= percent < 100:
        text = f"{math.floor(percent * 10) / 10:.1f} %"
    else:
        text = f"{percent:.1f} %" if 0 < percent < 1 else f"{percent:.0f} %"
    return text.replace(" ", "\N{NO-BREAK SPACE}")


def chance(p_value: float) -> str:
    """Write a p-value as odds.

    Examples
    --------
    >>> chance(0.5), chance(4.3e-7), chance(1e-20), chance(0.0)
    ('1 in 2', '1 in 2.3 million', '1 in 10²⁰', 'beyond measure')
    """
    if not p_value > 0:
        return "beyond measure"
    odds = 1 / p_value
    if odds >= 1e15:
        return f"1 in 10{str(math.floor(math.log10(odds) + 1e-9)).translate(_SUPERSCRIPT)}"
    for size, name in _LARGE:
        if odds >= size:
            return f"1 in {odds / size:.{1 if odds < 10 * size else 0}f} {name}"
    return f"1 in {odds:,.0f}"


def score(value: float) -> str:
    """Write an anomaly score with one decimal.

    Examples
    --------
    >>> score(61.234), score(float("inf"))
    ('61.2', '∞')
    """
    return f"{value:.1f}" if math.isfinite(value) else "∞"


def seconds(duration: float) -> str:
    """Write a duration.

    Examples
    --------
    >>> seconds(0.034), seconds(12.3), seconds(200)
    ('0.03 s', '12.3 s', '3 min 20 s')
    """
    if duration < 1:
        return f"{duration:.2f} s"
    if duration < 60:
        return f"{duration:.1f} s"
    whole = timedelta(seconds=round(duration)).total_seconds()
    return f"{whole // 60:,.0f} min {whole % 60:.0f} s"


def moment(when: datetime) -> str:
    """Write a point in time to the second, with its zone if it has one.

    Examples
    --------
    >>> from datetime import UTC
    >>> moment(datetime(2026, 3, 4, 2, 13, 9, tzinfo=UTC))
    '2026-03-04 02:13:09 UTC'
    """
    return f"{when:%Y-%m-%d %H:%M:%S %Z}".strip()


def listing(parts: Sequence[str]) -> str:
    """Join as in a sentence.

    Examples
    --------
    >>> listing(["a"]), listing(["a", "b", "c"])
    ('a', 'a, b and c')
    """
    return " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1] if parts else ""]))
