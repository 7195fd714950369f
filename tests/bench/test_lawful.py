"""The logs of the benchmark: the minority has its share, and each anomaly is odd in one thing."""

import numpy as np
import pytest

from tests.bench.lawful.__main__ import Draw, by
from tests.bench.lawful.logs import MINORITIES, PLANTED, LawfulLog, make_log
from tests.bench.lawful.measure import Found, judge, judge_by_peer

NIGHT = 3


def column(log: LawfulLog, name: str) -> np.ndarray:
    return np.array(log.events[name].to_pylist(), dtype=object)


@pytest.mark.parametrize("minority", MINORITIES)
def test_a_minority_has_its_share_and_holds_no_planted_event(minority):
    log = make_log(minority, 0.05, 4_000, 1)
    assert log.minority.mean() == pytest.approx(0.05, abs=0.01)
    assert not log.minority[list(log.planted.values())].any()
    assert set(log.planted) == set(PLANTED)
    times = log.events["time"].to_pylist()
    assert times == sorted(times)


def test_each_minority_differs_in_what_its_name_says():
    def few(minority, name):
        log = make_log(minority, 0.1, 2_000, 0)
        return set(column(log, name)[log.minority]), set(column(log, name)[~log.minority])

    assert few("category", "action")[0] == {"login"}
    assert few("code", "status")[0] == {404}
    assert few("network", "protocol")[0] == {"ftp"}
    assert few("network", "port") == ({21}, {443})
    weekend, weekdays = few("weekend", "time")
    assert {time.weekday() for time in weekend} == {5, 6}
    assert {time.weekday() for time in weekdays} == {0, 1, 2, 3, 4}
    assert len({time.date() for time in few("payday", "time")[0]}) == 1
    assert all("closed by peer" in text for text in few("text", "message")[0])


def test_each_anomaly_is_odd_in_one_thing():
    log = make_log("category", 0.0, 2_000, 3)
    hours = np.array([time.hour for time in log.events["time"].to_pylist()])
    assert np.flatnonzero(hours < 8).tolist() == [log.planted["hour"]]
    assert hours[log.planted["hour"]] == NIGHT
    assert np.flatnonzero(column(log, "action") == "purge").tolist() == [log.planted["name"]]
    assert int(np.argmax(column(log, "bytes"))) == log.planted["number"]
    ratio = column(log, "packets") / column(log, "bytes")
    assert int(np.argmax(ratio)) == log.planted["pair"]
    odd = [i for i, text in enumerate(column(log, "message")) if "ledger" in text]
    assert odd == [log.planted["text"]]


def test_the_same_seed_makes_the_same_log():
    first, again = (make_log("weekend", 0.02, 500, 7) for _ in range(2))
    assert first.events.equals(again.events)
    assert first.planted == again.planted


@pytest.mark.slow
def test_a_far_number_is_found_by_outfield_and_by_a_peer():
    log = make_log("category", 0.0, 800, 0)
    assert judge(log, 0).found["number"]
    assert judge_by_peer("kNN, k = √n", log, 0).ranks["number"] <= 3


def test_the_table_gives_means_of_the_draws():
    def draw(found: bool, minority: float) -> Draw:
        outcome = Found(dict.fromkeys(PLANTED, found), dict.fromkeys(PLANTED, 1), minority, 40.0)
        return Draw("outfield", "code", 0.05, 8_000, 0, outcome)

    row = by([draw(True, 0.1), draw(False, 0.0)], lambda each: each.minority, "minority")
    told = [cell.strip() for cell in row.splitlines()[-1].strip("|").split("|")]
    assert told == ["code", "outfield", "2", *["50 %"] * 6, "1.0", "40.0"]
