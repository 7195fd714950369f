"""Masking: what differs between two messages of one meaning is replaced by what it is."""

from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc

from schemas.patterns import IPV4, UUID

_SELDOM = (
    (rf"\b{UUID}\b", "<uuid>"),
    (rf"\b{IPV4}(:\d+)?\b", "<ip>"),
    (r"\b([0-9a-fA-F]{2}[:-]){5,}[0-9a-fA-F]{2}\b", "<mac>"),
    (r"\b([0-9a-fA-F]{1,4}:){7}[0-9a-fA-F]{1,4}\b", "<ip>"),
    (r"\b0[xX][0-9a-fA-F]+\b", "<hex>"),
    # A sign belongs to its number, a hyphen to its word or date.
    (r"(^|[^0-9A-Za-z)\]])-(\d)", r"\1\2"),
)
_OFTEN = (
    (r"\b\d+\b", "0"),
    # No word is spelt with so many of these letters; numbers are masked above.
    (r"\b[0-9a-fA-F]{8,}\b", "<hex>"),
    (r"\d+", "0"),
)
_ANY_SELDOM, _ANY = (
    "|".join(pattern for pattern, _ in masks) for masks in (_SELDOM, _SELDOM + _OFTEN)
)
"""One search for all of them: most texts hold none, or only numbers."""
_PATH = r"(^|[\s=:,;(\['\"])(/[^\s/,;)\]'\"]+){2,}/?"


def mask(texts: pa.Array) -> pa.Array:
    """Replace what differs between two messages of one meaning: identifiers, addresses, numbers.

    Examples
    --------
    >>> mask(pa.array(["block blk_-1608999 from 10.250.19.102:54106"]))[0].as_py()
    'block blk_0 from <ip>'
    """
    return _where(texts, _ANY, _mask_held)


def template(texts: pa.Array) -> pa.Array:
    """Replace paths too: of a message that is a step among others, only its kind is told.

    What a path names may be what is odd of a text, so `mask` leaves it.

    Examples
    --------
    >>> template(pa.array(["Deleting block blk_12 file /mnt/data/current/blk_12"]))[0].as_py()
    'Deleting block blk_0 file <path>'
    """
    return pc.replace_substring_regex(mask(texts), _PATH, r"\1<path>")


def _mask_held(texts: pa.Array) -> pa.Array:
    return _replaced(_where(texts, _ANY_SELDOM, lambda held: _replaced(held, _SELDOM)), _OFTEN)


def _replaced(texts: pa.Array, masks: tuple[tuple[str, str], ...]) -> pa.Array:
    for pattern, name in masks:
        texts = pc.replace_substring_regex(texts, pattern, name)
    return texts


def _where(texts: pa.Array, pattern: str, change: Callable[[pa.Array], pa.Array]) -> pa.Array:
    """Change the texts that hold a pattern; the others stay."""
    held = pc.fill_null(pc.match_substring_regex(texts, pattern), False)
    if held.true_count in (0, len(texts)):
        return change(texts) if held.true_count else texts
    return pc.replace_with_mask(texts, held, change(texts.filter(held)))
