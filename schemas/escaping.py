"""Escapes text of a log before a person reads it."""


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
