"""Claims about a text: its rarest word, its kind, its length, or that it is missing."""

from collections.abc import Iterator

import pyarrow as pa

from anomaly.embedding.read_texts import LONGEST
from anomaly.embedding.token_hashing import words_of
from anomaly.explain.claims import COMMON, Claim, Judged
from anomaly.explain.quoting import is_held, quote
from anomaly.preprocess.masking import mask


def text(judged: Judged, column: str) -> Iterator[Claim]:
    """Say what is odd in a text, the most telling claim first."""
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
        count, word = min(counted, key=lambda found: found[0])
        if count / n <= COMMON:
            sentence = f"{held}: the word `{quote(word)}` {judged.seen(count, everybody)}"
            yield Claim(start, None, sentence, count / n)
    count = texts.alike(masked)
    sentence = f"{held}: a text like this, numbers and ids aside, {judged.seen(count, everybody)}"
    yield Claim(start, None, sentence, count / n)
    count = texts.as_long(len(value))
    sentence = f"{held}: {len(value):,} characters or more {judged.seen(count, everybody)}"
    yield Claim(start, None, sentence, count / n)
