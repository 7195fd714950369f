"""Compares texts with one that a user asks for: by the words they hold, and by their likeness."""

import re

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from anomaly.embedding.text import TextBlock
from anomaly.embedding.token_hashing import token_bags, words_of
from anomaly.preprocess.masking import mask
from schemas.errors import InputError

Doubles = npt.NDArray[np.float64]

_BEFORE, _AFTER = r"(^|[^\pL\pN])", r"($|[^\pL\pN])"
_LEAST_WEIGHT = 1.0
"""Nats that a word counts at least: a number is masked, so the model takes it for a common one."""


def text_distances(block: TextBlock, text: str, texts: pa.Array) -> Doubles:
    """Return how far `texts`, string (n_texts,), are from a text, float64 (n_texts,).

    It is a convex combination, as in hybrid search (Bruch et al., 2023)::

        1 - held / 2 - likeness / 2

    Here `held` is the share of the words that are held, weighed by surprisal. So a text with all of
    the words is at most 0.5 away, one with none of them at least 0.5.

    Raises
    ------
    InputError
        The text has no word.
    """
    asked = words_of(text)
    if not asked:
        raise InputError("the text has no word", where="--text", remedy="ask for a word")
    weights = _weights(block, asked)
    held = np.zeros(len(texts))
    for word, weight in zip(asked, weights / weights.sum(), strict=True):
        held += weight * _holds(texts, word)
    return np.maximum(1.0 - held / 2.0 - block.likeness(text, texts) / 2.0, 0.0)


def _weights(block: TextBlock, asked: list[str]) -> Doubles:
    """Return the surprisal of each word, masked as the model's are."""
    held = token_bags(mask(pa.array(asked, pa.string()))).words
    rarest = np.maximum.reduceat(block.words.surprisals[held.tokens], held.ends[:-1])
    return np.maximum(rarest.astype(np.float64), _LEAST_WEIGHT)


def _holds(texts: pa.Array, word: str) -> npt.NDArray[np.bool_]:
    pattern = f"{_BEFORE}{re.escape(word)}{_AFTER}"
    found = pc.match_substring_regex(texts, pattern, ignore_case=True)
    return found.to_numpy(zero_copy_only=False)
