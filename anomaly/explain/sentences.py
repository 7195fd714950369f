"""Evidence to a sentence: what a column holds, how rare that is, and what was to be expected."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa

from anomaly.embedding.category import MISSING, CategoryBlock
from anomaly.embedding.conditional import HourHabit, LevelHabit, NameHabit
from anomaly.embedding.deduplicated import Span
from anomaly.embedding.embedder import EventEmbedder
from anomaly.embedding.entity_rarity import EntityRarityBlock
from anomaly.embedding.number import NumberBlock
from anomaly.embedding.sequence import SequenceBlock
from anomaly.embedding.text import TextBlock
from anomaly.embedding.time import TimeBlock

_LONGEST = 80
"""Characters of a value that a sentence quotes."""

Description = tuple[str | None, str | None, str]
"""Observed, expected, and the sentence."""


@dataclass(frozen=True)
class Evidence:
    """What is known of one column of one finding."""

    embedder: EventEmbedder
    span: Span
    """The dimensions that take most of the column's surprise."""
    event: dict[str, Any]
    near: list[dict[str, Any]]
    """The nearest normal events, nearest first."""

    @property
    def column(self) -> str:
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


def describe(evidence: Evidence) -> Description:
    """Say what the column holds, what was expected, and the sentence that compares them."""
    if evidence.span.given is not None:
        return _given_entity(evidence, evidence.span.given)
    match evidence.embedder.blocks[evidence.span.column]:
        case CategoryBlock() | EntityRarityBlock():
            return _category(evidence, evidence.embedder.name_counts(evidence.span.column))
        case NumberBlock() as block:
            return _number(evidence, block)
        case TextBlock() as block:
            return _text(evidence, block)
        case TimeBlock() as block:
            return _time(evidence, block)
        case SequenceBlock() as block:
            return _sequence(evidence, block)


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
    shown = "".join(c if c.isprintable() else _spelt(c) for c in text[: _LONGEST + 1])
    return shown if len(shown) <= _LONGEST else shown[:_LONGEST] + "…"


def _spelt(sign: str) -> str:
    return f"\\x{ord(sign):02x}" if ord(sign) < 0x100 else f"\\u{ord(sign):04x}"


def _category(evidence: Evidence, block: CategoryBlock) -> Description:
    count = block.sample_count_of(evidence.value)
    observed, expected = quote(evidence.value), _usual(evidence.expected)
    sentence = (
        f"`{evidence.column}` is `{observed}`: {count:,} of {block.sample_total:,} events;"
        f" near ones have `{expected}`"
    )
    return observed, expected, sentence


def _number(evidence: Evidence, block: NumberBlock) -> Description:
    observed = quote(evidence.value)
    numbers = [v for v in evidence.expected if v is not None]
    expected = _range(numbers) if numbers else "missing"
    if evidence.value is None:
        return observed, expected, f"`{evidence.column}` is missing; near ones have {expected}"
    above = block.share_below(float(evidence.value))
    # A tenth of a per cent is what the quantiles resolve.
    part = min(max(above, 1.0 - above), 0.999)
    place = f"{'above' if above >= 0.5 else 'below'} {part:.1%}"
    sentence = f"`{evidence.column}` is {observed}: {place} of events; near ones have {expected}"
    return observed, expected, sentence


def _text(evidence: Evidence, block: TextBlock) -> Description:
    observed, expected = quote(evidence.value), _usual(evidence.expected)
    if evidence.value is None:
        sentence = f"`{evidence.column}` is missing; near ones have `{expected}`"
        return observed, expected, sentence
    word, holders = block.rarest_word(evidence.value)
    rarity = (
        f"`{word}` stands in {holders:,} of {block.total:,} events" if word else "no word in it"
    )
    sentence = f"`{evidence.column}` is `{observed}`: {rarity}; near ones have `{expected}`"
    return observed, expected, sentence


def _time(evidence: Evidence, block: TimeBlock) -> Description:
    observed = quote(evidence.value)
    hours = sorted(v.hour for v in evidence.expected if v is not None)
    expected = f"{hours[len(hours) // 2]:02d}:00 UTC" if hours else "missing"
    share = float(np.exp(-block.hour_surprisal[evidence.value.hour]))
    sentence = (
        f"`{evidence.column}` is {observed}: {share:.2%} of events fall around that hour;"
        f" near ones around {expected}"
    )
    return observed, expected, sentence


def _sequence(evidence: Evidence, block: SequenceBlock) -> Description:
    steps = evidence.value or []
    step, holders = block.rarest_step(steps)
    usual = Counter(s for row in evidence.expected for s in dict.fromkeys(row or []))
    expected = quote(usual.most_common(1)[0][0]) if usual else "no event"
    observed = quote(step)
    sentence = (
        f"`{evidence.column}` holds `{observed}` among {len(steps):,} steps:"
        f" {holders:,} of {block.total:,} sessions do"
    )
    return observed, expected, sentence


def _given_entity(evidence: Evidence, entity: str) -> Description:
    name = evidence.event[entity]
    names = evidence.embedder.name_counts(entity)
    code = _code_of(names, name)
    events = names.sample_count_of(name)
    whose = f"`{quote(entity)}` `{quote(name)}`"
    match evidence.embedder.habits[entity][evidence.span.column]:
        case NameHabit() as habit:
            return _unusual_name(evidence, habit, code, f"{whose} ({events:,} events)")
        case LevelHabit() as habit:
            return _unusual_level(evidence, habit, code, whose)
        case HourHabit() as habit:
            return _unusual_hour(evidence, habit, code, f"{whose} ({events:,} events)")


def _unusual_name(evidence: Evidence, habit: NameHabit, code: int, whose: str) -> Description:
    block = evidence.embedder.name_counts(evidence.span.column)
    count = int(habit.count_of(np.array([code]), np.array([_code_of(block, evidence.value)]))[0])
    usual = habit.usual(code)
    expected = quote(block.names[usual]) if usual is not None else _usual(evidence.expected)
    observed = quote(evidence.value)
    times = "once" if count == 1 else f"{count:,} times"
    seen = f"seen {times}" if count else "never seen"
    sentence = f"`{evidence.column}` is `{observed}`: {seen} with {whose}, usually `{expected}`"
    return observed, expected, sentence


def _unusual_level(evidence: Evidence, habit: LevelHabit, code: int, whose: str) -> Description:
    block = evidence.embedder.blocks[evidence.span.column]
    assert isinstance(block, NumberBlock)  # noqa: S101 - a level is only ever of a number
    expected = quote(float(f"{block.value_at(habit.level_of(code)):.3g}"))
    observed = quote(evidence.value)
    sentence = f"`{evidence.column}` is {observed}: usually about {expected} for {whose}"
    return observed, expected, sentence


def _unusual_hour(evidence: Evidence, habit: HourHabit, code: int, whose: str) -> Description:
    observed = quote(evidence.value)
    expected = f"{habit.usual(code):02d}:00 UTC"
    share = habit.share_of(code, evidence.value.hour)
    sentence = (
        f"`{evidence.column}` is {observed}: {share:.1%} of the events of {whose} fall around"
        f" that hour, most around {expected}"
    )
    return observed, expected, sentence


def _code_of(block: CategoryBlock, name: str | None) -> int:
    return int(block.codes(pa.array([name], pa.string()))[0])


def _usual(values: list[Any]) -> str:
    """Return the most common of the values, the first in doubt."""
    return quote(Counter(values).most_common(1)[0][0]) if values else "missing"


def _range(numbers: list[float]) -> str:
    low, high = quote(min(numbers)), quote(max(numbers))
    return low if low == high else f"{low} to {high}"
