"""Texts that are read once give the vectors that they give when they are read each time."""

import numpy as np
import pyarrow as pa
import pytest

from anomaly.embedding import read_events
from anomaly.embedding.embedder import EventEmbedder
from anomaly.embedding.read_events import ReadEvents
from anomaly.embedding.read_texts import ReadTexts
from anomaly.embedding.token_hashing import token_bags
from anomaly.preprocess.masking import mask
from schemas.columns.roles import Role
from tests.anomaly.logs import terms

ROLES = {"said": Role.TEXT, "asked": Role.TEXT, "user": Role.ENTITY, "size": Role.NUMBER}


def log(n: int) -> pa.Table:
    random = np.random.default_rng(3)
    words = np.array(["disk", "user", "is full", "é", "10.0.0.1", "42", "<a>", "-"])
    said = [" ".join(words[random.integers(0, len(words), 5)]) for _ in range(n)]
    asked = [None if i % 7 == 0 else f"/a/{text.replace(' ', '?')}" for i, text in enumerate(said)]
    users = [f"user{i % 5}" for i in range(n)]
    columns = {"said": terms(said), "asked": terms(asked), "user": terms(users)}
    return pa.table(columns | {"size": random.normal(size=n)})


def test_texts_read_once_are_embedded_as_if_they_were_read_each_time() -> None:
    events = log(300)
    read = ReadEvents.read(events, ROLES)
    assert set(read.texts) == {"said", "asked"}
    some, fewer = np.arange(5, 290, 3), np.arange(5, 200, 6)
    once = EventEmbedder.fit(read.take(some), ROLES, {"said": 2.0}, 0)
    each = EventEmbedder.fit(events.take(pa.array(some)), ROLES, {"said": 2.0}, 0)
    assert np.array_equal(once.embed(read).X, each.embed(events).X)
    once = once.recounted(read.take(fewer), 0)
    each = each.recounted(events.take(pa.array(fewer)), 0)
    assert np.array_equal(once.embed(read.take(some)).X, each.embed(events).X[some])


def test_very_long_texts_are_read_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_events, "_MOST_BYTES", 10)
    assert not ReadEvents.read(log(30), ROLES).texts


def test_only_texts_that_a_row_holds_are_embedded() -> None:
    events = log(300)
    few = events.take(pa.array([4, 4, 8]))
    embedder = EventEmbedder.fit(events, ROLES, {}, 0)
    (part,) = (p for p in embedder.embed(few).parts if p.spans[0].column == "said")
    assert len(part.vectors) == 3  # two texts, and what a missing one would be
    assert np.array_equal(embedder.embed(few).X, embedder.embed(events).X[[4, 4, 8]])


def test_the_tokens_of_some_templates_are_those_of_their_texts() -> None:
    texts = pa.array(["user ann", "", "user 17", "user 18", "disk full", "é"])
    read = ReadTexts.of(texts)
    assert read.template_of.tolist() == [0, 1, 2, 2, 3, 4]
    alone = token_bags(mask(pa.array(["disk full", "user ann", "user 17"])))
    for held, held_alone in zip((read.words, read.trigrams), alone, strict=True):
        some = held.bags(np.array([3, 0, 2])).toarray()
        assert (some == held_alone.bags(np.arange(3)).toarray()).all()
