"""Nested columns as flat ones: a struct's fields by dotted names, a list as its count and items."""

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from schemas.errors import InputError
from schemas.events.texts import as_json, as_text, is_list, is_string, join_items, map_as_pairs


def flatten(table: pa.Table) -> pa.Table:
    """Flatten the nested columns of a table.

    A struct `s` becomes one column for each field, `s.field`, however deep. A list or map `l`
    becomes `l.count` (int32) and `l.items` (string); both are null where the list is. `l.items`
    joins the items by a space. Those of a map are `key=value`, nested ones compact JSON with sorted
    keys, a null item `null`. Strings that are not valid UTF-8 get U+FFFD for what is bad, UUIDs
    become text, other extension types what they store. All other columns are left as they are.

    Raises
    ------
    InputError
        Two columns have one name, before or after: no silent choice between them would hold for
        another selection of columns.

    Examples
    --------
    >>> table = pa.table({"user": [{"name": "ann", "groups": ["ops", "dev"]}]})
    >>> flatten(table).to_pylist()
    [{'user.name': 'ann', 'user.groups.count': 2, 'user.groups.items': 'ops dev'}]
    """
    flattened_origin(table.schema)
    flat = {
        name: pa.chunked_array(chunks, type=kind)
        for column, field in zip(table.columns, table.schema, strict=True)
        for name, kind, chunks in _flat_chunks(column, field)
    }
    return pa.table(flat) if flat else table


def flattened_origin(schema: pa.Schema) -> dict[str, str]:
    """Map each flattened name to the top-level column it comes from, in the order of `flatten`.

    Raises
    ------
    InputError
        As `flatten`.
    """
    origins: dict[str, str] = {}
    for field in schema:
        for name, _ in _flat_arrays(_empty(field.type), field.name):
            if name in origins:
                raise _collision(name, origins[name], field.name)
            origins[name] = field.name
    return origins


def flattened_types(schema: pa.Schema) -> dict[str, pa.DataType]:
    """Give the type of each flattened column, in the order of `flatten`.

    Raises
    ------
    InputError
        As `flatten`.
    """
    flattened_origin(schema)
    leaves = (leaf for field in schema for leaf in _flat_arrays(_empty(field.type), field.name))
    return {name: empty.type for name, empty in leaves}


def _collision(name: str, first: str, second: str) -> InputError:
    if name == first == second:
        what = "two columns have this name"
    else:
        what = f"two columns have this name: one in column {first!r}, one in column {second!r}"
    return InputError(what, where=f"column {name!r}", remedy="rename one of them")


def _empty(kind: pa.DataType) -> pa.Array:
    return pa.schema([("", kind)]).empty_table().column(0).combine_chunks()


def _flat_chunks(
    column: pa.ChunkedArray, field: pa.Field
) -> Iterator[tuple[str, pa.DataType, list[pa.Array]]]:
    """Give each flat column below `field`: name, type and the chunks."""
    chunks = [list(_flat_arrays(chunk, field.name)) for chunk in column.chunks]
    for position, (name, empty) in enumerate(_flat_arrays(_empty(field.type), field.name)):
        yield name, empty.type, [chunk[position][1] for chunk in chunks]


def _flat_arrays(values: pa.Array, name: str) -> Iterator[tuple[str, pa.Array]]:
    if isinstance(values, pa.ExtensionArray) and pa.types.is_nested(values.storage.type):
        values = values.storage
    kind = values.type
    if pa.types.is_struct(kind) and kind.num_fields:
        for field, child in zip(kind, values.flatten(), strict=True):
            yield from _flat_arrays(child, f"{name}.{field.name}")
    elif pa.types.is_map(kind):
        pairs = map_as_pairs(values)
        yield from _list_columns(pairs, _pair_texts(pairs.flatten()), name)
    elif is_list(kind):
        yield from _list_columns(values, _item_texts(values.flatten()), name)
    else:
        yield name, _leaf(values)


def _leaf(values: pa.Array) -> pa.Array:
    kind = values.type
    if isinstance(values, pa.ExtensionArray):
        return as_text(values) if kind.extension_name == "arrow.uuid" else _leaf(values.storage)
    if pa.types.is_dictionary(kind):
        return pa.DictionaryArray.from_arrays(
            values.indices, _leaf(values.dictionary), ordered=kind.ordered
        )
    if is_string(kind):
        try:
            values.validate(full=True)
        except pa.ArrowInvalid:
            return as_text(values).cast(kind)
    return values


def _list_columns(lists: pa.Array, items: pa.Array, name: str) -> Iterator[tuple[str, pa.Array]]:
    yield f"{name}.count", pc.list_value_length(lists).cast(pa.int32())
    yield f"{name}.items", join_items(lists, items, " ")


def _item_texts(items: pa.Array) -> pa.Array:
    return (
        as_json(items) if pa.types.is_nested(items.type) else pc.fill_null(as_text(items), "null")
    )


def _pair_texts(pairs: pa.Array) -> pa.Array:
    keys, values = pairs.flatten()
    return pc.binary_join_element_wise(as_text(keys), _item_texts(values), "=")
