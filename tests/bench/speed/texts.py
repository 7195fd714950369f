"""Texts that hardly repeat, for a log of any size: a message of eight words, and a URL."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_SYLLABLES = [a + b for a in "bdfgklmnprstvz" for b in ("a", "en", "i", "or", "u")]
_WORDS = 5_000
_FLATTENED = 10
"""Added to the rank of a word: the commonest are then about as common as each other."""
_MESSAGE, _PATH = 8, 3
"""Words of a message and of the path of a URL."""


def with_texts(events: pa.Table, rng: np.random.Generator) -> pa.Table:
    """Add the columns `message` and `url`, string (n_events,), to a table of events."""
    message = pc.binary_join_element_wise(*_drawn(events.num_rows, _MESSAGE, rng), " ")
    path = pc.binary_join_element_wise(*_drawn(events.num_rows, _PATH, rng), "/")
    numbers = pa.array(rng.integers(0, 10**9, events.num_rows)).cast(pa.string())
    url = pc.binary_join_element_wise("https://www.example.com/", path, "?id=", numbers, "")
    return events.append_column("message", message).append_column("url", url)


def _drawn(n_events: int, n_words: int, rng: np.random.Generator) -> list[pa.Array]:
    """Draw words by Zipf's law, an array of them for each place."""
    frequency = 1.0 / (_FLATTENED + np.arange(_WORDS))
    until = np.cumsum(frequency / frequency.sum())
    words = pa.array(_vocabulary(), pa.string())
    places = [np.searchsorted(until[:-1], rng.random(n_events)) for _ in range(n_words)]
    return [words.take(pa.array(place)) for place in places]


def _vocabulary() -> list[str]:
    """Return the words, the same for every log: each is two to four syllables."""
    rng = np.random.default_rng(0)
    drawn = rng.choice(_SYLLABLES, (2 * _WORDS, 4))
    lengths = rng.integers(2, 5, len(drawn))
    words = ("".join(row[:length]) for row, length in zip(drawn, lengths, strict=True))
    return list(dict.fromkeys(words))[:_WORDS]
