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
_NUMBERS = _OFTEN[-1:]
_HEX_WITH_LETTER = (
    "|".join(rf"\b\d{{{n}}}[a-fA-F][0-9a-fA-F]{{{7 - n},}}\b" for n in range(7))
    + r"|\b\d{7,}[a-fA-F][0-9a-fA-F]*\b"
)
"""What is masked as hexadecimal although numbers are masked first: eight signs or more, one of
them a letter."""
_ANY = "|".join(pattern for pattern, _ in _SELDOM + _OFTEN)
_MORE_THAN_NUMBERS = "|".join([*(pattern for pattern, _ in _SELDOM), _HEX_WITH_LETTER])
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
    """Mask texts that hold something; where that is numbers alone, one mask does all."""
    more = pc.fill_null(pc.match_substring_regex(texts, _MORE_THAN_NUMBERS), False)
    masked = _changed(texts, pc.invert(more), lambda some: _replaced(some, _NUMBERS))
    return _changed(masked, more, lambda some: _replaced(some, _SELDOM + _OFTEN))


def _replaced(texts: pa.Array, masks: tuple[tuple[str, str], ...]) -> pa.Array:
    for pattern, name in masks:
        texts = pc.replace_substring_regex(texts, pattern, name)
    return texts


def _where(texts: pa.Array, pattern: str, change: Callable[[pa.Array], pa.Array]) -> pa.Array:
    """Change the texts that hold a pattern; the others stay."""
    return _changed(texts, pc.fill_null(pc.match_substring_regex(texts, pattern), False), change)


def _changed(
    texts: pa.Array, some: pa.BooleanArray, change: Callable[[pa.Array], pa.Array]
) -> pa.Array:
    """Change some of the texts; the others stay."""
    if some.true_count in (0, len(texts)):
        return change(texts) if some.true_count else texts
    return pc.replace_with_mask(texts, some, change(texts.filter(some)))
