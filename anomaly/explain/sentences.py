"""A column to a sentence: what it holds, how rare that is, and what was to be expected."""

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from anomaly.embedding.block import Rarity
from anomaly.embedding.category import MISSING
from anomaly.embedding.deduplicated import Span
from anomaly.embedding.embedder import EventEmbedder
from schemas.escaping import spell_out

_LONGEST = 80
"""Characters of a value that a sentence quotes."""
_FEWEST_DIGITS, _MOST_DIGITS = 3, 7
"""Of a usual number; more than seven are beyond what float32 holds."""

Description = tuple[str | None, str | None, str]
"""Observed, expected, and the sentence."""


@dataclass(frozen=True)
class ExplainedColumn:
    """One column of one finding, beside the nearest normal events."""

    embedder: EventEmbedder
    span: Span
    """The dimensions that take most of the column's surprisal."""
    event: dict[str, Any]
    near: list[dict[str, Any]]
    """The nearest normal events, nearest first."""

    @property
    def name(self) -> str:
        """Return the column's name as a sentence shows it."""
        return quote(self.span.column)

    @property
    def value(self) -> Any:
        """Return what the event holds."""
        return self.event[self.span.column]

    @property
    def expected(self) -> list[Any]:
        """Return what the nearest normal events hold."""
        return [row[self.span.column] for row in self.near]

    @property
    def entity(self) -> str:
        """Return whose events the value is rare among, as a sentence shows it."""
        given = str(self.span.given)
        return f"`{quote(given)}` `{quote(self.event[given])}`"


def describe(column: ExplainedColumn) -> Description:
    """Say what the column holds, what was expected, and the sentence that compares them."""
    rarity = column.embedder.rarity(column.span, column.event)
    return _SENTENCES[rarity.kind](column, rarity)


def quote(value: Any) -> str:
    r"""Return a value as a sentence shows it: short, on one line, its control signs spelt out.

    Examples
    --------
    >>> quote("x" * 100)[-5:], quote(1234567.0), quote(None), quote("a\tb")
    ('xxxx…', '1,234,567', 'missing', 'a\\x09b')
    """
    if value is None or value == MISSING:
        return "missing"
    if isinstance(value, float):
        return f"{value:,.0f}" if value.is_integer() and abs(value) < 1e15 else f"{value:,.4g}"
    if isinstance(value, datetime):
        return f"{value:%A %H:%M} UTC"
    text = str(value)
    shown = "".join(c if c.isprintable() else spell_out(ord(c)) for c in text[: _LONGEST + 1])
    return shown if len(shown) <= _LONGEST else shown[:_LONGEST] + "…"


def _name(column: ExplainedColumn, rarity: Rarity) -> Description:
    return _counted(column, rarity, "")


def _address(column: ExplainedColumn, rarity: Rarity) -> Description:
    return _counted(column, rarity, f", {rarity.around:,} of its network `{rarity.part}`")


def _counted(column: ExplainedColumn, rarity: Rarity, network: str) -> Description:
    observed, expected = quote(column.value), _usual(column.expected)
    sentence = (
        f"`{column.name}` is `{observed}`: {rarity.count:,} of {rarity.total:,} events{network};"
        f" near ones have `{expected}`"
    )
    return observed, expected, sentence


def _number(column: ExplainedColumn, rarity: Rarity) -> Description:
    observed = quote(column.value)
    numbers = [v for v in column.expected if v is not None]
    expected = _range(numbers)
    if column.value is None:
        return observed, expected, f"`{column.name}` is missing; near ones have {expected}"
    beside = f"{_place(rarity)} of events; near ones have {expected}"
    sentence = f"`{column.name}` is {observed}: {beside}"
    return observed, expected, sentence


def _place(rarity: Rarity) -> str:
    below, above = rarity.share, rarity.above
    equal = 1.0 - below - above
    if equal > max(below, above):
        return f"as in {equal:.1%}"
    # A tenth of a per cent is what the quantiles resolve.
    return f"{'above' if below >= above else 'below'} {min(max(below, above), 0.999):.1%}"


def _word(column: ExplainedColumn, rarity: Rarity) -> Description:
    observed, expected = quote(column.value), _usual(column.expected)
    if column.value is None:
        sentence = f"`{column.name}` is missing; near ones have `{expected}`"
        return observed, expected, sentence
    word = (
        f"`{rarity.part}` stands in {rarity.count:,} of {rarity.total:,} normal events"
        if rarity.part
        else "no word in it"
    )
    sentence = f"`{column.name}` is `{observed}`: {word}; near ones have `{expected}`"
    return observed, expected, sentence


def _hour(column: ExplainedColumn, rarity: Rarity) -> Description:
    observed = quote(column.value)
    hours = sorted(v.hour for v in column.expected if v is not None)
    expected = f"{hours[len(hours) // 2]:02d}:00 UTC" if hours else "missing"
    sentence = (
        f"`{column.name}` is {observed}: {rarity.share:.2%} of normal events fall around that hour;"
        f" near ones around {expected}"
    )
    return observed, expected, sentence


def _weekday(column: ExplainedColumn, rarity: Rarity) -> Description:
    expected = _usual([f"{v:%A}" for v in column.expected if v is not None])
    sentence = (
        f"`{column.name}` is {quote(column.value)}: {rarity.share:.2%} of normal events fall on a"
        f" {column.value:%A}; near ones on a {expected}"
    )
    return quote(column.value), expected, sentence


def _weekday_hour(column: ExplainedColumn, rarity: Rarity) -> Description:
    expected = f"{rarity.usual:02d}:00 UTC"
    sentence = (
        f"`{column.name}` is {quote(column.value)}: {rarity.share:.2%} of the normal events of a"
        f" {column.value:%A} fall around that hour, most around {expected}"
    )
    return quote(column.value), expected, sentence


def _step(column: ExplainedColumn, rarity: Rarity) -> Description:
    usual = Counter(s for row in column.expected for s in dict.fromkeys(row or []))
    expected = quote(usual.most_common(1)[0][0]) if usual else "no event"
    observed = quote(rarity.part)
    sentence = (
        f"`{column.name}` holds `{observed}` among {len(column.value or []):,} steps:"
        f" {rarity.count:,} of {rarity.total:,} normal sessions do"
    )
    return observed, expected, sentence


def _entity_name(column: ExplainedColumn, rarity: Rarity) -> Description:
    expected = _usual(column.expected) if rarity.usual is None else quote(rarity.usual)
    observed = quote(column.value)
    times = "once" if rarity.count == 1 else f"{rarity.count:,} times"
    seen = f"seen {times}" if rarity.count else "never seen"
    sentence = (
        f"`{column.name}` is `{observed}`: {seen} with {column.entity} ({_events(rarity.total)}),"
        f" usually `{expected}`"
    )
    return observed, expected, sentence


def _entity_number(column: ExplainedColumn, rarity: Rarity) -> Description:
    observed = quote(column.value)
    if not rarity.usual:
        expected = _range([v for v in column.expected if v is not None])
        sentence = f"`{column.name}` is {observed}: no other number of {column.entity} is known"
        return observed, expected, sentence
    expected = _either([_about(value, column.value) for value in rarity.usual])
    sentence = f"`{column.name}` is {observed}: usually about {expected} for {column.entity}"
    return observed, expected, sentence


def _number_given_number(column: ExplainedColumn, rarity: Rarity) -> Description:
    observed, expected = quote(column.value), _about(rarity.usual, column.value)
    given = str(column.span.given)
    sentence = (
        f"`{column.name}` is {observed} where `{quote(given)}` is {quote(column.event[given])}:"
        f" usually about {expected}"
    )
    return observed, expected, sentence


def _entity_hour(column: ExplainedColumn, rarity: Rarity) -> Description:
    observed = quote(column.value)
    expected = f"{rarity.usual:02d}:00 UTC"
    sentence = (
        f"`{column.name}` is {observed}: {rarity.share:.1%} of the events of {column.entity}"
        f" ({_events(rarity.total)}) fall around that hour, most around {expected}"
    )
    return observed, expected, sentence


def _events(count: int) -> str:
    return "1 event" if count == 1 else f"{count:,} events"


def _usual(values: list[Any]) -> str:
    """Return the most common of the values, the first in doubt."""
    return quote(Counter(values).most_common(1)[0][0]) if values else "missing"


def _about(usual: float, observed: float | None) -> str:
    """Return a usual number to three digits, or to more where it is nearly the observed one."""
    digits = _FEWEST_DIGITS
    # Halved, as the difference of the largest floats would overflow.
    apart = 0.0 if observed is None else observed / 2.0 - usual / 2.0
    if usual and apart:
        needed = _magnitude(usual) - _magnitude(apart) + 2
        digits = min(max(needed, _FEWEST_DIGITS), _MOST_DIGITS)
    return quote(float(f"{usual:.{digits}g}"))


def _magnitude(number: float) -> int:
    return math.floor(math.log10(abs(number)))


def _either(values: list[str]) -> str:
    *others, last = dict.fromkeys(values)
    return f"{', '.join(others)} or {last}" if others else last


def _range(numbers: list[float]) -> str:
    if not numbers:
        return "missing"
    low, high = quote(min(numbers)), quote(max(numbers))
    return low if low == high else f"{low} to {high}"


_SENTENCES: dict[str, Callable[[ExplainedColumn, Rarity], Description]] = {
    "name": _name,
    "address": _address,
    "number": _number,
    "word": _word,
    "hour": _hour,
    "weekday": _weekday,
    "weekday hour": _weekday_hour,
    "step": _step,
    "entity name": _entity_name,
    "entity number": _entity_number,
    "entity hour": _entity_hour,
    "number given number": _number_given_number,
}
"""Kind of `Rarity` -> the sentence about it."""
