"""Values as a sentence quotes them: short, on one line, with control signs spelt out."""

from datetime import datetime
from typing import Any

from anomaly.embedding.category import MISSING
from anomaly.explain.amounts import number
from schemas.escaping import spell_out

_LONGEST = 80
"""Characters of a value that a sentence quotes."""


def quote(value: Any) -> str:
    r"""Return a value as a sentence shows it: short, on one line, its control signs spelt out.

    Examples
    --------
    >>> quote("x" * 100)[-5:], quote(1234567.0), quote(None), quote("a\tb"), quote("")
    ('xxxx…', '1,234,567', 'missing', 'a\\x09b', 'empty')
    """
    if value is None or value == MISSING:
        return "missing"
    if isinstance(value, float):
        return number(value)
    if isinstance(value, datetime):
        return f"{value:%A %H:%M} UTC"
    text = str(value)
    if not text:
        return "empty"
    shown = "".join(c if c.isprintable() else spell_out(ord(c)) for c in text[: _LONGEST + 1])
    return shown if len(shown) <= _LONGEST else shown[:_LONGEST] + "…"


def is_held(column: str, value: Any) -> str:
    """Say what a column holds.

    Examples
    --------
    >>> is_held("action", "read"), is_held("action", None), is_held("action", "")
    ('`action` is `read`', '`action` is missing', '`action` is empty')
    """
    shown = quote(value)
    plain = value is None or value in (MISSING, "")
    return f"`{quote(column)}` is {shown if plain else f'`{shown}`'}"
