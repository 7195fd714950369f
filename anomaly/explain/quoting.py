"""Values as a sentence quotes them: short, on one line, with control signs spelt out."""

from datetime import datetime
from typing import Any

from anomaly.embedding.category import MISSING
from anomaly.explain.amounts import number
from schemas.escaping import spell_out
from schemas.shortening import shortened

_LONGEST = 80
"""Characters of a value that a sentence quotes."""


def quote(value: Any) -> str:
    r"""Return a value as a sentence shows it: short, on one line, its control signs spelt out.

    Examples
    --------
    >>> quote(1234567.0), quote(None), quote("a\tb"), quote("")
    ('1,234,567', 'missing', 'a\\x09b', 'empty')
    >>> quote("http://shop.example/" + "a" * 80 + "/admin.php")
    'http://shop.example/aaaaaaaaaaaaa…aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/admin.php'
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
    if len(text) > 2 * _LONGEST:  # what is shown of a text, of any length, is in these ends
        text = text[:_LONGEST] + text[-_LONGEST:]
    shown = "".join(c if c.isprintable() else spell_out(ord(c)) for c in text)
    return shortened(shown, _LONGEST)


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
