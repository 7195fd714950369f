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


def test_the_loudest_voice_is_heard_the_distance_s_three_quarters_as_loud(voices: Voices) -> None:
    X = events(HELD_OUT * 2.0)
    near, wide = voices.density.measure_events(X).T
    said = [
        voices.density_surprises[0].of(near),
        voices.density_surprises[1].of(wide),
        0.75 * voices.distance_surprise.of(voices.distance.score_events(X)),
    ]
    heard = voices.hear(X)
    np.testing.assert_allclose(heard.surprisal, np.max(said, axis=0), rtol=1e-5)
    assert set(np.argmax(said, axis=0)) == {0, 1, 2}
    np.testing.assert_array_equal(heard.density, near)


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
