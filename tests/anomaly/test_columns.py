import math

import numpy as np

from anomaly.columns import ColumnSurprise
from anomaly.distance import ShrunkMahalanobis
from anomaly.embedding.embedder import Span
from tests import naive

SPANS = (Span("a", None, 0, 2), Span("b", None, 2, 3), Span("a", "user", 3, 4))
RANDOM = np.random.default_rng(0)
NORMAL = RANDOM.normal(size=(400, 4)).astype(np.float32)
HELD_OUT = RANDOM.normal(size=(300, 4)).astype(np.float32)


def test_it_is_the_sum_of_each_column_s_conformal_surprisal() -> None:
    X = HELD_OUT[:20] * 1.5
    expected = np.zeros(len(X))
    for dims in ([0, 1, 3], [2]):
        distance = ShrunkMahalanobis().fit(NORMAL[:, dims])
        calibration = distance.score_samples(HELD_OUT[:, dims]).tolist()
        scores = distance.score_samples(X[:, dims]).tolist()
        expected += [-math.log(naive.conformal(score, calibration)) for score in scores]
    columns = ColumnSurprise.fit(NORMAL, HELD_OUT, SPANS)
    np.testing.assert_allclose(columns.score_samples(X), expected, rtol=1e-5)


def test_a_column_and_its_habits_have_one_voice() -> None:
    columns = ColumnSurprise.fit(NORMAL, HELD_OUT, SPANS)
    assert [dims.tolist() for dims in columns.dimensions] == [[0, 1, 3], [2]]


def test_two_odd_columns_are_odder_than_one() -> None:
    columns = ColumnSurprise.fit(NORMAL, HELD_OUT, SPANS)
    X = np.zeros((3, 4), dtype=np.float32)
    X[1:, 2], X[2, 0] = 6.0, 6.0
    assert (np.diff(columns.score_samples(X)) > 1.0).all()


def test_how_many_dimensions_a_column_has_does_not_matter() -> None:
    wide = np.repeat(NORMAL[:, :1], 30, axis=1) + 0.01 * RANDOM.normal(size=(400, 30))
    X = np.column_stack([wide, NORMAL[:, 1]]).astype(np.float32)
    spans = (Span("text", None, 0, 30), Span("number", None, 30, 31))
    columns = ColumnSurprise.fit(X[:200], X[200:], spans)
    odd_text, odd_number = np.zeros((2, 1, 31), dtype=np.float32)
    odd_text[0, :30], odd_number[0, 30] = 9.0, 9.0
    as_text, as_number = (columns.score_samples(x)[0] for x in (odd_text, odd_number))
    assert abs(as_text - as_number) < 1.0
