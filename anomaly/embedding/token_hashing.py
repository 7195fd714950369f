"""Bags of tokens: which words, and which character 3-grams, a text holds.

A token is a position in `N_TOKENS` that its hash gives, so that no vocabulary is kept (the hashing
trick: Weinberger et al., 2009). Texts are cut into words and signs
(`anomaly.embedding.text_pieces`), and the tokens of each distinct one are found once.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
from scipy import sparse
from sklearn.utils import murmurhash3_32

from anomaly.embedding.text_pieces import Pieces, cut, parts_of, shown

N_TOKENS = 2**16
_AT_ONCE = 2**20
"""Characters that are read at once: some 25 MB of memory."""
_TEXTS_AT_ONCE = 16_384
"""Texts whose tokens are counted at a time."""
_BITS = 21
"""Of a code point."""
_ONES = 2**_BITS - 1

Tokens = npt.NDArray[np.int64]


class HeldTokens(NamedTuple):
    """The tokens that each text holds, in as few bytes as they need."""

    tokens: npt.NDArray[np.uint16]
    """(n_held,): text after text, each token of a text once, in an order that it alone decides."""
    ends: Tokens
    """(n_texts + 1,): where those of each begin and end."""

    @classmethod
    def of(cls, counts: sparse.csr_matrix) -> "HeldTokens":
        """Keep where `counts`, csr (n_texts, N_TOKENS), are not 0."""
        return cls(counts.indices.astype(np.uint16), counts.indptr.astype(np.int64))

    @classmethod
    def joined(cls, parts: Sequence["HeldTokens"]) -> "HeldTokens":
        """Put the tokens of texts behind those of others."""
        lengths = [np.zeros(1, np.int64), *(np.diff(part.ends) for part in parts)]
        return cls(
            np.concatenate([np.zeros(0, np.uint16), *(part.tokens for part in parts)]),
            np.cumsum(np.concatenate(lengths)),
        )

    def bags(self, texts: Tokens) -> sparse.csr_matrix:
        """Return the tokens of some texts, float32 (n, N_TOKENS): one where a text holds it."""
        first, lengths = self.ends[texts], np.diff(self.ends)[texts]
        ends = np.append(0, np.cumsum(lengths))
        if len(texts) and (first[1:] == first[:-1] + lengths[:-1]).all():  # They stand together.
            return _matrix(self.tokens[first[0] : first[0] + ends[-1]], ends, N_TOKENS)
        places = np.repeat(first - ends[:-1], lengths) + np.arange(ends[-1])
        return _matrix(self.tokens[places], ends, N_TOKENS)

    def holders(self, texts: Tokens, counts: Tokens) -> Tokens:
        """Return how many events hold each token, int64 (N_TOKENS,); `counts` hold each text."""
        holders = np.zeros(N_TOKENS)
        for start in range(0, len(texts), _TEXTS_AT_ONCE):
            bags = self.bags(texts[start : start + _TEXTS_AT_ONCE])
            of_each = np.repeat(counts[start : start + _TEXTS_AT_ONCE], np.diff(bags.indptr))
            holders += np.bincount(bags.indices, of_each, N_TOKENS)
        return holders.astype(np.int64)


class TokenBags(NamedTuple):
    """The tokens of some texts."""

    words: HeldTokens
    """Runs of letters and digits, capitals as small letters, and masks with their brackets."""
    trigrams: HeldTokens
    """Three characters in a row. They end where a word of non-spaces does, with one space before it
    and after it."""


def token_bags(texts: pa.Array) -> TokenBags:
    """Say which words and 3-grams each of `texts`, string (n_texts,), holds."""
    parts = [_held_in(cut(part)) for part in parts_of(texts, _AT_ONCE)]
    words, trigrams = zip(*parts, strict=True)
    return TokenBags(HeldTokens.joined(words), HeldTokens.joined(trigrams))


def words_of(text: str) -> list[str]:
    """Return the distinct words of one text, in their order.

    Examples
    --------
    >>> words_of("User root from <ip>, root again")
    ['user', 'root', 'from', '<ip>', 'again']
    """
    return list(dict.fromkeys(cut(pa.array([text], pa.string())).words.to_pylist()))


def word_holders(texts: pa.Array, holders: npt.NDArray[np.int64]) -> dict[str, int]:
    """Return word -> the records whose text holds it, where `holders` (n_texts,) hold each text.

    Examples
    --------
    >>> word_holders(pa.array(["User root", "root root"]), np.array([3, 2]))
    {'user': 3, 'root': 5}
    """
    counts: dict[str, int] = {}
    start = 0
    for part in parts_of(texts, _AT_ONCE):
        pieces = cut(part)
        words = pieces.words.dictionary
        held = _holders_of_words(pieces, holders[start : start + len(part)])
        for word, count in zip(words.to_pylist(), held.tolist(), strict=True):
            counts[word] = counts.get(word, 0) + count
        start += len(part)
    return counts


def _holders_of_words(pieces: Pieces, holders: npt.NDArray[np.int64]) -> Tokens:
    """Sum the holders of the texts that hold each word of the dictionary, int64 (n_words,)."""
    codes = pieces.words.indices.to_numpy().astype(np.int64)
    ends = np.searchsorted(pieces.text_of_words, np.arange(len(holders) + 1))
    # By columns, the texts of each word stand side by side, and ascend.
    held = _matrix(codes, ends, len(pieces.words.dictionary)).tocsc()
    word = np.repeat(np.arange(held.shape[1]), np.diff(held.indptr))
    repeats = np.append(False, (held.indices[1:] == held.indices[:-1]) & (word[1:] == word[:-1]))
    counted = np.where(repeats, 0, holders[held.indices])
    return np.add.reduceat(counted, held.indptr[:-1]) if len(counted) else counted


def _held_in(pieces: Pieces) -> TokenBags:
    """Put together the tokens of the pieces that each text holds."""
    words = pieces.words.indices.to_numpy().astype(np.int64)
    codes, distinct = _in_context(pieces, words)
    held = _matrix(codes, pieces.bounds, len(distinct))
    of_pieces = (_words_in(pieces, words, distinct), _trigrams_in(pieces, distinct))
    return TokenBags(*(HeldTokens.of(held @ tokens) for tokens in of_pieces))


def _in_context(pieces: Pieces, words: Tokens) -> tuple[Tokens, Tokens]:
    """Tell apart pieces that differ, or stand between other points: their 3-grams are others.

    Returns
    -------
    The code of each piece, (n_pieces,), and the piece that has each code first, (n_distinct,).
    """
    size = int(pieces.points.max(initial=0)) + 1
    code = pieces.points[pieces.first].astype(np.int64)
    code[pieces.is_word] = size + words
    before, behind = shown(pieces.points[pieces.first - 1]), shown(pieces.points[pieces.after])
    codes, distinct = pd.factorize((code * size + before) * size + behind)
    first = np.empty(len(distinct), np.int64)
    first[codes[::-1]] = np.arange(len(codes))[::-1]
    return codes, first


def _words_in(pieces: Pieces, words: Tokens, some: Tokens) -> sparse.csr_matrix:
    """Return the token of each of some pieces that is a word."""
    hashes = _hashes(pieces.words.dictionary.to_pylist())
    is_word = pieces.is_word[some]
    place = np.cumsum(pieces.is_word) - 1
    tokens = hashes[words[place[some[is_word]]]]
    return _matrix(tokens, np.append(0, np.cumsum(is_word)), N_TOKENS)


def _trigrams_in(pieces: Pieces, some: Tokens) -> sparse.csr_matrix:
    """Return the 3-grams around the characters of each of some pieces."""
    first, lengths = pieces.first[some], (pieces.after - pieces.first)[some]
    ends = np.append(0, np.cumsum(lengths))
    middle = np.repeat(first - ends[:-1], lengths) + np.arange(ends[-1])
    before, there, behind = (shown(pieces.points[middle + step]) for step in (-1, 0, 1))
    codes, distinct = pd.factorize(before << 2 * _BITS | there << _BITS | behind)
    spelt = np.stack([distinct >> 2 * _BITS, distinct >> _BITS & _ONES, distinct & _ONES], axis=1)
    joined = spelt.astype(np.uint32).tobytes().decode("utf-32-le")
    hashes = _hashes([joined[i : i + 3] for i in range(0, len(joined), 3)])
    return _matrix(hashes[codes], ends, N_TOKENS)


def _matrix(columns: npt.NDArray[np.integer], ends: Tokens, width: int) -> sparse.csr_matrix:
    """Put a one into these columns, row by row."""
    ones = np.ones(len(columns), np.float32)
    parts = (ones, columns.astype(np.int32), ends.astype(np.int32))
    return sparse.csr_matrix(parts, (len(ends) - 1, width))


def _hashes(tokens: list[str]) -> Tokens:
    hashes = np.fromiter((murmurhash3_32(token) for token in tokens), np.int64, len(tokens))
    return np.abs(hashes) % N_TOKENS
