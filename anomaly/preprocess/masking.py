"""Masking: what differs between two messages of one meaning is replaced by what it is."""

import pyarrow as pa
import pyarrow.compute as pc

from schemas.patterns import IPV4, UUID

_MASKS = (
    (rf"\b{UUID}\b", "<uuid>"),
    (rf"\b{IPV4}(:\d+)?\b", "<ip>"),
    (r"\b([0-9a-fA-F]{2}[:-]){5,}[0-9a-fA-F]{2}\b", "<mac>"),
    (r"\b([0-9a-fA-F]{1,4}:){7}[0-9a-fA-F]{1,4}\b", "<ip>"),
    (r"\b0[xX][0-9a-fA-F]+\b", "<hex>"),
    # A sign belongs to its number, a hyphen to its word or date.
    (r"(^|[^0-9A-Za-z)\]])-(\d)", r"\1\2"),
    (r"\b\d+\b", "0"),
    # No word is spelt with so many of these letters; numbers are masked above.
    (r"\b[0-9a-fA-F]{8,}\b", "<hex>"),
    (r"\d+", "0"),
)
_PATH = r"(^|[\s=:,;(\['\"])(/[^\s/,;)\]'\"]+){2,}/?"


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


def template(texts: pa.Array) -> pa.Array:
    """Replace paths too: of a message that is a step among others, only its kind is told.

    What a path names may be what is odd of a text, so `mask` leaves it.

    Examples
    --------
    >>> template(pa.array(["Deleting block blk_12 file /mnt/data/current/blk_12"]))[0].as_py()
    'Deleting block blk_0 file <path>'
    """
    return pc.replace_substring_regex(mask(texts), _PATH, r"\1<path>")
