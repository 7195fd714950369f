from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from anomaly.explain.attribution import span_shares
from anomaly.model.fold import Fold, ModelOptions
from anomaly.model.model import AnomalyModel
from schemas.job.sections import Distance
from tests.anomaly.logs import ROLES


def nearest_normal(model: AnomalyModel, X: np.ndarray) -> np.ndarray:
    fold = model.explaining
    return fold.combination.density.references_[fold.nearest_usual(X, 1)[:, 0]]


def surprisal(fold: Fold, X: np.ndarray) -> float:
    return -float(np.log(fold.score_vectors(X).p_values[0]))


@pytest.mark.slow
@pytest.mark.parametrize("distance", ["euclidean", "cosine"])
def test_each_counterfactual_is_what_scoring_it_says(log: pa.Table, distance: Distance) -> None:
    model, _ = AnomalyModel.fit(log, ROLES, {}, 0, ModelOptions(distance))
    # Reasons are those of the surprisal without the bound on what recurs.
    plain = replace(model.explaining.combination, small_masses=None)
    fold, X = (
        replace(model.explaining, combination=plain),
        model.embedder.transform(log.slice(0, 20)),
    )
    normal = nearest_normal(model, X)
    X[:5] += np.float32(3.0)
    effects = np.zeros((20, len(fold.embedder.spans)))
    for i, j in np.ndindex(effects.shape):
        part = slice(fold.embedder.spans[j].start, fold.embedder.spans[j].stop)
        without, alone = X[i : i + 1].copy(), normal[i : i + 1].copy()
        without[0, part], alone[0, part] = normal[i, part], X[i, part]
        loss = surprisal(fold, X[i : i + 1]) - surprisal(fold, without)
        gain = surprisal(fold, alone) - surprisal(fold, normal[i : i + 1])
        effects[i, j] = max(loss, 0.0) + max(gain, 0.0)
    telling = effects.sum(axis=1) > 0.1
    assert telling[:5].all()
    expected = effects[telling] / effects[telling].sum(axis=1, keepdims=True)
    np.testing.assert_allclose(span_shares(fold, X, normal)[telling], expected, atol=1e-3)


def test_the_shares_of_an_event_sum_to_one(model: AnomalyModel, log: pa.Table) -> None:
    X = model.embedder.transform(log.slice(0, 60))
    shares = span_shares(model.explaining, X, nearest_normal(model, X))
    assert shares.shape == (60, len(model.embedder.spans))
    assert ((shares >= 0.0) & (shares <= 1.0)).all()
    total = shares.sum(axis=1)
    np.testing.assert_allclose(total[total > 0.0], 1.0)


def test_an_event_like_its_nearest_normal_one_has_nothing_to_share_out(
    model: AnomalyModel,
) -> None:
    X = model.explaining.combination.density.references_[:3]
    assert not span_shares(model.explaining, X, X).any()


def test_the_only_span_that_differs_has_all_of_the_surprise(model: AnomalyModel) -> None:
    normal = model.explaining.combination.density.references_[:1]
    for i, span in enumerate(model.embedder.spans):
        X = normal.copy()
        X[:, span.start : span.stop] += 30.0
        assert span_shares(model.explaining, X, normal)[0, i] == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize("n", [1, 2, 7])
def test_events_are_explained_alike_alone_and_together(model: AnomalyModel, n: int) -> None:
    X = model.explaining.combination.density.references_[:n] + np.float32(1.5)
    normal = nearest_normal(model, X)
    together = span_shares(model.explaining, X, normal)
    alone = [span_shares(model.explaining, X[i : i + 1], normal[i : i + 1])[0] for i in range(n)]
    np.testing.assert_allclose(together, alone, atol=1e-4)


def test_no_events_give_no_shares(model: AnomalyModel) -> None:
    X = model.explaining.combination.density.references_[:0]
    assert span_shares(model.explaining, X, X).shape == (0, len(model.embedder.spans))
