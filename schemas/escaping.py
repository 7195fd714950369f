"""Escapes text of a log before a person reads it."""

import unicodedata

_FORMULA = ("=", "+", "-", "@")
"""What a spreadsheet takes for the start of a formula, which a log must not smuggle in."""


def spell_out(code: int) -> str:
    r"""Spell out a character by its code point.

    Examples
    --------
    >>> print(spell_out(0x1B), spell_out(0x202E))
    \x1b \u202e
    """
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def escape(text: str) -> str:
    r"""Spell out every character that does not print: control, direction and line characters.

    Examples
    --------
    >>> print(escape("\x1b[31mred\nline [bold]"))
    \x1b[31mred\nline [bold]
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def csv_cell(text: str) -> str:
    r"""Escape a text for a cell of CSV; one that a spreadsheet could calculate gets an apostrophe.

    Spreadsheets pass over white space before a formula, and take full-width signs for plain ones.

    Examples
    --------
    >>> print(csv_cell(" =1+1"), csv_cell("\uff1d1")[0], csv_cell("a=1"), csv_cell("a\nb"))
    ' =1+1 ' a=1 a\nb
    """
    plain = unicodedata.normalize("NFKC", text)
    start = next((c for c in plain if c.isprintable() and not c.isspace()), "")
    begins_apart = text[:1] in ("\t", "\r")
    return escape(f"'{text}" if start in _FORMULA or begins_apart else text)
