"""Secrets in a log: which columns hold them, and what stands in their place.

They are masked where rows are read, before anything is learnt or written. No finding, model,
quarantine or report holds them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from schemas.columns.vocabulary import names_password, names_token
from schemas.events.masks import LONG, mask_of
from schemas.events.secret_texts import mask_texts
from schemas.events.texts import as_text, is_binary, is_list, is_string, map_as_pairs


@dataclass(frozen=True)
class Secrets:
    """The columns of a log that are masked, by their flattened names: field `b` of `a` is `a.b`."""

    columns: frozenset[str]
    told_apart: frozenset[str] = frozenset()
    """Those of them whose values name records or sessions: these have digits however short."""
    key: bytes = field(default=b"", repr=False)
    """The masking key of the job. Without one, no masked value has digits."""
    numbers: bool = True
    """Whether numbers of cards, bank accounts and social security are masked within texts."""


NO_SECRETS = Secrets(frozenset())


def mask_secrets(table: pa.Table, secrets: Secrets) -> pa.Table:
    """Mask what is secret in a table, nested or flat: whole columns, and secrets within any text.

    A masked value is `[secret]`. A long one has digits, so that equal values stay equal and
    different ones different.

    Parameters
    ----------
    table
        n rows.
    secrets
        The columns to mask whole. Whatever they held, they are strings afterwards.

    Examples
    --------
    >>> held = ["hunter2", None, "0123456789abcdef0123456789abcdef"]
    >>> table = pa.table({"user": ["ann", "bob", "bob"], "password": held})
    >>> named = Secrets(frozenset(["password"]), key=b"key")
    >>> mask_secrets(table, named)["password"].to_pylist()
    ['[secret]', None, '[secret c0e9fbb17bcc]']
    >>> said = pa.table({"message": ["sent Bearer abcdefghijklmnop.qrstuv to us"]})
    >>> mask_secrets(said, NO_SECRETS)["message"].to_pylist()
    ['sent [secret] to us']
    """
    columns = [
        _masked_column(column, name, secrets)
        for name, column in zip(table.column_names, table.columns, strict=True)
    ]
    return pa.table(columns, names=table.column_names) if columns else table


def _masked_column(column: pa.ChunkedArray, name: str, secrets: Secrets) -> pa.ChunkedArray:
    chunks = column.chunks or [pa.array([], column.type)]
    masked = [_masked(chunk, name, secrets) for chunk in chunks]
    changed = any(new is not old for new, old in zip(masked, chunks, strict=True))
    return pa.chunked_array(masked) if changed else column


def _masked(values: pa.Array, name: str, secrets: Secrets) -> pa.Array:
    """Mask an array of any type; what holds no secret comes back as it is."""
    if name in secrets.columns:
        return _pseudonyms(values, secrets.key, 0 if name in secrets.told_apart else LONG)
    kind = values.type
    if isinstance(values, pa.ExtensionArray):
        storage = _masked(values.storage, name, secrets)
        return values if storage is values.storage else storage
    if is_string(kind) or is_binary(kind):
        return mask_texts(values, secrets.key, secrets.numbers)
    if pa.types.is_dictionary(kind):
        names = _masked(values.dictionary, name, secrets)
        unchanged = names is values.dictionary
        return values if unchanged else names.take(values.indices).dictionary_encode().cast(kind)
    if pa.types.is_struct(kind) and kind.num_fields:
        return _masked_struct(values, name, secrets)
    return _masked_items(values, name, secrets) if is_list(kind) or _is_map(kind) else values


def _masked_struct(values: pa.StructArray, name: str, secrets: Secrets) -> pa.Array:
    old = values.flatten()
    named = [f"{name}.{field.name}" for field in values.type]
    new = [_masked(child, inner, secrets) for child, inner in zip(old, named, strict=True)]
    if all(one is other for one, other in zip(new, old, strict=True)):
        return values
    fields = [field.with_type(child.type) for field, child in zip(values.type, new, strict=True)]
    return pa.StructArray.from_arrays(new, fields=fields, mask=values.is_null())


def _masked_items(values: pa.Array, name: str, secrets: Secrets) -> pa.Array:
    """Mask the items of a list, or the values of a map, each by itself."""
    lists = map_as_pairs(values) if _is_map(values.type) else values
    items = lists.flatten()
    keys, old = items.flatten() if _is_map(values.type) else (None, items)
    inner = f"{name}.items"
    new = _masked(old, inner, _with_fields(secrets, inner, old.type))
    if keys is not None:
        new = _masked_under(keys, new, secrets.key)
    if new is old:
        return values
    lengths = pc.fill_null(pc.list_value_length(lists), 0).to_numpy(zero_copy_only=False)
    offsets = pa.array(np.concatenate([[0], np.cumsum(lengths)]), pa.int32())
    if keys is not None:
        return pa.MapArray.from_arrays(offsets, keys, new, mask=values.is_null())
    masked = pa.ListArray.from_arrays(offsets, new, mask=values.is_null())
    return masked.cast(values.type) if new.type == old.type else masked


def _with_fields(secrets: Secrets, name: str, kind: pa.DataType) -> Secrets:
    """Add the fields of items that are secret by their names: no column, no role says it."""
    return replace(secrets, columns=secrets.columns | set(_secret_fields(name, kind)))


def _secret_fields(name: str, kind: pa.DataType) -> Iterator[str]:
    for child in kind if pa.types.is_struct(kind) else ():
        inner = f"{name}.{child.name}"
        if _is_secret(inner, child.type):
            yield inner
        yield from _secret_fields(inner, child.type)


def _is_secret(name: str, kind: pa.DataType) -> bool:
    textual = is_string(kind) or is_binary(kind)
    return (names_password(name) and (textual or pa.types.is_integer(kind))) or (
        names_token(name) and textual
    )


def _masked_under(keys: pa.Array, values: pa.Array, key: bytes) -> pa.Array:
    """Mask the values of maps whose keys are the names of secrets; the type says if they can be.

    It stays what it was, whether a part of the log holds such keys or not: its parts are joined.
    """
    if not (is_string(values.type) or is_binary(values.type)):
        return values
    fixed = pa.types.is_fixed_size_binary(values.type)
    plain = values.cast(pa.binary()) if fixed else values
    names = as_text(keys).dictionary_encode()
    secret = [_is_secret(name, plain.type) for name in names.dictionary.to_pylist()]
    if not any(secret):
        return plain
    held = pa.array(secret, pa.bool_()).take(names.indices)
    masked = _pseudonyms(plain, key).cast(pa.binary() if is_binary(plain.type) else pa.string())
    joined = pc.if_else(held, masked, plain.cast(masked.type))
    return joined.cast(plain.type)


def _is_map(kind: pa.DataType) -> bool:
    return bool(pa.types.is_map(kind))


def _pseudonyms(values: pa.Array, key: bytes, long: int = LONG) -> pa.Array:
    """Give each value its mask, string (n,); null stays null. Each distinct one is hashed once."""
    terms = as_text(values).dictionary_encode()
    masks = [mask_of(text, key, long) for text in terms.dictionary.to_pylist()]
    return pa.array(masks, pa.string()).take(terms.indices)
