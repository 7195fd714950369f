"""Columns of known records: which of them hold a value."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomaly.explain.known_records import KnownRecords, NameColumn, without_spare_names
from anomaly.explain.known_texts import KnownTextColumn
from schemas.columns.roles import Role
from tests.anomaly.logs import PATIENT

VALUES = st.one_of(st.none(), st.sampled_from(["", "disk full", "disk", "größe"]))


@PATIENT
@given(st.lists(VALUES, max_size=8), VALUES, st.data())
@pytest.mark.parametrize("column", [KnownTextColumn, NameColumn])
def test_records_hold_what_is_equal(
    column: type[KnownTextColumn | NameColumn],
    held: list[str | None],
    value: str | None,
    data: st.DataObject,
) -> None:
    known = column(pa.array(held, pa.string()))
    assert known.holds(value).tolist() == [own == value for own in held]
    if held:
        rows = data.draw(st.lists(st.integers(0, len(held) - 1), max_size=4))
        some = known.holds(value, np.array(rows, np.int64))
        assert some.tolist() == [held[row] == value for row in rows]


def test_an_event_is_known_only_if_all_columns_are_equal() -> None:
    table = pa.table({"said": ["disk full", "disk full", None], "user": ["ann", "bob", "ann"]})
    records = KnownRecords(table, {"said": Role.TEXT, "user": Role.ENTITY})
    events = [
        {"said": "disk full", "user": "bob"},
        {"said": None, "user": "ann"},
        {"said": None, "user": "bob"},
        {"said": "disk", "user": "ann"},
    ]
    assert records.are_known(events) == [True, True, False, False]


def test_spare_names_are_dropped_and_missing_ones_stay() -> None:
    names = pa.array(["d", "c", "a", None, "b", "c"]).dictionary_encode().slice(2)
    [stored] = without_spare_names(pa.table({"user": names})).columns
    assert stored.to_pylist() == ["a", None, "b", "c"]
    assert stored.chunk(0).dictionary.to_pylist() == ["a", "b", "c"]
