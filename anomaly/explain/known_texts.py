"""Known texts: who holds them, and their masked words."""

from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from anomaly.embedding.read_texts import templates_of
from anomaly.embedding.token_hashing import word_holders
from anomaly.explain.known_steps import ALL, Rows
from anomaly.numerics.arrays import Integers

Mask = npt.NDArray[np.bool_]


class KnownTexts:
    """The masked words of the known records' texts in one column, and who holds them."""

    def __init__(self, texts: "KnownTextColumn") -> None:
        self._holders = np.bincount(texts.codes[texts.codes >= 0], minlength=len(texts.texts))
        self._templates, places = templates_of(texts.texts)
        held = np.bincount(places, weights=self._holders, minlength=len(self._templates))
        self._held_by = held.astype(np.int64)
        self._words = word_holders(self._templates, self._held_by)
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


class KnownTextColumn:
    """Texts, as codes. Most are of one record, so no table of them is made."""

    def __init__(self, values: pa.Array) -> None:
        if not pa.types.is_dictionary(values.type):
            values = values.dictionary_encode()
        self.texts: pa.Array = values.dictionary.cast(pa.string())
        self.codes: Integers = values.indices.fill_null(-1).to_numpy().astype(np.int64)

    @cached_property
    def read(self) -> KnownTexts:
        """Their masked words, with who holds them."""
        return KnownTexts(self)

    def holds(self, value: str | None, rows: Rows = ALL) -> Mask:
        """Return which records, all or some, hold `value`, bool (n,)."""
        codes = self.codes[rows]
        if value is None:
            return np.asarray(codes == -1)
        if len(codes) < len(self.texts):
            return _are(self.texts.take(pa.array(codes, mask=codes < 0)), value)
        return np.append(_are(self.texts, value), False)[codes]  # The last is for null.


def _are(texts: pa.Array, value: str) -> Mask:
    same = pc.fill_null(pc.equal(texts, value), False)
    return np.asarray(same.to_numpy(zero_copy_only=False))
