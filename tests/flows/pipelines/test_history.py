"""Runs of a partition that are judged against the days before it, and alarms over their nights."""

from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from anomaly.incidents.summary import OF_WINDOW
from anomaly.model.selection import severity
from flows.pipelines.refit import detect_with_refit
from flows.runtime.runner import DirectRunner
from flows.storage.runs.reader import (
    REPORT,
    PublishedRun,
    read_findings,
    read_incidents,
    read_scores,
)
from schemas.job.job import JobSpec
from schemas.job.partition import Partition
from schemas.outputs.tables import SEVERITY_RANK
from tests.flows.sample_logs import job, small_log, written

pytestmark = pytest.mark.slow

FIRST = date(2026, 1, 5)


def night(day: date, rows: int = 150, **odd: Any) -> pa.Table:
    """Make an ordinary night: nobody erases anything, but for the values `odd` of its last row."""
    log = small_log(rows, seed=day.toordinal()).to_pydict()
    log["action"][-2], log["bytes"][-2] = "read", 150.0
    for column, value in odd.items():
        log[column][-1] = value
    start = (day - date(1970, 1, 1)).days * 86_400_000_000
    times = [start + int(t.timestamp() * 1e6) % 86_400_000_000 for t in log["time"]]
    log["time"] = pa.array(times).cast(pa.timestamp("us", "UTC"))
    log["event_id"] = [f"{day}-{name}" for name in log["event_id"]]
    return pa.table(log)


def nights(folder: Path, n: int, **of_last: Any) -> list[date]:
    days = [FIRST + timedelta(i) for i in range(n)]
    for day in days:
        table = night(day, **of_last) if day == days[-1] else night(day)
        written(folder / f"logs/{day}.parquet", table)
    return days


def spec_of(folder: Path, **settings: Any) -> JobSpec:
    return job(str(folder / "logs/{date}.parquet"), folder / "out", **settings)


def judged(spec: JobSpec, day: date) -> PublishedRun:
    return detect_with_refit(spec, DirectRunner(2), lambda *_: None, Partition.of(day))


def test_a_partition_is_judged_by_the_days_before_it_and_not_by_itself(tmp_path):
    days = nights(tmp_path, 4)
    manifest = judged(spec_of(tmp_path), days[3]).manifest
    assert manifest.ledger.read == 150
    assert (manifest.model.sample_rows, manifest.model.days) == (450, 3)
    assert manifest.column_drift  # it is held against other records than its own
    before = judged(spec_of(tmp_path), days[3]).manifest.model.model_id
    written(tmp_path / f"logs/{days[3]}.parquet", night(days[3], action="erase"))
    assert judged(spec_of(tmp_path), days[3]).manifest.model.model_id == before


def test_the_history_is_as_long_as_the_job_says(tmp_path):
    days = nights(tmp_path, 5)
    short = spec_of(tmp_path, model={"train": "last 2 days"})
    assert judged(short, days[4]).manifest.model.days == 2
    alone = spec_of(tmp_path, model={"train": "batch"})
    manifest = judged(alone, days[4]).manifest
    assert (manifest.model.sample_rows, manifest.column_drift) == (150, {})


def test_the_first_night_is_judged_by_itself_and_makes_no_alarm(tmp_path):
    days = nights(tmp_path, 1, action="erase")
    run = judged(spec_of(tmp_path), days[0])
    assert run.manifest.model.sample_rows == 150
    assert (run.manifest.incidents.nights, run.manifest.incidents.alarms) == (None, 0)
    assert run.manifest.model.alone == "none of the 28 days up to 2026-01-04 is there"
    assert read_incidents(run)["recurrence"].null_count == run.manifest.incidents.incidents


def test_too_few_rows_before_are_no_history(tmp_path):
    days = nights(tmp_path, 2)
    written(tmp_path / f"logs/{days[0]}.parquet", night(days[0]).slice(0, 5))
    assert judged(spec_of(tmp_path), days[1]).manifest.model.sample_rows == 150


def test_a_few_rows_are_judged_by_the_days_before(tmp_path):
    days = nights(tmp_path, 3)
    written(tmp_path / f"logs/{days[2]}.parquet", night(days[2]).slice(0, 5))
    assert judged(spec_of(tmp_path), days[2]).manifest.units_scored == 5


def test_a_damaged_day_is_left_out_of_the_history(tmp_path):
    days = nights(tmp_path, 3)
    (tmp_path / f"logs/{days[0]}.parquet").write_bytes(b"no Parquet")
    manifest = judged(spec_of(tmp_path), days[2]).manifest
    assert (manifest.model.sample_rows, manifest.model.alone) == (150, None)


def test_a_history_that_cannot_be_used_is_told_and_stops_nothing(tmp_path):
    days = nights(tmp_path, 3)
    for day in days[:2]:
        (tmp_path / f"logs/{day}.parquet").write_bytes(b"no Parquet")
    run = judged(spec_of(tmp_path), days[2])
    assert run.manifest.model.sample_rows == run.manifest.ledger.read == 150
    assert run.manifest.column_drift == {}
    assert "2 of 2 files are damaged" in run.manifest.model.alone
    page = (run.folder / REPORT).read_text()
    assert f"2 of 2 files are damaged, the first is {days[0]}.parquet" in page
    told = run.manifest.model_dump_json() + page
    assert str(tmp_path) not in told


def test_ids_that_begin_anew_each_day_lose_no_row_of_the_history(tmp_path):
    days = nights(tmp_path, 3)
    for day in days:
        numbered = night(day).set_column(0, "event_id", pa.array([str(i) for i in range(150)]))
        written(tmp_path / f"logs/{day}.parquet", numbered)
    manifest = judged(spec_of(tmp_path), days[2]).manifest
    assert (manifest.model.sample_rows, manifest.ledger.scored) == (300, 150)


def test_a_column_that_comes_or_goes_does_not_stop_the_job(tmp_path):
    days = nights(tmp_path, 3)
    more = night(days[2]).append_column("zone", pa.array(["a"] * 150))
    written(tmp_path / f"logs/{days[2]}.parquet", more)
    manifest = judged(spec_of(tmp_path), days[2]).manifest
    assert manifest.model.new_columns == ["zone"]
    written(tmp_path / f"logs/{days[2]}.parquet", night(days[2]).drop_columns("message"))
    manifest = judged(spec_of(tmp_path), days[2]).manifest
    assert "message" not in manifest.columns


def test_the_age_of_a_model_is_counted_in_days_of_the_data(tmp_path):
    days = nights(tmp_path, 8)
    spec = spec_of(tmp_path, model={"use": "latest", "refit": "3d"})
    renewed = [judged(spec, day).manifest.model.renewal for day in days]
    assert renewed == ["first", None, None, None, "age", None, None, "age"]


@pytest.fixture(scope="module")
def many_nights(tmp_path_factory):
    folder = tmp_path_factory.mktemp("nights")
    days = nights(folder, 13, action="erase", bytes=1e9, user="nobody")
    spec = spec_of(folder, behaviour=False)
    return folder, spec, days, [judged(spec, day) for day in days]


def test_a_night_with_what_none_before_had_makes_an_alarm(many_nights):
    *_, runs = many_nights
    last = runs[-1]
    rows = read_incidents(last).to_pylist()
    assert rows[0]["alarm"]
    assert "erase" in rows[0]["title"]
    assert rows[0]["severity"] in ("high", "critical")
    assert last.manifest.incidents.nights == len(runs) - 3  # the first two knew no two days
    assert rows[0]["recurrence"] == last.manifest.incidents.nights + 1
    assert sum(row["alarm"] for row in rows) == last.manifest.incidents.alarms


def test_quiet_nights_show_few_leads_and_keep_what_they_do_not_show(many_nights):
    *_, runs = many_nights
    for run in runs[2:-1]:
        told = run.manifest.incidents
        shown, unshown = read_incidents(run), read_incidents(run, "unshown")
        assert (len(shown), len(unshown)) == (told.incidents, told.unshown)
        leads = shown.filter(pa.compute.invert(shown["alarm"]))
        assert len(leads) < 20
        p_scored = np.sort(read_scores(run)["p_value"].to_numpy())
        odd = shown["p_value"].to_numpy()
        assert told.oddest is None or told.oddest >= p_scored[0] * run.manifest.units_scored
        assert len(odd) == 0 or odd.min() >= p_scored[0]


def test_no_rate_selects_records_of_other_days_unless_the_job_names_one(many_nights):
    folder, _, days, runs = many_nights
    assert {run.manifest.selection.rule for run in runs[1:]} == {"none over records"}
    assert {run.manifest.selection.selected for run in runs[1:]} == {0}
    named = judged(spec_of(folder, selection={"fdr": 0.2}, name="named"), days[-1])
    assert named.manifest.selection.rule.endswith("false discovery rate of 0.2")


def test_a_finding_is_as_grave_as_it_is_odd_and_no_graver_than_its_incident(many_nights):
    *_, runs = many_nights
    capped = 0
    for run in runs:
        findings, n = read_findings(run), run.manifest.units_scored
        of_incident = {row["incident"]: row["severity"] for row in read_incidents(run).to_pylist()}
        own = severity(findings["p_value"].to_numpy(), n)
        told = findings["severity"].to_pylist()
        for name, grade, alone in zip(findings["incident"].to_pylist(), told, own, strict=True):
            assert grade == min(of_incident[name], alone, key=SEVERITY_RANK.__getitem__)
            capped += of_incident[name] != alone
        assert run.manifest.severities == Counter(told)
    assert capped


def test_the_same_night_again_says_the_same(many_nights):
    _, spec, days, runs = many_nights
    again = judged(spec, days[-1])
    assert again.manifest.incidents == runs[-1].manifest.incidents
    assert read_incidents(again).equals(read_incidents(runs[-1]))


def test_a_night_says_how_many_nights_before_it_is_held_against(many_nights):
    *_, runs = many_nights
    for i, run in enumerate(runs):
        summary = run.manifest.incidents
        earlier = [each.manifest.incidents for each in runs[:i]]
        before = [each.oddest for each in earlier if each.oddest is not None]
        of_days = [each.oddest_window for each in earlier if each.oddest_window is not None]
        rows = read_incidents(run).to_pylist()
        assert summary.alarms == sum(row["alarm"] for row in rows)
        if i < 2:  # fewer than two days before it
            assert summary.nights is None
            continue
        n = len(before)
        assert summary.nights == n
        page = (run.folder / REPORT).read_text()
        against = f", held against {n} nights before." if n >= 7 else f"learning, {n} of 7 nights"
        assert against in page
        assert ("Quiet: no alarm" in page) is (summary.alarms == 0)
        assert (summary.window_nights or 0) == len(of_days)
        for row in rows:
            of_window = row["view"] == OF_WINDOW
            numbers = of_days if of_window else before
            own, known = row["p_value"] * run.manifest.units_scored, len(numbers)
            as_odd = sum(number <= own for number in numbers)
            was = "had as odd a day of an entity" if of_window else "was as odd"
            if known < 7:
                assert row["recurrence"] is None
            elif as_odd == 0:
                assert f"none of {known} nights before {was}" in page
            elif 2 * (as_odd + 1) <= known + 1:
                assert f"once in {(known + 1) // (as_odd + 1)} nights" in page
            else:
                assert "at least every second night" in page
