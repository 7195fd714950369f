"""The logs of the benchmark of scenarios, and what counts as found and told."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from tests.bench.scenarios.__main__ import draws_of, main, page
from tests.bench.scenarios.days import DAYS, date_of, on_day
from tests.bench.scenarios.draws import Draw, control_of, draw_of, planted_log
from tests.bench.scenarios.evidence import Evidence, findings_share, holding, overlaps
from tests.bench.scenarios.lawful import NEW_AGENT, SALARIES
from tests.bench.scenarios.logs import COLUMNS, NO_WEEKENDS, PLAIN, RARE_TOOLS, Log, make_log
from tests.bench.scenarios.measure import Outcome, judge_log, settings_of, telling
from tests.bench.scenarios.office import BACKUP, BACKUP_STEPS, BY_NIGHT, FAILURES, HOSTS, PEOPLE
from tests.bench.scenarios.planting import (
    BURST,
    FILES,
    LOOK_ALIKE,
    STRANGE_COUNTRY,
    STRANGE_HOST,
    STRANGER,
    Planted,
)
from tests.bench.scenarios.scenarios import FOUND, SCENARIOS
from tests.bench.scenarios.tables import example, found_table, lawful_table, totals

SEED = 3
EIGHT_HOURS = pd.Timedelta(hours=8)
"""At 8 h no shift of a night is left, and the night is the day's on which it began."""


@pytest.fixture(scope="module")
def clean() -> Log:
    return make_log(PLAIN, SEED)


@pytest.fixture(scope="module")
def planted() -> dict[str, Planted]:
    return {name: planted_log(draw(name)) for name in SCENARIOS}


def draw(name: str, *, history: bool = False) -> Draw:
    return draw_of(SCENARIOS[name], SEED, history=history)


def rows(log: Planted) -> pd.DataFrame:
    return log.events[log.records]


def by_people(events: pd.DataFrame) -> pd.DataFrame:
    return events[events["user"].isin(PEOPLE)]


# --- the clean log ---------------------------------------------------------------------------


def test_a_log_has_three_weeks_of_thirty_people_in_the_order_of_time(clean: Log):
    events = clean.events
    assert 20_000 <= len(events) <= 40_000
    assert tuple(events) == COLUMNS
    assert events["time"].is_monotonic_increasing
    assert events["request_id"].is_unique
    assert events["time"].dt.date.nunique() == DAYS
    assert set(PEOPLE) < set(events["user"])
    assert set(events["host"]) == set(HOSTS)


def test_two_in_a_hundred_events_fail(clean: Log):
    assert (clean.events["status"] == "failed").mean() == pytest.approx(FAILURES, abs=0.003)


def test_weekends_are_thin(clean: Log):
    people = by_people(clean.events)
    weekend = people["time"].dt.day_of_week >= 5
    # Three weekends of six days; the nights of Fridays end on Saturdays.
    assert weekend.sum() / 6 < 0.25 * (~weekend).sum() / 15


def test_people_have_their_hours(clean: Log):
    hours = by_people(clean.events)["time"].dt.hour
    at_night = by_people(clean.events)["user"].isin(BY_NIGHT)
    assert hours[~at_night].between(5, 18).all()
    assert not hours[at_night].between(9, 18).any()


def test_the_backup_runs_every_night_with_all_its_steps(clean: Log):
    nights = clean.events[clean.events["user"] == BACKUP]
    steps = nights.groupby(nights["time"].dt.date)["action"].agg(tuple)
    assert steps.tolist() == [BACKUP_STEPS] * DAYS


def test_the_same_seed_makes_the_same_log_and_another_does_not(clean: Log):
    pd.testing.assert_frame_equal(clean.events, make_log(PLAIN, SEED).events)
    assert not clean.events.equals(make_log(PLAIN, SEED + 1).events)


def test_the_other_clean_logs_differ_in_what_their_names_say():
    rare, working = make_log(RARE_TOOLS, SEED), make_log(NO_WEEKENDS, SEED)
    counts = rare.events["process"].value_counts()
    assert (counts <= 2).sum() > 300
    people = by_people(working.events)
    begun = people["time"].where(~people["user"].isin(BY_NIGHT), people["time"] - EIGHT_HOURS)
    assert (begun.dt.day_of_week < 5).all()
    assert working.events["time"].iloc[-1].weekday() == 6


# --- what is planted -------------------------------------------------------------------------

ADDED = {"hour": 6, "countries": 3, "look-alike": 3, "look-alike-rare": 3, "files": FILES,
         "service": 25, "passwords": 30, "beacon": 96, "new-user": 55,
         "payday": 3 * SALARIES, "payday-named": 3 * SALARIES}  # fmt: skip
REMOVED = {"no-backup": 6, "short-backup": 2}
CHANGED = (
    "drip",
    "latency",
    "latency-again",
    "errors",
    "errors-again",
    "new-host",
    "new-country",
    "agents",
)


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_log_equals_its_control_but_for_what_is_planted(name: str, planted):
    log, control = planted[name].events, planted_log(control_of(draw(name))).events
    old, new = set(control["request_id"]), set(log["request_id"])
    if name in ADDED:
        assert (len(new - old), len(old - new)) == (ADDED[name], 0)
    if name in REMOVED:
        assert (len(new - old), len(old - new)) == (0, REMOVED[name])
    if name in CHANGED:
        assert new == old
    if name in ("growth", "clocks"):
        return  # bytes of all, or times of many, are others
    common = log["request_id"].isin(old) & ~planted[name].records
    if name == "drip":
        common &= log["user"] != planted[name].entities[0][1]
    others = log[common].reset_index(drop=True)
    before = control[control["request_id"].isin(others["request_id"])].reset_index(drop=True)
    assert others.equals(before)


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_log_is_in_the_order_of_time_and_keeps_its_columns(name: str, planted, clean: Log):
    log = planted[name]
    assert log.events["time"].is_monotonic_increasing
    assert log.events["request_id"].is_unique
    assert log.events.dtypes.to_dict() == clean.events.dtypes.to_dict()
    assert len(log.records) == len(log.events)
    assert log.days
    assert log.records.any() == (name != "no-backup")


@pytest.mark.parametrize("name", SCENARIOS)
def test_with_a_history_all_is_planted_on_the_last_day(name: str):
    log = planted_log(draw(name, history=True))
    last = log.events["time"].dt.date.max()
    if name != "no-backup":
        assert (rows(log)["time"].dt.date == last).any()
    assert max(log.days) == (19 if name == "weekend" else 20)


def test_the_same_draw_plants_the_same(planted):
    again = planted_log(draw("burst"))
    pd.testing.assert_frame_equal(again.events, planted["burst"].events)


def test_an_hour_is_new_to_the_person_alone(planted):
    log = planted["hour"]
    (person,) = set(rows(log)["user"])
    others = log.events[~log.records]
    hours = set(rows(log)["time"].dt.hour)
    own = others[others["user"] == person]["time"].dt.hour
    assert not hours & set(own)
    assert hours <= set(by_people(others)["time"].dt.hour)


def test_both_countries_are_known_of_the_traveller(planted):
    log = planted["countries"]
    times = rows(log)["time"]
    assert times.max() - times.min() <= pd.Timedelta(minutes=3)
    (person,) = set(rows(log)["user"])
    before = log.events[~log.records & (log.events["user"] == person)]
    assert set(rows(log)["country"]) == set(before["country"])
    assert rows(log)["country"].nunique() == 2


def test_bytes_double_in_twelve_days_and_stay_ordinary_elsewhere(planted, clean: Log):
    log = planted["drip"]
    person = log.entities[0][1]
    grown = log.events["bytes"] / clean.events["bytes"]
    own = log.events["user"] == person
    assert (grown[~own] == 1).all()
    first, last = grown[own].iloc[0], grown[own].iloc[-1]
    assert (first, last) == pytest.approx((1.0, 1.06**20), rel=0.02)
    assert grown[log.records].min() >= 1.95


def test_a_burst_is_twenty_times_the_usual(planted, clean: Log):
    log = planted["burst"]
    (person,) = set(rows(log)["user"])
    own = clean.events[clean.events["user"] == person]
    an_hour = len(own) / own["session"].nunique() / 8
    assert len(rows(log)) == pytest.approx(BURST * an_hour, rel=0.25)
    assert rows(log)["time"].max() - rows(log)["time"].min() <= pd.Timedelta(hours=1)
    assert set(rows(log)["action"]) <= set(own["action"])


def test_payments_are_the_same_but_for_id_and_time(planted):
    content = [column for column in COLUMNS if column not in ("time", "request_id")]
    paid = rows(planted["replay"])
    assert set(paid["action"]) == {"pay"}
    assert (paid.groupby(content, dropna=False).size() == 2).all()


def test_files_are_known_to_others_and_new_to_the_person(planted):
    log = planted["files"]
    (person,) = set(rows(log)["user"])
    before = log.events[~log.records]
    files = set(rows(log)["object"])
    assert len(files) == FILES
    assert not files & set(before[before["user"] == person]["object"])
    assert files <= set(before["object"])


def test_the_last_two_steps_of_one_night_lack(planted):
    assert rows(planted["short-backup"])["action"].tolist() == list(BACKUP_STEPS[:4])


def test_two_steps_change_places(planted):
    steps = rows(planted["order"])["action"].tolist()
    assert steps == ["mount", "prune", "copy", "verify", "snapshot", "unmount"]


def test_latencies_of_a_host_double(planted, clean: Log):
    log = planted["latency"]
    ratio = (log.events["latency_ms"] / clean.events["latency_ms"])[log.records]
    assert ratio.dropna().tolist() == pytest.approx([2.0] * int(ratio.notna().sum()))
    assert rows(log)["host"].nunique() == 1


def test_failures_of_a_host_triple(planted):
    log = planted["errors"]
    ((_, host),) = log.entities
    today = log.events[on_day(log.events, log_day(log)) & (log.events["host"] == host)]
    assert (today["status"] == "failed").mean() == pytest.approx(3 * FAILURES, abs=0.005)
    assert len(rows(log)) == (today["status"] == "failed").sum()


def log_day(log: Planted) -> int:
    (day,) = log.days
    return day


def test_a_beacon_beats_every_five_minutes(planted):
    gaps = rows(planted["beacon"])["time"].diff().dropna().dt.total_seconds()
    assert gaps.between(298, 302).all()
    assert rows(planted["beacon"])["bytes"].max() < 600


def test_each_account_gets_one_password_from_one_address(planted):
    tried = rows(planted["passwords"])
    assert sorted(tried["user"]) == sorted(PEOPLE)
    assert tried["source_ip"].nunique() == 1
    assert set(tried["status"]) == {"failed"}


def test_what_is_new_is_of_the_last_day(planted):
    for name, column, value in (
        ("new-user", "user", STRANGER),
        ("new-host", "host", STRANGE_HOST),
        ("new-country", "country", STRANGE_COUNTRY),
        ("look-alike", "process", LOOK_ALIKE),
        ("agents", "agent", NEW_AGENT),
    ):
        log = planted[name]
        assert (log.events[column] == value).to_numpy().tolist() == log.records.tolist()
        last = on_day(log.events, DAYS - 1).to_numpy()
        assert name == "look-alike" or not (log.records & ~last).any()


def test_a_service_account_works_from_the_address_of_a_person(planted):
    log = planted["service"]
    assert set(rows(log)["user"]) == {BACKUP}
    people = by_people(log.events[~log.records])
    assert set(rows(log)["source_ip"]) <= set(people["source_ip"])
    assert not set(rows(log)["action"]) & set(BACKUP_STEPS)


def test_a_named_payday_is_the_payday_that_no_job_names(planted):
    named, unnamed = planted["payday-named"], planted["payday"]
    pd.testing.assert_frame_equal(named.events, unnamed.events)
    assert (named.named, unnamed.named) == (named.days, ())


@pytest.mark.parametrize(("name", "after"), [("burst-beside", 7), ("burst-on-payday", 0)])
def test_a_burst_beside_a_named_payday_is_of_who_pays_none_that_day(name: str, after: int, planted):
    log = planted[name]
    assert log.days[0] - log.named[0] == after
    salaries = log.events["object"].astype(str).str.startswith("staff-")
    assert salaries.sum() == 3 * SALARIES
    assert on_day(log.events[salaries], log.named[0]).all()
    assert not (salaries & log.records).any()
    if not after:
        assert not set(rows(log)["user"]) & set(log.events.loc[salaries, "user"])


@pytest.mark.parametrize("name", ["burst", "latency", "errors"])
def test_what_happens_again_is_of_the_same_entity_on_another_working_day(name: str, planted):
    log = planted[f"{name}-again"]
    assert len(log.entities) == 1
    column, whose = log.entities[0]
    assert set(rows(log)[column]) == {whose}
    first, second = log.days
    assert first != second
    found = [(rows(log)["time"].dt.date == date_of(day)).sum() for day in log.days]
    assert sum(found) == log.records.sum()
    assert min(found) > 0.5 * max(found)
    if name == "burst":
        assert log.days[:1] == planted["burst"].days
        assert log.entities == planted["burst"].entities


def test_a_job_names_the_days_of_a_log(planted, tmp_path: Path):
    named = settings_of("log", tmp_path, SEED, planted["payday-named"])["calendar"]
    assert named == {"payday": [str(date_of(planted["payday-named"].days[0]))]}
    assert not settings_of("log", tmp_path, SEED, planted["payday"])["calendar"]


def test_lawful_rows_have_their_share(planted):
    share = {name: planted[name].records.mean() for name in SCENARIOS}
    assert share["holiday"] < 0.01
    assert 0.005 < share["payday"] < 0.02
    for name in ("weekend", "clocks", "growth", "agents"):
        assert 0.02 < share[name] < 0.1


# --- what counts -----------------------------------------------------------------------------


AT = datetime(2026, 3, 12, 2, tzinfo=UTC)
"""On day 2."""
BY_ANNA = Evidence(frozenset({"r-1"}), frozenset({"r-1", "r-2", "r-3"}), (("user", "anna"),), (2,))


def incident(**what: object) -> dict[str, object]:
    return {
        "incident": "i-1",
        "rank": 1,
        "record_id": "r-2",
        "first_time": AT,
        "last_time": AT,
        "entity_column": "user",
        "entity": "anna",
        "entities": [],
        "title": "one",
        "reasons": [{"column": "bytes", "sentence": "`bytes` is 7"}],
    } | what


def holds(evidence: Evidence = BY_ANNA, members: tuple[str, ...] = (), **what: object) -> bool:
    rows = pd.DataFrame({"record_id": members, "incident": ["i-1"] * len(members)}, dtype=object)
    (held,) = holding(pd.DataFrame([incident(**what)]), rows, evidence)
    return bool(held)


def test_an_incident_overlaps_the_days_that_it_touches():
    assert overlaps(incident(), (2,))
    assert not overlaps(incident(), (1, 3))
    late = datetime(2026, 3, 13, tzinfo=UTC)
    assert overlaps(incident(last_time=late), (3,))
    assert not overlaps(incident(first_time=None), (2,))


def test_an_incident_holds_the_evidence_if_one_of_its_records_is_planted():
    assert holds(members=("r-2", "r-1"), entity="boris")
    assert holds(record_id="r-1")


def test_an_ordinary_event_of_the_entity_on_the_day_is_no_evidence():
    assert not holds(members=("r-2", "r-3"))


def test_a_window_holds_the_evidence_if_it_is_of_the_entity_and_the_day():
    window = {"record_id": "anna @ 2026-03-12", "members": ("anna @ 2026-03-12",)}
    assert holds(**window)
    assert not holds(**window, entity="boris")
    named = [{"column": "user", "distinct": 2, "names": ["boris", "anna"]}]
    assert holds(**window, entity=None, entity_column=None, entities=named)
    assert not holds(**window, first_time=AT.replace(day=13), last_time=AT.replace(day=13))


def test_where_nothing_is_planted_any_incident_of_the_entity_and_the_day_counts():
    lacks = replace(BY_ANNA, records=frozenset())
    assert holds(lacks)
    assert not holds(lacks, entity="boris")


def test_of_the_first_ten_the_one_that_tells_the_cause_counts():
    other = {"reasons": [{"column": "status", "sentence": "`status` is `failed`"}]}
    two = pd.DataFrame([incident(rank=2, **other), incident(rank=9)])
    told = telling(SCENARIOS["drip"], two)
    assert (told["rank"], told["told"], told["reason"]) == (9, True, "`bytes` is 7")
    late = pd.DataFrame([incident(rank=2, **other), incident(rank=11)])
    assert telling(SCENARIOS["drip"], late)["rank"] == 2
    assert not telling(SCENARIOS["drip"], late)["told"]
    assert not telling(SCENARIOS["drip"], late[1:])["told"]
    assert telling(SCENARIOS["drip"], late[:0]) == {}


def test_findings_are_planted_records_or_windows_of_the_days():
    records = ["r-1", "r-2", "anna @ 2026-03-12", "anna @ 2026-03-13"]
    names = ["i-1", "i-1", "i-1", "i-2"]
    found = pd.DataFrame({"record_id": records, "incident": names})
    later = incident(incident="i-2", first_time=AT.replace(day=13), last_time=AT.replace(day=13))
    assert findings_share(found, pd.DataFrame([incident(), later]), BY_ANNA) == 0.5
    assert findings_share(found[:0], pd.DataFrame([incident()]), BY_ANNA) == 0.0


def test_a_reason_tells_by_its_column_or_its_words():
    drip, lacks = SCENARIOS["drip"], SCENARIOS["short-backup"]
    assert drip.is_told_by("bytes", "", "")
    assert drip.is_told_by("bytes.sum", "", "")
    assert drip.is_told_by("`bytes` in a day", "", "")
    assert not drip.is_told_by("bytes_in", "", "")
    assert not drip.is_told_by("latency_ms", "`bytes` is 3", "odd is `bytes`")
    assert lacks.is_told_by("action", "`prune` is missing in `action`: in 1 of 21 sessions", "")
    assert not lacks.is_told_by("action", "`action` is `prune`: in 21 of 27,000 events", "")


@pytest.mark.parametrize(
    ("name", "column", "sentence"),
    [
        ("burst", "user.events", ""),
        ("burst", "", "`anna` has 141 events between 10:00 and 11:00, usually at most 12"),
        ("burst", "", "twenty times as many events in an hour as usual"),
        ("no-backup", "", "no events of `svc-backup` from 00:00 to 24:00, usually 6"),
        ("no-backup", "", "`events` is 0: in 1 of 21 days, usually 6"),
        ("short-backup", "", "it lacks `prune` and `unmount`, which 20 of 21 sessions hold"),
        ("order", "", "`prune` comes before `snapshot`: in 1 of 21 sessions"),
        ("replay", "", "12 payments are identical to earlier ones but for `request_id`"),
        ("files", "", "400 values of `object` that `anna` never had before"),
        ("passwords", "", "`203.0.113.201` signed in as 30 `user` values"),
        ("beacon", "", "96 requests 300 s apart"),
        ("beacon", "", "a request to `site-20.example` every 5 min"),
        ("errors", "", "the share of failed events is 6 %, usually 2 %"),
    ],
)
def test_a_true_reason_may_be_worded_in_several_ways(name: str, column: str, sentence: str):
    assert SCENARIOS[name].is_told_by(column, sentence, "`anna` did `open` once")


def test_ordinary_reasons_tell_nothing_of_how_many_or_in_which_order():
    ordinary = (
        "`process` is `excel.exe`: in 3 of 27,000 events, with `user` `anna` never before",
        "`action` is `prune`: in 110 of 664 events, most often `open`",
        "`action` is `mount`: never seen in 953 known events",
    )
    title = "`anna` did `open` 12 times in 30 min on 9 `object` values, with `status` `ok`"
    for name in ("burst", "no-backup", "short-backup", "order", "replay", "beacon"):
        assert not any(SCENARIOS[name].is_told_by("process", told, title) for told in ordinary)


def outcome(**what) -> Outcome:
    return Outcome(**{"rows": 9, "incidents": 20, "grave": 1, "alarms": 0, "findings": 20} | what)


def some_outcomes() -> dict[Draw, Outcome]:
    burst, later = draw("burst"), replace_seed(draw("burst"))
    growth = draw("growth")
    return {
        control_of(burst): outcome(grave=2),
        control_of(later): outcome(grave=0),
        burst: outcome(rank=12, reason="too late", event_rank=40),
        later: outcome(rank=3, told=True, reason="many", event_rank=60),
        growth: outcome(rows_share=0.05, findings_share=0.2),
    }


def replace_seed(one: Draw) -> Draw:
    return one._replace(seed=one.seed + 1)


def test_the_tables_count_found_and_told():
    outcomes = some_outcomes()
    row = found_table(outcomes).splitlines()[-1]
    assert row.endswith("| 12, 3 | 1 of 2 | 1 of 2 | 50 | 1.0 | 1.0 | many |")
    assert totals(outcomes).startswith("Found: 1 of 2 (50%). Told: 1 of 1 (100%) of these.")
    assert "2 controls have 2 incidents" in totals(outcomes)
    row = lawful_table(outcomes).splitlines()[-1]
    assert row.endswith("| 5.0% | 20.0% | 4.0 | 0 of 1 | 1.0 | 2.0 | 0 |")


def test_a_told_reason_is_the_example_before_one_that_is_found():
    found, late = outcome(rank=2, reason="by chance"), outcome(rank=30, reason="late")
    assert example([late, found]) == "by chance"
    assert example([late, found, replace(found, told=True, reason="true")]) == "true"
    assert example([outcome()]) == "–"


def test_a_page_leaves_out_what_was_not_asked_for():
    outcomes = {d: o for d, o in some_outcomes().items() if d.scenario != "growth"}
    assert "## What is lawful" not in page(outcomes, history=False)
    assert "## What is lawful" in page(some_outcomes(), history=True)


def test_named_paydays_have_tables_of_their_own():
    outcomes = some_outcomes()
    beside, paid = draw("burst-beside"), draw("payday-named")
    more = {beside: outcome(rank=1, told=True), paid: outcome(rows_share=0.01, findings_share=0.1)}
    assert totals(outcomes | more) == totals(outcomes)
    told = page(outcomes | more, history=False)
    assert told.count("a payday that the job names") == 1
    assert "| 1.0% | 10.0% | 10.0 | 0 of 1 |" in told.split("## What a name makes ordinary")[1]
    assert "named payday" not in page(outcomes, history=False)


# --- how it is run ---------------------------------------------------------------------------


def test_each_clean_log_is_judged_once_for_each_seed():
    draws = draws_of(list(SCENARIOS), 2, history=False)
    controls = [one for one in draws if not one.scenario]
    assert len(controls) == 2 * 3
    assert len(draws) == 2 * (3 + len(SCENARIOS))
    assert all(control_of(one) in controls for one in draws)


def test_logs_are_written_with_what_is_planted(tmp_path: Path):
    main(["--only", "countries", "--seeds", "1", "--write", str(tmp_path)])
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["control-plain-0.json", "control-plain-0.parquet", "countries-0.json",
                     "countries-0.parquet"]  # fmt: skip
    evidence = json.loads((tmp_path / "countries-0.json").read_text(encoding="utf-8"))
    written = pq.read_table(tmp_path / "countries-0.parquet")
    assert len(evidence["request_ids"]) == 4
    assert set(evidence["request_ids"]) <= set(written["request_id"].to_pylist())


@pytest.mark.parametrize(("more", "is_last"), [([], False), (["--history"], True)])
def test_with_a_history_the_last_day_of_a_log_is_the_one_with_what_is_planted(
    more: list[str], is_last: bool, tmp_path: Path
):
    main(["--only", "countries", "--seeds", "1", "--write", str(tmp_path), *more])
    evidence = json.loads((tmp_path / "countries-0.json").read_text(encoding="utf-8"))
    assert (evidence["days"] == ["2026-03-30"]) == is_last


@pytest.mark.slow
def test_a_new_country_is_found_and_told_where_all_days_are_one_batch(tmp_path: Path):
    main(["--only", "new-country", "--seeds", "1", "--output", str(tmp_path)])
    figures = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    (of_control, of_planted) = [draw["outcome"] for draw in figures["draws"]]
    assert of_planted["told"]
    assert of_planted["rank"] <= 10
    assert of_control["rank"] is None


@pytest.mark.slow
def test_a_new_country_is_found_and_told_on_the_last_day():
    drawn = draw_of(SCENARIOS["new-country"], 0, history=True)
    outcome = judge_log(drawn, days_from(DAYS - 8, planted_log(drawn)))
    assert outcome.told
    assert outcome.found


def days_from(first: int, log: Planted) -> Planted:
    """Return a log without its days before the first: each costs a run."""
    sampled = (log.events["time"].dt.date >= date_of(first)).to_numpy()
    events = log.events[sampled].reset_index(drop=True)
    return replace(log, events=events, records=log.records[sampled])


def test_a_count_that_is_none_is_refused(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--seeds", "0"])
    assert ended.value.code == 2
    assert "0 is not a whole number, 1 or more" in capsys.readouterr().err


def test_every_scenario_that_must_be_found_has_a_cause_to_name():
    assert all(one.columns or one.words for one in FOUND)
    assert np.unique([one.says for one in FOUND]).size == len(FOUND)
