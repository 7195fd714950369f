import numpy as np
import pyarrow as pa
import pytest

from anomaly.attribution import span_shares
from anomaly.model import AnomalyModel


def nearest_normal(model: AnomalyModel, X: np.ndarray) -> np.ndarray:
    density = model.explaining.voices.density
    return density.references_[density.nearest(X, 1)[:, 0]]


def test_shares_are_parts_of_one(model: AnomalyModel, log: pa.Table) -> None:
    X = model.embedder.transform(log.slice(0, 60))
    shares = span_shares(model.explaining, X, nearest_normal(model, X))
    assert shares.shape == (60, len(model.embedder.spans))
    assert ((shares >= 0.0) & (shares <= 1.0)).all()
    total = shares.sum(axis=1)
    np.testing.assert_allclose(total[total > 0.0], 1.0)


def test_an_event_like_its_nearest_normal_one_has_nothing_to_share_out(
    model: AnomalyModel,
) -> None:
    X = model.explaining.voices.density.references_[:3]
    assert not span_shares(model.explaining, X, X).any()


def test_the_only_span_that_differs_has_all_of_it(model: AnomalyModel) -> None:
    normal = model.explaining.voices.density.references_[:1]
    for i, span in enumerate(model.embedder.spans):
        X = normal.copy()
        X[:, span.start : span.stop] += 30.0
        assert span_shares(model.explaining, X, normal)[0, i] == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize("n", [1, 2, 7])
def test_events_are_explained_alike_alone_and_together(model: AnomalyModel, n: int) -> None:
    X = model.explaining.voices.density.references_[:n] + np.float32(1.5)
    normal = nearest_normal(model, X)
    together = span_shares(model.explaining, X, normal)
    alone = [span_shares(model.explaining, X[i : i + 1], normal[i : i + 1])[0] for i in range(n)]
    np.testing.assert_allclose(together, alone, atol=1e-4)


def test_no_event_has_no_shares(model: AnomalyModel) -> None:
    X = model.explaining.voices.density.references_[:0]
    assert span_shares(model.explaining, X, X).shape == (0, len(model.embedder.spans))
