"""Alarms: what the nights before did not show, at the rate that the job asks for."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomaly.behaviour.observations import MOST_EXPECTED
from anomaly.explain.reasons import Reason
from anomaly.incidents.alarm_rules import AlarmRules
from anomaly.incidents.alarms import (
    chance,
    is_rare,
    oddest,
    recurrence,
    with_alarms,
    worth_showing,
)
from anomaly.incidents.sentence import Happening
from anomaly.incidents.summary import (
    OF_RECORDS,
    OF_WINDOW,
    Incident,
    Members,
    describe_incident,
)
from schemas.columns.roles import Role
from schemas.outputs.tables import SEVERITY_RANK

N = 1_000
"""Records scored in a night."""


def incident(
    expected: float, name: str = "eve", status: str = "new", **changes: object
) -> Incident:
    members = Members(2, 0, 1, [], "user", name, ("e1",))
    reasons = [Reason("action", "wipe", "read", 0.9, "`action` is odd")]
    p = expected / N
    scores = {"record_id": "e1", "p_value": p, "anomaly_score": -10.0 * np.log10(p)}
    scores |= {"density_score": 5.0, "distance_score": 9.0, "basis": "rank", "severity": "low"}
    roles = {"action": Role.CATEGORY, "user": Role.ENTITY}
    what = Happening(members.records, None, {})
    made = describe_incident("job", members, what, (reasons, "odd"), scores, roles)
    return replace(made, status=status, **changes)


def alarmed(expected: float, past: list[float], nights: float = 10.0, **about: object) -> bool:
    (told,) = with_alarms([incident(expected, **about)], N, {OF_RECORDS: past}, nights)
    return told.alarm


def test_without_an_earlier_night_nothing_is_an_alarm() -> None:
    assert not alarmed(1e-9, [])


def test_an_hour_calls_so_rarely_that_24_call_as_a_night() -> None:
    past, of_hours = {OF_RECORDS: [float(i) for i in range(1, 30)]}, AlarmRules(a_day=24)
    for expected in (0.01, 0.05, 0.1, 0.5, 1.0, 2.0):
        made = [incident(expected)]
        (hour,) = with_alarms(made, N, past, 1, of_hours)
        (night,) = with_alarms(made, N, past, 24)
        assert hour.alarm is night.alarm
        assert hour.recurrence is None
        assert night.recurrence is not None


@pytest.mark.slow
def test_ordinary_hours_give_no_more_false_alarms_than_a_job_allows() -> None:
    rng, hours = np.random.default_rng(0), 24 * 7
    numbers = rng.exponential(1.0, (3_000, hours + 1))
    called = [is_rare(one[-1], one[:-1].tolist(), 10 * 24) for one in numbers]
    assert np.mean(called) <= 1.3 / 240


def test_what_hardly_any_earlier_night_had_is_an_alarm() -> None:
    past = [float(i) for i in range(1, 30)]
    assert alarmed(0.9, past)
    assert alarmed(2.0, past)  # with a median of 15, a night in ten has 2.2
    assert not alarmed(2.5, past)
    assert alarmed(2.5, past, nights=8)


def test_what_two_nights_of_ten_had_is_no_alarm_however_odd() -> None:
    assert alarmed(0.001, [0.001, *[1.0] * 9])  # two of eleven
    assert not alarmed(0.001, [0.001, 0.001, *[1.0] * 9])  # three of twelve
    assert alarmed(0.001, [0.001, 0.001, *[1.0] * 12])


def test_the_like_of_an_earlier_incident_is_no_alarm() -> None:
    assert not alarmed(1e-6, [1.0] * 9, status="recurring")
    assert alarmed(1e-6, [1.0] * 9, status="worse")


@given(st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=28), st.floats(1e-6, 1e6))
def test_what_is_odder_is_less_likely(past: list[float], expected: float) -> None:
    for nights in (2, 10, 100):
        assert not is_rare(expected, past, nights) or is_rare(expected / 2, past, nights)
    assert 0.0 < chance(expected / 2, past) <= chance(expected, past) <= 1.0


_DRAWN = 4_000
"""Nights, each after others of its own."""


def _drawn(n_past: int, sigma: float | None, seed: int = 0) -> npt.NDArray[np.float64]:
    rng, size = np.random.default_rng(seed), (_DRAWN, n_past + 1)
    return rng.exponential(20.0, size) if sigma is None else rng.lognormal(1.0, sigma, size)


def _called(nights: npt.NDArray[np.float64]) -> float:
    """Return the share of nights, each the last of a row, that call after those before them."""
    return float(np.mean([is_rare(row[-1], row[:-1].tolist(), 10) for row in nights]))


def _at_most(rate: float) -> float:
    return rate + 3 * np.sqrt(rate * (1 - rate) / _DRAWN)


@pytest.mark.parametrize("n_past", [1, 2, 3, 5, 8, 13, 28])
def test_of_exponential_nights_one_in_ten_calls(n_past: int) -> None:
    drawn = _drawn(n_past, None)
    by_chance = np.mean([chance(row[-1], row[:-1].tolist()) <= 0.1 for row in drawn])
    assert by_chance == pytest.approx(0.1, abs=_at_most(0.1) - 0.1)
    assert 0.06 <= _called(drawn) <= _at_most(0.1)


@pytest.mark.parametrize("sigma", [0.2, 1.0, 3.0])
@pytest.mark.parametrize("n_past", [4, 9, 13, 28])
def test_of_nights_of_any_kind_two_in_ten_call_at_most(n_past: int, sigma: float) -> None:
    assert _called(_drawn(n_past, sigma)) <= _at_most(0.2)


def test_an_attack_is_called_after_others_that_nobody_has_called_one() -> None:
    drawn = _drawn(28, None)
    drawn[:, -1] /= 30  # an attack
    alone = _called(drawn)
    drawn[:, :3] /= 30  # three of the nights before were attacked too
    assert alone > 0.9
    assert _called(drawn) > 0.8
    drawn[:, -1] *= 30
    assert _called(drawn) <= 0.1


def test_how_often_is_never_more_than_the_history_can_tell() -> None:
    past = [2.0] * 12
    assert recurrence(0.001, past) == 13
    assert recurrence(2.0, past) == 1
    assert recurrence(0.001, past[:6]) is None


def test_an_alarm_is_grave_and_a_lead_is_not() -> None:
    past = {OF_RECORDS: [1.0] * 20}
    (alarm,) = with_alarms([incident(0.1, severity="low")], N, past, 10)
    (lead,) = with_alarms([incident(3.0, severity="critical")], N, past, 10)
    assert (alarm.severity, lead.severity) == ("high", "medium")
    (graver,) = with_alarms([incident(1e-4, severity="critical")], N, past, 10)
    assert SEVERITY_RANK[graver.severity] == SEVERITY_RANK["critical"]


def test_a_night_is_known_by_its_oddest_new_incident() -> None:
    some = [incident(0.1, status="recurring"), incident(0.7), incident(5.0, status="worse")]
    assert oddest(some, N) == pytest.approx(0.7)
    assert oddest(some[:1], N) == N


def test_an_incident_is_held_against_its_own_view_of_earlier_nights() -> None:
    past = {OF_RECORDS: [90.0] * 12, OF_WINDOW: [*[0.001] * 4, *[2.0] * 8]}
    records, window = incident(0.5), incident(0.5, view=OF_WINDOW)
    told = with_alarms([records, window], N, past, 10)
    assert [each.alarm for each in told] == [True, False]
    assert [each.recurrence for each in told] == pytest.approx([13, 13 / 5])
    alone = with_alarms([window], N, past | {OF_WINDOW: []}, 10)
    assert [(each.alarm, each.recurrence) for each in alone] == [(False, None)]


def test_beside_nights_of_another_view_an_incident_is_no_graver_than_a_lead() -> None:
    window = incident(0.01, view=OF_WINDOW, severity="critical")
    (told,) = with_alarms([window], N, {OF_RECORDS: [90.0] * 12, OF_WINDOW: []}, 10)
    assert (told.alarm, told.severity) == (False, "medium")


@pytest.mark.parametrize(
    ("views", "a_day", "first"),
    [
        ((OF_RECORDS,), 1, 4),
        ((OF_RECORDS,), 24, 119),
        ((OF_RECORDS, OF_WINDOW), 1, 6),
        ((OF_WINDOW, OF_RECORDS), 1, 24),
    ],
)
def test_nights_as_odd_are_counted_once_so_many_are_known(
    views: tuple[str, ...], a_day: int, first: int
) -> None:
    """It is `docs/explanation/how-it-judges.md` that says how many, of `1 in 10 nights`."""
    for n, alarm in ((first - 1, True), (first, False)):
        past = {view: [1e-9, *[1.0] * (n - 1)] for view in views}  # one night was odder
        (told,) = with_alarms([incident(2e-9, view=views[0])], N, past, 10, AlarmRules(a_day=a_day))
        assert told.alarm is alarm


def test_records_with_an_odd_day_as_evidence_count_in_both_views() -> None:
    both = incident(0.01, by_view={OF_RECORDS: 50.0 / N, OF_WINDOW: 0.01 / N})
    assert [oddest([both], N, view) for view in (OF_RECORDS, OF_WINDOW)] == pytest.approx(
        [50, 0.01]
    )
    quiet = {OF_RECORDS: [90.0] * 12, OF_WINDOW: [2.0] * 12}
    (told,) = with_alarms([both], N, quiet, 10)
    assert (told.alarm, told.recurrence) == (True, 13)
    (alone,) = with_alarms([both], N, quiet | {OF_WINDOW: []}, 10)
    assert not alone.alarm
    (often,) = with_alarms([both], N, quiet | {OF_RECORDS: [40.0] * 12}, 10)
    assert (often.alarm, often.recurrence) == (True, 1)


def test_a_night_is_known_by_the_oddest_of_each_view() -> None:
    some = [incident(5.0), incident(0.7, view=OF_WINDOW), incident(0.1, "recurring")]
    some[2] = replace(some[2], status="recurring", view=OF_WINDOW)
    assert oddest(some, N) == pytest.approx(5.0)
    assert oddest(some, N, OF_WINDOW) == pytest.approx(0.7)
    assert oddest(some[:1], N, OF_WINDOW) == MOST_EXPECTED


@pytest.mark.parametrize("n_past", [1, 3, 8, 28])
def test_of_nights_with_two_views_one_in_ten_calls_by_either(n_past: int) -> None:
    """An ordinary night has the number 1 for days of entities; up to 2 is reported."""
    windows = np.minimum(_drawn(n_past, None, seed=1) / 20.0, MOST_EXPECTED)
    drawn = np.stack([_drawn(n_past, None), windows])
    views = (OF_RECORDS, OF_WINDOW)
    called = []
    for night in np.moveaxis(drawn, 1, 0):
        past = {view: row[:-1].tolist() for view, row in zip(views, night, strict=True)}
        some = [incident(float(x[-1]), view=view) for view, x in zip(views, night, strict=True)]
        called.append(any(each.alarm for each in with_alarms(some, N, past, 10)))
    assert 0.04 <= np.mean(called) <= _at_most(0.1)


def test_the_leads_end_where_the_score_drops_most() -> None:
    leads = [incident(expected) for expected in (0.01, 0.02, 0.03, 9.0, 12.0, 15.0)]
    assert worth_showing(leads) == 3
    assert worth_showing(leads[:1]) == 1
    assert worth_showing([]) == 0
    many = [incident(1.0 + i / 100) for i in range(40)] + [incident(900.0)]
    assert worth_showing(many) <= 20


def test_what_a_verdict_calls_malicious_is_an_alarm_however_often_it_comes_back() -> None:
    again = incident(50.0, status="recurring", verdict="v-1")
    for past in ({OF_RECORDS: []}, {OF_RECORDS: [1.0] * 9}):
        (told,) = with_alarms([again], N, past, 10, malicious={"v-1"})
        assert (told.alarm, told.severity) == (True, "high")
        (other,) = with_alarms([again], N, past, 10, malicious={"v-2"})
        assert not other.alarm
