"""A job whose partitions are hours, on a week of them."""

import re
import shutil
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

import outfield
from flows.cli.app import main
from flows.jobs.job_file import complete_job, load_job
from flows.jobs.staleness import standing
from flows.report.overview import partition_rows_sentence
from flows.results.metrics import metrics_text
from flows.storage.runs.reader import PublishedRun, list_runs
from schemas.job.partition import Partition
from tests.flows.partitioned_logs import hour_log, hourly_job, hourly_log
from tests.flows.sample_logs import dataset_bytes, written

pytestmark = pytest.mark.slow

FIRST = Partition.parse("2026-01-05T00")
HOURS = list(FIRST.through(Partition.parse("2026-01-11T23")))
LAST = HOURS[-1]
ROWS = 40


def with_attack(hour: Partition) -> pa.Table:
    """Return an ordinary hour in which one user does what nobody did in a week."""
    log = hour_log(hour, ROWS)
    odd = log.slice(0, 4)
    for name, value in (("user", "u3"), ("action", "erase"), ("bytes", 1e9)):
        odd = odd.set_column(odd.column_names.index(name), name, pa.array([value] * 4))
    return pa.concat_tables([log, odd.cast(log.schema)])


@pytest.fixture(scope="module")
def week(tmp_path_factory) -> Path:
    """A week of hours, of which the last four are judged; the last holds an attack."""
    folder = tmp_path_factory.mktemp("week")
    hourly_log(folder, FIRST, len(HOURS), ROWS)
    path = folder / f"logs/dt={LAST.day}/hour={LAST.hour:02d}/a.parquet"
    written(path, with_attack(LAST))
    options = ("--from", str(HOURS[-4]), "--to", str(LAST), "--direct")
    assert main(["backfill", str(hourly_job(folder)), *options]) == 0
    return folder


def runs(folder: Path) -> list[PublishedRun]:
    """Give the runs of the job, the oldest first."""
    return list_runs(str(folder / "out/hourly"))[::-1]


def test_each_hour_is_judged_once_by_the_days_before_it(week):
    manifests = [run.manifest for run in runs(week)]
    assert [each.partition for each in manifests] == HOURS[-4:]
    assert [each.ledger.read for each in manifests] == [ROWS] * 3 + [ROWS + 4]
    assert [each.model.days for each in manifests] == [7] * 4
    before = [None, *(each.run_id for each in manifests[:-1])]
    assert [each.incidents.compared_with for each in manifests] == before
    assert [each.incidents.nights for each in manifests] == [0, 1, 2, 3]
    files = [[file.name for file in each.input_files] for each in manifests]
    assert files == [[f"dt=2026-01-11/hour={hour}/a.parquet"] for hour in (20, 21, 22, 23)]


def test_the_attack_comes_first_and_its_day_is_judged_by_no_view_of_days(week):
    run = runs(week)[-1]
    first = outfield.read_incidents(str(week / "out/hourly")).iloc[0]
    assert "`erase`" in first["title"] or "erase" in first["summary"]
    assert run.manifest.activity is None
    assert (run.manifest.selection.by_window, run.manifest.missed) == (0, ())


def test_sentences_of_page_and_terminal_say_hours(week, capsys):
    run = runs(week)[-1]
    page = (run.folder / "report.html").read_text()
    assert "Judged: Sunday 11 January 2026, hour 23; its records are from" in page
    assert "3 earlier hours" in page
    text = re.sub(r"<(script|style).*?</\1>", "", page, flags=re.DOTALL)
    assert not re.search(r"\bnights?\b", text)
    assert main(["incidents", str(week / "out/hourly"), "--alarms"]) == 0
    assert main(["runs", str(week / "out/hourly")]) == 0
    said = capsys.readouterr().out
    assert "learning, 3 of 168 hours known" in said
    assert "night" not in said
    assert said.count("2026-01-11T2") >= 4


def test_the_same_hour_gives_the_same_bytes(week, tmp_path):
    shutil.copytree(week / "out", tmp_path / "out")
    job = hourly_job(week).read_text().replace(f"{week}/out", f"{tmp_path}/out")
    again = tmp_path / "hourly.toml"
    again.write_text(job)
    assert main(["detect", "--job", str(again), "--partition", str(LAST), "--direct"]) == 0
    one, other = (run for run in runs(tmp_path) if run.manifest.partition == LAST)
    for dataset in ("findings", "scores"):
        assert dataset_bytes(one, dataset) == dataset_bytes(other, dataset)
    titles = [
        outfield.read_incidents(str(tmp_path / "out/hourly"), run=r.folder.name)["title"]
        for r in (one, other)
    ]
    pd.testing.assert_series_equal(*titles)


def test_a_day_in_a_backfill_stands_for_its_hours(week, capsys):
    job = str(hourly_job(week))
    assert main(["backfill", job, "--from", "2026-01-11", "--to", "2026-01-12", "--dry-run"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "48 hours: 20 due, 4 up to date, 24 without data"
    assert [line.split()[0] for line in lines[1:-1]] == [
        f"2026-01-{day}T{hour:02d}" for day in (11, 12) for hour in range(24)
    ]
    some = ["--from", "2026-01-11T22", "--to", "2026-01-11", "--dry-run"]
    assert main(["backfill", job, *some]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("2 hours: 0 due, 2 up to date")


def test_a_late_file_makes_its_hour_due_and_no_other(week, tmp_path):
    shutil.copytree(week, tmp_path, dirs_exist_ok=True)
    spec = complete_job(load_job(str(hourly_job(tmp_path))))
    written(tmp_path / "logs/dt=2026-01-11/hour=21/late.parquet", hour_log(HOURS[-3], 5))
    due = [standing(spec, hour).due for hour in HOURS[-4:]]
    assert due == [None, "its input has changed", None, None]


def test_frames_tell_the_hour_as_a_time(week):
    frame = outfield.runs(str(week / "out/hourly"))
    assert frame["partition"].tolist() == [pd.Timestamp(hour.start) for hour in HOURS[:-5:-1]]
    of_all = outfield.read_incidents(str(week / "out"))
    assert set(of_all["partition"]) == {pd.Timestamp(hour.start) for hour in HOURS[-4:]}


def test_frames_of_a_job_that_changed_from_days_to_hours_can_be_sorted(week, tmp_path):
    shutil.copytree(week, tmp_path, dirs_exist_ok=True)
    job = tmp_path / "jobs/days.toml"
    job.parent.mkdir(exist_ok=True)
    (tmp_path / "logs/days").mkdir()
    written(tmp_path / "logs/days/2026-01-08.parquet", hour_log(FIRST, ROWS))
    job.write_text(
        f'input = "{tmp_path}/logs/days/{{date}}.parquet"\n'
        f'output = "{tmp_path}/out"\nname = "hourly"\n'
    )
    assert main(["detect", "--job", str(job), "--partition", "2026-01-08", "--direct"]) == 0
    frame = outfield.runs(str(tmp_path / "out/hourly")).sort_values("partition")
    assert frame["partition"].iloc[0] == pd.Timestamp("2026-01-08")
    assert str(frame["partition"].dtype) == "datetime64[us]"
    of_all = outfield.read_incidents(str(tmp_path / "out"))
    assert of_all["partition"].dtype == frame["partition"].dtype


def test_the_metrics_tell_when_the_newest_hour_ended(week):
    end = int((LAST.start - pd.Timestamp(0)) / timedelta(seconds=1)) + 3600
    told = 'outfield_newest_partition_end_timestamp_seconds{job="hourly"} '
    line = next(each for each in metrics_text(runs(week)[-1]).splitlines() if told in each)
    assert float(line.removeprefix(told)) == end


def test_a_removed_hour_is_not_due_and_its_day_is(week, tmp_path, capsys):
    shutil.copytree(week, tmp_path, dirs_exist_ok=True)
    assert main(["clean", str(tmp_path / "out/hourly"), "--keep", "1"]) == 0
    capsys.readouterr()
    job = str(hourly_job(tmp_path))
    some = ["--from", "2026-01-11T20", "--to", "2026-01-11T23", "--dry-run"]
    assert main(["backfill", job, *some]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "4 hours: 0 due, 1 up to date, 3 removed, 0 without data"
    assert main(["check", str(tmp_path / "out/hourly")]) == 0


def test_a_stored_model_is_renewed_by_the_age_of_its_last_hour(tmp_path):
    hourly_log(tmp_path, FIRST, 8, ROWS)
    more = '[model]\nuse = "latest"\nrefit = "3h"\ntrain = "last 1 days"\n'
    job = str(hourly_job(tmp_path, more))
    options = ("--from", str(HOURS[2]), "--to", str(HOURS[7]), "--direct")
    assert main(["backfill", job, *options]) == 0
    renewals = [run.manifest.model.renewal for run in runs(tmp_path)]
    assert renewals == ["first", None, None, "age", None, None]


def test_an_hour_is_judged_by_a_history_of_days_that_has_a_folder_of_its_own(tmp_path):
    hourly_log(tmp_path, FIRST, 1, ROWS)
    written(tmp_path / "trusted/2026-01-05.parquet", hour_log(FIRST, 150))
    more = f'[model]\nuse = "latest"\nrefit = "7d"\ntrain = "{tmp_path}/trusted/{{date}}.parquet"\n'
    job = str(hourly_job(tmp_path, more))
    assert main(["detect", "--job", job, "--partition", str(FIRST), "--direct"]) == 0
    (run,) = runs(tmp_path)
    assert (run.manifest.model.renewal, run.manifest.model.sample_rows) == ("first", 150)
    assert run.manifest.ledger.read == ROWS


def test_a_history_of_hours_is_refused_for_a_job_of_days(tmp_path, capsys):
    hourly_log(tmp_path, FIRST, 2, ROWS)
    hours = f"{tmp_path}/logs/dt={{date}}/hour={{hour}}"
    more = f'[model]\nuse = "latest"\nrefit = "7d"\ntrain = "{hours}"\n'
    job = hourly_job(tmp_path, more)
    job.write_text(job.read_text().replace("hour={hour}", "hour=*", 1))
    assert main(["detect", "--job", str(job), "--partition", str(FIRST.day), "--direct"]) == 2
    assert capsys.readouterr().err == (
        "outfield: error: model.train: its partitions are hours, and 2026-01-05 is a day;"
        " write `*` where the hour stands\n"
    )


def test_the_last_hours_of_the_calendar_are_judged_like_others(tmp_path, monkeypatch):
    monkeypatch.setenv("OUTFIELD_METRICS_FILE", str(tmp_path / "metrics.prom"))
    for hour in ("9999-12-31T22", "9999-12-31T23"):
        folder = f"logs/dt=9999-12-31/hour={hour[-2:]}"
        written(tmp_path / folder / "a.parquet", hour_log(FIRST, ROWS))
    job = str(hourly_job(tmp_path))
    assert main(["backfill", job, "--from", "9999-12-31", "--to", "9999-12-31", "--direct"]) == 0
    assert [str(run.manifest.partition) for run in runs(tmp_path)] == [
        "9999-12-31T22",
        "9999-12-31T23",
    ]
    assert 'partition_end_timestamp_seconds{job="hourly"} 2.534023008e+11' in (
        tmp_path / "metrics.prom"
    ).read_text().replace("newest_", "")


def test_a_day_and_an_hour_are_not_compared(week, tmp_path):
    shutil.copytree(week, tmp_path, dirs_exist_ok=True)
    daily = hourly_job(tmp_path).read_text().replace("hour={hour}", "hour=*")
    (tmp_path / "daily.toml").write_text(daily)
    tokens = ["detect", "--job", str(tmp_path / "daily.toml"), "--direct"]
    assert main([*tokens, "--partition", "2026-01-11"]) == 0
    manifest = runs(tmp_path)[-1].manifest
    assert str(manifest.partition) == "2026-01-11"
    assert manifest.ledger.read == 24 * ROWS + 4
    assert manifest.incidents.compared_with is None
    assert manifest.incidents.nights == 0
    assert manifest.activity is not None


def test_rows_are_compared_with_the_same_hour_of_other_days(tmp_path):
    days = [date(2026, 1, day) for day in range(5, 13)]
    for hour in (*(Partition.of(day, 3) for day in days), Partition.of(days[-2], 4)):
        hourly_log(tmp_path, hour, 1, 200 if hour.hour == 3 else 30)
    last = Partition.of(days[-1], 3)
    written(tmp_path / "logs/dt=2026-01-12/hour=03/a.parquet", hour_log(last, 30))
    job = str(hourly_job(tmp_path, '[model]\ntrain = "batch"\n'))
    options = ("--from", "2026-01-05T03", "--to", str(last), "--direct")
    assert main(["backfill", job, *options]) == 0
    manifest = runs(tmp_path)[-1].manifest
    seen = manifest.partition_rows
    assert seen is not None
    assert (seen.rows, seen.days, seen.far) == (30, 7, True)
    assert "from hour 03 of 7 earlier days." in partition_rows_sentence(manifest)
