import numpy as np
import pytest

from anomaly.embedding.level_habit import LevelHabit


def two_humps(n: int, random: np.random.Generator) -> np.ndarray:
    return np.where(random.random(n) < 0.5, -3.0, 3.0) + 0.1 * random.normal(size=n)


def test_a_number_between_two_humps_is_surprising() -> None:
    random = np.random.default_rng(0)
    entity, level = random.integers(0, 20, 8_000), two_humps(8_000, random)
    level[0] = 0.0
    surprisal = np.abs(LevelHabit.fit(entity, 20, level).transform(entity, level))
    assert surprisal[0] > surprisal[1:].max() + 3.0


@pytest.mark.parametrize(("n_events", "least"), [(8, 4.0), (50, 8.0), (400, 9.0)])
def test_another_number_of_a_constant_entity_is_the_more_surprising_the_more_events_it_has(
    n_events: int, least: float
) -> None:
    random = np.random.default_rng(0)
    entity = np.append(np.zeros(n_events, dtype=np.int64), random.integers(1, 40, 8_000))
    level = random.normal(size=40)[entity] + 0.5 * random.normal(size=len(entity))
    level[entity == 0] = -0.3
    habit = LevelHabit.fit(entity, 40, level)
    usual, other = habit.transform(np.zeros(2, dtype=np.int64), np.array([-0.3, 1.7]))
    assert usual == 0.0
    assert other > least


def test_the_farther_number_of_a_narrow_entity_is_surprising_though_wide_ones_have_it() -> None:
    random = np.random.default_rng(0)
    entity = random.integers(0, 40, 8_000)
    wide = random.normal(size=40)[entity] + random.normal(size=8_000)
    level = np.where(entity == 0, -0.5 + 0.02 * random.normal(size=8_000), wide)
    habit = LevelHabit.fit(entity, 40, level)
    narrow, of_wide = np.abs(habit.transform(np.array([0, 1]), np.array([1.5, 1.5])))
    assert narrow > of_wide + 5.0


def test_a_young_entity_has_the_spread_of_its_peers() -> None:
    random = np.random.default_rng(0)
    level_of = random.normal(size=30)
    entity = np.append(random.integers(1, 30, 6_000), [0, 0])
    level = level_of[entity] + 0.1 * random.normal(size=len(entity))
    level[-2:] = level_of[0], level_of[0] + 1e-3
    habit = LevelHabit.fit(entity, 30, level)
    near, far = np.abs(habit.transform(np.array([0, 0]), level_of[0] + np.array([0.1, 1.0])))
    assert near < 3.0
    assert far > 4.0


def test_few_events_make_a_spread_of_their_own_only_where_entities_differ() -> None:
    random = np.random.default_rng(0)
    entity, level = np.arange(8_000) % 800, random.normal(size=8_000)
    wider = 10.0 ** random.uniform(-1.0, 1.0, 800)
    alike, different = (
        np.log(LevelHabit.fit(entity, 800, values).spreads[:-1])
        for values in (level, level * wider[entity])
    )
    assert alike.std() < 0.1
    assert np.corrcoef(different, np.log(wider))[0, 1] > 0.9


def test_the_surprisal_has_the_sign_of_the_side_and_grows_on_with_the_distance() -> None:
    random = np.random.default_rng(0)
    entity = random.integers(0, 5, 20_000)
    level = 3.0 * entity + random.standard_t(2, 20_000)
    habit = LevelHabit.fit(entity, 5, level)
    surprisal = np.abs(habit.transform(entity, level))
    for nats in (1.0, 3.0, 5.0):
        assert np.mean(surprisal >= nats) == pytest.approx(np.exp(-nats), rel=0.1)
    below, far, farther = habit.transform(np.zeros(3, dtype=np.int64), np.array([-1e4, 1e4, 1e6]))
    assert below == pytest.approx(-far, rel=0.05)
    assert far + 5.0 < farther


def test_one_extreme_number_makes_no_other_surprising() -> None:
    entity, level = np.zeros(30, dtype=np.int64), np.append(np.linspace(-1, 1, 29), 50.0)
    surprisal = np.abs(LevelHabit.fit(entity, 1, level).transform(entity, level))
    assert surprisal[-1] > surprisal[:-1].max() + 3.0


def test_several_odd_numbers_of_an_entity_do_not_make_each_other_usual() -> None:
    random = np.random.default_rng(0)
    entity = random.integers(0, 80, 8_000)
    level = random.normal(size=80)[entity] + 0.1 * random.normal(size=8_000)
    foreign = (entity == 0) & (random.random(8_000) < 0.15)
    level[foreign] += random.uniform(1.0, 2.0, int(foreign.sum()))
    surprisal = np.abs(LevelHabit.fit(entity, 80, level).transform(entity, level))
    assert surprisal[foreign].min() > np.quantile(surprisal[~foreign], 0.999)


def test_missing_numbers_unknown_entities_and_single_events_have_no_surprisal() -> None:
    entity = np.array([0, 0, 0, 1, 2, -1])
    level = np.array([5.0, 5.0, 5.1, np.nan, 4.0, 3.0])
    habit = LevelHabit.fit(entity, 3, level)
    judged = np.array([0, 1, 2, 3, -1])
    away = habit.transform(judged, np.array([np.nan, 50.0, 50.0, 50.0, 50.0]))
    assert away.tolist() == [0.0] * 5


@pytest.mark.parametrize("level", [[], [np.nan, np.nan]])
def test_a_level_of_no_numbers_has_no_surprisal(level: list[float]) -> None:
    entity = np.arange(len(level))
    habit = LevelHabit.fit(entity, len(level), np.array(level, dtype=np.float64))
    assert habit.transform(np.array([0, -1]), np.array([1.0, np.nan])).tolist() == [0.0, 0.0]


def test_numbers_that_differ_by_rounding_do_not_differ() -> None:
    entity = np.arange(400) % 4
    level = np.where(np.arange(400) % 3, 0.3, 0.1 + 0.2)
    assert not LevelHabit.fit(entity, 4, level).transform(entity, level).any()


@pytest.mark.parametrize(
    ("own", "usual"),
    [
        ([20.0, 77.0] * 50, [20.0, 77.0]),
        ([12.99] * 99 + [199.0], [12.99]),
        ([*np.linspace(1.0, 9.0, 101)], [5.0]),
        ([1.0, 2.0, 3.0, 1_000.0], [2.0]),
        ([1.0] * 10 + [2.0] * 10 + [30.0] * 10, [1.0, 2.0, 30.0]),
        ([1.0] * 10 + [5.0] * 10 + [9.0] * 10, [1.0, 5.0, 9.0]),
        ([0.0, 1.1, 2.2, 3.1, 4.0] * 11 + [4.0] * 5, [2.2]),
        ([1.0] * 4 + [50.0] * 8, [1.0, 50.0]),
        ([4.3, 2.7], [2.7, 4.3]),
        ([4.3, 2.7, 2.7], [2.7, 4.3]),
    ],
)
def test_the_usual_numbers_of_an_entity_are_the_medians_of_its_humps(
    own: list[float], usual: list[float]
) -> None:
    habit = LevelHabit.fit(np.zeros(len(own), dtype=np.int64), 1, np.array(own))
    assert habit.usual(0) == pytest.approx(usual, rel=0.02)
    assert habit.usual(-1) == habit.usual(1) == ()
