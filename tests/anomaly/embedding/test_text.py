import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomaly.embedding.text import TextBlock
from anomaly.preprocess.masking import mask
from tests import naive
from tests.anomaly.logs import PATIENT, TEXTS, terms

COMMON = ["user ann logged in", "user bob logged in", "disk 3 is full", "disk 17 is full"]


def fit(texts: list[str | None]) -> TextBlock:
    return TextBlock.fit(terms(texts), 0)


def embed(block: TextBlock, texts: list[str | None]) -> np.ndarray:
    return block.transform(terms(texts))


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("took 17 ms", "took 0 ms"),
        ("from 10.0.0.1:80 to 192.168.1.77", "from <ip> to <ip>"),
        ("id 9b2b6b1e-7f3c-4d51-9a52-0d1a6f3c2b11!", "id <uuid>!"),
        ("at 0xDEADbeef", "at <hex>"),
        ("commit 0a1b2c3d4e5f", "commit <hex>"),
        ("", ""),
        ("größe 🦊", "größe 🦊"),
    ],
)
def test_what_differs_between_two_messages_of_one_meaning_is_masked(text: str, masked: str) -> None:
    assert mask(pa.array([text])).to_pylist() == [masked]


def test_messages_of_one_template_and_shape_are_one_place() -> None:
    X = embed(fit(COMMON * 10), ["disk 3 is full", "disk 4 is full"])
    assert (X[0] == X[1]).all()


@PATIENT
@given(
    sample=st.lists(st.one_of(st.none(), TEXTS), max_size=15),
    more=st.lists(st.one_of(st.none(), TEXTS), max_size=5),
)
def test_any_text_has_finite_coordinates(sample: list[str | None], more: list[str | None]) -> None:
    X = embed(fit(sample), sample + more)
    assert X.dtype == np.float32
    assert X.shape == (len(sample) + len(more), fit(sample).n_dims)
    assert np.isfinite(X).all()


@pytest.mark.parametrize("sample", [[None], [None] * 30, [""], ["", None], ["🦊" * 9], ["\x00\n"]])
def test_a_sample_without_words_says_nothing_but_is_no_error(sample: list[str | None]) -> None:
    assert np.isfinite(embed(fit(sample), [*sample, "new words", "", None])).all()


def test_a_very_long_text_is_far_and_no_error() -> None:
    block = fit(COMMON * 30)
    X = embed(block, ["user ann logged in", "🦊 " * 30_000, "x" * 60_000])
    assert np.isfinite(X).all()
    typical = np.linalg.norm(embed(block, COMMON) - X[0], axis=1).max()
    assert (np.linalg.norm(X[1:] - X[0], axis=1) > 2.0 * typical).all()


def test_a_text_has_one_place_however_many_are_embedded_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    texts = ["disk 9 is full", *COMMON, None, "disk 4 is full", "", "user ann logged out"]
    block = fit(COMMON * 10)
    whole = embed(block, texts)
    monkeypatch.setattr("anomaly.embedding.text._AT_ONCE", 2)
    assert np.array_equal(embed(block, texts), whole)


def test_unseen_words_are_far() -> None:
    block = fit(COMMON * 30)
    X = embed(block, [*COMMON, "kernel panic at dawn"])
    among = np.linalg.norm(X[:4, None] - X[None, :4], axis=2).max()
    assert np.linalg.norm(X[4] - X[:4], axis=1).min() > among


def test_a_missing_text_is_as_far_as_it_is_rare() -> None:
    rare, common = fit([*COMMON * 30, None]), fit([*COMMON * 30, *[None] * 120])
    assert embed(rare, [None])[0, -1] > embed(common, [None])[0, -1] > 0.0


@PATIENT
@given(st.lists(st.sampled_from([*COMMON, None, "odd one out"]), min_size=2, max_size=20))
def test_rows_that_hold_the_same_text_are_the_same(texts: list[str | None]) -> None:
    X = embed(fit(texts), texts)
    for i, text in enumerate(texts):
        assert (X[i] == X[texts.index(text)]).all()


@PATIENT
@given(st.lists(st.sampled_from([*COMMON, "disk 5 is gone", "€ ß"]), min_size=2, max_size=30))
def test_the_rarest_word_is_told_with_the_events_that_hold_it(texts: list[str]) -> None:
    bags = [naive.words(masked) for masked in mask(pa.array(texts)).to_pylist()]
    weights = naive.token_weights(bags, [1] * len(bags))
    word, holders = fit(texts).rarest_word(texts[0])
    if not bags[0]:
        assert (word, holders) == ("", 0)
    else:
        assert weights[word] == pytest.approx(max(weights[w] for w in bags[0]), rel=1e-6)
        assert holders == sum(word in bag for bag in bags)


def test_an_unseen_word_is_held_by_none() -> None:
    once = fit([*COMMON * 30, "goblin"])
    assert once.rarest_word("disk gremlin") == once.rarest_word("goblin gremlin") == ("gremlin", 0)
    assert once.rarest_word("disk goblin") == ("goblin", 1)
    assert fit(COMMON * 30).rarest_word("!!!") == ("", 0)
