import numpy as np
import pytest

from anomaly.detectors import trimming as normal
from anomaly.detectors.trimming import NormalCluster
from anomaly.embedding.deduplicated import EmbeddedEvents


def cluster_of(X: np.ndarray) -> NormalCluster:
    return NormalCluster.fit(EmbeddedEvents.whole(X, []))


def contaminated(n_dims: int, n_clump: int, away: float, seed: int = 0) -> np.ndarray:
    X = np.random.default_rng(seed).normal(size=(1_000, n_dims))
    X[:n_clump] = X[:n_clump] * 0.3
    X[:n_clump, 0] += away
    return X.astype(np.float32)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("n_dims", [2, 4, 6])
def test_a_foreign_clump_of_one_in_twenty_is_trimmed(n_dims: int, seed: int) -> None:
    cluster = cluster_of(contaminated(n_dims, 50, 15.0, seed))
    assert not cluster.members[:50].any()
    assert cluster.members[50:].all()


@pytest.mark.parametrize("seed", range(5))
def test_of_a_foreign_clump_of_one_in_ten_only_the_last_wider_step_admits_some(
    seed: int,
) -> None:
    # The concentration steps leave it out whole; 95 % are kept in the end, so half of it returns.
    cluster = cluster_of(contaminated(3, 100, 15.0, seed))
    assert cluster.members[100:].all()
    assert cluster.members[:100].sum() <= 50


def test_five_events_in_a_hundred_are_trimmed() -> None:
    cluster = cluster_of(contaminated(3, 0, 0.0))
    assert cluster.members.sum() == 950
    assert cluster.trimmed_share == pytest.approx(0.05)
    assert 0.0 <= cluster.unsettled_share < 0.02


def test_the_trimmed_events_are_the_outermost() -> None:
    X = contaminated(3, 0, 0.0)
    members = cluster_of(X).members
    radius = np.linalg.norm(X, axis=1)
    assert radius[~members].mean() > np.quantile(radius, 0.95)


@pytest.mark.parametrize("X", [np.zeros((20, 3)), np.eye(10), np.ones((2, 1))])
def test_few_or_equal_rows_make_a_normal_cluster(X: np.ndarray) -> None:
    members = cluster_of(X.astype(np.float32)).members
    assert members.sum() == np.ceil(0.95 * len(X))


@pytest.mark.parametrize("rows", [100, 300])
def test_a_part_of_the_events_finds_the_cluster_where_dimensions_are_many(
    rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    X = contaminated(4, 50, 15.0)
    X = np.random.default_rng(1).permutation(X)  # the clump is spread over the rows
    monkeypatch.setattr(normal, "_VALUES", 4 * rows)
    chosen_among: list[int] = []

    def remembered(sample: np.ndarray) -> tuple[np.ndarray, float]:
        chosen_among.append(len(sample))
        return concentrate(sample)

    concentrate = normal._concentrate
    monkeypatch.setattr(normal, "_concentrate", remembered)
    clump = X[:, 0] > 10.0
    members = cluster_of(X).members
    assert not members[clump].any()
    assert members.sum() == 950
    assert rows / 2 < chosen_among[0] <= rows


def test_fewer_events_than_dimensions_have_the_core_of_their_covariance(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    random = np.random.default_rng(271)  # the second step exchanges two rows of the first core
    places = random.normal(size=(60, 3))
    places[:8, 0] += 6.0
    places[8:12, 1:] += 4.0
    X = places @ random.normal(size=(3, 80)) + 0.5 * random.normal(size=(60, 80))
    X = X.astype(np.float32)
    core, unsettled = normal._concentrate(X)
    monkeypatch.setattr(normal.FewRows, "of", lambda _: None)  # as tables of more events
    expected = normal._concentrate(X)
    np.testing.assert_array_equal(core, expected[0])
    assert unsettled == expected[1]


def test_halves_hold_every_second_event() -> None:
    X = np.arange(14, dtype=np.float32).reshape(7, 2)
    first, second = normal._halves(EmbeddedEvents.whole(X, []))
    np.testing.assert_array_equal(first, X[::2])
    np.testing.assert_array_equal(second, X[1::2])
