"""Settings that say which incidents come first, and which are no alarms, over some nights."""

import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from flows.cli.app import main
from flows.storage.runs.reader import PublishedRun, list_runs, read_incidents
from tests.flows.partitioned_logs import job_file, night_log
from tests.flows.sample_logs import written

pytestmark = pytest.mark.slow

FIRST = date(2026, 1, 5)
DAYS = [FIRST + timedelta(i) for i in range(6)]
LAST = DAYS[-1]
ODD = [  # hour, user, action, bytes
    (3, "eve", "erase", 1e12),
    (15, "u3", "erase", 1e5),
]


def planted(log: pa.Table, day: date = LAST) -> pa.Table:
    rows = {
        "time": [datetime(day.year, day.month, day.day, h, 30, tzinfo=UTC) for h, *_ in ODD],
        "user": [user for _, user, *_ in ODD],
        "action": [action for *_, action, _ in ODD],
        "bytes": [size for *_, size in ODD],
    }
    return pa.concat_tables([log, pa.table(rows, schema=log.schema)])


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("nights")
    for day in DAYS:
        log = night_log(day)
        path = folder / f"logs/date={day}/a.parquet"
        written(path, planted(log) if day == LAST else log)
    for day in DAYS[:-1]:
        judged(folder, day)
    return folder


def of_eve(run: PublishedRun) -> dict[str, Any]:
    return next(each for each in told(run) if each["entity"] == "eve")


def judged(folder: Path, day: date, selection: str = "") -> PublishedRun:
    path = job_file(folder, f'[selection]\nalarms = "1 in 3 nights"\nat_least = 5\n{selection}')
    assert main(["detect", "--job", str(path), "--partition", str(day), "--direct"]) == 0
    return list_runs(f"{folder}/out/nightly")[0]


def told(run: PublishedRun) -> list[dict[str, Any]]:
    return read_incidents(run).to_pylist()


def test_without_rules_both_planted_records_are_alarms(nights):
    run = judged(nights, LAST)
    first, second = told(run)[:2]
    assert (first["entity"], second["entity"]) == ("eve", "u3")
    assert first["alarm"]
    assert run.manifest.incidents.nights is not None
    assert {each["critical"] for each in told(run)} == {None}


def test_a_critical_value_is_first_of_its_kind_and_says_so(nights, capfd):
    plain = {each["incident"]: each for each in told(judged(nights, LAST))}
    leads = [each for each in plain.values() if not each["alarm"] and each["entity"]]
    critical = leads[-1]["entity"]
    capfd.readouterr()
    run = judged(nights, LAST, f'critical = ["{critical}", "nobody"]')
    found = told(run)
    assert [each["alarm"] for each in found] == sorted([e["alarm"] for e in found], reverse=True)
    for kind in (True, False):
        marks = [each["critical"] is not None for each in found if each["alarm"] is kind]
        assert marks == sorted(marks, reverse=True)
    lead = next(each for each in found if each["entity"] == critical and not each["alarm"])
    assert lead["critical"] == critical
    assert lead["severity"] in ("medium", "high", "critical")
    for each in found:
        if each["incident"] in plain:
            assert each["anomaly_score"] == plain[each["incident"]]["anomaly_score"]
    said = f"`{critical}` is critical in the job file"
    assert said in " ".join(capfd.readouterr().out.split())
    assert f"<code>{critical}</code> is critical in the job file" in (
        (run.folder / "report.html").read_text()
    )


def test_an_incident_of_too_few_records_or_in_quiet_hours_is_a_lead(nights):
    few = judged(nights, LAST, "min_records = 100")
    assert few.manifest.incidents.alarms == 0
    assert "eve" in {each["entity"] for each in told(few)}
    assert {each["severity"] for each in told(few)} <= {"low", "medium"}
    quiet = judged(nights, LAST, 'quiet_hours = ["23:00-04:00"]')
    alarm = {each["entity"]: each["alarm"] for each in told(quiet)}
    assert alarm["eve"] is False
    elsewhere = judged(nights, LAST, 'quiet_hours = ["04:00-06:00"]')
    assert {each["entity"]: each["alarm"] for each in told(elsewhere)}["eve"] is True


def test_a_critical_value_survives_the_budget(nights):
    run = judged(nights, LAST, 'critical = ["u3"]\nbudget = 1')
    assert [each["critical"] for each in told(run)] == ["u3"]


def test_what_a_verdict_calls_malicious_is_an_alarm_when_it_comes_back(nights, tmp_path):
    shutil.copytree(nights, tmp_path, dirs_exist_ok=True)
    first, after = judged(tmp_path, LAST), LAST + timedelta(1)
    written(tmp_path / f"logs/date={after}/a.parquet", planted(night_log(after), after))
    again = of_eve(judged(tmp_path, after))
    assert (again["status"], again["alarm"]) == ("recurring", False)
    output = ["--output", str(tmp_path / "out")]
    assert main(["verdict", of_eve(first)["incident"], "--label", "malicious", *output]) == 0
    again = of_eve(judged(tmp_path, after))
    assert (again["status"], again["alarm"]) == ("recurring", True)
    assert again["severity"] in ("high", "critical")
