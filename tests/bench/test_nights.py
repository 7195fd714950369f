"""The benchmark of nights: what is planted, how nights are counted, and what the figures say."""

import json
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from data.generate import generate
from tests.bench.lawful.logs import make_log
from tests.bench.nights.__main__ import main, page
from tests.bench.nights.draws import Draw, DrawStore, Key, version_of
from tests.bench.nights.logs import Drawn, NightLog, inferred_columns, open_log, write_part
from tests.bench.nights.measure import (
    ALONE,
    OUTFIELD,
    Night,
    as_if_alarms,
    found_kinds,
    nights_to_plant,
    planted_night,
    told_of,
)
from tests.bench.nights.peers import judge_by_peer
from tests.bench.nights.peers import told_of as told_of_scores
from tests.bench.nights.planting import INCIDENT, TOGETHER, plant
from tests.bench.nights.tables import (
    attacks_alarmed,
    counted,
    false_discoveries,
    figures_table,
    fraud_among_first,
    median_rank,
    night_table,
    planted_found,
    quiet_alarms,
)

NIGHTS = 5
FOREST = "Isolation Forest"


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    """A folder of sets that holds one log: the first working days of the invented company."""
    folder = tmp_path_factory.mktemp("data")
    events = make_log("category", 0.0, 4_000, 0).events.rename_columns(
        ["timestamp", *make_log("category", 0.0, 400, 0).events.column_names[1:]]
    )
    events = events.append_column("event_id", pa.array(np.arange(len(events))))
    days = events["timestamp"].cast(pa.date32())
    for day in pc.unique(days).to_pylist()[:NIGHTS]:
        own = events.filter(pc.equal(days, pa.scalar(day)))
        write_part(own, folder / "nights/web_access/events", str(day))
    return folder


@pytest.fixture(scope="module")
def log(data: Path) -> NightLog:
    return open_log(Drawn("web_access"), data, data)


def test_a_real_log_has_its_nights_in_order_and_the_roles_of_the_first_two(log: NightLog):
    assert log.nights == [f"2026-01-0{day}" for day in range(5, 10)]
    assert (log.columns["event_id"], log.columns["timestamp"]) == ("id", "time")
    assert log.columns["message"] == "text"
    assert log.true == frozenset()


def test_a_generated_log_has_the_roles_of_the_nightly_job_and_its_planted_events(tmp_path: Path):
    made = open_log(Drawn("sample, drift .5", 1, 3_000), tmp_path, tmp_path / "log")
    assert (len(made.nights), made.nights[0]) == (28, "2026-01-05")
    assert (made.columns["host"], "date" in made.columns) == ("entity", False)
    assert made.true == set(generate(3_000, 28, 1, 0.5)[1]["event_id"].to_pylist())


def test_card_fraud_is_cut_into_days_by_its_time(tmp_path: Path):
    source = tmp_path / "events/card_fraud"
    source.mkdir(parents=True)
    events, _ = generate(2_000, 3)
    events = events.set_column(0, "event_id", pa.array(np.arange(2_000)))
    pq.write_table(events, source / "events.parquet")
    flags = np.arange(2_000) % 100 == 0
    pq.write_table(
        pa.table({"event_id": np.arange(2_000), "is_anomaly": flags}), source / "labels.parquet"
    )
    made = open_log(Drawn("card_fraud"), tmp_path, tmp_path / "log")
    assert made.nights == ["2026-01-05", "2026-01-06", "2026-01-07"]
    assert sum(len(made.read(night)) for night in made.nights) == 2_000
    assert made.true == {str(number) for number in range(0, 2_000, 100)}


def test_the_id_is_one_even_if_it_looks_like_a_number():
    events = make_log("category", 0.0, 400, 0).events
    numbers = events.append_column("event_id", pa.array([7] * 400))
    assert inferred_columns(numbers)["event_id"] == "id"


# --- what is planted -------------------------------------------------------------------------


def test_a_night_keeps_its_events_and_gets_a_canary_of_each_kind_and_an_incident(log: NightLog):
    night = log.read(log.nights[3])
    planted = planted_night(log, log.nights[3], 0)
    assert len(planted.events) == len(night) + len(planted.kinds)
    counts = Counter(planted.kinds.values())
    assert counts.pop(INCIDENT) == TOGETHER
    assert set(counts) >= {"unheard-of name", "far number", "odd text"}
    assert set(counts.values()) == {1}
    times = planted.events["timestamp"].to_pylist()
    assert times == sorted(times)
    assert {str(time.date()) for time in times} == {log.nights[3]}
    old = set(map(str, night["event_id"].to_pylist()))
    assert not old & set(planted.kinds)
    retained = planted.events.filter(pc.is_in(planted.events["event_id"], night["event_id"]))
    assert retained.sort_by("event_id").equals(night.sort_by("event_id"))


def test_what_is_planted_is_odd(log: NightLog):
    before = [log.read(night) for night in log.nights[:3]]
    night = log.read(log.nights[3])
    planted = plant(night, pa.concat_tables(before), log.columns, 1)
    rows = {str(row["event_id"]): row for row in planted.events.to_pylist()}
    usual = pa.concat_tables([*before, night])
    added = {planted.kinds[record]: rows[record] for record in planted.kinds}
    texts = set(usual["message"].to_pylist())
    assert added["odd text"]["message"] not in texts
    assert added[INCIDENT]["message"] not in texts
    names = ("action", "protocol", "port", "status")
    assert any(
        added["unheard-of name"][name] not in usual[name].to_pylist()
        for name in names
        if log.columns[name] == "category"
    )


def test_an_incident_stands_within_minutes_and_before_midnight(log: NightLog):
    night = log.read(log.nights[3])
    late = night["timestamp"].to_pylist()[-1].replace(hour=23, minute=59)
    row = night.slice(len(night) - 1).to_pylist()[0] | {"timestamp": late}
    one = pa.Table.from_pylist([row], schema=night.schema)
    planted = plant(one, log.read(log.nights[2]), log.columns, 0)
    together = [
        event["timestamp"]
        for event in planted.events.to_pylist()
        if planted.kinds.get(str(event["event_id"])) == INCIDENT
    ]
    assert (max(together) - min(together)).total_seconds() == 60 * (TOGETHER - 1)
    assert {str(time.date()) for time in together} == {log.nights[3]}


def test_the_same_is_planted_for_every_judge(log: NightLog):
    first, second = (planted_night(log, log.nights[2], 5) for _ in range(2))
    assert first.events.equals(second.events)
    assert not first.events.equals(planted_night(log, log.nights[2], 6).events)


def test_only_quiet_nights_of_real_logs_with_a_history_are_planted(log: NightLog):
    assert nights_to_plant(log) == log.nights[2:]
    attacked = replace(log, true=frozenset({str(log.read(log.nights[3])["event_id"][0])}))
    assert nights_to_plant(attacked) == [log.nights[2], log.nights[4]]
    assert nights_to_plant(replace(log, name="sample")) == []


# --- what is counted -------------------------------------------------------------------------


def incidents() -> pa.Table:
    return pa.table(
        {
            "incident": ["i-1", "i-2", "i-3"],
            "rank": [1, 2, 3],
            "title": ["one", "two", "three"],
            "alarm": [True, False, True],
            "recurrence": [12.5, None, 3.0],
        }
    )


def findings() -> pa.Table:
    return pa.table({"record_id": ["a", "b", "c", "d"], "incident": ["i-1", "i-2", "i-3", "i-3"]})


def test_an_alarm_is_true_if_one_of_its_records_is():
    told = told_of(incidents(), findings(), frozenset({"b", "d", "elsewhere"}))
    assert told == {
        "alarms": 2,
        "true_alarms": 1,
        "rank": 2,
        "title": "one",
        "recurrence": 12.5,
    }
    nothing = told_of(incidents()[:0], findings()[:0], frozenset({"b"}))
    assert nothing == {
        "alarms": 0,
        "true_alarms": 0,
        "rank": None,
        "title": "",
        "recurrence": None,
    }


def test_alone_a_night_has_new_and_grave_incidents_for_alarms():
    table = incidents()
    table = table.append_column("severity", pa.array(["high", "critical", "medium"]))
    table = table.append_column("status", pa.array(["recurring", "worse", "new"]))
    assert as_if_alarms(table)["alarm"].to_pylist() == [False, True, False]


def test_a_planted_incident_is_found_by_any_of_its_records():
    kinds = {"1": "odd text", "2": INCIDENT, "3": INCIDENT}
    assert found_kinds(kinds, {"3", "9"}) == {"odd text": False, INCIDENT: True}


def test_a_peer_alarms_above_the_threshold_alone():
    is_true = np.array([False, True, False])
    told = told_of_scores(np.array([2.0, 2.0, 5.0]), is_true, 2.0)
    assert (told["alarms"], told["true_alarms"], told["rank"]) == (1, 0, 3)
    assert told_of_scores(np.zeros(3), np.zeros(3, dtype=bool), np.inf)["rank"] is None


@pytest.mark.slow
def test_a_peer_judges_each_night_but_the_first_by_the_one_before(log: NightLog, tmp_path: Path):
    shutil.copytree(log.events, tmp_path / "events")
    last = log.read(log.nights[-1])
    far = last.slice(0, 1).to_pylist()[0] | {"event_id": 9_999, "bytes": 10**12, "packets": 10**12}
    far |= {"action": "purge", "protocol": "telnet", "message": "; ".join("?!" * 60)}
    far["timestamp"] = far["timestamp"].replace(hour=3)
    events = pa.concat_tables([last, pa.Table.from_pylist([far], schema=last.schema)])
    write_part(events, tmp_path / "events", log.nights[-1])
    attacked = replace(log, events=tmp_path / "events", true=frozenset({"9999"}))
    nights = judge_by_peer(attacked, FOREST, 0)
    assert [night.date for night in nights] == log.nights[1:]
    assert [night.known for night in nights] == [1, 2, 3, 4]
    assert nights[0].alarms == 0  # there is no earlier score
    assert (nights[-1].true, nights[-1].true_alarms, nights[-1].rank) == (1, 1, 1)
    assert [bool(night.planted) for night in nights] == [False, True, True, False]


# --- the figures -----------------------------------------------------------------------------


def night(**what) -> Night:
    told = {"true": 0, "known": 2, "alarms": 0, "true_alarms": 0, "rank": None, "first": 0}
    return Night(**{"date": "2026-01-07", "rows": 100, **told, **what})


def test_only_nights_with_two_before_them_are_counted():
    four = [night(known=known) for known in range(4)]
    assert counted([Draw(Key(OUTFIELD, Drawn("sample")), four)]) == four[2:]
    assert counted([Draw(Key(ALONE, Drawn("sample")), four)]) == four[2:]
    assert counted([Draw(Key(FOREST, Drawn("sample")), four[1:])]) == four[2:]


def test_attacked_and_quiet_nights_are_told_apart():
    nights = [
        night(true=3, alarms=2, true_alarms=1, rank=2),
        night(true=1, alarms=1),
        night(alarms=3),
        night(),
    ]
    assert attacks_alarmed(nights) == "1 of 2"
    assert quiet_alarms(nights) == "1.50 (50% of 2)"
    assert quiet_alarms(nights[:2]) == "–"


def test_an_attack_in_no_incident_is_ranked_last():
    ranked = [night(true=1, rank=rank) for rank in (1, 4, None)]
    assert median_rank(ranked) == "4"
    assert median_rank([*ranked, night(true=1)]) == "in none"
    assert median_rank([night()]) == "–"


def test_planted_values_and_incidents_are_shares_of_their_own():
    nights = [
        night(planted={"odd text": True, "far number": False, INCIDENT: True}),
        night(planted={"odd text": False, "far number": False, INCIDENT: True}),
    ]
    assert planted_found(nights, single=True) == "25% of 4"
    assert planted_found(nights, single=False) == "100% of 2"
    assert planted_found([night()], single=True) == "–"


def test_a_night_that_selects_nothing_has_no_false_discoveries():
    nights = [night(selected=4, selected_false=2), night(selected=0)]
    assert false_discoveries(nights) == "25% (4 rows)"
    assert false_discoveries(nights[1:]) == "none selected"
    assert false_discoveries([night()]) == "–"  # of a peer
    assert fraud_among_first([night(first=5), night(first=12)]) == "8.5"


def draw(judge: str = OUTFIELD, name: str = "alerts_fox", **what) -> Draw:
    nights = [night(known=known) for known in (0, 1)] + [night(**what)]
    peer = not judge.startswith(OUTFIELD)
    return Draw(Key(judge, Drawn(name)), nights[peer:], "1")


def test_the_table_has_a_column_a_judge_and_a_row_a_figure_of_what_was_judged():
    attack = {"true": 1, "alarms": 1, "true_alarms": 1, "rank": 3}
    told = figures_table([draw(**attack), draw(FOREST, **attack | {"true_alarms": 0})])
    rows = {line.split(" | ")[0].strip("| "): line for line in told.splitlines()[2:]}
    assert rows["attacked nights with an alarm that holds the attack"].endswith("1 of 1 | 0 of 1 |")
    assert not any("card_fraud" in name for name in rows)
    told = figures_table([draw(name="card_fraud", first=7)])
    assert told.splitlines()[-1].endswith("| 7.0 |")


def test_a_title_fits_its_cell():
    told = night_table([draw(title="a|" + "b" * 100, recurrence=7.25)])
    last = told.splitlines()[-1]
    assert "a\\|bbb" in last
    assert "…" in last
    assert "| 7.2 |" in last


def test_the_page_leaves_out_what_was_not_asked_for():
    assert "## Planted" not in page([draw()])
    assert "## Planted" in page([draw(planted={INCIDENT: True})])
    assert "## The alert logs" in page([draw()])
    assert "## The alert logs" not in page([draw(name="ssh_auth"), draw(FOREST)])


# --- how it is run ---------------------------------------------------------------------------


def test_a_draw_is_found_again_unless_its_version_is_another(tmp_path: Path):
    store = DrawStore(tmp_path / "deep" / "draws.jsonl")
    mine = replace(draw(planted={INCIDENT: False}), version=version_of(OUTFIELD))
    other = draw(FOREST)
    assert store.find([mine.key]) == {}
    for each in (mine, other):
        store.put(each)
    assert store.find([mine.key, other.key]) == {mine.key: mine}


@pytest.mark.slow
def test_a_part_is_run_and_stored(data: Path, tmp_path: Path, capsys):
    asked = ["--only", "web_access", "--judges", FOREST, "--data", str(data)]
    asked += ["--output", str(tmp_path), "--jobs", "1"]
    main(asked)
    assert "1 draws to run, 0 kept" in capsys.readouterr().err
    first = (tmp_path / "results.md").read_text(encoding="utf-8")
    assert "web_access" in first
    assert len(json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))["draws"]) == 1
    main(asked)
    assert "0 draws to run, 1 kept" in capsys.readouterr().err
    assert (tmp_path / "results.md").read_text(encoding="utf-8") == first


@pytest.mark.slow
def test_outfield_is_held_against_the_nights_before_and_planted_nights_leave_no_trace(
    data: Path, tmp_path: Path
):
    main(["--only", "web_access", "--judges", OUTFIELD, "--data", str(data), "--jobs", "1",
          "--output", str(tmp_path)])  # fmt: skip
    figures = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    nights = figures["draws"][0]["nights"]
    # The third night is the first that is judged by two days, and that later ones are held against.
    assert [night["known"] for night in nights] == [0, 0, 0, 1, 2]
    assert [bool(night["planted"]) for night in nights] == [False, False, True, True, True]


@pytest.mark.parametrize("option", ["--rows", "--seeds", "--jobs"])
def test_a_count_that_is_none_is_refused(option, capsys):
    with pytest.raises(SystemExit) as ended:
        main([option, "0"])
    assert ended.value.code == 2
    assert "0 is not a whole number, 1 or more" in capsys.readouterr().err
