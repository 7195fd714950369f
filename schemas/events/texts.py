"""Values of any Arrow type as text: the one spelling that ids, names, reasons and items share."""

import json
import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_CONTROL = "[\x00-\x08\x0b\x0c\x0e-\x1f]"
_HEX = np.frombuffer(b"0123456789abcdef", dtype=np.uint8)
_UUID_GROUPS = (8, 12, 16, 20)
"""Hexadecimal digits before each dash of a UUID."""


def as_text(values: pa.Array) -> pa.Array:
    """Spell values as text.

    Numbers get their shortest spelling (`1`, `0.1`; -0.0 is `0`), zoned times are given in UTC,
    durations in seconds. Bytes are UTF-8 where they are printable text, else hexadecimal; nested
    values are compact JSON with sorted keys. NaN is a missing number, so it becomes null.

    Parameters
    ----------
    values
        n values of any Arrow type.

    Returns
    -------
    pyarrow.StringArray
        n texts, valid UTF-8, null where the value is.

    Examples
    --------
    >>> as_text(pa.array([1.0, 0.1, float("nan")])).to_pylist()
    ['1', '0.1', None]
    >>> as_text(pa.array([b"ok", bytes([0, 255])])).to_pylist()
    ['ok', '00ff']
    """
    kind = values.type
    if isinstance(values, pa.ExtensionArray):
        is_uuid = kind.extension_name == "arrow.uuid"
        return _uuid_text(values.storage) if is_uuid else as_text(values.storage)
    if pa.types.is_dictionary(kind):
        return as_text(values.dictionary).take(values.indices)
    if pa.types.is_nested(kind):
        return pc.if_else(values.is_valid(), as_json(values), None)
    if is_string(kind):
        return _valid_text(values)
    if is_binary(kind):
        return _printable_or_hex(values)
    return _plain_text(values)


def as_json(values: pa.Array) -> pa.Array:
    """Spell values as compact JSON, keys sorted; null is `null`.

    Column by column, not value by value: the JSON of a struct is joined from that of its fields.

    Examples
    --------
    >>> as_json(pa.array([{"b": "x", "a": [1, None]}])).to_pylist()
    ['{"a":[1,null],"b":"x"}']
    """
    if isinstance(values, pa.ExtensionArray) and pa.types.is_nested(values.storage.type):
        values = values.storage
    kind = values.type
    if pa.types.is_struct(kind):
        spelt = _struct_json(values)
    elif pa.types.is_map(kind):
        pairs = map_as_pairs(values)
        spelt = _bracketed("{", join_items(pairs, _pair_json(pairs.flatten()), ","), "}")
    elif is_list(kind):
        spelt = _bracketed("[", join_items(values, as_json(values.flatten()), ","), "]")
    elif pa.types.is_floating(kind):
        texts = as_text(values)
        spelt = pc.if_else(pc.is_finite(values), texts, _quoted(texts))
    elif _is_json_literal(kind):
        spelt = as_text(values)
    else:
        spelt = _quoted(as_text(values))
    return pc.fill_null(pc.if_else(values.is_valid(), spelt, None), "null")


def join_items(lists: pa.Array, items: pa.Array, separator: str) -> pa.Array:
    """Join the texts of the items of each list; null where the list is null.

    Parameters
    ----------
    lists
        n lists of any kind.
    items
        The texts of `lists.flatten()`, none of them null.
    separator
        What stands between two items.
    """
    lengths = pc.fill_null(pc.list_value_length(lists), 0).to_numpy(zero_copy_only=False)
    offsets = np.concatenate(([0], np.cumsum(lengths, dtype=np.int64)))
    texts = pa.LargeListArray.from_arrays(pa.array(offsets), items)
    return pc.if_else(lists.is_valid(), pc.binary_join(texts, separator), None)


def map_as_pairs(maps: pa.Array) -> pa.Array:
    """View maps as lists of structs of `key` and `value`."""
    pair = pa.struct([("key", maps.type.key_type), ("value", maps.type.item_type)])
    return maps.cast(pa.list_(pair))


def is_list(kind: pa.DataType) -> bool:
    """Return whether a type holds any number of items of one type; maps aside."""
    return (
        pa.types.is_list(kind)
        or pa.types.is_large_list(kind)
        or pa.types.is_fixed_size_list(kind)
        or pa.types.is_list_view(kind)
        or pa.types.is_large_list_view(kind)
    )


def is_string(kind: pa.DataType) -> bool:
    """Return whether a type holds strings, whatever their layout."""
    return (
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    )


def is_binary(kind: pa.DataType) -> bool:
    """Return whether a type holds bytes, whatever their layout."""
    return (
        pa.types.is_binary(kind)
        or pa.types.is_large_binary(kind)
        or pa.types.is_fixed_size_binary(kind)
        or pa.types.is_binary_view(kind)
    )


def _is_json_literal(kind: pa.DataType) -> bool:
    return (
        pa.types.is_boolean(kind)
        or pa.types.is_integer(kind)
        or pa.types.is_decimal(kind)
        or pa.types.is_null(kind)
    )


def _plain_text(values: pa.Array) -> pa.Array:
    kind = values.type
    if pa.types.is_floating(kind):
        texts = pc.if_else(pc.is_nan(values), None, values).cast(pa.string())
        return pc.if_else(pc.equal(texts, "-0"), "0", texts)
    if pa.types.is_timestamp(kind):
        # Of zoned times, Arrow spells some that no calendar holds as nonsense.
        text = values.cast(pa.timestamp(kind.unit)).cast(pa.string())
        zone = "Z" if kind.tz else ""
        text = pc.replace_substring_regex(text, r"^([-\d]+) (.*)$", rf"\1T\2{zone}")
        return pc.replace_substring_regex(text, r"^<value out of range: (.*)>$", r"\1")
    if pa.types.is_duration(kind):
        per_second = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[kind.unit]
        seconds = pc.divide(values.cast(pa.int64()).cast(pa.float64(), safe=False), per_second)
        return seconds.cast(pa.string())
    return values.cast(pa.string())


def _valid_text(values: pa.Array) -> pa.Array:
    """Copy strings, bad bytes as U+FFFD: a Parquet file may call bytes UTF-8 that are not."""
    try:
        return values.cast(pa.binary()).cast(pa.string())
    except pa.ArrowInvalid:
        encoded = values.cast(pa.binary()).dictionary_encode()
        texts = [value.decode(errors="replace") for value in encoded.dictionary.to_pylist()]
        return pa.array(texts, pa.string()).take(encoded.indices)


def _printable_or_hex(values: pa.Array) -> pa.Array:
    plain = values.cast(pa.binary())
    try:
        texts = plain.cast(pa.string())
        if not pc.any(pc.match_substring_regex(texts, _CONTROL)).as_py():
            return texts
    except pa.ArrowInvalid:
        pass  # not UTF-8 throughout: each distinct value by itself
    encoded = plain.dictionary_encode()
    spelt = [_spell_bytes(value) for value in encoded.dictionary.to_pylist()]
    return pa.array(spelt, pa.string()).take(encoded.indices)


def _spell_bytes(value: bytes) -> str:
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return value.hex()
    return value.hex() if re.search(_CONTROL, text) else text


def _uuid_text(storage: pa.Array) -> pa.Array:
    """Spell 16 bytes as 32 hexadecimal digits in five groups."""
    filled = pc.fill_null(storage, bytes(16))
    stored = np.frombuffer(filled.buffers()[1], dtype=np.uint8)
    raw = stored[filled.offset * 16 : (filled.offset + len(filled)) * 16].reshape(-1, 16)
    digits = _HEX[np.stack([raw >> 4, raw & 15], axis=2).reshape(-1, 32)]
    dashed = np.insert(digits, _UUID_GROUPS, ord("-"), axis=1)
    texts = np.ascontiguousarray(dashed).view("S36").ravel().astype("U36")
    return pa.array(texts, pa.string(), mask=storage.is_null().to_numpy(zero_copy_only=False))


def _quoted(texts: pa.Array) -> pa.Array:
    encoded = texts.dictionary_encode()
    quoted = [json.dumps(text, ensure_ascii=False) for text in encoded.dictionary.to_pylist()]
    return pa.array(quoted, pa.string()).take(encoded.indices)


def _struct_json(structs: pa.Array) -> pa.Array:
    children = zip(structs.type, structs.flatten(), strict=True)
    fields = [
        pc.binary_join_element_wise(json.dumps(field.name, ensure_ascii=False), as_json(child), ":")
        for field, child in sorted(children, key=lambda pair: pair[0].name)
    ]
    if not fields:
        return pa.array(["{}"] * len(structs))
    return _bracketed("{", pc.binary_join_element_wise(*fields, ","), "}")


def _pair_json(pairs: pa.Array) -> pa.Array:
    keys, values = pairs.flatten()
    return pc.binary_join_element_wise(_quoted(as_text(keys)), as_json(values), ":")


def _bracketed(left: str, texts: pa.Array, right: str) -> pa.Array:
    return pc.binary_join_element_wise(left, texts, right, "")
