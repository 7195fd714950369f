"""Texts that are read once: masked, their tokens and their shapes.

A model is fitted in several rounds on the same sample: embedded, trimmed, counted again, embedded
again. What is read of its texts stays the same.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anomaly.embedding.text_shape import shapes_of
from anomaly.embedding.token_hashing import HeldTokens, token_bags
from anomaly.numerics.arrays import Doubles, Integers
from anomaly.preprocess.masking import mask

LONGEST = 2_048
"""Characters that are read for words and 3-grams; the length itself counts whole."""


@dataclass(frozen=True)
class ReadTexts:
    """Distinct texts, read."""

    templates: pa.Array
    """string (n_templates,): the distinct masked texts."""
    template_of: Integers
    """(n_texts,): the template of each text."""
    words: HeldTokens
    trigrams: HeldTokens
    shapes: Doubles
    """(n_texts, n_shapes)."""

    @classmethod
    def of(cls, texts: pa.Array) -> "ReadTexts":
        """Read distinct `texts`, string (n_texts,)."""
        templates, template_of = templates_of(texts)
        bags = token_bags(templates)
        return cls(
            templates,
            template_of,
            bags.words,
            bags.trigrams,
            np.column_stack(shapes_of(texts)),
        )


def templates_of(texts: pa.Array) -> tuple[pa.Array, Integers]:
    """Return the distinct templates of distinct texts, and the one of each text, (n_texts,)."""
    masked = mask(_beginnings(texts))
    if masked.equals(texts):  # Without a mask they stay distinct.
        return texts, np.arange(len(texts))
    encoded = masked.dictionary_encode()
    return encoded.dictionary, codes_of(encoded)


def _beginnings(texts: pa.Array) -> pa.Array:
    """Return what is read of `texts`: of the longest their beginnings."""
    if (pc.max(pc.binary_length(texts)).as_py() or 0) <= LONGEST:
        return texts
    return pc.utf8_slice_codeunits(texts, 0, LONGEST)


class TextColumn(NamedTuple):
    """A column of texts, read."""

    texts: ReadTexts
    rows: Integers
    """(n_rows,): the text of each row, -1 where there is none."""

    @classmethod
    def of(cls, column: "pa.DictionaryArray | TextColumn") -> "TextColumn":
        """Read the texts that `column`, dictionary<string> (n_rows,), holds, and no others."""
        if isinstance(column, TextColumn):
            return column
        rows = codes_of(column)
        used = np.flatnonzero(np.bincount(rows + 1, minlength=1)[1:])
        place = np.full(len(column.dictionary) + 1, -1)
        place[used] = np.arange(len(used))
        return cls(ReadTexts.of(column.dictionary.take(pa.array(used))), place[rows])

    @property
    def counts(self) -> Integers:
        """Return how many rows hold each text, int64 (n_texts,)."""
        return np.bincount(self.rows + 1, minlength=len(self.texts.template_of) + 1)[1:]


def codes_of(column: pa.DictionaryArray) -> Integers:
    """Return the position of each row in the dictionary, -1 where it is null."""
    codes = pc.fill_null(column.indices, -1).to_numpy(zero_copy_only=False)
    return np.asarray(codes, np.int64)
