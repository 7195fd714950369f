"""A column to a sentence: the first claim about it that does not hold for many records."""

from collections.abc import Iterator, Sequence

from anomaly.embedding.block import Rarity
from anomaly.embedding.deduplicated import Span
from anomaly.embedding.embedder import EventEmbedder
from anomaly.explain import name_claims, number_claims, time_claims
from anomaly.explain.amounts import number
from anomaly.explain.claims import COMMON, Claim, Judged
from anomaly.explain.known_records import Mask, NumberColumn, TimeColumn
from anomaly.explain.known_steps import StepColumn
from anomaly.explain.quoting import is_held, quote
from anomaly.explain.step_claims import steps
from anomaly.explain.text_claims import text
from schemas.columns.roles import Role

_MOST_TOGETHER = 4
"""Columns of a claim about a combination."""
_LEFT = 0.9
"""A column is told with others if it leaves out a tenth of the records that these leave."""
_RARE = 0.01
"""Share of the records that a combination is rare enough with."""


class Sentences:
    """Sentences about records that a fold explains, by counts of the known ones."""

    def __init__(self, embedder: EventEmbedder) -> None:
        self._embedder = embedder

    def claim(self, judged: Judged, spans: Sequence[Span]) -> Claim | None:
        """Return the claim about a column, given its spans, the most telling first.

        None where all that can be said holds for many records.
        """
        for claim in self._claims(judged, spans):
            if claim is not None and claim.share <= COMMON and claim.observed != claim.expected:
                return claim
        return None

    def _claims(self, judged: Judged, spans: Sequence[Span]) -> Iterator[Claim | None]:
        column = spans[0].column
        value = judged.event[column]
        # That a name looks like a common one is told rather than that it is rare.
        for span in sorted(spans, key=lambda span: not span.is_surprisal):
            yield from self._of_span(judged, span)
        if isinstance(value, str) and self._is_name(column):
            yield name_claims.alone(judged, column, Rarity("name"))
            yield name_claims.rarest_pair(judged, column)
        if isinstance(value, float):
            yield number_claims.alone(judged, column)

    def _of_span(self, judged: Judged, span: Span) -> Iterator[Claim | None]:
        column, given = span.column, span.given
        rarity = self._embedder.rarity(span, dict(judged.event))
        match rarity.kind:
            case "name" | "address":
                yield name_claims.alone(judged, column, rarity)
            case "entity name":
                yield name_claims.given(judged, column, str(given))
            case "look-alike":
                yield name_claims.look_alike(judged, column, rarity)
            case "number":
                yield number_claims.alone(judged, column)
            case "entity number":
                yield number_claims.given(judged, column, str(given), rarity.usual)
            case "number given number":
                yield number_claims.given_number(judged, column, str(given), rarity.usual)
            case "hour" | "weekday" | "weekday hour":
                yield time_claims.moment(judged, column, rarity)
            case "entity hour":
                yield time_claims.hour(judged, column, given)
            case "word":
                yield from text(judged, column)
            case "step":
                yield from steps(judged, column)

    def _is_name(self, column: str) -> bool:
        return column in self._embedder.entities or hasattr(self._embedder.blocks[column], "names")


def combination(judged: Judged, columns: Sequence[str]) -> Claim:
    """Say how few records hold about the same in several columns, where none is odd alone.

    Columns are added, the most telling first, until what they hold together is rare.
    """
    known = judged.known
    held, told = judged.everybody.mask, list[str]()
    for column in columns:
        if told and known.roles[column] is Role.TEXT:
            continue  # A sentence about another column quotes no free text.
        like, words = _like(judged, column)
        fewer = held & like
        if told and fewer.sum() > _LEFT * held.sum():
            continue
        held, told = fewer, [*told, words]
        if len(told) == _MOST_TOGETHER or held.sum() <= _RARE * known.n:
            break
    count, together = int(held.sum()), " together" if len(told) > 1 else ""
    sentence = f"{' and '.join(told)}: {judged.seen(count, judged.everybody)}{together}"
    return Claim(quote(judged.event[columns[0]]), None, sentence, count / max(known.n, 1))


def _like(judged: Judged, column: str) -> tuple[Mask, str]:
    """Return which records hold about the same in a column, and the words for that."""
    value, held = judged.event[column], judged.known.column(column)
    if isinstance(held, NumberColumn) and value is not None:
        low, high = number_claims.near(value)
        if low < high:
            told = f"`{quote(column)}` is between {number(low)} and {number(high)}"
            return (held.values >= low) & (held.values <= high), told
    if isinstance(held, TimeColumn):
        start, stop = value.hour, (value.hour + 1) % 24
        return held.hours == start, f"`{quote(column)}` is in {start:02d}:00 to {stop:02d}:00"
    if isinstance(held, StepColumn):
        return held.holds(value), f"`{quote(column)}` has just these {len(value or []):,} steps"
    return judged.known.holding(column, value), is_held(column, value)
