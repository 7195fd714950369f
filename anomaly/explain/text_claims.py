"""Claims about a text: its rarest word, its kind, its length, or that it is missing."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anomaly.embedding.token_hashing import word_holders, words_of
from anomaly.explain.claims import COMMON, Claim, Judged
from anomaly.explain.known_records import KnownRecords, KnownTextColumn
from anomaly.explain.quoting import is_held, quote
from anomaly.preprocess.masking import mask

LONGEST = 2_048
"""Characters that are read for words."""


class KnownTexts:
    """The masked words of the known records' texts in one column, and who holds them."""

    def __init__(self, known: KnownRecords, column: str) -> None:
        texts: KnownTextColumn = known.column(column)
        self._holders = np.bincount(texts.codes[texts.codes >= 0], minlength=len(texts.texts))
        masked = mask(pc.utf8_slice_codeunits(texts.texts, 0, LONGEST)).dictionary_encode()
        places = masked.indices.to_numpy(zero_copy_only=False)
        self._templates = masked.dictionary
        held = np.bincount(places, weights=self._holders, minlength=len(masked.dictionary))
        self._held_by = held.astype(np.int64)
        self._words = word_holders(masked.dictionary, self._held_by)
        self._lengths = pc.utf8_length(texts.texts).to_numpy(zero_copy_only=False)

    def holders(self, word: str) -> int:
        """Count the records whose text holds a masked word."""
        return self._words.get(word, 0)

    def alike(self, masked: str) -> int:
        """Count the records whose text is the same but for numbers, addresses and ids."""
        same = pc.equal(self._templates, masked).to_numpy(zero_copy_only=False)
        return int(self._held_by[same].sum())

    def as_long(self, length: int) -> int:
        """Count the records whose text has as many characters, or more."""
        return int(self._holders[self._lengths >= length].sum())


def text(judged: Judged, column: str, texts: KnownTexts) -> Iterator[Claim]:
    """Say what is odd in a text, the most telling claim first."""
    value = judged.event[column]
    n, everybody = judged.known.n, judged.everybody
    if not value:
        count = int(judged.known.holding(column, value).sum())
        yield Claim(
            quote(value),
            None,
            f"{is_held(column, value)}: {judged.seen(count, everybody)}",
            count / n,
        )
        return
    held, start = is_held(column, value), quote(value)
    masked = mask(pa.array([value[:LONGEST]]))[0].as_py()
    counted = [(texts.holders(word), word) for word in words_of(masked)]
    if counted:
        count, word = min(counted, key=lambda found: found[0])
        if count / n <= COMMON:
            sentence = f"{held}: the word `{quote(word)}` {judged.seen(count, everybody)}"
            yield Claim(start, None, sentence, count / n)
    count = texts.alike(masked)
    sentence = f"{held}: a text like this, numbers and ids aside, {judged.seen(count, everybody)}"
    yield Claim(start, None, sentence, count / n)
    count = texts.as_long(len(value))
    sentence = f"{held}: {len(value):,} characters or more {judged.seen(count, everybody)}"
    yield Claim(start, None, sentence, count / n)
