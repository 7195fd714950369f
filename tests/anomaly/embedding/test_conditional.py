import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomaly.embedding.conditional import HourHabit, NameHabit
from anomaly.embedding.rarity import surprisal
from tests import naive
from tests.anomaly.logs import PATIENT

HOUR = 3_600_000_000
EVENTS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 5)), min_size=1, max_size=40)


def pairs(events: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    entity, name = np.array(events, dtype=np.int64).T
    return entity, name


def name_habit(events: list[tuple[int, int]]) -> tuple[NameHabit, list[float]]:
    entity, name = pairs(events)
    surprisals = surprisal(np.append(np.bincount(name, minlength=6), 0), len(name))
    return NameHabit.fit(entity, 5, name, surprisals), np.exp(-surprisals).tolist()


@PATIENT
@given(EVENTS)
def test_the_excess_surprisal_of_a_name_comes_from_the_other_events_of_its_entity(
    events: list[tuple[int, int]],
) -> None:
    habit, shares = name_habit(events)
    entity, name = pairs(events)
    surprisals = naive.name_habit(entity.tolist(), name.tolist(), shares, habit.strength)
    excess = naive.excess(surprisals, [shares[n] for n in name])
    expected = naive.to_one_deviation(excess)
    np.testing.assert_allclose(habit.transform(entity, name), expected, rtol=1e-4, atol=1e-5)


@PATIENT
@given(EVENTS)
def test_the_strength_of_the_prior_has_the_highest_leave_one_out_likelihood(
    events: list[tuple[int, int]],
) -> None:
    habit, shares = name_habit(events)
    entity, name = (codes.tolist() for codes in pairs(events))
    means = [
        math.fsum(naive.name_habit(entity, name, shares, strength)) for strength in naive.STRENGTHS
    ]
    chosen = math.fsum(naive.name_habit(entity, name, shares, habit.strength))
    assert chosen <= min(means) + 1e-6


@PATIENT
@given(EVENTS)
def test_pairs_are_counted_and_the_usual_name_is_the_most_common(
    events: list[tuple[int, int]],
) -> None:
    habit, _ = name_habit(events)
    entity, name = pairs(events)
    assert habit.count_of(entity, name).tolist() == [events.count(event) for event in events]
    assert habit.count_of(np.array([-1, 0, 4]), np.array([0, -1, -1])).tolist() == [0, 0, 0]
    for one in set(entity.tolist()):
        own = [n for e, n in events if e == one]
        assert own.count(habit.usual(one)) == max(own.count(n) for n in own)
    assert habit.usual(-1) is None


def test_a_name_new_to_an_entity_is_more_surprising_than_its_usual_ones() -> None:
    events = [(0, 0)] * 50 + [(1, 1)] * 50
    habit, _ = name_habit(events)
    usual, unusual, unseen = habit.transform(np.array([0, 0, 0]), np.array([0, 1, -1]))
    assert usual < 0.1
    # The rarity of the name among all events does not count here.
    assert usual + 3.0 < unusual == pytest.approx(unseen, rel=1e-3)


def test_an_entity_of_few_events_is_judged_by_the_shares_of_all() -> None:
    # One event of an entity is no habit: its second is judged by the shares of all.
    events = [(0, 0)] * 60 + [(0, 1)] * 40 + [(1, 0)]
    habit, _ = name_habit(events)
    newcomer, unknown = habit.transform(np.array([1, -1]), np.array([1, 1]))
    assert newcomer == unknown == pytest.approx(0.0, abs=1e-6)


def test_a_new_name_is_less_surprising_for_an_entity_of_many_names() -> None:
    settled, varied = [(0, 0)] * 40, [(1, i % 5) for i in range(40)]
    habit, _ = name_habit(settled + varied)
    of_settled, of_varied = habit.transform(np.array([0, 1]), np.array([-1, -1]))
    assert of_settled > of_varied


def test_a_broken_habit_weighs_more_where_habits_are_seldom_broken() -> None:
    strict = [(user, user) for user in range(5) for _ in range(160)]
    loose = strict + [(user, name) for user in range(5) for name in range(5) for _ in range(10)]
    of_strict, of_loose = (name_habit(events)[0].scale for events in (strict, loose))
    assert of_strict == 2.0 > of_loose


# --- hours -----------------------------------------------------------------------------------

MOMENTS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 400)), min_size=1, max_size=30)


@PATIENT
@given(MOMENTS)
def test_the_surprisal_of_an_hour_comes_from_the_other_events_of_its_entity(
    events: list[tuple[int, int]],
) -> None:
    entity, hours = pairs(events)
    habit = HourHabit.fit(entity, 4, hours * HOUR)
    clock = (hours % 24).tolist()
    everybody = [count + 1.0 for count in naive.smooth_hours(clock)]
    shares = [count / sum(everybody) for count in everybody]
    surprisals = naive.hour_habit(entity.tolist(), clock, shares, habit.strength)
    expected = naive.to_one_deviation(naive.excess(surprisals, [shares[h] for h in clock]))
    np.testing.assert_allclose(habit.transform(entity, hours * HOUR), expected, atol=2e-4)


def test_an_entity_is_expected_at_its_own_hours() -> None:
    entity = np.repeat([0, 1], 60)
    hours = np.where(entity == 0, 9, 22) + 24 * np.arange(120)
    habit = HourHabit.fit(entity, 4, hours * HOUR)
    assert (habit.usual(0), habit.usual(1)) == (9, 22)
    assert habit.share_of(0, 22) == 0.0
    day, night, unknown = habit.transform(np.array([0, 0, -1]), np.array([9, 22, 22]) * HOUR)
    assert day == unknown == 0.0 < night
