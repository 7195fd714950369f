"""Text by its meaning: the optional extra, with the real sentence model."""

import json
import socket
from importlib.metadata import PackageNotFoundError

import numpy as np
import pyarrow as pa
import pytest

from anomaly.embedding import sentence_embedding as meaning
from anomaly.embedding.sentence_embedding import MeaningSpace
from anomaly.model.fold import ModelOptions
from anomaly.model.model import PARTS, AnomalyModel
from anomaly.model.serialization import dump, load
from schemas.errors import JobError, ModelFileError
from tests.anomaly.logs import ROLES, company_log

SEMANTIC = ModelOptions(text="semantic")
TEXTS = [
    "user failed to log in",
    "authentication error for account",
    "the disk is full",
    "no space left on device",
    "backup finished",
    "link is down on port",
    "",
]


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("something asks the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.fixture(scope="module")
def space() -> MeaningSpace:
    return MeaningSpace.fit(pa.array(TEXTS), np.full(len(TEXTS), 10), 24, 0)


def test_texts_of_one_meaning_are_near_without_a_common_word(space: MeaningSpace) -> None:
    X = space.transform(pa.array(TEXTS))
    away = np.linalg.norm(X[:, None] - X[None], axis=2)
    for one, other in ((0, 1), (2, 3)):
        unlike = [i for i in range(6) if i not in (one, other)]
        assert away[one, other] < min(away[one, unlike].min(), away[other, unlike].min())


def test_distances_stay_whatever_part_the_directions_hold(space: MeaningSpace) -> None:
    few = MeaningSpace.fit(pa.array(TEXTS), np.full(len(TEXTS), 10), 2, 0)
    whole, reduced = (np.linalg.norm(s.transform(pa.array(TEXTS)), axis=1) for s in (space, few))
    np.testing.assert_allclose(reduced, whole, rtol=1e-3)
    variance = np.mean(whole**2)
    assert variance == pytest.approx(1.0, rel=1e-3)


@pytest.mark.parametrize("texts", [[], [""], ["🦊", "\x00", "x" * 5_000]])
def test_any_text_has_finite_coordinates_of_its_meaning(
    space: MeaningSpace, texts: list[str]
) -> None:
    X = space.transform(pa.array(texts, pa.string()))
    assert X.shape == (len(texts), space.n_dims)
    assert np.isfinite(X).all()
    among = space.transform(pa.array([*TEXTS, *texts], pa.string()))
    np.testing.assert_allclose(among[len(TEXTS) :], X, atol=1e-5)


def test_without_the_extra_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(_: str) -> str:
        raise PackageNotFoundError

    monkeypatch.setattr(meaning, "version", absent)
    with pytest.raises(JobError, match="needs a sentence model"):
        AnomalyModel.fit(company_log(200, 0), ROLES, {}, 0, SEMANTIC)


def test_another_release_of_the_sentence_model_is_refused(
    space: MeaningSpace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(meaning, "version", lambda _: "99.0")
    with pytest.raises(ModelFileError, match=r"99\.0 is installed"):
        space.transform(pa.array(TEXTS))


@pytest.mark.slow
def test_a_model_that_knows_meanings_is_stored_and_scores_the_same() -> None:
    log = company_log(400, 0)
    model, _ = AnomalyModel.fit(log, ROLES, {}, 0, SEMANTIC)
    plain, _ = AnomalyModel.fit(log, ROLES, {}, 0)
    assert model.embedder.n_dims > plain.embedder.n_dims
    tree, arrays = dump(model)
    again = load(json.loads(json.dumps(tree)), arrays, PARTS)
    scores = model.score(log)
    np.testing.assert_array_equal(again.score(log).p_values, scores.p_values)
    assert np.isfinite(scores.density).all()
