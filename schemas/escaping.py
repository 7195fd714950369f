"""Escapes text of a log before a person reads it."""


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
