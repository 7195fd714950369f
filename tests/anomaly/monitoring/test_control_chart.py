"""The test for a fall of recall: seldom wrong where nothing changed, and it sees a fall."""

import numpy as np
import pytest

from anomaly.monitoring.control_chart import FALSE_ALARM, FEWEST_RUNS, fall_of_recall


def runs(rng: np.random.Generator, n: int, shares: np.ndarray) -> list[tuple[int, int]]:
    return [(n, int(found)) for found in rng.binomial(n, shares)]


@pytest.mark.slow
@pytest.mark.parametrize("night_to_night", [0.0, 0.05])
def test_a_steady_share_of_found_canaries_seldom_counts_as_a_fall(night_to_night):
    rng = np.random.default_rng(1)
    calls = 0
    for _ in range(4_000):
        shares = np.clip(rng.normal(0.7, night_to_night, 15), 0, 1)
        *before, now = runs(rng, 250, shares)
        tested = fall_of_recall(now, before)
        assert tested is not None
        calls += tested[1] < FALSE_ALARM
    assert calls <= 12  # 4 to be expected


@pytest.mark.parametrize(("usual", "now"), [(0.9, 0.7), (0.7, 0.5), (1.0, 0.9), (0.3, 0.1)])
def test_a_fall_of_the_found_share_by_a_fifth_is_noticed(usual, now):
    rng = np.random.default_rng(2)
    seen = 0
    for _ in range(200):
        before = runs(rng, 250, np.full(14, usual))
        tested = fall_of_recall(runs(rng, 250, np.full(1, now))[0], before)
        assert tested is not None
        seen += tested[1] < FALSE_ALARM
    assert seen > 180


def test_a_rise_of_the_found_share_is_no_fall_and_the_share_is_of_all_runs_together():
    tested = fall_of_recall((250, 250), [(100, 50), (300, 150), *[(250, 125)] * 4])
    assert tested is not None
    assert tested[0] == 0.5
    assert tested[1] > 0.999


def test_few_runs_or_no_canaries_tell_no_fall():
    assert fall_of_recall((250, 0), [(250, 250)] * (FEWEST_RUNS - 1)) is None
    assert fall_of_recall((250, 0), [(0, 0)] * 9) is None
    assert fall_of_recall((0, 0), [(250, 250)] * 9) is None
