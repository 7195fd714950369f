"""Masks of secrets: `[secret]`, with digits where they can give nothing away.

The digits tell equal values from different ones. They are an HMAC under the job's masking key, so
nobody without it can test a guess. Yet equal digits say that two values are equal, and of short
values that says much: the most common PIN is known. So only a value of 20 characters or more has
digits. People hardly choose such values, and hardly two of them choose the same one.
"""

import hmac

import pyarrow as pa
import pyarrow.compute as pc

LONG = 20
"""Characters from which on a masked value has digits."""
MASK = "[secret]"
_DIGITS = 12


def mask_of(text: str, key: bytes, long: int = LONG) -> str:
    """Give the mask of a secret.

    Parameters
    ----------
    text
        The secret.
    key
        The masking key; empty for masks without digits.
    long
        Characters from which on the mask has digits.

    Examples
    --------
    >>> mask_of("hunter2", b"key"), mask_of("0123456789abcdef0123456789abcdef", b"key")
    ('[secret]', '[secret c0e9fbb17bcc]')
    """
    if not key or len(text) < long:
        return MASK
    digest = hmac.digest(key, text.encode("utf-8", "surrogatepass"), "sha256").hex()
    return f"{MASK[:-1]} {digest[:_DIGITS]}]"


def without_digits(texts: pa.Array) -> pa.Array:
    """Return strings with masks that have no digits: they do not depend on the masking key."""
    if not pc.any(pc.match_substring(texts, f"{MASK[:-1]} ")).as_py():
        return texts
    return pc.replace_substring_regex(texts, rf"\[secret [0-9a-f]{{{_DIGITS}}}\]", MASK)


def holds_mask(text: str) -> bool:
    """Tell whether a masked value stands in a text, with digits or without."""
    return MASK[:-1] in text
