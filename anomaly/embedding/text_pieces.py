"""Texts cut into pieces: words, and single signs between them.

All texts are read at once, as one row of code points, or of bytes where all are ASCII. No loop goes
over texts or characters.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

_SPACE, _LESS, _GREATER, _UNDERSCORE = (ord(sign) for sign in " <>_")
_IS_WORD, _IS_SPACE, _IS_NAME = 1, 2, 4
"""Kinds of characters: letters and digits, white space, and what a name in brackets may hold."""

Places = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Points = npt.NDArray[np.uint8] | npt.NDArray[np.uint32]


class Pieces(NamedTuple):
    """Some texts, cut into words and into signs that are neither words nor white space."""

    points: Points
    """(n_points,): the code points, small letters, a space before each text and after the last."""
    starts: Places
    """(n_texts + 1,): the space before each text, and that after the last."""
    first: Places
    """(n_pieces,): where each begins, ascending."""
    after: Places
    """(n_pieces,): the point behind each."""
    is_word: Mask
    """(n_pieces,)"""
    words: pa.DictionaryArray
    """The pieces that are words."""

    @property
    def bounds(self) -> Places:
        """Return where the pieces of each text begin and end among all, int64 (n_texts + 1,)."""
        return np.searchsorted(self.first, self.starts)

    @property
    def text_of_words(self) -> Places:
        """Return the text of each word, int64 (n_words,)."""
        texts = np.repeat(np.arange(len(self.starts) - 1), np.diff(self.bounds))
        return texts[self.is_word]


def parts_of(texts: pa.Array, most: int) -> Iterator[pa.Array]:
    """Part `texts`, string (n_texts,): a part has about `most` characters at most, or one text."""
    ends = np.cumsum(_lengths(texts))
    part = (ends - 1) // most if len(ends) else ends
    cuts = np.flatnonzero(np.diff(part)) + 1
    for start, stop in pairwise([0, *cuts.tolist(), len(texts)]):
        yield texts.slice(start, stop - start)


def cut(texts: pa.Array) -> Pieces:
    """Cut `texts`, string (n_texts,); a word is a run of letters and digits.

    Capitals are as small letters. What stands between angle brackets, as masks do
    (`anomaly.preprocess.masking`), is one word with them.

    Examples
    --------
    >>> pieces = cut(pa.array(["Root from <ip>!", "root"]))
    >>> pieces.words.to_pylist(), pieces.bounds.tolist()
    (['root', 'from', '<ip>', 'root'], [0, 4, 5])
    """
    points, starts = _row_of(pc.utf8_lower(texts))
    kinds = _kinds(points)
    in_word, goes_on = _in_words(points, kinds)
    # A piece or a white space begins wherever no word goes on.
    begins = np.flatnonzero(~goes_on)
    pieces = np.flatnonzero(kinds[begins] & _IS_SPACE == 0)
    first, after = begins[pieces], begins[pieces + 1]
    is_word = in_word[first]
    lengths = (after - first)[is_word]
    return Pieces(points, starts, first, after, is_word, _encoded(points[in_word], lengths))


def shown(points: Points) -> npt.NDArray[np.int64]:
    """Return code points, every white space as a plain one."""
    spaces = _kinds(points) & _IS_SPACE > 0
    return np.where(spaces, _SPACE, points).astype(np.int64)


def _lengths(texts: pa.Array) -> Places:
    return pc.utf8_length(texts).to_numpy(zero_copy_only=False).astype(np.int64)


def _row_of(texts: pa.Array) -> tuple[Points, Places]:
    """Return all texts as one row of points, a space before each, and where these spaces are."""
    edge = pa.array([""], texts.type)
    all_in_one = pa.array([0, len(texts) + 2], pa.int64())
    lists = pa.LargeListArray.from_arrays(all_in_one, pa.concat_arrays([edge, texts, edge]))
    row = pc.binary_join(lists, " ")[0].as_buffer()
    starts = np.append(0, np.cumsum(_lengths(texts) + 1))
    if row.size == starts[-1] + 1:
        return np.frombuffer(row, np.uint8), starts
    return np.frombuffer(row.to_pybytes().decode().encode("utf-32-le"), np.uint32), starts


def _kinds(points: Points) -> npt.NDArray[np.uint8]:
    """Return the kinds of code points as bits, looked up once for each distinct one."""
    if points.dtype == np.uint8:
        return np.frombuffer(points.tobytes().translate(_KINDS_OF_ASCII), np.uint8)
    table = np.zeros(int(points.max(initial=0)) + 1, np.uint8)
    table[points] = 1
    there = np.flatnonzero(table)
    table[there] = [_kind(chr(point)) for point in there.tolist()]
    return table[points]


def _kind(sign: str) -> int:
    is_name = sign.isalnum() or ord(sign) == _UNDERSCORE
    return _IS_WORD * sign.isalnum() | _IS_SPACE * sign.isspace() | _IS_NAME * is_name


_KINDS_OF_ASCII = bytes(_kind(chr(point)) for point in range(128)) + bytes(128)


def _in_words(points: Points, kinds: npt.NDArray[np.uint8]) -> tuple[Mask, Mask]:
    """Mark the points of words, and those where a word goes on, each bool (n_points,)."""
    in_word = kinds & _IS_WORD > 0
    bracketed = _in_brackets(points, kinds & _IS_NAME > 0)
    if bracketed is not None:
        in_word |= bracketed
    goes_on = np.zeros_like(in_word)
    np.logical_and(in_word[1:], in_word[:-1], out=goes_on[1:])
    if bracketed is not None:
        # The word before ends at the bracket that opens one, and at the bracket that closes it.
        goes_on &= points != _LESS
        goes_on[1:] &= points[:-1] != _GREATER
    return in_word, goes_on


def _in_brackets(points: Points, in_name: Mask) -> Mask | None:
    """Mark `<name>`, its brackets too, where the name is of letters, digits and underscores."""
    opens = np.flatnonzero((points[:-1] == _LESS) & in_name[1:])
    if not len(opens):
        return None
    others = np.flatnonzero(~in_name)
    closes = others[np.searchsorted(others, opens + 1)]
    whole = points[closes] == _GREATER
    steps = np.zeros(len(points) + 1, np.int8)
    steps[opens[whole]] += 1
    steps[closes[whole] + 1] -= 1
    return np.cumsum(steps[:-1], dtype=np.int8) > 0


def _encoded(points: Points, lengths: Places) -> pa.DictionaryArray:
    """Encode words that stand side by side in `points`, by their lengths."""
    ends = np.append(0, np.cumsum(lengths))
    data = points.tobytes()
    if points.dtype != np.uint8:
        utf8 = 1 + (points >= 0x80) + (points >= 0x800) + (points >= 0x10000)
        ends = np.append(0, np.cumsum(utf8))[ends]
        data = data.decode("utf-32-le").encode()
    buffers = [None, pa.py_buffer(ends.astype(np.int64)), pa.py_buffer(data)]
    words = pa.Array.from_buffers(pa.large_string(), len(lengths), buffers)
    return words.dictionary_encode()
