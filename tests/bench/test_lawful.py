"""The logs of the benchmark: the minority has its share, and each anomaly is odd in one thing."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.bench.engineered import encoded
from tests.bench.lawful.__main__ import main
from tests.bench.lawful.draws import Draw, DrawStore, Key, version_of
from tests.bench.lawful.logs import MINORITIES, PLANTED, LawfulLog, make_log
from tests.bench.lawful.measure import FIRST, Found, incidents_of, judge, ranks_of
from tests.bench.lawful.peers import judge_by_peer, raw_columns
from tests.bench.lawful.tables import found_by, ranks_by
from tests.bench.raw_peers import isotree, nearest

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
    found = judge(log, 0)
    assert found.found["number"]
    assert found.minority_incidents == 0
    assert judge_by_peer("kNN, k = √n", log, 0).ranks["number"] <= 3


@pytest.mark.slow
def test_where_all_events_are_of_the_minority_so_are_the_first_incidents():
    log = make_log("category", 0.0, 800, 0)
    everything = replace(log, minority=np.ones(800, dtype=bool))
    assert judge(everything, 0).minority_incidents == FIRST


def test_an_engineer_knows_which_columns_hold_names():
    frame = raw_columns(make_log("code", 0.1, 500, 0))
    names = ["user", "action", "protocol", "port", "status"]
    assert list(frame.select_dtypes("category")) == names
    assert frame.shape == (500, 12)


def check_a_peer(name: str, log: LawfulLog, scores: np.ndarray) -> None:
    """Check the figures of a peer whose first hundred rows are the minority."""
    highest = scores >= np.sort(scores)[-100]
    assert highest.sum() == 100
    found = judge_by_peer(name, replace(log, minority=highest), 0)
    assert found.ranks == ranks_of(scores, log)
    assert found.found == {kind: rank <= 10 for kind, rank in found.ranks.items()}
    assert (found.minority, found.minority_incidents) == (1.0, None)


def test_a_peer_is_judged_by_its_first_rows():
    log = make_log("category", 0.0, 800, 0)
    check_a_peer("kNN, k = √n", log, nearest(0)(encoded(raw_columns(log))))


def test_isotree_gets_the_names_as_they_are():
    pytest.importorskip("isotree", reason="isotree is of the bench environment")
    log = make_log("category", 0.0, 800, 0)
    check_a_peer("isotree", log, isotree(0)(raw_columns(log)))


def test_an_incident_is_of_the_minority_if_most_of_its_findings_are():
    few = np.array([True, True, False, True, False, True])
    assert incidents_of(few, np.array([1, 1, 1, 3, 3, 4])) == 2
    assert incidents_of(few[:0], np.array([], dtype=int)) == 0


def draw(judge: str = "outfield", rows: int = 8_000, **outcome) -> Draw:
    found = Found(
        found=dict.fromkeys(PLANTED, True),
        ranks=dict.fromkeys(PLANTED, 1),
        minority=0.1,
        minority_incidents=4,
        best=40.0,
    )
    return Draw(Key(judge, "code", 0.05, rows, 0), replace(found, **outcome), "1")


def cells(table: str) -> list[list[str]]:
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in table.splitlines()[2:]]


def test_the_table_gives_means_of_the_draws():
    lost = dict.fromkeys(PLANTED, False)
    ranks = dict(zip(PLANTED, (3, 5, 7, 9, 4_999), strict=True))
    draws = [draw(), draw(found=lost, ranks=ranks, minority=0.0, minority_incidents=1)]
    told = cells(found_by(draws, lambda each: each.key.minority, "minority"))
    # The mean of 1, five times, and of 3, 5, 7, 9 and 4,999 is 502.8.
    assert told == [["code", "outfield", "2", *["50 %"] * 6, "503", "1.0", "2.5", "40.0"]]
    told = cells(ranks_by(draws, lambda each: each.key.minority, "minority"))
    assert told == [["code", "outfield", "2", "3", "4", "5", "2,500"]]


def test_a_peer_has_no_incidents_and_says_how_many_rows_it_searched():
    name = "kNN, k = √n"
    peers = [draw(name, rows, minority_incidents=None) for rows in (20_000, 20_001)]
    told = cells(found_by(peers, lambda each: f"{each.key.rows:,}", "rows"))
    assert [row[:2] for row in told] == [["20,000", name], ["20,001", f"{name} of 20,000 rows"]]
    assert [row[-2] for row in told] == ["–", "–"]


def test_a_draw_is_found_again_unless_its_version_is_another(tmp_path: Path):
    store = DrawStore(tmp_path / "deep" / "draws.jsonl")
    mine = replace(draw(), version=version_of("outfield"))
    other = draw("isotree", minority_incidents=None)
    assert store.find([mine.key]) == {}
    for each in (mine, other):
        store.put(each)
    assert store.find([mine.key, other.key]) == {mine.key: mine}


@pytest.mark.slow
def test_a_run_goes_on_where_it_was(tmp_path: Path, capsys):
    asked = ["--minorities", "code", "--rows", "400", "--seeds", "1", "--output", str(tmp_path)]
    main([*asked, "--shares", "0.05"])
    first = (tmp_path / "results.md").read_text(encoding="utf-8")
    assert "1 draws to run, 0 kept" in capsys.readouterr().err
    main([*asked, "--shares", "0", "0.05", "--jobs", "2"])
    assert "1 draws to run, 1 kept" in capsys.readouterr().err
    assert len((tmp_path / "draws.jsonl").read_text(encoding="utf-8").splitlines()) == 2
    assert len(json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))["draws"]) == 2
    main([*asked, "--shares", "0.05"])
    assert (tmp_path / "results.md").read_text(encoding="utf-8") == first


def test_a_size_that_is_none_is_refused(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--rows", "0"])
    assert ended.value.code == 2
    assert "0 is not a whole number, 1 or more" in capsys.readouterr().err
