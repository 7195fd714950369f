"""Shortens a long value in its middle, as its end often says more, and a sentence at its end."""

_HEAD = 5 / 12
"""Share of what is shown that comes before the middle. Paths, queries and names of resources have
common beginnings, and differ at their ends."""


def shortened(text: str, most: int) -> str:
    """Return a text of at most `most` characters, an ellipsis for the middle that is left out.

    Examples
    --------
    >>> shortened("/api/v1/customers/exports/2026/01/customers-all-of-them.csv", 48)
    '/api/v1/customers/ex…1/customers-all-of-them.csv'
    >>> shortened("read", 4)
    'read'
    """
    if len(text) <= most:
        return text
    head = int(_HEAD * most)
    return f"{text[:head]}…{text[head + 1 - most :]}"


def beginning(sentence: str, most: int) -> str:
    """Return the first `most` characters of a sentence, or of several values, and an ellipsis.

    Examples
    --------
    >>> beginning("`user` is `ann`: in 3 of 9 events", 15)
    '`user` is `ann`…'
    """
    return sentence if len(sentence) <= most else f"{sentence[:most]}…"
