import numpy as np
import pytest

from anomaly.embedding.parts import EmbeddedEvents, Span
from anomaly.voices import Voices

SPANS = (Span("a", None, 0, 2), Span("b", None, 2, 5), Span("a", "user", 5, 6))
RANDOM = np.random.default_rng(0)
HELD_OUT = RANDOM.normal(size=(400, 6)).astype(np.float32)
NORMAL = RANDOM.normal(size=(400, 6)).astype(np.float32)


def events(X: np.ndarray) -> EmbeddedEvents:
    return EmbeddedEvents.whole(X, SPANS)


@pytest.fixture(scope="module")
def voices() -> Voices:
    return Voices.fit(events(NORMAL), events(HELD_OUT), SPANS, 0)[0]


def test_the_louder_voice_is_heard_the_distance_s_three_quarters_as_loud(voices: Voices) -> None:
    heard = voices.hear(events(HELD_OUT * 2.0))
    density = voices.density_surprise.of(heard.density)
    distance = voices.distance_surprise.of(heard.distance)
    np.testing.assert_allclose(heard.surprisal, np.maximum(density, 0.75 * distance), rtol=1e-5)
    assert 0.0 < np.mean(density > 0.75 * distance) < 1.0


def test_farther_out_every_voice_speaks_louder(voices: Voices) -> None:
    X = np.outer([0.0, 3.0, 6.0, 12.0], np.ones(6)).astype(np.float32)
    heard = voices.hear(events(X))
    for scores in (heard.density, heard.distance, heard.surprisal):
        assert (np.diff(scores) > 0.0).all()


def test_one_voice_alone_is_heard(voices: Voices) -> None:
    one, all_a_little = np.zeros((2, 1, 6), dtype=np.float32)
    one[0, 2], all_a_little[0] = 9.0, 0.5
    loud, calm = (voices.hear(events(X)).surprisal[0] for X in (one, all_a_little))
    assert loud > calm + 3.0


def test_the_same_seed_hears_the_same(voices: Voices) -> None:
    _, heard = Voices.fit(events(NORMAL), events(HELD_OUT), SPANS, 0)
    assert (heard.surprisal == voices.hear(events(HELD_OUT)).surprisal).all()
