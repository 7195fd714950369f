"""Bags of tokens, held against scikit-learn's hashing, a text at a time."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import HashingVectorizer

from anomaly.embedding import token_hashing
from anomaly.embedding.token_hashing import N_TOKENS, token_bags, word_holders, words_of
from tests import naive
from tests.anomaly.logs import PATIENT

SIGNS = st.sampled_from([*"aZß9<>_ -.\t\u3000\x1c\u2028é日ΣİÅ🦊", "<ip>", "<a_b>", "ǅ", "x\u0301"])
TEXTS = st.lists(st.one_of(SIGNS, st.characters(codec="utf-8")), max_size=25).map("".join)


def hashed(texts: list[str], analyzer: str, n: int) -> np.ndarray:
    if not texts:
        return np.zeros((0, N_TOKENS), np.float32)
    hashing = HashingVectorizer(
        analyzer=analyzer,
        ngram_range=(n, n),
        token_pattern=r"[^\W_]+|<\w+>",  # noqa: S106 - a pattern for words, not a secret
        lowercase=False,
        n_features=N_TOKENS,
        binary=True,
        norm=None,
        alternate_sign=False,
        dtype=np.float32,
    )
    return hashing.transform(pc.utf8_lower(pa.array(texts, pa.string())).to_pylist()).toarray()


@PATIENT
@given(st.lists(TEXTS, max_size=5))
def test_each_text_holds_what_scikit_learn_finds_in_it(texts: list[str]) -> None:
    column = pa.array(texts, pa.string())
    found = token_bags(column)
    every = np.arange(len(texts))
    assert (found.words.bags(every).toarray() == hashed(texts, "word", 1)).all()
    assert (found.trigrams.bags(every).toarray() == hashed(texts, "char_wb", 3)).all()


@pytest.mark.parametrize("at_once", [1, 7, 40])
def test_tokens_do_not_depend_on_how_many_texts_are_read_at_once(
    at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = pa.array(["", "user ann <ip>", "x" * 50, "", "", "größe 🦊", "", "a b"])
    whole = token_bags(texts)
    monkeypatch.setattr(token_hashing, "_AT_ONCE", at_once)
    for first, again in zip(whole, token_bags(texts), strict=True):
        assert first.tokens.tolist() == again.tokens.tolist()
        assert first.ends.tolist() == again.ends.tolist()


def test_tokens_of_a_text_are_in_an_order_that_it_alone_decides() -> None:
    text = "senna kennel, senna: kenn/senna?id=0"
    alone = token_bags(pa.array([text]))
    among = token_bags(pa.array(["nnels senna", text, "id"]))
    for own, others in zip(alone, among, strict=True):
        assert own.tokens.tolist() == others.tokens[slice(*others.ends[1:3])].tolist()


@PATIENT
@given(st.lists(TEXTS, min_size=1, max_size=6), st.data())
def test_tokens_of_some_texts_are_their_rows(texts: list[str], data: st.DataObject) -> None:
    some = data.draw(st.lists(st.integers(0, len(texts) - 1), max_size=6))
    held = token_bags(pa.array(texts, pa.string())).trigrams
    every = held.bags(np.arange(len(texts))).toarray()
    assert (held.bags(np.array(some, np.int64)).toarray() == every[some]).all()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(token_hashing, "_TEXTS_AT_ONCE", 2)
        holders = held.holders(np.array(some, np.int64), np.arange(1, len(some) + 1))
    assert (holders == np.arange(1, len(some) + 1) @ every[some]).all()


def test_tokens_of_a_slice_are_those_of_its_texts_alone() -> None:
    texts = pa.array(["never", "user ann", None, "user bob"]).drop_null()
    alone = token_bags(pa.array(["user ann", "user bob"])).words
    assert token_bags(texts.slice(1)).words.tokens.tolist() == alone.tokens.tolist()


@PATIENT
@given(st.lists(st.tuples(TEXTS, st.integers(0, 9)), max_size=6), st.sampled_from([7, 2**21]))
def test_holders_of_a_word_are_those_of_each_text_with_it_once(
    held: list[tuple[str, int]], at_once: int
) -> None:
    texts = pa.array([text for text, _ in held], pa.string())
    holders = np.array([count for _, count in held], np.int64)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(token_hashing, "_AT_ONCE", at_once)
        found = word_holders(texts, holders)
    assert found == naive.word_holders([(words_of(text), count) for text, count in held])
