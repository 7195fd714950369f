"""Events to vectors: each column its block, each entity its habits, all side by side."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from anomaly.embedding.address_rarity import AddressRarityBlock
from anomaly.embedding.block import DriftBins, Rarity
from anomaly.embedding.category import MISSING, MOST_AXES, CategoryBlock, distinct
from anomaly.embedding.column_pairs import telling_numbers, telling_pairs
from anomaly.embedding.conditional import HourHabit, NameHabit
from anomaly.embedding.deduplicated import Codes, EmbeddedEvents, Part, Span, Vectors, combinations
from anomaly.embedding.entity_rarity import EntityRarityBlock
from anomaly.embedding.level_habit import LevelHabit
from anomaly.embedding.local_regression import LocalRegression
from anomaly.embedding.look_alikes import LookAlikes
from anomaly.embedding.number import NumberBlock
from anomaly.embedding.rarity import surprisal
from anomaly.embedding.read_events import ReadEvents
from anomaly.embedding.sequence import SequenceBlock
from anomaly.embedding.text import MOST_DIRECTIONS, TextBlock
from anomaly.embedding.time import TimeBlock
from anomaly.numerics.side_by_side import side_by_side
from anomaly.preprocess.networks import are_addresses
from schemas.columns.roles import Role
from schemas.job.sections import TextEmbedding

EntityBlock = AddressRarityBlock | EntityRarityBlock
Block = CategoryBlock | EntityBlock | NumberBlock | SequenceBlock | TextBlock | TimeBlock
Habit = HourHabit | LevelHabit | LocalRegression | LookAlikes | NameHabit
_NAMES = (Role.CATEGORY, Role.FLAG, Role.ENTITY)
"""Roles whose values are names: few of them, each with a code."""
_WIDEST = 1_536
"""Dimensions that all names and texts share: what is fitted on them costs their cube."""
_BESIDE_DIRECTIONS = 12
"""Dimensions of a text that are no directions."""


@dataclass(frozen=True)
class EventEmbedder:
    """Embeds conformed events; fitted by `EventEmbedder.fit`, never changed by `transform`."""

    roles: dict[str, Role]
    weights: dict[str, float]
    blocks: dict[str, Block]
    entities: dict[str, CategoryBlock]
    """The names and counts of each entity, and of each peer group: what is context."""
    habits: dict[str, dict[str, Habit]]
    """Entity, peer group, or given column of a pair -> judged column -> its habit. Of a category
    given itself, what looks like its common names."""
    factors: tuple[float, ...] | None = None
    """(n_spans,): what the part of each span is multiplied by; None for 1."""

    def __post_init__(self) -> None:
        """Make roles of their names: a stored model holds plain strings."""
        roles = {column: Role(role) for column, role in self.roles.items()}
        object.__setattr__(self, "roles", roles)

    @classmethod
    def fit(
        cls,
        events: pa.Table | ReadEvents,
        roles: Mapping[str, Role],
        weights: Mapping[str, float],
        seed: int,
        peers: Sequence[str] = (),
        text: TextEmbedding = "tokens",
    ) -> "EventEmbedder":
        """Learn the blocks and habits from `events`.

        Parameters
        ----------
        events
            Conformed events (`schemas.events.contract`): canonical types, one column for each role.
        roles
            Column -> role; `id` and `ignore` are not embedded.
        weights
            Column -> its weight; 1 where absent.
        seed
            Seeds the truncated SVD.
        peers
            Categories and flags that are context too: each keeps its block, and judges the other
            columns as an entity does.
        text
            What is known of a text, see `TextBlock.fit`.
        """
        events = ReadEvents.of(events)
        wide = sum(role in (Role.CATEGORY, Role.TEXT) for role in roles.values())
        room = _WIDEST // max(wide, 1)
        entities = {
            column: CategoryBlock.fit(events.values(column, role))
            for column, role in roles.items()
            if role is Role.ENTITY or column in peers
        }

        def fit_block(column: str) -> Block:
            if roles[column] is Role.ENTITY:
                return _fit_entity(entities[column])
            return _fit_block(roles[column], events.values(column, roles[column]), seed, room, text)

        embedded = [c for c, role in roles.items() if role not in (Role.ID, Role.IGNORE)]
        blocks = dict(zip(embedded, side_by_side(fit_block, embedded), strict=True))
        embedder = cls(dict(roles), dict(weights), blocks, entities, {})
        reading = _Reading(embedder, events)
        pairs = [*reading.entity_pairs(), *reading.telling_pairs(), *reading.categories()]
        for given, column in pairs:
            habit = reading.fit_habit(given, column)
            if habit is not None:
                embedder.habits.setdefault(given, {})[column] = habit
        return embedder

    def recounted(self, events: pa.Table | ReadEvents, seed: int) -> "EventEmbedder":
        """Count names, words, steps and hours again, among `events` alone.

        A number's scale stays: it comes from quantiles, which few foreign events do not move, and
        without its tail it would be another. Entities and their habits stay: what an entity does
        seldom is its habit all the same.
        """
        events = ReadEvents.of(events)

        def recounted(column: str) -> Block:
            block, values = self.blocks[column], events.values(column, self.roles[column])
            match block:
                case CategoryBlock():
                    return block.recounted(values)
                case TextBlock() | SequenceBlock():
                    return block.recounted(values, seed)
                case TimeBlock():
                    return TimeBlock.fit(values)
            return block

        blocks = dict(zip(self.blocks, side_by_side(recounted, self.blocks), strict=True))
        return EventEmbedder(self.roles, self.weights, blocks, self.entities, self.habits)

    def shrunk(self, factors: tuple[float, ...]) -> "EventEmbedder":
        """Return the embedder with the part of each span multiplied by its factor, (n_spans,)."""
        return replace(self, factors=factors)

    def weight_of(self, span: Span) -> float:
        """Return what the coordinates of a span are multiplied by."""
        weight = self.weights.get(span.column, 1.0)
        return weight if self.factors is None else weight * self._factor_of[span]

    @cached_property
    def _factor_of(self) -> dict[Span, float]:
        return dict(zip(self.spans, self.factors or (), strict=True))

    @property
    def spans(self) -> tuple[Span, ...]:
        """The columns of X: which dimensions speak of which source column."""
        parts: list[tuple[str, str | None, int]] = [
            (c, None, b.n_dims) for c, b in self.blocks.items()
        ]
        parts += [(c, e, 1) for e, habits in self.habits.items() for c in habits]
        stops = np.cumsum([n for _, _, n in parts], dtype=int).tolist()
        return tuple(
            Span(c, e, stop - n, stop) for (c, e, n), stop in zip(parts, stops, strict=True)
        )

    @property
    def levels(self) -> tuple[int, ...]:
        """The dimensions of X that are the levels of numbers, ascending."""
        numbers = {c for c, block in self.blocks.items() if isinstance(block, NumberBlock)}
        return tuple(s.start for s in self.spans if s.given is None and s.column in numbers)

    @property
    def n_dims(self) -> int:
        """Return the number of dimensions of X."""
        return self.spans[-1].stop if self.spans else 0

    def name_counts(self, column: str) -> CategoryBlock:
        """Return the names and counts of an entity, category or flag."""
        names = self.entities[column] if column in self.entities else self.blocks[column]
        return cast(CategoryBlock, names)

    def rarity(self, span: Span, event: Mapping[str, Any]) -> Rarity:
        """Return how rare it is what `event` holds in the column that a span speaks of."""
        value = event[span.column]
        if span.given is None:
            return self.blocks[span.column].rarity(value)
        block: Any = self.name_counts(span.column)
        habit = self.habits[span.given][span.column]
        if isinstance(habit, LocalRegression):
            given = cast(NumberBlock, self.blocks[span.given])
            beside = given.level(np.array([event[span.given]], dtype=np.float64))[0]
            known = value is not None and np.isfinite(beside)
            return habit.rarity(beside, block) if known else cast(NumberBlock, block).rarity(value)
        names, entity = self.name_counts(span.given), event[span.given]
        if isinstance(habit, LookAlikes):
            return habit.rarity(names.code_of(value), value)
        rarity = habit.rarity(names.code_of(entity), value, block)
        return replace(rarity, total=names.sample_count_of(entity))

    def drift_bins(self, column: str, events: pa.Table) -> DriftBins:
        """Return the bin of each of `events` in a column that is embedded."""
        return self.blocks[column].drift_bins(
            ReadEvents.of(events).values(column, self.roles[column])
        )

    def transform(self, events: pa.Table) -> Vectors:
        """Embed conformed `events` as X, float32 (n_events, n_dims)."""
        return self.embed(events).X

    def embed(self, events: pa.Table | ReadEvents) -> EmbeddedEvents:
        """Embed conformed `events`: each combination of names and each text once."""
        reading = _Reading(self, ReadEvents.of(events))
        named, texts, measured = self._spans_by_kind()
        parts = [reading.once_per_combination(named), *reading.once_per_text(texts)]
        parts.append(reading.once_per_event(measured))
        nonempty = tuple(part for part in parts if part.spans)
        return EmbeddedEvents(nonempty, reading.n_events, self.n_dims)

    def embed_pooled(self, events: pa.Table | ReadEvents) -> EmbeddedEvents:
        """Embed conformed `events` with the typical names of each category as one name.

        The dimensions of a category alone then tell these names apart neither by an axis nor by how
        rare they are. The habits of its entities still do.
        """
        names = {c: b for c, b in self.blocks.items() if isinstance(b, CategoryBlock)}
        pooled = {column: block.pooled() for column, block in names.items()}
        axes = [
            span.start + names[span.column].typical_axes
            for span in self.spans
            if span.given is None and span.column in names
        ]
        embedder = replace(self, blocks=self.blocks | pooled)
        return embedder.embed(events).without(np.concatenate([np.zeros(0, dtype=np.int64), *axes]))

    def _spans_by_kind(self) -> tuple[list[Span], list[Span], list[Span]]:
        """Split the spans: of names alone, of one text each, of what is measured."""
        named, texts, measured = [], [], []
        for span in self.spans:
            if self.roles[span.column] in _NAMES:
                named.append(span)
            elif isinstance(self.blocks[span.column], TextBlock):
                texts.append(span)
            else:
                measured.append(span)
        return named, texts, measured


class _Reading:
    """Events read by an embedder: what several spans share is computed once."""

    def __init__(self, embedder: EventEmbedder, events: ReadEvents) -> None:
        self._embedder = embedder
        self._events = events
        self.n_events = events.table.num_rows
        self._codes: dict[str, Codes] = {}
        self._levels: dict[str, npt.NDArray[np.float64]] = {}

    def once_per_combination(self, spans: Sequence[Span]) -> Part:
        """Embed spans that depend on names alone, each combination of their names once."""
        columns = [c for c, role in self._embedder.roles.items() if role in _NAMES]
        codes = [distinct(self._column(column))[1] for column in columns]
        found = combinations(codes, self.n_events) if spans else None
        if found is None:
            return self.once_per_event(spans)
        few = ReadEvents(self._events.table.select(columns)).take(found.first)
        return _Reading(self._embedder, few).once_per_event(spans)._replace(rows=found.rows)

    def once_per_text(self, spans: Sequence[Span]) -> list[Part]:
        """Embed columns of texts, each text once."""

        def part(span: Span) -> Part:
            block = cast(TextBlock, self._embedder.blocks[span.column])
            vectors, rows = block.embed_distinct(self._column(span.column))
            vectors *= np.float32(self._embedder.weight_of(span))
            return Part((span,), vectors, rows)

        return side_by_side(part, spans) if self._events.texts else [part(s) for s in spans]

    def once_per_event(self, spans: Sequence[Span]) -> Part:
        """Embed spans, event by event."""
        width = sum(span.n_dims for span in spans)
        vectors = np.empty((self.n_events, width), dtype=np.float32)
        start = 0
        for span in spans:
            weight = self._embedder.weight_of(span)
            vectors[:, start : start + span.n_dims] = self._embed(span) * weight
            start += span.n_dims
        return Part(tuple(spans), vectors, None)

    def _embed(self, span: Span) -> Vectors:
        """Return the coordinates of one span, float32 (n_events, its dimensions)."""
        if span.given is None:
            return self._embedder.blocks[span.column].transform(self._column(span.column))
        given, column = span.given, span.column
        match self._embedder.habits[given][column]:
            case NameHabit() as habit:
                return habit.transform(self._code(given), self._code(column))[:, None]
            case LevelHabit() as habit:
                return habit.transform(self._code(given), self._level(column))[:, None]
            case HourHabit() as habit:
                return habit.transform(self._code(given), self._column(column))[:, None]
            case LocalRegression() as habit:
                return habit.transform(self._level(given), self._level(column))[:, None]
            case LookAlikes() as habit:
                names, rows = distinct(self._column(column))
                codes = self._embedder.name_counts(column).codes(names)
                return habit.transform(names, codes)[rows, None]

    def entity_pairs(self) -> list[tuple[str, str]]:
        """Return every entity with every other column."""
        embedder = self._embedder
        return [(e, c) for e in embedder.entities for c in embedder.roles if c != e]

    def telling_pairs(self) -> list[tuple[str, str]]:
        """Return the pairs of columns, no entity among them, with the most shared information."""
        roles = self._embedder.roles
        names = {c: self._code(c) for c, r in roles.items() if r is Role.CATEGORY}
        levels = {c: self._level(c) for c, r in roles.items() if r is Role.NUMBER}
        return [*telling_pairs(names, levels), *telling_numbers(levels)]

    def categories(self) -> list[tuple[str, str]]:
        """Return each category with itself."""
        return [(c, c) for c, role in self._embedder.roles.items() if role is Role.CATEGORY]

    def fit_habit(self, given: str, column: str) -> Habit | None:
        """Learn what is usual in `column` given another; None where there is nothing to learn."""
        if self._embedder.roles[given] is Role.NUMBER:
            return LocalRegression.fit(self._level(given), self._level(column))
        if given == column:
            own = self._embedder.name_counts(column)
            return LookAlikes.fit(own.names, own.counts, own.total)
        entity, n_entities = self._code(given), len(self._embedder.name_counts(given).names)
        match self._embedder.roles[column]:
            case Role.CATEGORY | Role.FLAG | Role.ENTITY:
                names = self._embedder.name_counts(column)
                shares = surprisal(np.append(names.counts, 0), names.total)
                return NameHabit.fit(entity, n_entities, self._code(column), shares)
            case Role.NUMBER:
                return LevelHabit.fit(entity, n_entities, self._level(column))
            case Role.TIME if cast(TimeBlock, self._embedder.blocks[column]).covers_days:
                return HourHabit.fit(entity, n_entities, self._column(column))
        return None

    def _code(self, column: str) -> Codes:
        """Return the code of each event's name in `column`; -1 for an unseen one."""
        if column not in self._codes:
            names, rows = distinct(self._column(column))
            self._codes[column] = self._embedder.name_counts(column).codes(names)[rows]
        return self._codes[column]

    def _level(self, column: str) -> npt.NDArray[np.float64]:
        if column not in self._levels:
            block = cast(NumberBlock, self._embedder.blocks[column])
            self._levels[column] = block.level(self._column(column))
        return self._levels[column]

    def _column(self, column: str) -> Any:
        return self._events.values(column, self._embedder.roles[column])


def _fit_entity(names: CategoryBlock) -> EntityBlock:
    """Fit the block of an entity's own rarity, that of addresses by their networks."""
    known = pa.array([name for name in names.names if name != MISSING], pa.string())
    block = AddressRarityBlock if are_addresses(known) else EntityRarityBlock
    return block.fit(names)


def _fit_block(role: Role, values: Any, seed: int, room: int, text: TextEmbedding) -> Block:
    """Fit the block of a column, about `room` dimensions wide at the most."""
    match role:
        case Role.NUMBER:
            return NumberBlock.fit(values)
        case Role.TIME:
            return TimeBlock.fit(values)
        case Role.TEXT if isinstance(values, pa.ListArray):
            return SequenceBlock.fit(values, seed)
        case Role.TEXT:
            directions = min(max((room - _BESIDE_DIRECTIONS) // 2, 1), MOST_DIRECTIONS)
            return TextBlock.fit(values, seed, directions, text)
    return CategoryBlock.fit(values, min(max(room - 2, 1), MOST_AXES))
