"""Windows of entities through whole runs: found, stored, and held against earlier runs."""

import re
import shutil
import sys
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from anomaly.behaviour.measures import measures_of
from anomaly.model.selection import severity
from flows.cli.console import Terminal
from flows.cli.run_view import show_summary
from flows.jobs.staleness import standings
from flows.pipelines.detect import detect_events
from flows.pipelines.refit import detect_with_refit
from flows.report.named_days import unjudged_sentences
from flows.runtime.runner import DirectRunner
from flows.steps import activity
from flows.steps import windows as windows_step
from flows.steps.past_activity import DaysBefore, past_activity
from flows.steps.window_rows import _largest
from flows.storage.fs.scratch import Scratch
from flows.storage.runs.reader import (
    PublishedRun,
    read_activity,
    read_findings,
    read_incidents,
    read_members,
    read_scores,
)
from schemas.columns.roles import Role
from schemas.job.partition import Partition
from tests.flows.sample_logs import dataset_bytes, detect_in, job, written

FIRST = datetime(2026, 3, 2, tzinfo=UTC)
"""A Monday."""
PEOPLE = 8
A_DAY = 40
BURST = 200


def office(days: range, seed: int = 0) -> dict[str, list[object]]:
    """Give the ordinary events of eight people from 9 to 17 h, on working days."""
    random = np.random.default_rng(seed)
    rows: dict[str, list[object]] = {"id": [], "time": [], "user": [], "action": []}
    for day in (day for day in days if (FIRST + timedelta(day)).weekday() < 5):
        for person in range(PEOPLE):
            hours = np.sort(random.uniform(9.0, 17.0, A_DAY))
            for number, hour in enumerate(hours.tolist()):
                rows["id"].append(f"e{day}-{person}-{number}")
                rows["time"].append(FIRST + timedelta(day, hours=hour))
                rows["user"].append(f"u{person}")
                rows["action"].append(["read", "write", "list"][int(random.integers(3))])
    return rows


def with_burst(rows: dict[str, list[object]], day: int) -> dict[str, list[object]]:
    """Add ordinary events of `u3` within half an hour, each like those of others."""
    for number, second in enumerate(np.sort(np.random.default_rng(day).uniform(0, 1_800, BURST))):
        rows["id"].append(f"burst-{number}")
        rows["time"].append(FIRST + timedelta(day, hours=14, seconds=float(second)))
        rows["user"].append("u3")
        rows["action"].append(["read", "write", "list"][number % 3])
    return rows


def with_nightly_job(rows: dict[str, list[object]], lacking: int) -> dict[str, list[object]]:
    """Add three steps at 2 h of every day; on one the last of them is lacking."""
    for day in range(14):
        for number, step in enumerate(("mount", "copy", "prune")):
            if (day, step) != (lacking, "prune"):
                rows["id"].append(f"job-{day}-{number}")
                rows["time"].append(FIRST + timedelta(day, hours=2, minutes=10 * number))
                rows["user"].append("backup")
                rows["action"].append(step)
    return rows


def windows(run: PublishedRun) -> list[dict[str, object]]:
    return [row for row in read_incidents(run).to_pylist() if row["view"] == "window"]


@pytest.fixture(scope="module")
def burst(tmp_path_factory: pytest.TempPathFactory) -> PublishedRun:
    log = pa.table(with_burst(office(range(12)), 9))
    return detect_in(log, tmp_path_factory.mktemp("burst"))


@pytest.mark.slow
def test_a_burst_of_ordinary_events_is_the_first_incident(burst: PublishedRun) -> None:
    first = read_incidents(burst).to_pylist()[0]
    assert (first["view"], first["entity"]) == ("window", "u3")
    assert "in an hour, from 14:00 to 15:00 UTC on 2026-03-11" in first["title"]
    assert first["reasons"][0]["sentence"] == first["title"]


@pytest.mark.slow
def test_the_records_of_a_window_were_scored_and_are_of_no_other_incident(
    burst: PublishedRun,
) -> None:
    members = read_members(burst).to_pylist()
    scored = set(read_scores(burst)["record_id"].to_pylist())
    ids = [row["record_id"] for row in members]
    assert len(set(ids)) == len(ids)
    assert set(ids) <= scored
    for row in windows(burst):
        assert row["records"] == sum(each["incident"] == row["incident"] for each in members)


@pytest.mark.slow
def test_a_finding_has_the_p_value_of_its_score(burst: PublishedRun) -> None:
    scores = read_scores(burst)
    known = dict(zip(*(scores[name].to_pylist() for name in ("record_id", "p_value")), strict=True))
    for row in read_findings(burst).to_pylist():
        assert row["p_value"] == known[row["record_id"]]


@pytest.mark.slow
def test_activity_counts_every_event_of_a_named_entity_once(burst: PublishedRun) -> None:
    activity = read_activity(burst)
    assert activity.num_rows == burst.manifest.activity
    events = activity.filter(pc.equal(activity["kind"], "events"))
    assert sum(events["n"].to_pylist()) == burst.manifest.units_scored


def test_without_behaviour_there_are_no_windows_and_no_activity(tmp_path: Path) -> None:
    run = detect_in(pa.table(with_burst(office(range(8)), 7)), tmp_path, behaviour=False)
    assert windows(run) == []
    assert run.manifest.activity is None
    assert not (run.folder / "activity").exists()


@pytest.mark.slow
def test_the_number_of_workers_changes_no_byte_of_it(tmp_path: Path) -> None:
    log = written(tmp_path / "log.parquet", pa.table(with_burst(office(range(10)), 8)))
    runs = [
        detect_events(job(log, tmp_path / f"out{n}"), DirectRunner(n), lambda *_: None)
        for n in (1, 2)
    ]
    for dataset in ("activity", "incidents", "findings", "members"):
        assert dataset_bytes(runs[0], dataset) == dataset_bytes(runs[1], dataset)


@pytest.mark.slow
def test_a_night_is_held_against_the_activity_that_earlier_runs_left(tmp_path: Path) -> None:
    spec = job(f"{tmp_path}/logs/date={{date}}", tmp_path / "out")
    nights: dict[int, PublishedRun] = {}
    for day in (day for day in range(10) if (FIRST + timedelta(day)).weekday() < 5):
        rows = office(range(day, day + 1), seed=day)
        on = (FIRST + timedelta(day)).date()
        log = pa.table(with_burst(rows, day) if day == 9 else rows)
        agent = pa.array(["5.0" if day == 9 else "4.1"] * log.num_rows)
        written(tmp_path / f"logs/date={on}/part.parquet", log.append_column("agent", agent))
        nights[day] = detect_with_refit(spec, DirectRunner(1), lambda *_: None, Partition.of(on))
    assert [windows(nights[day]) for day in range(3)] == [[]] * 3  # fewer than four days are known
    first = read_incidents(nights[9]).to_pylist()[0]
    assert (first["view"], first["entity"]) == ("window", "u3")
    assert "on 2026-03-11; on 7 other active days" in first["title"]
    told = [night.manifest.incidents for night in nights.values()]
    assert [each.window_nights for each in told] == [None, None, None, *range(5)]
    assert [each.oddest_window for each in told[:3]] == [None, None, None]
    for each, night in zip(told[3:], list(nights.values())[3:], strict=True):
        numbers = [row["p_value"] * night.manifest.units_scored for row in windows(night)]
        assert each.oddest_window == pytest.approx(min([2.0, *numbers]))
    assert [each.column for each in nights[9].manifest.incidents.moved] == ["agent"]
    graded = severity([first["p_value"]], nights[9].manifest.units_scored)
    assert (first["alarm"], first["severity"]) == (True, *graded) == (True, "critical")


@pytest.mark.slow
def test_canaries_and_counts_are_of_records_that_are_odd_by_themselves(
    burst: PublishedRun,
) -> None:
    findings, selection = read_findings(burst), burst.manifest.selection
    basis = findings["basis"].to_pylist()
    assert basis.count("window") == selection.by_window > 0
    assert basis.count("rank") == selection.by_rank
    assert basis.count("rule") == selection.by_rule
    canaries = burst.manifest.canaries
    odd = findings.filter(pc.not_equal(findings["basis"], "window"))
    assert canaries.score_cut == min(odd["anomaly_score"].to_pylist())


@pytest.mark.slow
def test_a_step_that_a_nightly_job_lacks_is_told(tmp_path: Path) -> None:
    run = detect_in(pa.table(with_nightly_job(office(range(14)), 9)), tmp_path)
    first = read_incidents(run).to_pylist()[0]
    assert "`backup` has events without `action` `prune` on 2026-03-11" in first["summary"]


@pytest.mark.slow
def test_of_two_large_sums_that_hide_each_other_both_records_are_found(tmp_path: Path) -> None:
    rows, random = office(range(28)), np.random.default_rng(0)
    some = [i for i, each in enumerate(rows["id"]) if str(each).endswith(("-9", "-19", "-29"))]
    few = {column: [values[i] for i in some] for column, values in rows.items()}
    few["amount"] = random.normal(1e4, 500.0, len(some)).tolist()

    def found(**amounts: float) -> tuple[list[str], set[str]]:
        """Return the records of incidents with a sum among their reasons, and all findings."""
        changed = dict(zip(("e2-3-9", "e9-3-9"), amounts.values(), strict=False))
        log = few | {
            "amount": [changed.get(str(event), amount)
                       for event, amount in zip(few["id"], few["amount"], strict=True)]
        }  # fmt: skip
        run = detect_in(pa.table(log), tmp_path / "-".join(amounts))
        assert not run.manifest.missed
        sums = [
            each["record_id"]
            for each in read_incidents(run).to_pylist()
            if any("has a sum of `amount`" in reason["sentence"] for reason in each["reasons"])
        ]
        return sums, {*read_findings(run)["record_id"].to_pylist()}

    assert found(alone=1e10)[0] == ["e2-3-9"]
    sums, findings = found(one=1e10, other=3e10)
    assert not sums
    assert {"e2-3-9", "e9-3-9"} <= findings


@pytest.mark.slow
def test_a_run_whose_activity_lacks_a_column_is_passed_over(
    burst: PublishedRun, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    shutil.copytree(str(burst.folder), folder)
    damaged = replace(burst, folder=folder)
    [part] = (folder / "activity").glob("*.parquet")
    pq.write_table(pq.read_table(part).drop_columns(["logs"]), part)
    roles = {name: Role(column.role) for name, column in burst.manifest.columns.items()}
    for run, known in ((burst, True), (damaged, False)):
        scratch = Scratch.of(tmp_path / f"known-{known}").make()
        past = past_activity(scratch, [run], measures_of(roles), 0, DaysBefore(10**6, True))
        assert any(past.of(0)) is known


@pytest.mark.slow
def test_the_records_of_repeats_are_those_that_repeat(tmp_path: Path) -> None:
    rows = office(range(12))
    rows["amount"] = [float(number) for number in range(len(rows["id"]))]
    for number in range(20):
        rows["id"].append(f"again-{number}")
        rows["time"].append(FIRST + timedelta(9, hours=12, seconds=300 * number))
        rows["user"].append("u3")
        rows["action"].append("write")
        rows["amount"].append(0.25 + number // 2)
    run = detect_in(pa.table(rows), tmp_path)
    first = read_incidents(run).to_pylist()[0]
    assert "`u3` has 10 events that repeat an earlier one of 2026-03-11" in first["title"]
    members = read_members(run)
    of_first = members.filter(pc.equal(members["incident"], first["incident"]))
    assert set(of_first["record_id"].to_pylist()) == {f"again-{number}" for number in range(20)}


@pytest.mark.slow
def test_the_records_of_an_order_are_those_of_its_new_pairs(tmp_path: Path) -> None:
    rows = office(range(12))
    start = FIRST + timedelta(9, hours=12)
    for number, action in enumerate(["mount", "copy", "shred", "copy", "mount", "shred", "copy"]):
        rows["id"].append(f"new-{number}")
        rows["time"].append(start + timedelta(seconds=10 * number))
        rows["user"].append("u3")
        rows["action"].append(action)
    run = detect_in(pa.table(rows), tmp_path)
    first = read_incidents(run).to_pylist()[0]
    said = " ".join(reason["sentence"] for reason in first["reasons"])
    assert "`u3` has an order of `action` on 2026-03-11 in" in said
    members = read_members(run)
    of_first = members.filter(pc.equal(members["incident"], first["incident"]))
    own = [(time, event) for event, time, user in zip(rows["id"], rows["time"], rows["user"],
           strict=True) if user == "u3"]  # fmt: skip
    beside = {event for time, event in own if abs(time - start) < timedelta(hours=2)}
    told = set(of_first["record_id"].to_pylist())
    assert {f"new-{number}" for number in range(7)} <= told <= beside
    assert len(told) <= 9  # those before and after the new ones are ends of new pairs, too


@pytest.mark.slow
def test_the_records_of_travel_are_both_ends_of_each_move(tmp_path: Path) -> None:
    berlin, new_york = (52.52, 13.40), (40.71, -74.01)
    rows = office(range(15))
    # Shifts from 20 h to 4 h, each in one of two cities; those of `u3` in either.
    rows["time"] = [time + timedelta(hours=11) for time in rows["time"]]
    cities = []
    for user, time in zip(rows["user"], rows["time"], strict=True):
        shift = (time - timedelta(hours=11) - FIRST).days
        cities.append(berlin if (shift + 1 if user == "u3" else int(user[1:])) % 2 else new_york)
    midnight = FIRST + timedelta(10)
    after = [t for u, t in zip(rows["user"], rows["time"], strict=True) if u == "u3"]
    before, then = max(t for t in after if t < midnight), min(t for t in after if t > midnight)
    for name, value in (("id", "planted"), ("user", "u3"), ("action", "read")):
        rows[name].append(value)
    rows["time"].append(midnight + (then - midnight) / 2)
    cities.append(new_york if cities[rows["time"].index(then)] == berlin else berlin)
    rows["geo.latitude"], rows["geo.lon"] = map(list, zip(*cities, strict=True))
    log = pa.table(rows).sort_by("time")
    run = detect_in(log, tmp_path)
    first = read_incidents(run).to_pylist()[0]
    assert "`u3` moves over 100 km at more than 1,000 km/h twice on 2026-03-12" in first["title"]
    assert (first["view"], first["pattern"]) == ("window", "too fast travel")
    members = read_members(run)
    of_first = members.filter(pc.equal(members["incident"], first["incident"]))
    ends = [rows["id"][rows["time"].index(time)] for time in (before, then)]
    assert set(of_first["record_id"].to_pylist()) == {"planted", *ends}


@pytest.mark.slow
def test_a_run_of_too_many_events_leaves_days_out_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(activity, "MOST_EVENTS", 1_000)
    monkeypatch.setattr(windows_step, "MOST_EVENTS", 1_000)
    run = detect_in(pa.table(with_burst(office(range(12)), 9)), tmp_path)
    assert (windows(run), run.manifest.activity) == ([], None)
    assert any("days of entities are not judged" in each.message for each in caplog.records)


@pytest.mark.slow
def test_an_incident_of_a_window_has_its_ends_and_others_have_none(burst: PublishedRun) -> None:
    first = read_incidents(burst).to_pylist()[0]
    start = FIRST + timedelta(9, hours=14)
    assert (first["window_start"], first["window_end"]) == (start, start + timedelta(hours=1))
    for row in read_incidents(burst).to_pylist():
        assert (row["window_start"] is None) == (row["view"] == "records")
        if row["window_start"] is not None:
            assert row["window_start"] <= row["first_time"] <= row["last_time"] < row["window_end"]


@pytest.mark.slow
def test_the_chart_on_a_card_is_a_recount_of_the_rows(burst: PublishedRun) -> None:
    page = (burst.folder / "report.html").read_text(encoding="utf-8")
    card = page[page.index('id="incident-1"') :]
    card = card[card.index('<figure class="days">') : card.index("</figure>")]
    rows = with_burst(office(range(12)), 9)
    known = Counter(
        f"{time:%Y-%m-%d}"
        for time, user in zip(rows["time"], rows["user"], strict=True)
        if isinstance(time, datetime) and (user, time.hour) == ("u3", 14)
    )
    told = re.findall(r'<th scope="row">([\d-]+)</th><td>([\d,]+)</td>', card)
    assert {day: int(n.replace(",", "")) for day, n in told} == known
    found = re.search(r"2026-03-11: (\d+); expected (\d+) to (\d+)\.", card)
    assert found is not None
    observed, low, high = map(int, found.groups())
    assert observed == known["2026-03-11"]
    usual = [n for day, n in known.items() if day != "2026-03-11"]
    assert 0 <= low <= min(usual)
    assert max(usual) <= high < observed


@pytest.mark.slow
def test_what_a_night_lacks_altogether_is_missed_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = job(f"{tmp_path}/logs/date={{date}}", tmp_path / "out")
    for day in (day for day in range(9) if (FIRST + timedelta(day)).weekday() < 5):
        rows = office(range(day, day + 1), seed=day)
        for number, step in enumerate(("mount", "copy", "prune") if day < 8 else ()):
            rows["id"].append(f"job-{day}-{number}")
            rows["time"].append(FIRST + timedelta(day, hours=2, minutes=10 * number))
            rows["user"].append("backup")
            rows["action"].append(step)
        on = (FIRST + timedelta(day)).date()
        written(tmp_path / f"logs/date={on}/part.parquet", pa.table(rows))
        run = detect_with_refit(spec, DirectRunner(1), lambda *_: None, Partition.of(on))
    [said] = run.manifest.missed
    assert said == "`backup` has no event on 2026-03-10; it has some on all 6 other whole days"
    assert "Missed:" in (run.folder / "report.html").read_text(encoding="utf-8")
    terminal = Terminal(sys.stdout, sys.stderr)
    show_summary(terminal, run, [], 1.0)
    assert f"Missed: {said}"[:60] in capsys.readouterr().out


@pytest.mark.slow
def test_a_wrong_clock_does_not_hide_what_earlier_runs_counted(tmp_path: Path) -> None:
    spec = job(f"{tmp_path}/logs/date={{date}}", tmp_path / "out")
    for day in (day for day in range(10) if (FIRST + timedelta(day)).weekday() < 5):
        rows = office(range(day, day + 1), seed=day)
        if day == 9:
            rows = with_burst(rows, day)
            rows["time"][0] = datetime(1970, 1, 1, tzinfo=UTC)
        on = (FIRST + timedelta(day)).date()
        written(tmp_path / f"logs/date={on}/part.parquet", pa.table(rows))
        run = detect_with_refit(spec, DirectRunner(1), lambda *_: None, Partition.of(on))
    assert any("in an hour" in str(row["title"]) for row in windows(run))


@pytest.mark.slow
def test_a_day_of_utc_that_two_partitions_share_is_put_together(tmp_path: Path) -> None:
    spec = job(f"{tmp_path}/logs/date={{date}}", tmp_path / "out")
    random, runs = np.random.default_rng(0), []
    for day in range(8):
        begin = FIRST + timedelta(day, hours=-1)  # a day of Berlin
        times = np.sort(random.uniform(0.0, 24.0, 240)).tolist()
        rows = {
            "id": [f"e{day}-{number}" for number in range(240)],
            "time": [begin + timedelta(hours=hour) for hour in times],
            "user": [f"u{number % 2}" for number in range(240)],
            "action": [["read", "write"][int(random.integers(2))] for _ in times],
        }
        on = (FIRST + timedelta(day)).date()
        written(tmp_path / f"logs/date={on}/part.parquet", pa.table(rows))
        run = detect_with_refit(spec, DirectRunner(1), lambda *_: None, Partition.of(on))
        runs.append(run)
    roles = {name: Role(column.role) for name, column in runs[0].manifest.columns.items()}
    scratch = Scratch.of(tmp_path / "run").make()
    past = past_activity(scratch, runs[:-1], measures_of(roles), 0, DaysBefore(10**6, True))
    counted = Counter()
    for table in past.of(0):
        for hour, n in zip(table["hour"].to_pylist(), table["n"].to_pylist(), strict=True):
            counted[hour // 24] += n
    first = (FIRST - datetime(1970, 1, 1, tzinfo=UTC)).days
    whole = [counted[day] for day in range(first, first + 6)]
    assert sum(counted.values()) == 7 * 240
    assert min(whole) > 200  # a day of a run alone has 230 and 10


def test_the_clock_of_a_few_events_is_no_judged_day(monkeypatch: pytest.MonkeyPatch) -> None:
    days = {0: 1, 20_000: 500, 20_001: 500}
    monkeypatch.setattr(activity, "_events_of_days", lambda _: days)
    run = SimpleNamespace(scratch=None, partition=None)
    assert activity.first_judged_day(run, 0) == 20_000
    days[0] = 50
    assert activity.first_judged_day(run, 0) == 0


@pytest.mark.slow
def test_a_folder_that_is_named_after_another_day_adds_nothing_twice(tmp_path: Path) -> None:
    spec = job(f"{tmp_path}/logs/date={{date}}", tmp_path / "out")
    told = []
    for on in (date(2026, 6, 1), date(2026, 6, 2)):
        written(
            tmp_path / f"logs/date={on}/part.parquet", pa.table(with_burst(office(range(12)), 9))
        )
        run = detect_with_refit(spec, DirectRunner(1), lambda *_: None, Partition.of(on))
        told.append([(row["title"], row["p_value"]) for row in windows(run)])
    assert told[0] == told[1] != []


@pytest.mark.slow
def test_a_named_day_of_a_batch_is_not_judged_and_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], burst: PublishedRun
) -> None:
    log = pa.table(with_burst(office(range(12)), 9))
    run = detect_in(log, tmp_path, calendar={"payday": ["2026-03-11"], "closed": ["2027-01-01"]})
    assert any("on 2026-03-11" in str(row["title"]) for row in windows(burst))
    assert not any("on 2026-03-11" in str(row["title"]) for row in windows(run))
    manifest = run.manifest
    assert manifest.calendar == {"payday": (date(2026, 3, 11),)}
    assert [each.model_dump() for each in manifest.unjudged_days] == [
        {"day": date(2026, 3, 11), "name": "payday", "known": 0}
    ]
    assert manifest.units_scored == log.num_rows
    [said] = unjudged_sentences(manifest)
    assert said == (
        "2026-03-11 (`payday`) is not judged by what entities usually do: no other day of that"
        " name is known, and 3 are needed. Each record is judged by itself."
    )
    page = (run.folder / "report.html").read_text(encoding="utf-8")
    assert "Named days:" in page
    assert "is not judged by what entities usually do" in page
    show_summary(Terminal(sys.stdout, sys.stderr), run, [], 1.0)
    printed = " ".join(capsys.readouterr().out.split())
    assert f"Named days: {said}" in printed


@pytest.mark.slow
def test_a_calendar_without_a_day_of_the_log_changes_no_byte(
    tmp_path: Path, burst: PublishedRun
) -> None:
    log = pa.table(with_burst(office(range(12)), 9))
    run = detect_in(log, tmp_path, calendar={"payday": ["2025-03-11", "2027-03-11"]})
    for dataset in ("activity", "incidents", "findings", "members", "scores"):
        assert dataset_bytes(run, dataset) == dataset_bytes(burst, dataset)


@pytest.mark.slow
def test_a_night_of_a_name_is_held_against_the_nights_of_that_name(tmp_path: Path) -> None:
    """Paydays are the Fridays; on all of them `u3` is busy, and on the last one `u5`, too."""
    fridays = [4, 11, 18, 25]
    calendar = {"payday": [str((FIRST + timedelta(day)).date()) for day in fridays]}
    spec = job(f"{tmp_path}/logs/date={{date}}", tmp_path / "out", calendar=calendar)
    nights: dict[int, PublishedRun] = {}
    for day in sorted([3, *fridays, 24]):
        rows = office(range(day, day + 1), seed=day)
        if day in fridays:
            rows = with_burst(rows, day)
        if day == 25:
            again = with_burst(office(range(0)), day)
            again["id"] = [f"{each}-again" for each in again["id"]]
            again["user"] = ["u5"] * BURST
            rows = {name: [*values, *again[name]] for name, values in rows.items()}
        on = (FIRST + timedelta(day)).date()
        written(tmp_path / f"logs/date={on}/part.parquet", pa.table(rows))
        nights[day] = detect_with_refit(spec, DirectRunner(1), lambda *_: None, Partition.of(on))
    unjudged = [nights[day].manifest.unjudged_days for day in fridays]
    assert [[each.known for each in days] for days in unjudged] == [[0], [1], [2], []]
    assert [windows(nights[day]) for day in fridays[:3]] == [[], [], []]
    assert nights[18].manifest.incidents.window_nights is None
    first = windows(nights[25])[0]
    assert first["entity"] == "u5"
    assert "among days of `payday` alone" in first["title"]
    page = (nights[25].folder / "report.html").read_text(encoding="utf-8")
    figure = page[page.index('<figure class="days">') :]
    figure = figure[: figure.index("</figure>")]
    drawn = re.findall(r'<th scope="row">([\d-]+)</th>', figure)
    assert drawn == calendar["payday"]
    assert "alone" in figure
    assert "A day without a bar has none, is left out by its name, or is not known." in figure
    assert not any(row["entity"] == "u3" for row in windows(nights[25]))
    ordinary = nights[24].manifest
    assert [each.model_dump() for each in ordinary.unjudged_days] == [
        {"day": date(2026, 3, 26), "name": None, "known": 1}
    ]
    assert list(ordinary.calendar) == ["payday"]
    assert ordinary.calendar["payday"][-1] == date(2026, 3, 20)


@pytest.mark.slow
def test_a_run_is_due_where_a_day_up_to_its_own_gets_a_name(tmp_path: Path) -> None:
    location = f"{tmp_path}/logs/date={{date}}"
    spec = job(location, tmp_path / "out")
    days = [(FIRST + timedelta(day)).date() for day in range(3)]
    for day, on in enumerate(days):
        log = pa.table(office(range(day, day + 1)))
        written(tmp_path / f"logs/date={on}/part.parquet", log)
        detect_with_refit(spec, DirectRunner(1), lambda *_: None, Partition.of(on))

    def due(named: date) -> list[str | None]:
        told = job(location, tmp_path / "out", calendar={"payday": [str(named)]})
        first, last = Partition.of(days[0]), Partition.of(days[-1])
        return [each.due for each in standings(told, first, last)]

    assert due(days[1]) == [None, "the job has changed", "the job has changed"]
    assert due(days[-1] + timedelta(1)) == [None, None, None]


def test_a_huge_sum_has_its_largest_number_where_rounding_hides_how_much_larger_it_is():
    assert _largest(np.array([1.0, 1e17]), 1e17).tolist() == [False, True]
    assert _largest(np.array([1.0, 5.0, 3.0]), 3.0).tolist() == [False, True, True]


def test_a_sum_beyond_all_numbers_has_those_that_make_it_so():
    with np.errstate(all="raise"):
        assert _largest(np.array([1.7e308, 1.7e308, 1.0]), 10.0).tolist() == [True, True, False]
        assert _largest(np.array([np.inf, 1e308, 5.0]), 10.0).tolist() == [True, True, False]
        assert _largest(np.array([0.0, np.nan]), 0.0).tolist() == [True, False]
