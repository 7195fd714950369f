"""One schema for files that differ, and each file's table in it."""

from collections.abc import Iterable, Mapping, Sequence

import pyarrow as pa

from schemas.errors import InputError

ENCODED = pa.dictionary(pa.int32(), pa.string())
"""How a column of strings is read where its distinct values are what is wanted."""


def unify(schemas: Iterable[tuple[str, pa.Schema]]) -> pa.Schema:
    """Unify the schemas of files: all columns, each in a type that holds every file's values.

    The columns are in the order in which they first appear. Integers widen, also to floats and
    decimals. A column of nulls alone takes any type; dictionaries become plain values. Timestamps
    of different units become microseconds, of different zones UTC. Structs get all their fields.
    Views of strings and bytes become the plain types: Arrow cannot yet take rows of them.

    Parameters
    ----------
    schemas
        Name of a file and its schema.

    Raises
    ------
    InputError
        Two files hold a column in types that no type unites, or under names that differ in case. Or
        a file has two columns of one name.
    """
    witnesses: dict[str, dict[pa.DataType, str]] = {}
    distinct = _distinct(schemas)
    _check_case(distinct)
    for file, schema in distinct:
        _check_names(file, schema)
        for field in schema:
            kind = _without_views(field.type)
            witnesses.setdefault(field.name, {}).setdefault(kind, file)
    return pa.schema([(name, _unite(name, types)) for name, types in witnesses.items()])


def united_type(one: pa.DataType, other: pa.DataType) -> pa.DataType | None:
    """Give the type that holds the values of both, or None.

    Examples
    --------
    >>> united_type(pa.int32(), pa.int64())
    DataType(int64)
    >>> united_type(pa.timestamp("ms"), pa.timestamp("ns"))
    TimestampType(timestamp[us])
    >>> united_type(pa.string(), pa.int64()) is None
    True
    """
    if one == other:
        return one
    one, other = _plain(one), _plain(other)
    if pa.types.is_timestamp(one) and pa.types.is_timestamp(other):
        return _united_timestamp(one, other)
    pair = [pa.schema([("", kind)]) for kind in (one, other)]
    try:
        return pa.unify_schemas(pair, promote_options="permissive").field(0).type
    except (pa.ArrowTypeError, pa.ArrowInvalid):
        return None


def align(
    batch: pa.RecordBatch, schema: pa.Schema, constants: Mapping[str, str | None], file: str
) -> pa.Table:
    """Give a file's rows the unified schema: cast what differs, add what is missing.

    Parameters
    ----------
    batch
        Rows of one file.
    schema
        The columns wanted, in the types of the unified schema.
    constants
        Column -> its value throughout the file, as text: the partition it lies in.
    file
        The file, as an error names it.

    Raises
    ------
    InputError
        A value does not fit the unified type.
    """
    own = dict(zip(batch.schema.names, batch.columns, strict=True))
    columns = []
    for field in schema:
        if field.name in own:
            columns.append(_cast(own[field.name], field, file))
        else:
            columns.append(_constant(constants.get(field.name), batch.num_rows, field, file))
    return pa.Table.from_arrays(columns, schema=schema)


def _distinct(schemas: Iterable[tuple[str, pa.Schema]]) -> Sequence[tuple[str, pa.Schema]]:
    """Keep the first file of each schema: thousands of files share a few."""
    first: dict[tuple[tuple[str, pa.DataType], ...], tuple[str, pa.Schema]] = {}
    for file, schema in schemas:
        key = tuple((field.name, field.type) for field in schema)
        first.setdefault(key, (file, schema))
    return list(first.values())


def _check_names(file: str, schema: pa.Schema) -> None:
    if len(set(schema.names)) < len(schema.names):
        twice = next(name for name in schema.names if schema.names.count(name) > 1)
        raise InputError(
            f"two columns are called {twice!r}", where=file, remedy="rename one of them"
        )


def _check_case(schemas: Sequence[tuple[str, pa.Schema]]) -> None:
    """Refuse names that differ in case between files: half of each column would be null."""
    spelt: dict[str, tuple[str, str]] = {}
    beside = {frozenset(schema.names) for _, schema in schemas}
    for file, schema in schemas:
        for name in schema.names:
            other, earlier = spelt.setdefault(name.casefold(), (name, file))
            if other != name and not any({name, other} <= together for together in beside):
                raise InputError(
                    f"a column is called {other!r} in {earlier}, but {name!r} in {file}",
                    remedy="write the files with one name, or name only those that agree",
                )


def _unite(name: str, types: Mapping[pa.DataType, str]) -> pa.DataType:
    (united, _), *others = types.items()
    for kind, file in others:
        wider = united_type(united, kind)
        if wider is None:
            raise _conflict(name, types, kind, file)
        united = wider
    return united


def _conflict(
    name: str, types: Mapping[pa.DataType, str], kind: pa.DataType, file: str
) -> InputError:
    """Name a pair of files that disagree: `kind` may clash with a type that no file has."""
    first = next(
        ((seen, holder) for seen, holder in types.items() if united_type(seen, kind) is None),
        next(iter(types.items())),
    )
    return InputError(
        f"{first[0]} in {first[1]}, but {kind} in {file}",
        where=f"column {name!r}",
        remedy="write the files with one type, or name only those that agree",
    )


def _plain(kind: pa.DataType) -> pa.DataType:
    return _plain(kind.value_type) if pa.types.is_dictionary(kind) else kind


def _without_views(kind: pa.DataType) -> pa.DataType:
    """Give the type with plain strings and bytes for views of them, at any depth."""
    if pa.types.is_struct(kind):
        return pa.struct([field.with_type(_without_views(field.type)) for field in kind])
    if pa.types.is_map(kind):
        pair = _without_views(kind.key_type), _without_views(kind.item_type)
        return pa.map_(*pair, keys_sorted=kind.keys_sorted)
    if pa.types.is_fixed_size_list(kind):
        return pa.list_(_items_without_views(kind), kind.list_size)
    if pa.types.is_list(kind):
        return pa.list_(_items_without_views(kind))
    if pa.types.is_large_list(kind):
        return pa.large_list(_items_without_views(kind))
    return {pa.string_view(): pa.string(), pa.binary_view(): pa.binary()}.get(kind, kind)


def _items_without_views(kind: pa.DataType) -> pa.Field:
    return kind.value_field.with_type(_without_views(kind.value_type))


def _united_timestamp(one: pa.DataType, other: pa.DataType) -> pa.DataType | None:
    if (one.tz is None) != (other.tz is None):
        return None
    # Not the finer unit: year 9999, a common way to say "never", does not fit nanoseconds.
    unit = one.unit if one.unit == other.unit else "us"
    return pa.timestamp(unit, one.tz if one.tz == other.tz else "UTC")


def _constant(value: str | None, rows: int, field: pa.Field, file: str) -> pa.Array:
    """Repeat the value of a partition; of a column that the file lacks, null."""
    if value is None:
        return pa.nulls(rows, field.type)
    return _cast(pa.repeat(pa.scalar(value), rows), field, file)


def _cast(values: pa.Array, field: pa.Field, file: str) -> pa.Array:
    if values.type == field.type:
        return values
    if pa.types.is_null(values.type):
        return pa.nulls(len(values), field.type)
    if field.type == ENCODED:
        return _cast(values, field.with_type(pa.string()), file).dictionary_encode()
    try:
        # Between integers an overflow must be seen; to floats and coarser times rounding is meant.
        return values.cast(field.type, safe=pa.types.is_integer(field.type))
    except pa.ArrowException as error:
        raise InputError(
            f"column {field.name!r} holds {values.type}, and not all of it fits {field.type}, the"
            " type that unites the files",
            where=file,
            remedy="write the files with one type, or name only those that agree",
        ) from error
