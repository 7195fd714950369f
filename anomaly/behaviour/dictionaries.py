"""Dictionaries of terms that grow from batch to batch, so that codes stay as they are."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from anomaly.numerics.arrays import Integers


class Dictionary:
    """The names of several columns, one after the other; the same names of a column stand once.

    A name may stand in several places.
    """

    def __init__(self) -> None:
        self._parts = [pa.array([""], pa.string())]
        self._whole: pa.Array | None = None

    def codes(self, codes: Integers, names: pa.Array) -> npt.NDArray[np.int32]:
        """Return the codes of terms in this dictionary, by those among `names`; -1 stays so."""
        start = 0
        for part in self._parts:
            if part is names or part.equals(names):
                break
            start += len(part)
        else:
            self._parts.append(names)
            self._whole = None
        found = (codes + start).astype(np.int32)
        if codes.min(initial=0) < 0:
            found[codes < 0] = -1
        return found

    @property
    def names(self) -> pa.Array:
        """Return all names, string."""
        if self._whole is None:
            self._whole = pa.concat_arrays(self._parts)
        return self._whole


class Dictionaries:
    """The dictionaries of entities and values."""

    def __init__(self) -> None:
        self.entity, self.value = Dictionary(), Dictionary()
