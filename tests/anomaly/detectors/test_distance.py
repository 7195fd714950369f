from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from anomaly.detectors.density import DistanceToMeasure
from anomaly.detectors.distance import FarthestColumn
from anomaly.embedding.deduplicated import EmbeddedEvents, Span
from tests import naive
from tests.anomaly.logs import PATIENT

SPANS = (Span("a", None, 0, 2), Span("b", None, 2, 3), Span("a", "user", 3, 4))
RANDOM = np.random.default_rng(0)
NORMAL = RANDOM.normal(size=(200, 4)).astype(np.float32)

VALUES = st.one_of(st.sampled_from([0.0, 1.0, -1.0]), st.floats(-100, 100, width=32))
ROWS = st.integers(2, 25).flatmap(lambda n: arrays(np.float32, (n, 4), elements=VALUES))


def scored(distance: FarthestColumn, rows: np.ndarray, spans: Sequence[Span] = SPANS) -> np.ndarray:
    return distance.score_events(EmbeddedEvents.whole(rows, spans))


@PATIENT
@given(references=ROWS, rows=ROWS)
def test_the_distance_score_is_the_largest_distance_to_a_measure_of_any_span(
    references: np.ndarray, rows: np.ndarray
) -> None:
    distance = FarthestColumn.fit(references, SPANS)
    n = max(1, round(0.1 * len(references)))
    places = [(span.start, span.stop) for span in SPANS]
    expected = [naive.farthest_column(row, references.tolist(), places, n) for row in rows.tolist()]
    np.testing.assert_allclose(scored(distance, rows), expected, rtol=1e-3, atol=1e-2)


def test_the_distance_of_one_dimension_is_that_of_the_density() -> None:
    line = NORMAL[:, :1]
    density = DistanceToMeasure(masses=(0.1,), n_references=len(line), random_state=0).fit(line)
    rows = np.linspace(-50.0, 50.0, 101, dtype=np.float32)[:, None]
    spans = (Span("x", None, 0, 1),)
    distance = FarthestColumn.fit(density.references_, spans)
    np.testing.assert_allclose(
        scored(distance, rows, spans), density.score_samples(rows), rtol=1e-4, atol=1e-4
    )


@pytest.mark.parametrize("column", [0, 17, 49])
def test_one_odd_column_among_fifty_raises_the_distance_score(column: int) -> None:
    spans = tuple(Span(f"x{i}", None, i, i + 1) for i in range(50))
    normal = RANDOM.normal(size=(500, 50)).astype(np.float32)
    distance = FarthestColumn.fit(normal[:250], spans)
    odd = normal[250:].copy()
    odd[0, column] = 8.0
    assert np.argmax(scored(distance, odd, spans)) == 0
    assert np.argmax(distance.by_span(odd)[0]) == column


def test_the_distance_score_grows_with_the_distance() -> None:
    distance = FarthestColumn.fit(NORMAL, SPANS)
    rows = np.outer([0.0, 5.0, 50.0, 1e6], np.ones(4)).astype(np.float32)
    assert (np.diff(scored(distance, rows)) > 1.0).all()
    assert scored(distance, rows[:0]).shape == (0,)


def test_many_vectors_are_measured_as_few_of_them_are() -> None:
    rows = RANDOM.normal(size=(3_000, 4)).astype(np.float32)
    rows[:, 2] *= RANDOM.random(3_000) < 0.1  # mostly 0
    distance = FarthestColumn.fit(NORMAL, SPANS)
    in_parts = np.concatenate([distance.by_span(part) for part in np.split(rows, 10)])
    assert (distance.by_span(rows) == in_parts).all()


def test_a_distance_is_that_of_its_mass_alone_whatever_others_are_fitted_beside_it() -> None:
    # More coordinates than are learnt from together.
    wide = np.random.default_rng(1).normal(size=(1_000, 150)).astype(np.float32)
    spans, masses = [Span(f"c{i}", None, i, i + 1) for i in range(150)], (0.2, 0.01, 0.0005)
    together = FarthestColumn.fit_each(wide, spans, masses)
    for distance, mass in zip(together, masses, strict=True):
        alone = np.column_stack(
            [
                scored(FarthestColumn.fit(column, spans[:1], mass), column, spans[:1])
                for column in np.split(wide, 150, axis=1)
            ]
        )
        np.testing.assert_array_equal(scored(distance, wide, spans), alone.max(axis=1))
