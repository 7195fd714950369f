"""The earlier runs that a run is compared with."""

from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest

from flows.storage.runs import history
from flows.storage.runs.history import earlier_runs, runs_before, runs_with_incidents
from schemas.job.partition import Partition

HOURS = list(Partition.parse("2026-01-01T00").through(Partition.parse("2026-01-09T23")))
DAYS = list(Partition.parse("2026-01-01").through(Partition.parse("2026-01-09")))
NEXT = Partition.parse("2026-01-10")


def run(partition: Partition) -> Any:
    day = (partition.day - date(1970, 1, 1)).days
    told = SimpleNamespace(partition=partition, covers=None, input_files=[])
    told.covers_any = lambda days: day in days
    return SimpleNamespace(manifest=told)


@pytest.fixture(autouse=True)
def of_one_age(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "age", lambda run: (0.0, ""))


def partitions(runs: list[Any]) -> list[Partition]:
    return [run.manifest.partition for run in runs]


@pytest.mark.parametrize(("judged", "before"), [(NEXT, DAYS), (NEXT.hours[0], HOURS)])
def test_days_are_compared_with_days_and_hours_with_hours(
    judged: Partition, before: list[Partition]
) -> None:
    published = [run(partition) for partition in [*DAYS, *HOURS]]
    assert partitions(earlier_runs(published, judged, None, [])) == before


def test_incidents_are_read_of_all_days_and_of_the_hours_of_a_week() -> None:
    for some, read in ((DAYS, DAYS), (HOURS, HOURS[-168:]), ([], [])):
        assert partitions(runs_with_incidents([run(each) for each in some])) == read


def test_runs_of_some_days_count_however_old() -> None:
    days = list(Partition.parse("2025-09-01").through(Partition.parse("2026-01-09")))
    runs = [run(partition) for partition in days]
    found = earlier_runs(runs, NEXT, None, [])
    assert partitions(found) == days[-90:]
    wanted = [(each.day - date(1970, 1, 1)).days for each in (days[3], days[20], days[-2])]
    found = earlier_runs(runs, NEXT, None, [], wanted)
    assert partitions(found) == [days[3], days[20], *days[-90:]]


def test_the_steps_of_a_run_look_at_the_runs_that_it_found_first(monkeypatch, tmp_path) -> None:
    there = [run(DAYS[0])]
    monkeypatch.setattr(history, "readable_runs", lambda folder: list(there))
    first = runs_before(tmp_path, "a")
    there.append(run(DAYS[1]))
    assert runs_before(tmp_path, "a") == first == (there[0],)
    assert runs_before(tmp_path, "b") == tuple(there)
    assert runs_before(tmp_path / "other", "b") == tuple(there)
