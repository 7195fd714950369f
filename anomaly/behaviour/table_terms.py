"""The terms of a column of several tables, each of which has a dictionary of its own."""

from collections.abc import Sequence
from typing import NamedTuple, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anomaly.numerics.arrays import Integers
from schemas.events.contract import one_array


class TermsOfTables(NamedTuple):
    """The terms of a column of several tables."""

    names: pa.Array
    """Those that are there, ascending."""
    places: list[Integers]
    """Of each table: the place among the names of each term of its dictionary."""

    @classmethod
    def of(cls, tables: Sequence[pa.Table], column: str) -> Self:
        """Look at which terms are there: a dictionary may hold those of other measures, too."""
        if not tables:
            return cls(pa.array([], pa.string()), [])
        held = [one_array(table[column]) for table in tables]
        there = [np.flatnonzero(np.bincount(each.indices.to_numpy())) for each in held]
        some = [
            each.dictionary.take(pa.array(codes)) for each, codes in zip(held, there, strict=True)
        ]
        encoded = pa.concat_arrays([pa.array([], pa.string()), *some]).dictionary_encode()
        order = pc.array_sort_indices(encoded.dictionary).to_numpy()
        ranks = np.empty(len(order), dtype=np.int64)
        ranks[order] = np.arange(len(order))
        of_all = ranks[encoded.indices.to_numpy()]
        ends = np.cumsum([len(codes) for codes in there])[:-1]
        places = [np.full(len(each.dictionary), -1) for each in held]
        for place, codes, ranked in zip(places, there, np.split(of_all, ends), strict=True):
            place[codes] = ranked
        return cls(encoded.dictionary.take(pa.array(order)), places)

    def coded(self, places: Integers) -> pa.DictionaryArray:
        """Return terms by their places among the names."""
        return pa.DictionaryArray.from_arrays(pa.array(places.astype(np.int32)), self.names)

    def among(self, names: pa.Array) -> list[Integers]:
        """Return of each table the place among other names of each term, -1 where there is none."""
        known = pc.index_in(self.names, names).fill_null(-1).to_numpy(zero_copy_only=False)
        known = np.append(known, -1)
        return [known[places] for places in self.places]
