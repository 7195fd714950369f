"""Distances of texts from one that a user asks for."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomaly.embedding.text import TextBlock
from anomaly.model.text_similarity import text_distances
from schemas.errors import InputError

TEXTS = [
    "login from 10.0.0.1 ok, request 12",
    "login from 10.0.0.2 ok, request 5351",
    "second factor removed by eve, request 4",
    "circuit breaker half open",
    "größe geändert",
    "",
]


@pytest.fixture(scope="module")
def block() -> TextBlock:
    return TextBlock.fit(pa.array(TEXTS * 20).dictionary_encode(), seed=0)


def nearest(block: TextBlock, asked: str) -> str:
    return TEXTS[int(np.argmin(text_distances(block, asked, pa.array(TEXTS))))]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("second factor removed", 2),
        ("FACTOR Second", 2),
        ("request 5351", 1),
        ("removing second factors", 2),
        ("breakers opened", 3),
        ("Größe", 4),
    ],
)
def test_the_nearest_text_holds_the_words_or_is_like_them(
    asked: str, found: int, block: TextBlock
) -> None:
    assert nearest(block, asked) == TEXTS[found]


def test_a_text_is_at_no_distance_from_itself(block: TextBlock) -> None:
    held = [text for text in TEXTS if text]
    away = [text_distances(block, text, pa.array([text]))[0] for text in held]
    assert away == pytest.approx([0.0] * len(held), abs=1e-6)


@pytest.mark.slow
@given(
    words=st.lists(
        st.sampled_from(["second", "factor", "removed", "eve", "open", "half"]), min_size=1
    )
)
def test_all_of_the_words_come_before_none_of_them(words: list[str], block: TextBlock) -> None:
    away = text_distances(block, " ".join(words), pa.array(TEXTS))
    held = np.array([sum(w in text.split() for w in words) for text in TEXTS])
    spelt = np.array([all(w in text.replace(",", "").split() for w in words) for text in TEXTS])
    assert np.all((away >= 0.0) & (away <= 1.0))
    assert np.all(away[spelt] <= 0.5)
    assert np.all(away[held == 0][:2] >= 0.5)


@pytest.mark.parametrize("asked", ["", "?! --"])
def test_a_text_without_a_word_is_refused(asked: str, block: TextBlock) -> None:
    with pytest.raises(InputError, match="the text has no word"):
        text_distances(block, asked, pa.array(TEXTS))
