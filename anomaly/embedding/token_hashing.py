"""Bags of tokens: which words, and which character 3-grams, a text holds.

A token is a position in `N_TOKENS` that its hash gives, so that no vocabulary is kept (the hashing
trick: Weinberger et al., 2009). All texts are read at once, as one row of code points.
"""

from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from scipy import sparse
from sklearn.utils import murmurhash3_32

N_TOKENS = 2**16
_AT_ONCE = 2**21
"""Characters that are read at once: some 100 MB of memory."""
_BITS = 21
"""Of a code point."""
_SPACE, _LESS, _GREATER, _UNDERSCORE = (ord(sign) for sign in " <>_")


_Tokens = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]
"""Texts and tokens, each (n_held,): which text holds which, some of them more than once."""


class _Read(NamedTuple):
    """Texts as one row of code points, a space before each and after the last."""

    points: npt.NDArray[np.uint32]
    """(n_points,)"""
    text: npt.NDArray[np.int64]
    """(n_points,): which text each stands in; the space before a text is its own."""


def words(texts: pa.Array) -> sparse.csr_matrix:
    """Say which words each of `texts`, string (n_texts,), holds: runs of letters and digits.

    What stands between angle brackets, as masks do (`anomaly.preprocess.masking`), is one word with
    them.
    Capitals are as small letters.

    Returns
    -------
    float32 (n_texts, N_TOKENS)
        One where the text holds the token.
    """
    return _bags(texts, _hashed_words)


def trigrams(texts: pa.Array) -> sparse.csr_matrix:
    """Say which three characters in a row each of `texts`, string (n_texts,), holds.

    They end where a word of non-spaces does, with one space before it and after it.

    Returns
    -------
    float32 (n_texts, N_TOKENS)
        One where the text holds the token.
    """
    return _bags(texts, _hashed_trigrams)


def words_of(text: str) -> list[str]:
    """Return the distinct words of one text, in their order.

    Examples
    --------
    >>> words_of("User root from <ip>, root again")
    ['user', 'root', 'from', '<ip>', 'again']
    """
    _, found = _words(_read(pc.utf8_lower(pa.array([text], pa.string()))))
    return list(dict.fromkeys(found.to_pylist()))


def word_holders(texts: pa.Array, holders: npt.NDArray[np.int64]) -> dict[str, int]:
    """Return word -> the records whose text holds it, where `holders` (n_texts,) hold each text.

    Examples
    --------
    >>> word_holders(pa.array(["User root", "root root"]), np.array([3, 2]))
    {'user': 3, 'root': 5}
    """
    counts: dict[str, int] = {}
    start = 0
    for part in _parts(texts):
        text, found = _words(_read(pc.utf8_lower(part)))
        words = found.dictionary_encode()
        n = max(len(words.dictionary), 1)
        once = np.unique(text * n + words.indices.to_numpy(zero_copy_only=False))
        held = np.bincount(once % n, weights=holders[start + once // n], minlength=n)
        for word, count in zip(words.dictionary.to_pylist(), held.tolist(), strict=False):
            counts[word] = counts.get(word, 0) + int(count)
        start += len(part)
    return counts


def _bags(texts: pa.Array, hashed: Callable[[_Read], _Tokens]) -> sparse.csr_matrix:
    parts = [_bag(part, hashed) for part in _parts(texts)]
    return sparse.vstack(parts, format="csr") if len(parts) > 1 else parts[0]


def _parts(texts: pa.Array) -> list[pa.Array]:
    """Cut `texts` so that a part has at most `_AT_ONCE` characters, or one text."""
    ends = np.cumsum(pc.utf8_length(texts).to_numpy(zero_copy_only=False).astype(np.int64))
    part = (ends - 1) // _AT_ONCE if len(ends) else ends
    cuts = np.flatnonzero(np.diff(part)) + 1
    return [texts.slice(i, j - i) for i, j in pairwise([0, *cuts.tolist(), len(texts)])]


def _bag(texts: pa.Array, hashed: Callable[[_Read], _Tokens]) -> sparse.csr_matrix:
    text, tokens = hashed(_read(pc.utf8_lower(texts)))
    held = np.sort(text * N_TOKENS + tokens)
    held = held[np.append(True, held[1:] != held[:-1])[: len(held)]]
    ends = np.searchsorted(held, np.arange(len(texts) + 1) * N_TOKENS)
    ones = np.ones(len(held), np.float32)
    index = np.int32 if len(held) < 2**31 else np.int64
    indices = (held % N_TOKENS).astype(index)
    return sparse.csr_matrix((ones, indices, ends.astype(index)), (len(texts), N_TOKENS))


def _read(texts: pa.Array) -> _Read:
    spaced = "".join(f" {text}" for text in texts.to_pylist()) + " "
    points = np.frombuffer(spaced.encode("utf-32-le"), np.uint32)
    lengths = pc.utf8_length(texts).to_numpy(zero_copy_only=False).astype(np.int64) + 1
    text = np.repeat(np.arange(len(texts)), lengths)
    return _Read(points, np.append(text, len(texts)))


def _hashed_trigrams(read: _Read) -> _Tokens:
    """Hash the 3-grams: one around each character of a word."""
    space = _is(str.isspace, read.points)
    points = np.where(space, _SPACE, read.points).astype(np.int64)
    middle = np.flatnonzero(~space)
    before, after = points[middle - 1], points[middle + 1]
    grams = (before << 2 * _BITS) | (points[middle] << _BITS) | after
    codes, distinct = pd.factorize(grams)
    ones = 2**_BITS - 1
    spelt = np.stack([distinct >> 2 * _BITS, distinct >> _BITS & ones, distinct & ones], axis=1)
    joined = spelt.astype(np.uint32).tobytes().decode("utf-32-le")
    hashes = _hashes([joined[i : i + 3] for i in range(0, len(joined), 3)])
    return read.text[middle], hashes[codes]


def _hashed_words(read: _Read) -> _Tokens:
    text, found = _words(read)
    encoded = found.dictionary_encode()
    hashes = _hashes(encoded.dictionary.to_pylist())
    return text, hashes[encoded.indices.to_numpy(zero_copy_only=False)]


def _words(read: _Read) -> tuple[npt.NDArray[np.int64], pa.Array]:
    """Return the text of each word, and the words."""
    points = read.points
    alone = _is(str.isalnum, points)
    in_word = alone | _in_brackets(points, alone | (points == _UNDERSCORE))
    # A word begins where the one before ends, or at the bracket that opens it.
    begins = in_word & (~np.roll(in_word, 1) | (points == _LESS) | (np.roll(points, 1) == _GREATER))
    places = np.flatnonzero(begins)
    chosen = points[in_word]
    utf8 = np.cumsum(1 + (chosen >= 0x80) + (chosen >= 0x800) + (chosen >= 0x10000))
    ordinal = np.cumsum(in_word)[places] - 1
    offsets = np.append(np.append(0, utf8)[ordinal], utf8[-1:] if len(utf8) else 0)
    buffers = [
        None,
        pa.py_buffer(offsets.astype(np.int64)),
        pa.py_buffer(chosen.tobytes().decode("utf-32-le").encode()),
    ]
    return read.text[places], pa.Array.from_buffers(pa.large_string(), len(places), buffers)


def _in_brackets(
    points: npt.NDArray[np.uint32], word: npt.NDArray[np.bool_]
) -> npt.NDArray[np.bool_]:
    """Mark `<name>`, its brackets too, where the name is of letters, digits and underscores."""
    opens = np.flatnonzero((points[:-1] == _LESS) & word[1:])
    others = np.flatnonzero(~word)
    closes = others[np.searchsorted(others, opens + 1)]
    whole = points[closes] == _GREATER
    steps = np.zeros(len(points) + 1, np.int8)
    steps[opens[whole]] += 1
    steps[closes[whole] + 1] -= 1
    return np.cumsum(steps[:-1], dtype=np.int8) > 0


def _is(kind: Callable[[str], bool], points: npt.NDArray[np.uint32]) -> npt.NDArray[np.bool_]:
    """Ask `kind` of each code point, once for each distinct one."""
    table = np.zeros(int(points.max()) + 1, np.bool_)
    table[points] = True
    there = np.flatnonzero(table)
    table[there] = [kind(chr(point)) for point in there.tolist()]
    return table[points]


def _hashes(tokens: list[str]) -> npt.NDArray[np.int64]:
    hashes = np.fromiter((murmurhash3_32(token) for token in tokens), np.int64, len(tokens))
    return np.abs(hashes) % N_TOKENS
