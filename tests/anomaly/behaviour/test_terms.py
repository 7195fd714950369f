"""Terms of several batches and tables, under the codes of one dictionary."""

import numpy as np
import pyarrow as pa

from anomaly.behaviour.dictionaries import Dictionary
from anomaly.behaviour.table_terms import TermsOfTables


def test_a_missing_term_stays_missing_whatever_names_came_before():
    dictionary = Dictionary()
    ann, bob = pa.array(["ann", "eve"]), pa.array(["bob"])
    codes = [
        dictionary.codes(np.array(some), names)
        for some, names in [([1, -1], ann), ([0, -1], bob), ([0], ann)]
    ]
    names = dictionary.names.to_pylist()
    terms = [[None if code < 0 else names[code] for code in some] for some in codes]
    assert terms == [["eve", None], ["bob", None], ["ann"]]
    assert {some.dtype for some in codes} == {np.dtype(np.int32)}


def test_terms_of_tables_are_those_that_stand_in_them_though_they_share_a_dictionary():
    shared, other = pa.array(["eve", "unused", "ann"]), pa.array(["bob", "eve"])
    columns = [
        pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), names)
        for codes, names in [([0, 0], shared), ([2], shared), ([1, 0], other)]
    ]
    tables = [pa.table({"entity": column}) for column in columns]
    found = TermsOfTables.of(tables, "entity")
    assert found.names.to_pylist() == ["ann", "bob", "eve"]
    for column, places in zip(columns, found.places, strict=True):
        read = found.names.take(pa.array(places[column.indices.to_numpy()]))
        assert read.to_pylist() == column.to_pylist()
