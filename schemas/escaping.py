"""Escapes text of a log before a person reads it: one function for each place it is shown in.

`escape` is for a terminal, `csv_cell` for CSV, `markdown` for pages that render Markdown, and
`chat` for messages. The report escapes by its template, and exports in JSON hold ASCII alone.
"""

import re
import unicodedata

_FORMULA = ("=", "+", "-", "@")
"""What a spreadsheet takes for the start of a formula, which a log must not smuggle in."""

_MARKS = re.compile(r"[\\`*_{}\[\]()#+!|~@$^=]|:(?=//)|(?<=www)\.", re.IGNORECASE)
"""What Markdown may take for a mark: a backslash before it makes it a character."""
_MENTION = re.compile(r"(?<!\w)@|@(?=everyone|here|channel|all)", re.IGNORECASE)


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


def markdown(text: str) -> str:
    r"""Escape a text for a page that renders Markdown or HTML: it stays what it is, and no more.

    Examples
    --------
    >>> print(markdown("[a](http://b) <img> c_d"))
    \[a\]\(http\://b\) &lt;img&gt; c\_d
    """
    told = _MARKS.sub(r"\\\g<0>", escape(text))
    return told.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def chat(text: str) -> str:
    r"""Escape a text for a message, whatever service sends it: no link, picture, tag or mention.

    Mail, Slack and others each have a markup of their own. So what is active in one of them is
    replaced, not escaped: the report has the exact value.

    Examples
    --------
    >>> print(chat("[a](http://b) <!here> @all ann@corp"))
    [a] (http[:]//b) ‹!here› (at)all ann@corp
    """
    told = escape(text).translate({ord("<"): "‹", ord(">"): "›"})
    told = told.replace("](", "] (").replace("://", "[:]//")
    return _MENTION.sub("(at)", told)
