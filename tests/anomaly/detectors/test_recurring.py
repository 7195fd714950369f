import numpy as np
import pytest

from anomaly.detectors.recurring import covers_habits, recurring
from anomaly.detectors.trimming import NormalCluster
from anomaly.embedding.deduplicated import EmbeddedEvents
from tests.anomaly.detectors.test_trimming import contaminated

N_DAYS = 20
CLUMP = 40


def clump_on(days: list[int], seed: int = 0) -> tuple[EmbeddedEvents, np.ndarray]:
    """A thousand events of twenty days; the first forty lie apart, and happen on `days` alone."""
    X = contaminated(4, CLUMP, 15.0, seed)
    random = np.random.default_rng(seed)
    of_all = random.integers(0, N_DAYS, len(X))
    of_all[:CLUMP] = random.choice(days, CLUMP)
    return EmbeddedEvents.whole(X, []), of_all


@pytest.mark.parametrize("seed", range(5))
def test_a_group_that_comes_back_from_day_to_day_is_of_the_normal_cluster(seed: int) -> None:
    events, days = clump_on(list(range(N_DAYS)), seed)
    assert NormalCluster.fit(events, days).members[:CLUMP].all()


@pytest.mark.parametrize("days", [[7], [7, 8]])
@pytest.mark.parametrize("seed", range(5))
def test_a_burst_of_one_day_or_around_one_midnight_stays_out(days: list[int], seed: int) -> None:
    events, of_all = clump_on(days, seed)
    assert not NormalCluster.fit(events, of_all).members[:CLUMP].any()


def test_without_days_the_same_twentieth_is_trimmed_as_with_a_single_day() -> None:
    events, days = clump_on(list(range(N_DAYS)))
    without = NormalCluster.fit(events).members
    np.testing.assert_array_equal(without, NormalCluster.fit(events, np.zeros_like(days)).members)
    assert without.sum() == 950


def test_a_single_event_far_from_all_others_does_not_recur() -> None:
    events, days = clump_on(list(range(N_DAYS)))
    X = events.X.copy()
    X[-1] = -30.0
    alone = EmbeddedEvents.whole(X, [])
    trimmed = np.zeros(len(X), dtype=bool)
    trimmed[:CLUMP] = trimmed[-1] = True
    found = recurring(alone, trimmed, days)
    assert found[:CLUMP].all()
    assert not found[-1]
    assert not found[~trimmed].any()


def test_the_outer_part_of_ordinary_events_is_no_kind() -> None:
    X = contaminated(4, 0, 0.0)
    days = np.random.default_rng(0).integers(0, N_DAYS, len(X))
    events = EmbeddedEvents.whole(X, [])
    trimmed = ~NormalCluster.fit(events).members
    assert recurring(events, trimmed, days).mean() < 0.2 * trimmed.mean()


@pytest.mark.parametrize("n_trimmed", [0, 1, 8])
def test_too_few_trimmed_events_show_no_kind(n_trimmed: int) -> None:
    events, days = clump_on(list(range(N_DAYS)))
    trimmed = np.zeros(events.n_events, dtype=bool)
    trimmed[:n_trimmed] = True
    assert not recurring(events, trimmed, days).any()


@pytest.mark.parametrize(
    ("days", "covered"), [(None, False), ([], False), ([4, 5], False), ([4, 6], True)]
)
def test_habits_need_three_days(days: list[int] | None, covered: bool) -> None:
    assert covers_habits(None if days is None else np.array(days, dtype=np.int64)) is covered
