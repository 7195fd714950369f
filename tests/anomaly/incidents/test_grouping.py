"""Grouping of records: which belong together, and that no incident grows without bounds."""

import numpy as np
import numpy.typing as npt
from hypothesis import given
from hypothesis import strategies as st

from anomaly.incidents.grouping import NEAR_IN_TIME, Candidates, alike, gone_through, incidents
from tests import naive
from tests.anomaly.logs import PATIENT

MINUTE = 60_000_000


def candidates(
    places: list[float], times: list[int], users: list[int], away: float = 10.0
) -> Candidates:
    """Records on a line, each so far from the normal, at these times, of these users."""
    return Candidates(
        X=np.array(places, dtype=np.float32).reshape(-1, 1),
        away=np.full(len(places), away, dtype=np.float32),
        times=np.array(times, dtype=np.int64),
        entities={"user": np.array(users, dtype=np.int64)},
    )


def for_one_reason(asked: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    return np.zeros((len(asked), 1), dtype=np.int64)


def each_for_its_own(asked: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    return asked.reshape(-1, 1)


RECORDS = st.lists(
    st.tuples(
        st.integers(0, 60).map(float),
        st.integers(0, 5).map(lambda hours: hours * NEAR_IN_TIME // 2),
        st.integers(-1, 2),
        st.integers(0, 2),
    ),
    max_size=14,
)


@PATIENT
@given(records=RECORDS)
def test_incidents_are_those_of_a_comparison_with_every_head(
    records: list[tuple[float, int, int, int]],
) -> None:
    places, times, users, reasons = ([r[i] for r in records] for i in range(4))
    given_ones = candidates(places, times, users)
    reason = np.array(reasons, dtype=np.int64).reshape(-1, 1)
    found = incidents(given_ones, lambda asked: reason[asked])
    assert found.tolist() == naive.incidents(places, times, users, reasons, reach=5.0)


def test_a_flood_of_alike_records_is_one_incident_and_is_explained_once() -> None:
    rng = np.random.default_rng(0)
    n = 10_000
    flood = candidates(
        (50 + rng.normal(0, 0.2, n)).tolist(),
        (rng.integers(0, NEAR_IN_TIME, n)).tolist(),
        list(range(n)),
    )
    asked: list[int] = []

    def reasons_of(places: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        asked.extend(places.tolist())
        return each_for_its_own(places)

    assert set(incidents(flood, reasons_of).tolist()) == {0}
    assert asked == [0]


def test_alike_records_far_apart_in_time_are_two_incidents() -> None:
    apart = candidates([5.0, 5.0], [0, NEAR_IN_TIME + 1], [0, 0])
    assert incidents(apart, for_one_reason).tolist() == [0, 1]


def test_one_entity_odd_for_different_reasons_has_two_incidents() -> None:
    both = candidates([0.0, 30.0], [0, MINUTE], [0, 0])
    assert incidents(both, for_one_reason).tolist() == [0, 0]
    assert incidents(both, each_for_its_own).tolist() == [0, 1]


def test_records_without_a_name_share_no_entity() -> None:
    nobody = candidates([0.0, 30.0], [0, MINUTE], [-1, -1])
    assert incidents(nobody, for_one_reason).tolist() == [0, 1]


def test_records_near_the_normal_are_alike_only_close_by() -> None:
    far, near = [0.0, 3.0], [0, 0]
    assert alike(candidates(far, near, [0, 1], away=10.0)).tolist() == [0, 0]
    assert alike(candidates(far, near, [0, 1], away=1.0)).tolist() == [0, 1]


def test_without_candidates_there_is_no_incident() -> None:
    assert incidents(candidates([], [], []), for_one_reason).tolist() == []


@PATIENT
@given(records=RECORDS, n=st.integers(0, 14))
def test_less_odd_records_change_nothing_of_how_odder_ones_are_grouped(
    records: list[tuple[float, int, int, int]], n: int
) -> None:
    def grouped(some: list[tuple[float, int, int, int]]) -> list[int]:
        reason = np.array([r[3] for r in some], dtype=np.int64).reshape(-1, 1)
        odd_events = candidates([r[0] for r in some], [r[1] for r in some], [r[2] for r in some])
        return incidents(odd_events, lambda asked: reason[asked]).tolist()

    assert grouped(records)[:n] == grouped(records[:n])


@PATIENT
@given(steps=st.lists(st.integers(0, NEAR_IN_TIME), min_size=1, max_size=40), user=st.booleans())
def test_no_incident_lasts_longer_than_a_shift(steps: list[int], user: bool) -> None:
    times = np.cumsum(steps)
    chain = candidates([5.0] * len(steps), times.tolist(), [0 if user else -1] * len(steps))
    numbers = incidents(chain, for_one_reason)
    for number in range(numbers.max() + 1):
        assert np.ptp(times[numbers == number]) <= 8 * 3_600_000_000


def test_records_each_alike_to_the_next_do_not_hang_together_in_a_chain() -> None:
    drift = candidates([4.0 * i for i in range(30)], [0] * 30, [-1] * 30)
    numbers = incidents(drift, each_for_its_own)
    assert max(np.bincount(numbers)) == 2
    assert len(set(numbers.tolist())) == 15


@PATIENT
@given(drawn=st.lists(st.integers(0, 5), max_size=30), wanted=st.integers(0, 6))
def test_candidates_are_read_up_to_the_first_record_of_the_last_incident_wanted(
    drawn: list[int], wanted: int
) -> None:
    numbers = [list(dict.fromkeys(drawn)).index(number) for number in drawn]
    seen: list[int] = []
    end = 0
    for place, number in enumerate(numbers):
        if len(seen) == wanted:
            break
        if number not in seen:
            seen.append(number)
            end = place + 1
    expected = end if len(seen) == wanted else len(numbers)
    assert gone_through(np.array(numbers, dtype=np.int64), wanted, 0) == expected
