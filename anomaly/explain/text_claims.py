"""Claims about a text: its rarest word, its kind, its length, or that it is missing."""

import re
from collections.abc import Iterator

import pyarrow as pa

from anomaly.embedding.read_texts import LONGEST
from anomaly.embedding.token_hashing import words_of
from anomaly.explain.claims import COMMON, Claim, Judged
from anomaly.explain.quoting import is_held, quote
from anomaly.preprocess.masking import mask

_MASKED = {
    "<hex>": "a hexadecimal number",
    "<ip>": "an IP address",
    "<mac>": "a MAC address",
    "<uuid>": "a UUID",
    "0": "a number",
}
"""What `mask` puts into a text -> what stands there."""


def text(judged: Judged, column: str) -> Iterator[Claim]:
    """Say what is odd in a text, the most telling claim first.

    Of words that as few records hold it names the longest.
    """
    value, texts = judged.event[column], judged.known.column(column).read
    n, everybody = judged.known.n, judged.everybody
    if not value:
        count = int(judged.known.holding(column, value).sum())
        yield Claim(
            quote(value),
            None,
            f"{is_held(column, value)}: {judged.seen(count, everybody)}",
            count / n,
        )
        return
    held, start = is_held(column, value), quote(value)
    masked = mask(pa.array([value[:LONGEST]]))[0].as_py()
    counted = [(texts.holders(word), word) for word in words_of(masked)]
    if counted:
        count, word = min(counted, key=lambda found: (found[0], -len(found[1])))
        if count / n <= COMMON:
            sentence = f"{held}: {_named(word, value[:LONGEST])} {judged.seen(count, everybody)}"
            yield Claim(start, None, sentence, count / n)
    count = texts.alike(masked)
    sentence = f"{held}: a text like this, numbers and ids aside, {judged.seen(count, everybody)}"
    yield Claim(start, None, sentence, count / n)
    count = texts.as_long(len(value))
    sentence = f"{held}: {len(value):,} characters or more {judged.seen(count, everybody)}"
    yield Claim(start, None, sentence, count / n)


def _named(masked: str, text: str) -> str:
    """Say what of a text a masked word is: the word as it stands there, or what kind it is of."""
    if masked in _MASKED:
        return _MASKED[masked]
    if "0" not in masked:
        return f"the word `{quote(masked)}`"
    word = re.escape(masked).replace("0", r"\d+")
    found = re.search(rf"(?<![^\W_]){word}(?![^\W_])", text, re.IGNORECASE)
    return f"a word like `{quote(found[0] if found else masked)}`, digits aside,"
