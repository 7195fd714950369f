from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import InputError
from schemas.events.flattening import flatten, flattened_origin

_NESTED = pa.schema(
    {
        "id": pa.int64(),
        "user": pa.struct(
            [
                ("name", pa.string()),
                ("place", pa.struct([("city", pa.dictionary(pa.int8(), pa.string()))])),
            ]
        ),
        "tags": pa.list_(pa.string()),
        "pair": pa.list_(pa.int32(), 2),
        "wide": pa.large_list(pa.float64()),
        "labels": pa.map_(pa.string(), pa.int64()),
        "calls": pa.list_(pa.struct([("name", pa.string()), ("code", pa.int16())])),
        "empty": pa.null(),
    }
)
_ROW: dict[str, Any] = {
    "id": 1,
    "user": {"name": "ann", "place": {"city": "Ulm"}},
    "tags": ["a", None],
    "pair": [1, 2],
    "wide": [0.5],
    "labels": [("x", 1), ("y", None)],
    "calls": [{"name": "get", "code": 200}, None],
    "empty": None,
}
_FLAT_ROW = {
    "id": 1,
    "user.name": "ann",
    "user.place.city": "Ulm",
    "tags.count": 2,
    "tags.items": "a null",
    "pair.count": 2,
    "pair.items": "1 2",
    "wide.count": 1,
    "wide.items": "0.5",
    "labels.count": 2,
    "labels.items": "x=1 y=null",
    "calls.count": 2,
    "calls.items": '{"code":200,"name":"get"} null',
    "empty": None,
}
_NOTHING: dict[str, Any] = dict.fromkeys(_ROW)


def test_structs_become_dotted_columns_and_lists_a_count_and_their_items() -> None:
    table = pa.Table.from_pylist([_ROW, _NOTHING], schema=_NESTED)
    flat = flatten(table)
    assert flat.to_pylist() == [_FLAT_ROW, dict.fromkeys(_FLAT_ROW)]
    assert flat.schema.field("tags.count").type == pa.int32()
    assert flat.schema.field("calls.items").type == pa.string()
    assert pa.types.is_dictionary(flat.schema.field("user.place.city").type)


def test_an_empty_list_has_no_item_and_is_not_null() -> None:
    assert flatten(pa.table({"l": pa.array([[]], pa.list_(pa.int8()))})).to_pylist() == [
        {"l.count": 0, "l.items": ""}
    ]


def test_a_null_struct_hides_what_its_fields_hold() -> None:
    field = pa.array(["hidden"])
    struct = pa.StructArray.from_arrays([field], ["f"], mask=pa.array([True]))
    assert flatten(pa.table({"s": struct})).to_pylist() == [{"s.f": None}]


@pytest.mark.slow
@given(
    st.lists(st.sampled_from([_ROW, _NOTHING]), max_size=6), st.integers(0, 6), st.integers(0, 6)
)
def test_flattening_knows_no_chunks_and_no_slices(
    rows: list[dict[str, Any]], cut: int, start: int
) -> None:
    table = pa.Table.from_pylist(rows, schema=_NESTED)
    parts = pa.concat_tables([table.slice(0, cut), table.slice(cut)])
    whole = flatten(table)
    assert flatten(parts).equals(whole)
    assert flatten(parts.slice(start)).equals(whole.slice(start))


def test_the_origin_names_every_flat_column_in_order() -> None:
    origins = flattened_origin(_NESTED)
    assert list(origins) == flatten(_NESTED.empty_table()).column_names == list(_FLAT_ROW)
    assert origins["user.place.city"] == "user"
    assert origins["labels.items"] == "labels"
    assert origins["id"] == "id"


@pytest.mark.parametrize(
    "schema",
    [
        pa.schema([("a.b", pa.int64()), ("a", pa.struct([("b", pa.int64())]))]),
        pa.schema([("l", pa.list_(pa.int64())), ("l.count", pa.int64())]),
    ],
)
def test_two_columns_that_would_get_one_name_are_both_named(schema: pa.Schema) -> None:
    with pytest.raises(InputError) as raised:
        flatten(schema.empty_table())
    assert all(repr(name) in str(raised.value) for name in schema.names)


def test_a_name_that_stands_twice_is_named() -> None:
    twice = pa.table([pa.array([1]), pa.array([2])], names=["n", "n"])
    with pytest.raises(InputError, match="'n': two columns have this name"):
        flatten(twice)


def test_what_is_stored_differently_comes_out_as_what_it_means() -> None:
    offsets = pa.py_buffer(np.array([0, 1], np.int32).tobytes())
    garbled = pa.Array.from_buffers(pa.string(), 1, [None, offsets, pa.py_buffer(b"\xff")])
    table = pa.table({"id": pa.array([bytes(16)], pa.uuid()), "agent": garbled})
    assert flatten(table).to_pylist() == [
        {"id": "00000000-0000-0000-0000-000000000000", "agent": "�"}
    ]


def test_odd_column_names_survive_flattening() -> None:
    names = ["", "x/y\nz", "ü", "a b"]
    table = pa.table([pa.array([1])] * len(names), names=names)
    assert flatten(table).column_names == names
