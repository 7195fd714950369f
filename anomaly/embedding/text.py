"""Text as coordinates: masked, then its words, its character 3-grams and its shape."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pyarrow as pa

from anomaly.embedding.block import DriftBins, Rarity, surprisal_bins
from anomaly.embedding.lsa import TokenSpace, some_bags
from anomaly.embedding.number import NumberBlock
from anomaly.embedding.rarity import surprisal
from anomaly.embedding.read_texts import LONGEST, ReadTexts, TextColumn
from anomaly.embedding.sentence_embedding import MeaningSpace
from anomaly.embedding.token_hashing import token_bags, words_of
from anomaly.numerics.arrays import Doubles, Floats, Integers
from anomaly.preprocess.masking import mask
from schemas.job.sections import TextEmbedding

MOST_DIRECTIONS = 24
"""Directions of the words, and as many of the 3-grams."""
_BOTH = np.float32(np.sqrt(2.0))
_AT_ONCE = 8_192
"""Texts that are embedded at a time: what comes of their tokens needs memory."""


@dataclass(frozen=True)
class TextBlock:
    """Words, character 3-grams, how rare both are, the shape of the text, and being missing.

    Everything is computed once for each distinct text.
    """

    words: TokenSpace
    characters: TokenSpace
    shapes: tuple[NumberBlock, ...]
    missing_surprisal: float
    total: int
    """Events of the sample."""
    meaning: MeaningSpace | None = None
    """What the texts mean, where the job asks for it."""

    @classmethod
    def fit(
        cls,
        column: pa.DictionaryArray | TextColumn,
        seed: int,
        directions: int = MOST_DIRECTIONS,
        embedding: TextEmbedding = "tokens",
    ) -> "TextBlock":
        """Learn the tokens and shapes of `column`, dictionary<string> (n_rows,).

        Parameters
        ----------
        column
            Texts, null where there is none; or read before.
        seed
            Seeds the truncated SVD.
        directions
            Directions of the words, as many of the 3-grams, and of the meaning.
        embedding
            `semantic` adds what the texts mean (`anomaly.embedding.sentence_embedding`).
        """
        texts, rows = column = TextColumn.of(column)
        counts = column.counts
        missing = float(surprisal([np.sum(rows < 0)], len(rows))[0])
        used = np.flatnonzero(counts)
        of_used = texts.template_of[used]
        templates = pd.unique(of_used)
        holders = np.bincount(of_used, weights=counts[used], minlength=len(texts.templates))
        holders = holders[templates].astype(np.int64)
        learnt, drawn = some_bags(holders)
        spaces = [
            TokenSpace.of(
                held.holders(templates, holders),
                int(holders.sum()),
                (held.bags(templates[learnt]), drawn),
                directions,
                seed,
            )
            for held in (texts.words, texts.trigrams)
        ]
        shapes = tuple(NumberBlock.fit(np.repeat(s[used], counts[used])) for s in texts.shapes.T)
        meaning = None
        if embedding == "semantic":
            spelt = texts.templates.take(pa.array(templates))
            meaning = MeaningSpace.fit(spelt, holders, directions, seed)
        return cls(spaces[0], spaces[1], shapes, missing, len(rows), meaning)

    def recounted(self, column: pa.DictionaryArray | TextColumn, seed: int) -> "TextBlock":
        """Learn the tokens from another `column`; the scales of the shapes stay."""
        directions = self.words.directions.shape[1]
        embedding: TextEmbedding = "tokens" if self.meaning is None else "semantic"
        again = TextBlock.fit(column, seed, directions, embedding)
        return replace(again, shapes=self.shapes)

    @property
    def n_dims(self) -> int:
        """Return the number of dimensions."""
        of_meaning = 0 if self.meaning is None else self.meaning.n_dims
        return self.words.n_dims + self.characters.n_dims + of_meaning + len(self.shapes) + 1

    def transform(self, column: pa.DictionaryArray | TextColumn) -> Floats:
        """Embed `column`, dictionary<string> (n_rows,), as float32 (n_rows, n_dims)."""
        vectors, rows = self.embed_distinct(column)
        return vectors[rows]

    def embed_distinct(self, column: pa.DictionaryArray | TextColumn) -> tuple[Floats, Integers]:
        """Embed each text of `column` once.

        Returns
        -------
        The vectors of the texts that it holds and of a missing one, float32 (n_held + 1, n_dims),
        and the vector of each row, int64 (n_rows,).
        """
        texts, rows = column = TextColumn.of(column)
        used = np.flatnonzero(column.counts)
        used = used[np.argsort(texts.template_of[used], kind="stable")]
        vectors = np.zeros((len(used) + 1, self.n_dims), dtype=np.float32)
        for start in range(0, len(used), _AT_ONCE):
            some = slice(start, min(start + _AT_ONCE, len(used)))
            self._embed_into(vectors[some], texts, used[some])
        vectors[-1, -1] = self.missing_surprisal
        vector_of = np.full(len(texts.template_of) + 1, len(used))
        vector_of[used] = np.arange(len(used))
        return vectors, vector_of[rows]

    def _embed_into(self, vectors: Floats, read: ReadTexts, texts: Integers) -> None:
        """Write the vectors of some texts, (n_texts, n_dims): each template is embedded once."""
        templates, places = np.unique(read.template_of[texts], return_inverse=True)
        # Words and 3-grams both tell that a text is rare; together they count once.
        parts = [
            self.words.transform(read.words.bags(templates)) / _BOTH,
            self.characters.transform(read.trigrams.bags(templates)) / _BOTH,
        ]
        if self.meaning is not None:
            parts.append(self.meaning.transform(read.templates.take(pa.array(templates))))
        parts = [part[places] for part in parts]
        parts += [
            s.level(v[texts])[:, None] for s, v in zip(self.shapes, read.shapes.T, strict=True)
        ]
        start = 0
        for part in parts:
            vectors[:, start : start + part.shape[1]] = part
            start += part.shape[1]

    def likeness(self, text: str, texts: pa.Array) -> Doubles:
        """Return how alike `texts`, string (n_texts,), are to a text, float64 (n_texts,).

        It is the mean cosine of the words, the 3-grams and, where the model knows it, the meaning.
        The same template has 1, nothing in common 0. Length and shape do not count.
        """
        read = ReadTexts.of(pa.concat_arrays([pa.array([text], texts.type), texts]))
        positions, every = read.template_of, np.arange(len(read.templates))
        asked = int(positions[0])
        alike = [
            self.words.cosines(read.words.bags(every), asked),
            self.characters.cosines(read.trigrams.bags(every), asked),
        ]
        if self.meaning is not None:
            alike.append(self.meaning.cosines(read.templates, asked))
        return np.clip(np.mean(alike, axis=0), 0.0, 1.0)[positions[1:]]

    def rarity(self, text: str | None) -> Rarity:
        """Return the rarest word of `text` and its holders; nothing where it is missing."""
        if text is None:
            return Rarity("word")
        word, holders = self.rarest_word(text)
        return Rarity("word", part=word, count=holders, total=self.total)

    def drift_bins(self, column: pa.DictionaryArray | TextColumn) -> DriftBins:
        """Return bins by the surprisal of the rarest word of each text."""
        vectors, rows = self.embed_distinct(column)
        rarest = vectors[:, self.words.n_dims - 1] * _BOTH
        return surprisal_bins(
            rarest[rows], float(self.words.surprisals.max()), rows == len(vectors) - 1
        )

    def rarest_word(self, text: str) -> tuple[str, int]:
        """Return the masked word of `text` in the fewest events, and how many; "" for none."""
        template = mask(pa.array([text[:LONGEST]]))[0].as_py()
        held = words_of(template)
        if not held:
            return "", 0
        at, holders = self.words.rarest(token_bags(pa.array(held)).words.tokens, self.total)
        return held[at], holders
