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
        alike = _of_one_dictionary(held)
        there = [_used(several) for several in alike]
        some = [
            several[0].dictionary.take(pa.array(codes))
            for several, codes in zip(alike, there, strict=True)
        ]
        encoded = pa.concat_arrays([pa.array([], pa.string()), *some]).dictionary_encode()
        order = pc.array_sort_indices(encoded.dictionary).to_numpy()
        ranks = np.empty(len(order), dtype=np.int64)
        ranks[order] = np.arange(len(order))
        of_all = ranks[encoded.indices.to_numpy()]
        ends = np.cumsum([len(codes) for codes in there])[:-1]
        places: list[Integers] = []
        for several, codes, ranked in zip(alike, there, np.split(of_all, ends), strict=True):
            place = np.full(len(several[0].dictionary), -1)
            place[codes] = ranked
            places += [place] * len(several)
        return cls(encoded.dictionary.take(pa.array(order)), places)

    def coded(self, places: Integers) -> pa.DictionaryArray:
        """Return terms by their places among the names."""
        return pa.DictionaryArray.from_arrays(pa.array(places.astype(np.int32)), self.names)

    def among(self, names: pa.Array) -> list[Integers]:
        """Return of each table the place among other names of each term, -1 where there is none."""
        known = pc.index_in(self.names, names).fill_null(-1).to_numpy(zero_copy_only=False)
        known = np.append(known, -1)
        return [known[places] for places in self.places]


def _of_one_dictionary(columns: Sequence[pa.DictionaryArray]) -> list[list[pa.DictionaryArray]]:
    """Return the columns, those that follow each other with one dictionary together."""
    found: list[list[pa.DictionaryArray]] = []
    for column in columns:
        if found and column.dictionary.equals(found[-1][0].dictionary):
            found[-1].append(column)
        else:
            found.append([column])
    return found


def _used(columns: Sequence[pa.DictionaryArray]) -> Integers:
    """Return the codes that stand in columns of one dictionary, ascending."""
    used = np.zeros(len(columns[0].dictionary), dtype=bool)
    for column in columns:
        used[column.indices.to_numpy()] = True
    return np.flatnonzero(used)
