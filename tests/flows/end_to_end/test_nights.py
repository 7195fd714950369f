"""A job of several nights: what each says of the nights before is a count of their runs."""

from datetime import date, timedelta
from pathlib import Path

import pyarrow.compute as pc
import pytest

from flows.pipelines.refit import detect_with_refit
from flows.runtime.runner import DirectRunner
from flows.storage.runs.reader import PublishedRun, list_runs, read_incidents
from tests.flows.partitioned_logs import job_in
from tests.flows.sample_logs import small_log, written

FIRST = date(2026, 1, 5)


def judged(folder: Path, day: int) -> PublishedRun:
    runner = DirectRunner(1)
    return detect_with_refit(job_in(folder), runner, lambda *_: None, FIRST + timedelta(day))


@pytest.mark.slow
def test_a_night_says_how_many_nights_before_it_is_held_against(tmp_path: Path) -> None:
    for day in range(12):
        log = small_log(200, seed=day)
        time = pc.add(log["time"], timedelta(day))
        log = log.set_column(log.column_names.index("time"), "time", time)
        written(tmp_path / f"logs/date={FIRST + timedelta(day)}/a.parquet", log)
    for day in range(2, 12):
        run = judged(tmp_path, day)
        before = [
            earlier
            for earlier in list_runs(str(tmp_path / "out/nightly"))
            if earlier.folder != run.folder and earlier.manifest.incidents.oddest is not None
        ]
        summary = run.manifest.incidents
        assert summary.nights == len(before)
        rows = read_incidents(run).to_pylist()
        assert summary.alarms == sum(row["alarm"] for row in rows)
        page = (run.folder / "report.html").read_text()
        n = len(before)
        against = f", held against {n} nights before." if n >= 7 else f"learning, {n} of 7 nights"
        assert against in page
        assert ("Quiet: no alarm" in page) is (summary.alarms == 0)
        for row in rows:
            numbers = [earlier.manifest.incidents.oddest for earlier in before]
            own = row["p_value"] * run.manifest.units_scored
            as_odd = sum(number <= own for number in numbers)
            if n < 7:
                assert row["recurrence"] is None
            elif as_odd == 0:
                assert f"none of {n} nights before was as odd" in page
            elif 2 * (as_odd + 1) <= n + 1:
                assert f"once in {(n + 1) // (as_odd + 1)} nights" in page
            else:
                assert "at least every second night" in page
