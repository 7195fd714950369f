"""Compares a partition with the runs of earlier days, whatever times their records hold."""

from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from flows.cli.app import main
from flows.storage.runs.reader import PublishedRun, list_runs, read_incidents
from tests.flows.partitioned_logs import job_file, night_log
from tests.flows.sample_logs import written

pytestmark = pytest.mark.slow

FIRST, SECOND, THIRD = (date(2026, 1, day) for day in (5, 6, 7))


def judged(folder: Path, day: date) -> PublishedRun:
    path = str(job_file(folder, '[model]\ntrain = "batch"\n'))
    assert main(["detect", "--job", path, "--partition", str(day), "--direct"]) == 0
    return list_runs(f"{folder}/out/nightly")[0]


def stored(folder: Path, day: date, log: pa.Table) -> None:
    written(folder / f"logs/date={day}/a.parquet", log)


def test_a_day_of_which_more_has_come_is_not_compared_with_itself(tmp_path: Path) -> None:
    stored(tmp_path, FIRST, night_log(FIRST))
    before = judged(tmp_path, FIRST)
    for rows in (300, 400):
        stored(tmp_path, SECOND, night_log(SECOND).slice(0, rows))
        run = judged(tmp_path, SECOND)
        assert run.manifest.incidents.compared_with == before.manifest.run_id
        known = set(read_incidents(before)["identity"].to_pylist())
        for row in read_incidents(run).to_pylist():
            assert (row["status"] != "new") is (row["identity"] in known)


def test_a_record_of_a_wrong_year_keeps_no_day_from_being_compared_with(tmp_path: Path) -> None:
    wrong = night_log(FIRST)
    at = wrong.column_names.index("time")
    times = [datetime(2031, 1, 1, tzinfo=UTC), *wrong["time"].to_pylist()[1:]]
    stored(tmp_path, FIRST, wrong.set_column(at, "time", pa.array(times, wrong["time"].type)))
    stored(tmp_path, SECOND, night_log(SECOND))
    before = judged(tmp_path, FIRST)
    assert judged(tmp_path, SECOND).manifest.incidents.compared_with == before.manifest.run_id


def test_a_later_day_without_times_is_not_compared_with(tmp_path: Path) -> None:
    for day in (FIRST, SECOND, THIRD):
        stored(tmp_path, day, night_log(day).drop_columns(["time"]))
    first, last = judged(tmp_path, FIRST), judged(tmp_path, THIRD)
    assert last.manifest.incidents.compared_with == first.manifest.run_id
    assert judged(tmp_path, SECOND).manifest.incidents.compared_with == first.manifest.run_id
