import numpy as np
import pytest

from anomaly.detectors.combination import Voices
from anomaly.embedding.deduplicated import EmbeddedEvents, Span

SPANS = (Span("a", None, 0, 2), Span("b", None, 2, 5), Span("a", "user", 5, 6))
RANDOM = np.random.default_rng(0)
HELD_OUT = RANDOM.normal(size=(400, 6)).astype(np.float32)
NORMAL = RANDOM.normal(size=(400, 6)).astype(np.float32)


def events(X: np.ndarray) -> EmbeddedEvents:
    return EmbeddedEvents.whole(X, SPANS)


@pytest.fixture(scope="module")
def voices() -> Voices:
    return Voices.fit(events(NORMAL), events(HELD_OUT), SPANS, 0)[0]


def test_the_louder_voice_is_heard_and_a_little_of_the_quieter(voices: Voices) -> None:
    X = events(HELD_OUT * 2.0)
    near, wide = voices.density.measure_events(X).T
    of_near, of_wide = (
        surprise.of(away)
        for surprise, away in zip(voices.density_surprises, (near, wide), strict=True)
    )
    density = np.maximum(of_near, of_wide)
    distance = 0.75 * voices.distance_surprise.of(voices.distance.score_events(X))
    louder, quieter = np.maximum(density, distance), np.minimum(density, distance)
    heard = voices.hear(X)
    expected = louder + 0.3 * np.minimum(quieter, 3.0)
    np.testing.assert_allclose(heard.surprisal, expected, rtol=1e-5)
    np.testing.assert_array_equal(heard.density, near)
    for other_way in (of_near > of_wide, of_wide > of_near, density > distance, distance > density):
        assert other_way.any()
    assert (quieter > 3.0).any()


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
