"""Backfills: what is due and why, in order, resumable, one failure not stopping the rest."""

import os
import shutil
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from flows.cli.app import main
from flows.cli.options import Services
from flows.jobs.staleness import nothing_to_do, standing, standings
from flows.pipelines.detect import detect_events
from flows.pipelines.train import train_model
from flows.runtime.runner import DirectRunner
from flows.steps.planned import Source
from flows.storage.fs.lock import job_lock
from flows.storage.models.registry import roll_back
from flows.storage.runs.reader import PublishedRun, list_runs
from flows.storage.runs.writer import job_folder
from schemas.job.partition import Partition
from tests.flows.partitioned_logs import job_file, job_in, partitions
from tests.flows.sample_logs import dataset_bytes

FIRST = Partition.of(date(2026, 1, 5))
DAYS = list(FIRST.through(Partition.of(date(2026, 1, 7))))
RANGE = ("--from", "2026-01-05", "--to", "2026-01-08")


def backfill(folder: Path, *options: str, more: str = "", services: Services | None = None) -> int:
    return main(["backfill", str(job_file(folder, more)), *RANGE, "--direct", *options], services)


def judged(folder: Path) -> list[Partition | None]:
    """Give the days of the runs, the oldest run first."""
    return [run.manifest.partition for run in reversed(list_runs(str(folder / "out/nightly")))]


@pytest.fixture(scope="module")
def filled(tmp_path_factory) -> Path:
    """A folder in which three days have been judged; a fourth has no data."""
    folder = tmp_path_factory.mktemp("filled")
    partitions(folder, [each.day for each in DAYS])
    assert backfill(folder) == 0
    return folder


def test_a_backfill_judges_in_order_what_is_there(filled):
    assert judged(filled) == DAYS


def test_a_second_backfill_has_nothing_to_do(filled, capsys):
    assert backfill(filled) == 0
    assert capsys.readouterr().out == (
        "4 days: 0 due, 3 up to date, 1 without data\n0 judged, 0 failed\n"
    )
    assert judged(filled) == DAYS


def why(folder: Path, more: str = "") -> list[str | None]:
    return [each.due for each in standings(job_in(folder, more), FIRST, DAYS[-1])]


def test_each_setting_that_judges_makes_all_stale_and_others_do_not(filled):
    assert why(filled, "seed = 1\n") == ["the job has changed"] * 3
    assert why(filled, "[selection]\nat_least = 3\n") == ["the job has changed"] * 3
    assert why(filled, '[schedule]\ninterval = "1d"\n') == [None] * 3


def test_what_another_version_judged_is_stale(filled, monkeypatch):
    monkeypatch.setattr("flows.jobs.staleness.version", lambda _: "99.0")
    ours = list_runs(str(filled / "out/nightly"))[0].manifest.outfield_version
    assert why(filled) == [f"judged by outfield {ours}"] * 3


@pytest.fixture
def logs(tmp_path) -> Path:
    partitions(tmp_path, [each.day for each in DAYS])
    return tmp_path


def detected(folder: Path, day: Partition) -> None:
    detect_events(job_in(folder), DirectRunner(2), lambda *_: None, Source(day))


def late_file(folder: Path) -> None:
    partitions(folder / "late", [FIRST.day])
    file = folder / f"late/logs/date={FIRST}/a.parquet"
    file.rename(folder / f"logs/date={FIRST}/b.parquet")


def rewritten_file(folder: Path) -> None:
    file = folder / f"logs/date={FIRST}/a.parquet"
    os.utime(file, ns=(file.stat().st_atime_ns, file.stat().st_mtime_ns + 1_000_000))


@pytest.fixture
def copied(filled, tmp_path) -> Path:
    """A copy of the three judged days, to change something in."""
    shutil.copytree(filled, tmp_path, dirs_exist_ok=True)
    assert why(tmp_path) == [None] * 3
    return tmp_path


def runs_by_day(folder: Path) -> dict[date | None, PublishedRun]:
    return {run.manifest.partition: run for run in list_runs(str(folder / "out/nightly"))}


@pytest.mark.parametrize("change", [late_file, rewritten_file])
def test_a_partition_whose_files_changed_is_stale(copied, change):
    change(copied)
    assert why(copied) == ["its input has changed", None, None]


def test_a_run_that_cannot_be_read_counts_for_none(copied):
    (runs_by_day(copied)[FIRST].folder / "manifest.json").write_text("{")
    assert why(copied) == ["not judged yet", None, None]


def test_a_dry_run_lists_each_day_and_why_and_judges_none(copied, capsys):
    runs = runs_by_day(copied)
    run = runs[DAYS[1]]
    for day in (DAYS[0], DAYS[2]):
        shutil.rmtree(runs[day].folder)
    assert backfill(copied, "--dry-run") == 0
    assert capsys.readouterr().out.splitlines() == [
        "partition   state           newest run",
        "2026-01-05  not judged yet",
        f"2026-01-06  up to date      {run.manifest.run_id}",
        "2026-01-07  not judged yet",
        "2026-01-08  no data",
        "4 days: 2 due, 1 up to date, 1 without data",
    ]
    assert judged(copied) == [DAYS[1]]


@pytest.mark.slow
def test_a_day_whose_run_was_removed_is_not_due_and_says_so(copied, capsys):
    assert main(["clean", str(copied / "out"), "--keep", "1"]) == 0
    removed = f"removed on {datetime.now(UTC).date()}"
    newest = runs_by_day(copied)[DAYS[2]].manifest.run_id
    capsys.readouterr()
    assert backfill(copied, "--dry-run") == 0
    assert [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()[1:]] == [
        f"2026-01-05 {removed}",
        f"2026-01-06 {removed}",
        f"2026-01-07 up to date {newest}",
        "2026-01-08 no data",
        "4 days: 0 due, 1 up to date, 2 removed, 1 without data",
    ]
    assert str(nothing_to_do(standing(job_in(copied), FIRST))).endswith(f"its run was {removed}.")
    detected(copied, FIRST)
    assert why(copied) == [None] * 3
    assert set(runs_by_day(copied)) == {DAYS[0], DAYS[2]}


def test_a_list_of_removed_days_that_cannot_be_read_is_told_in_one_line(copied, capsys):
    (copied / "out/nightly/removed.json").write_text("{")
    assert backfill(copied, "--dry-run") == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "removed.json: this list of removed days cannot be read; move it away" in line


@pytest.mark.slow
def test_a_partition_that_fails_is_told_and_does_not_stop_the_rest(logs, capsys):
    (logs / f"logs/date={DAYS[1]}/a.parquet").write_bytes(b"PAR1 not really")
    assert backfill(logs) == 2
    captured = capsys.readouterr()
    first, last = captured.err.splitlines()
    assert first.startswith("2026-01-06: ")
    assert "not a Parquet file" in first
    assert last.startswith("outfield: error: 1 of 3 failed: 2026-01-06; ")
    assert captured.out.endswith("2 judged, 1 failed\n")
    assert judged(logs) == [DAYS[0], DAYS[2]]


def test_a_fault_of_ours_ends_with_1_after_the_rest(logs, capsys):
    def failing(_job, *, partition, **_):
        raise ZeroDivisionError(partition)

    assert backfill(logs, services=replace(Services(), run_detect=failing)) == 1
    err = capsys.readouterr().err.splitlines()
    assert [line[:28] for line in err[:3]] == [f"{day}: outfield failed:" for day in DAYS]
    assert "3 of 3 failed" in err[3]


@pytest.mark.slow
def test_a_backfill_that_was_stopped_goes_on_where_it_was(logs, capsys):
    def stopping(job, *, partition, on_progress, **_):
        if partition == DAYS[1]:
            raise KeyboardInterrupt
        return detect_events(job, DirectRunner(2), on_progress, Source(partition))

    assert backfill(logs, services=replace(Services(), run_detect=stopping)) == 130
    assert judged(logs) == [DAYS[0]]
    assert backfill(logs) == 0
    assert "2 due, 1 up to date" in capsys.readouterr().out
    assert judged(logs) == DAYS


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (("2026-02-01", "2026-01-01"), ("--from 2026-02-01 is after --to", "exchange")),
        (("2025-01-01", "2025-01-31"), ("none of the 31 days", "date={date}")),
        (("2026-01-01", "January"), ("--to: 'January' is not a day", "2026-01-05")),
    ],
)
def test_wrong_days_are_told_in_one_line(logs, capsys, days, words):
    tokens = ["backfill", str(job_file(logs)), "--from", days[0], "--to", days[1]]
    assert main(tokens) == 2
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1
    assert all(word in captured.err for word in words)


@pytest.mark.slow
def test_days_at_once_give_what_one_after_the_other_gives(logs, tmp_path_factory, capsys):
    other = tmp_path_factory.mktemp("parallel")
    partitions(other, [each.day for each in DAYS])
    (other / f"logs/date={DAYS[1]}/a.parquet").write_bytes(b"PAR1 not really")
    (logs / f"logs/date={DAYS[1]}/a.parquet").write_bytes(b"PAR1 not really")
    assert backfill(logs) == 2
    told = capsys.readouterr()
    assert backfill(other, "--parallel", "3") == 2
    also = capsys.readouterr()
    assert also.out.splitlines()[0] == told.out.splitlines()[0]
    assert [line[:20] for line in also.err.splitlines()] == [
        line[:20] for line in told.err.splitlines()
    ]
    assert judged(other) == [DAYS[0], DAYS[2]]
    runs = [list_runs(str(folder / "out/nightly")) for folder in (logs, other)]
    for one, three in zip(*runs, strict=True):
        for dataset in ("incidents", "findings", "scores"):
            assert dataset_bytes(one, dataset) == dataset_bytes(three, dataset)
        assert one.manifest.incidents.statuses == three.manifest.incidents.statuses
    second = runs[1][0].manifest
    assert second.incidents.compared_with == runs[1][1].manifest.run_id


def test_a_run_that_holds_the_job_keeps_a_batch_of_days_waiting(logs, capsys, monkeypatch):
    monkeypatch.setenv("OUTFIELD_LOCK_WAIT", "0")
    with job_lock(logs / "out/nightly", 0):
        assert backfill(logs, "--parallel", "2") == 2
    assert "another run is writing this job" in capsys.readouterr().err
    assert judged_none(logs)


def judged_none(folder: Path) -> bool:
    return not (folder / "out/nightly/runs").exists()


@pytest.mark.parametrize(
    ("more", "options", "words"),
    [
        ('[model]\nuse = "latest"\nrefit = "7d"\n', ("--direct",), ("refit", "--parallel")),
        ("", (), ("--parallel", "--direct")),
    ],
)
def test_what_cannot_be_done_in_parallel_is_told(logs, capsys, more, options, words):
    tokens = ["backfill", str(job_file(logs, more)), *RANGE, "--parallel", "2", *options]
    assert main(tokens) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert all(word in said for word in words)
    assert judged_none(logs)


@pytest.mark.slow
def test_what_another_model_judged_is_stale_until_that_is_the_latest_again(logs):
    spec = job_in(logs, '[model]\nuse = "latest"\n')
    first = train_model(spec, DirectRunner(2), lambda *_: None, promote=True, partition=DAYS[0])
    detect_events(spec, DirectRunner(2), lambda *_: None, Source(FIRST))
    assert standing(spec, FIRST).due is None
    train_model(spec, DirectRunner(2), lambda *_: None, promote=True, partition=DAYS[1])
    assert standing(spec, FIRST).due == f"judged by model {first.stored.model_id}"
    assert standing(job_in(logs, '[model]\nuse = "latest"\nrefit = "7d"\n'), FIRST).due != (
        f"judged by model {first.stored.model_id}"
    )
    roll_back(job_folder(spec), datetime.now(UTC))
    assert standing(spec, FIRST).due is None
