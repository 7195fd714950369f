"""Kinds of columns: those of one kind have a type that holds the values of all."""

import pyarrow as pa

from schemas.events.flattening import flattened_types
from schemas.events.texts import is_binary, is_string

_KINDS = (
    (pa.types.is_boolean, "true or false"),
    (pa.types.is_integer, "numbers"),
    (pa.types.is_floating, "numbers"),
    (pa.types.is_decimal, "numbers"),
    (is_string, "text"),
    (is_binary, "text"),
    (pa.types.is_date, "days"),
    (pa.types.is_time, "times of day"),
    (pa.types.is_duration, "durations"),
)


def kinds_of(schema: pa.Schema) -> dict[str, str | None]:
    """Give the kind of each flattened column, in the order of `flatten`; None where all is null.

    Raises
    ------
    InputError
        As `flatten`.

    Examples
    --------
    >>> kinds_of(pa.schema({"user": pa.struct({"id": pa.int64(), "name": pa.string()})}))
    {'user.id': 'numbers', 'user.name': 'text'}
    """
    return {name: _kind_of(kind) for name, kind in flattened_types(schema).items()}


def _kind_of(kind: pa.DataType) -> str | None:
    if pa.types.is_dictionary(kind):
        return _kind_of(kind.value_type)
    if pa.types.is_null(kind):
        return None
    if pa.types.is_timestamp(kind):
        return "times with a zone" if kind.tz else "times without a zone"
    return next((name for fits, name in _KINDS if fits(kind)), str(kind))
