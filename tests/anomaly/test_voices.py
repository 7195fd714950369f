import numpy as np
import pytest

from anomaly.calibration import combine
from anomaly.embedding.embedder import Span
from anomaly.voices import Voices

SPANS = (Span("a", None, 0, 2), Span("b", None, 2, 5), Span("a", "user", 5, 6))
RANDOM = np.random.default_rng(0)
HELD_OUT = RANDOM.normal(size=(400, 6)).astype(np.float32)
NORMAL = RANDOM.normal(size=(400, 6)).astype(np.float32)


@pytest.fixture(scope="module")
def voices() -> Voices:
    return Voices.fit(NORMAL, HELD_OUT, SPANS, 0)


def test_the_surprisal_is_that_of_the_three_p_values_together(voices: Voices) -> None:
    X = HELD_OUT[:50] * 2.0
    heard = voices.hear(X)
    p_values = [
        voices.density_tail.p_values(heard.density),
        voices.distance_tail.p_values(heard.distance),
        voices.columns_tail.p_values(voices.columns.score_samples(X)),
    ]
    expected = -np.log(combine(np.column_stack(p_values)))
    np.testing.assert_allclose(heard.surprisal, expected, rtol=1e-5)


def test_farther_out_every_voice_speaks_louder(voices: Voices) -> None:
    X = np.outer([0.0, 3.0, 6.0, 12.0], np.ones(6)).astype(np.float32)
    heard = voices.hear(X)
    for scores in (heard.density, heard.distance, heard.surprisal):
        assert (np.diff(scores) > 0.0).all()


def test_the_same_seed_hears_the_same(voices: Voices) -> None:
    again = Voices.fit(NORMAL, HELD_OUT, SPANS, 0).hear(HELD_OUT)
    assert (again.surprisal == voices.hear(HELD_OUT).surprisal).all()
