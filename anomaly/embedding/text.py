"""Text as coordinates: masked, then its words, its character 3-grams and its shape."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from anomaly.embedding.block import DriftBins, Rarity, surprisal_bins
from anomaly.embedding.category import distinct
from anomaly.embedding.lsa import TokenSpace
from anomaly.embedding.number import NumberBlock
from anomaly.embedding.rarity import surprisal
from anomaly.embedding.sentence_embedding import MeaningSpace
from anomaly.embedding.text_shape import shapes_of
from anomaly.embedding.token_hashing import token_bags, words_of
from anomaly.preprocess.masking import mask
from schemas.job.sections import TextEmbedding

MOST_DIRECTIONS = 24
"""Directions of the words, and as many of the 3-grams."""
_LONGEST = 2_048
"""Characters that are read for words and 3-grams; the length itself counts whole."""


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
        column: pa.DictionaryArray,
        seed: int,
        directions: int = MOST_DIRECTIONS,
        embedding: TextEmbedding = "tokens",
    ) -> "TextBlock":
        """Learn the tokens and shapes of `column`, dictionary<string> (n_rows,).

        Parameters
        ----------
        column
            Texts, null where there is none.
        seed
            Seeds the truncated SVD.
        directions
            Directions of the words, as many of the 3-grams, and of the meaning.
        embedding
            `semantic` adds what the texts mean (`anomaly.embedding.sentence_embedding`).
        """
        texts, rows = distinct(column)
        counts = np.bincount(rows, minlength=len(texts))[:-1]
        missing = float(surprisal([np.sum(rows == len(texts) - 1)], len(column))[0])
        used = np.flatnonzero(counts)
        texts, counts = texts.take(pa.array(used)), counts[used]
        templates, positions = _templates(texts)
        holders = np.bincount(positions, weights=counts, minlength=len(templates)).astype(np.int64)
        spaces = [TokenSpace.fit(bags, holders, directions, seed) for bags in token_bags(templates)]
        shapes = tuple(NumberBlock.fit(np.repeat(s, counts)) for s in shapes_of(texts))
        meaning = None
        if embedding == "semantic":
            meaning = MeaningSpace.fit(templates, holders, directions, seed)
        return cls(spaces[0], spaces[1], shapes, missing, len(column), meaning)

    def recounted(self, column: pa.DictionaryArray, seed: int) -> "TextBlock":
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

    def transform(self, column: pa.DictionaryArray) -> npt.NDArray[np.float32]:
        """Embed `column`, dictionary<string> (n_rows,), as float32 (n_rows, n_dims)."""
        texts, rows = distinct(column)
        texts = texts[:-1]
        block = np.zeros((len(texts) + 1, self.n_dims), dtype=np.float32)
        templates, positions = _templates(texts)
        if len(texts):
            bags = token_bags(templates)
            tokens = [self.words.transform(bags.words), self.characters.transform(bags.trigrams)]
            shapes = [s.level(v) for s, v in zip(self.shapes, shapes_of(texts), strict=True)]
            # Words and 3-grams both tell that a text is rare; together they count once.
            both = np.hstack(tokens)[positions] / np.sqrt(2.0)
            meant = [] if self.meaning is None else [self.meaning.transform(templates)[positions]]
            block[:-1, :-1] = np.column_stack([both, *meant, *shapes])
        block[-1, -1] = self.missing_surprisal
        return block[rows]

    def likeness(self, text: str, texts: pa.Array) -> npt.NDArray[np.float64]:
        """Return how alike `texts`, string (n_texts,), are to a text, float64 (n_texts,).

        It is the mean cosine of the words, the 3-grams and, where the model knows it, the meaning.
        The same template has 1, nothing in common 0. Length and shape do not count.
        """
        templates, positions = _templates(pa.concat_arrays([pa.array([text], texts.type), texts]))
        asked, bags = int(positions[0]), token_bags(templates)
        alike = [
            self.words.cosines(bags.words, asked),
            self.characters.cosines(bags.trigrams, asked),
        ]
        if self.meaning is not None:
            alike.append(self.meaning.cosines(templates, asked))
        return np.clip(np.mean(alike, axis=0), 0.0, 1.0)[positions[1:]]

    def rarity(self, text: str | None) -> Rarity:
        """Return the rarest word of `text` and its holders; nothing where it is missing."""
        if text is None:
            return Rarity("word")
        word, holders = self.rarest_word(text)
        return Rarity("word", part=word, count=holders, total=self.total)

    def drift_bins(self, column: pa.DictionaryArray) -> DriftBins:
        """Return bins by the surprisal of the rarest word of each text."""
        rarest = self.transform(column)[:, self.words.n_dims - 1] * np.sqrt(2.0)
        missing = column.is_null().to_numpy(zero_copy_only=False)
        return surprisal_bins(rarest, float(self.words.surprisals.max()), missing)

    def rarest_word(self, text: str) -> tuple[str, int]:
        """Return the masked word of `text` in the fewest events, and how many; "" for none."""
        template = mask(pa.array([text[:_LONGEST]]))[0].as_py()
        held = words_of(template)
        if not held:
            return "", 0
        at, holders = self.words.rarest(token_bags(pa.array(held)).words.indices, self.total)
        return held[at], holders


def _templates(texts: pa.Array) -> tuple[pa.Array, npt.NDArray[np.int64]]:
    """Return the distinct masked texts and the position of each of `texts` in them."""
    encoded = mask(pc.utf8_slice_codeunits(texts, 0, _LONGEST)).dictionary_encode()
    return encoded.dictionary, encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
