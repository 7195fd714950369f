"""Odd windows among the incidents of odd records."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from anomaly.incidents.summary import OF_RECORDS, OF_WINDOW
from anomaly.model.selection import severity
from flows.pipelines.refit import detect_with_refit
from flows.runtime.runner import DirectRunner
from flows.steps.window_incidents import _add, _Group
from flows.storage.runs.reader import read_incidents
from schemas.job.partition import Partition
from tests.flows.sample_logs import job, written
from tests.flows.steps.test_windows import FIRST, office

WINDOW: Any = "a window"


def test_a_window_joins_the_records_that_it_shares_and_both_p_values_stay() -> None:
    groups = [_Group(np.arange(10), 1e-3), _Group(np.arange(10, 20), 1e-2)]
    _add(groups, WINDOW, 1e-5, np.arange(4, 14))
    assert [group.places.tolist() for group in groups] == [list(range(10)), list(range(10, 20))]
    assert [group.p_value for group in groups] == [1e-5, 1e-2]
    assert [group.by_view for group in groups] == [{OF_RECORDS: 1e-3, OF_WINDOW: 1e-5}, {}]


def test_a_window_takes_its_records_out_of_those_of_a_move() -> None:
    groups = [_Group(np.arange(50), 0.2, of_move=True)]
    _add(groups, WINDOW, 1e-4, np.arange(5, 15))
    assert groups[0].places.tolist() == [*range(5), *range(15, 50)]
    assert groups[1].places.tolist() == list(range(5, 15))
    assert (groups[1].alone, groups[1].p_value, groups[1].by_view) == (True, 1e-4, {})
    assert (groups[0].window, groups[0].p_value) == (None, 0.2)


@pytest.mark.slow
def test_records_of_a_move_with_an_odd_day_have_the_severity_of_what_they_are_ranked_by(
    tmp_path: Path,
) -> None:
    spec = job(f"{tmp_path}/logs/date={{date}}", tmp_path / "out")
    for day in (day for day in range(10) if (FIRST + timedelta(day)).weekday() < 5):
        rows, random = office(range(day, day + 1), seed=day), np.random.default_rng(day)
        rows["amount"] = random.lognormal(4.0, 0.5, len(rows["id"])).tolist()
        for number in range(60 if day == 9 else 0):
            rows["id"].append(f"burst-{number}")
            rows["time"].append(FIRST + timedelta(day, hours=14, seconds=20 * number))
            rows["user"].append("u3")
            rows["action"].append("write")
            rows["amount"].append(230.0 + number)
        log = pa.table(rows)
        agent = pa.array(["5.0" if day == 9 else "4.1"] * log.num_rows)
        on = (FIRST + timedelta(day)).date()
        written(tmp_path / f"logs/date={on}/part.parquet", log.append_column("agent", agent))
        run = detect_with_refit(spec, DirectRunner(1), lambda *_: None, Partition.of(on))
    first = read_incidents(run).to_pylist()[0]
    assert (first["view"], first["entity"]) == ("records", "u3")
    graded = severity([first["p_value"]], run.manifest.units_scored)
    assert [first["severity"]] == graded == ["critical"]
