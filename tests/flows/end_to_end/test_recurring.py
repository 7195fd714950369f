"""Runs of one job after each other: what is known, and that running again changes nothing."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from flows.cli.app import main
from flows.storage.runs.reader import PublishedRun, read_incidents
from schemas.outputs.tables import STATUSES
from tests.flows.sample_logs import dataset_bytes, detect, job, small_log, written

pytestmark = pytest.mark.slow

DAY = 86_400_000_000
SETTINGS: dict[str, Any] = {"selection": {"at_least": 3}}


def day_log(day: int) -> pa.Table:
    """A day on which user u1 erases something, which nobody else does."""
    log = small_log(300, seed=day).to_pydict()
    log["time"] = [1_767_571_200_000_000 + day * DAY + i * 60_000_000 for i in range(300)]
    log["user"][-2] = "u1"
    table = pa.table({name: pa.array(values) for name, values in log.items()})
    return table.set_column(1, "time", table["time"].cast(pa.timestamp("us", "UTC")))


def run_of(day: int, folder: Path) -> PublishedRun:
    location = written(folder / f"day={day}.parquet", day_log(day))
    return detect(job(location, folder / "out", **SETTINGS))


def erasing(run: PublishedRun) -> dict[str, Any]:
    (found,) = [row for row in read_incidents(run).to_pylist() if "erase" in row["title"]]
    return found


Days = tuple[Path, list[PublishedRun]]


@pytest.fixture(scope="module")
def three_days(tmp_path_factory: pytest.TempPathFactory) -> Days:
    """Three days that were judged one after the other. Tests read them, or add runs."""
    folder = tmp_path_factory.mktemp("days")
    return folder, [run_of(day, folder) for day in range(3)]


def test_an_incident_that_comes_back_is_recurring_since_its_first_day(three_days: Days) -> None:
    days = [erasing(run) for run in three_days[1]]
    assert [day["status"] for day in days] == ["new", "recurring", "recurring"]
    assert [day["occurrences"] for day in days] == [1, 2, 3]
    assert {day["since"] for day in days[1:]} == {days[0]["first_time"]}
    assert len({day["identity"] for day in days}) == 1
    assert len({day["incident"] for day in days}) == 3


def test_running_a_partition_again_changes_nothing(three_days: Days) -> None:
    folder, first = three_days
    for day in (2, 0, 1):
        again = run_of(day, folder)
        for dataset in ("incidents", "findings", "suppressed"):
            assert dataset_bytes(again, dataset) == dataset_bytes(first[day], dataset)
        assert again.manifest.incidents.statuses == first[day].manifest.incidents.statuses
        assert again.manifest.incidents.not_seen == first[day].manifest.incidents.not_seen


def test_a_run_and_the_comparison_with_the_one_before_it_say_the_same(
    three_days: Days, capsys: pytest.CaptureFixture[str]
) -> None:
    one, two, _ = three_days[1]
    summary = two.manifest.incidents
    before, after = (set(read_incidents(run)["identity"].to_pylist()) for run in (one, two))
    assert one.manifest.incidents.compared_with is None
    assert summary.compared_with == one.manifest.run_id
    assert summary.compared_day == one.manifest.judged_day == "2026-01-05"
    assert (summary.not_seen, summary.resolved) == (len(before - after), 0)
    assert main(["diff", str(one.folder), str(two.folder)]) == 0
    counts = {name: summary.statuses.get(name, 0) for name in STATUSES}
    counts |= {"not seen": summary.not_seen, "resolved": summary.resolved}
    said = ", ".join(f"{number} {name}" for name, number in counts.items())
    assert capsys.readouterr().out.splitlines()[-1] == said


def test_a_damaged_earlier_run_does_not_stop_the_next(tmp_path: Path) -> None:
    one = run_of(0, tmp_path)
    (one.folder / "manifest.json").write_text("{}")
    assert erasing(run_of(1, tmp_path))["status"] == "new"


def test_without_times_other_input_is_what_was_before(tmp_path: Path) -> None:
    def timeless(day: int) -> PublishedRun:
        location = written(tmp_path / f"{day}.parquet", day_log(day).drop("time"))
        return detect(job(location, tmp_path / "out", **SETTINGS))

    first, again, other = (erasing(timeless(day)) for day in (0, 0, 1))
    assert [each["status"] for each in (first, again)] == ["new", "new"]
    assert (other["status"] != "new", other["occurrences"]) == (True, 2)
