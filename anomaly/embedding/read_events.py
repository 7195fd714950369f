"""Conformed events, and their texts where these are read once for several rounds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anomaly.embedding.read_texts import ReadTexts, TextColumn, codes_of
from anomaly.numerics.arrays import Integers
from anomaly.numerics.side_by_side import side_by_side
from schemas.columns.roles import Role
from schemas.events.contract import one_array

_MOST_BYTES = 2**26
"""Of a column of texts: of longer ones the tokens would need too much memory, for all of a fit."""


@dataclass(frozen=True)
class ReadEvents:
    """Conformed events (`schemas.events.contract`), as the blocks of their columns read them."""

    table: pa.Table
    texts: Mapping[str, ReadTexts] = field(default_factory=dict)
    """Column -> the texts of its dictionary, if they were read before."""

    @classmethod
    def of(cls, events: "pa.Table | ReadEvents") -> "ReadEvents":
        """Take events as they are: texts are read when they are asked for."""
        return events if isinstance(events, ReadEvents) else cls(events.combine_chunks())

    @classmethod
    def read(cls, events: pa.Table, roles: Mapping[str, Role]) -> "ReadEvents":
        """Read the texts of events, unless they are very long."""
        events = events.combine_chunks()
        names = {
            column: one_array(events[column]).dictionary
            for column, role in roles.items()
            if role is Role.TEXT and pa.types.is_dictionary(events[column].type)
        }
        read = {c: texts for c, texts in names.items() if texts.nbytes <= _MOST_BYTES}
        texts = side_by_side(ReadTexts.of, read.values())
        return cls(events, dict(zip(read, texts, strict=True)))

    def take(self, rows: Integers) -> "ReadEvents":
        """Return the events of these positions, int64 (n_taken,); their texts stay read."""
        return ReadEvents(self.table.take(pa.array(rows)).combine_chunks(), self.texts)

    def values(self, column: str, role: Role) -> Any:
        """Return a column as its block reads it: NumPy for numbers and times, Arrow for names."""
        array = one_array(self.table[column])
        match role:
            case Role.NUMBER:
                return array.to_numpy(zero_copy_only=False).astype(np.float64)
            case Role.TIME:
                return pc.cast(array, pa.int64()).to_numpy(zero_copy_only=False)
            case Role.TEXT if column in self.texts:
                return TextColumn(self.texts[column], codes_of(array))
        return array
