"""Masking: what differs between two messages of one meaning is replaced by what it is."""

import pyarrow as pa
import pyarrow.compute as pc

_MASKS = (
    (r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}", "<uuid>"),
    (r"\b\d{1,3}(\.\d{1,3}){3}(:\d+)?\b", "<ip>"),
    (r"\b0[xX][0-9a-fA-F]+\b", "<hex>"),
    (r"\b([0-9]+[a-fA-F]+|[a-fA-F]+[0-9]+)[0-9a-fA-F]{6,}\b", "<hex>"),
    # A sign belongs to its number, a hyphen to its word or date.
    (r"(^|[^0-9A-Za-z)\]])-(\d)", r"\1\2"),
    (r"\d+", "0"),
)


def mask(texts: pa.Array) -> pa.Array:
    """Replace what differs between two messages of one meaning: identifiers, addresses, numbers.

    Examples
    --------
    >>> mask(pa.array(["block blk_-1608999 from 10.250.19.102:54106"]))[0].as_py()
    'block blk_0 from <ip>'
    """
    for pattern, name in _MASKS:
        texts = pc.replace_substring_regex(texts, pattern, name)
    return texts
