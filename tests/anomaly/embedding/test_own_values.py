import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from anomaly.embedding.own_values import OwnValues
from tests import naive
from tests.anomaly.logs import PATIENT

LEVELS = st.floats(-100, 100, width=32)
EVENTS = st.lists(st.tuples(st.integers(0, 3), LEVELS), min_size=1, max_size=40)


@PATIENT
@given(EVENTS, st.lists(LEVELS, min_size=1, max_size=10))
def test_a_value_lies_from_an_entity_as_far_as_from_the_nearest_of_its_values(
    events: list[tuple[int, float]], values: list[float]
) -> None:
    entity, level = (np.array(column) for column in zip(*sorted(events), strict=True))
    own = OwnValues.of(entity, level, 4)
    for one in set(entity.tolist()):
        away = own.away(np.full(len(values), one), np.array(values))
        values_of_one = [x for e, x in events if e == one]
        count = len(values_of_one)
        n = min(max(count // 2, 2), max(count // 4, 4), count)
        expected = [
            naive.distance_to_measure([value], [[x] for x in values_of_one], n) for value in values
        ]
        np.testing.assert_allclose(np.abs(away), expected, rtol=1e-4, atol=1e-4)


def test_the_sign_says_on_which_side_of_the_nearest_values_one_lies() -> None:
    own = OwnValues.of(np.zeros(20, dtype=np.int64), np.repeat([20.0, 77.0], 10), 1)
    away = own.away(np.zeros(5, dtype=np.int64), np.array([19.0, 20.0, 30.0, 70.0, 90.0]))
    np.testing.assert_allclose(away, [-1.0, 0.0, 10.0, -7.0, 13.0], atol=1e-6)


def test_of_many_values_64_are_sampled_evenly_spaced() -> None:
    values = np.arange(6_400, dtype=np.float64)
    own = OwnValues.of(np.zeros(6_400, dtype=np.int64), values, 1)
    assert own.of_entity(0).tolist() == list(range(50, 6_400, 100))


def test_the_values_of_a_hundred_thousand_entities_take_no_more_room_than_the_events() -> None:
    entity = np.sort(np.arange(150_000) % 100_000)
    own = OwnValues.of(entity, np.zeros(150_000), 100_000)
    assert len(own.values) == 150_000


def test_an_unknown_entity_has_no_values() -> None:
    own = OwnValues.of(np.array([0, 0, 2]), np.array([1.0, 3.0, 9.0]), 3)
    assert own.of_entity(0).tolist() == [1.0, 3.0]
    assert [own.of_entity(e).tolist() for e in (-1, 1, 3)] == [[], [], []]
