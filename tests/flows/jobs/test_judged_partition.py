import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from flows.cli.app import main
from flows.jobs.job_file import complete_job, load_job
from flows.jobs.judged_partition import LOOK_BACK, chosen_partition
from flows.pipelines.detect import detect_events
from flows.runtime.runner import DirectRunner
from flows.steps.planned import Source
from flows.storage.runs.reader import find_run, list_runs, read_scores
from schemas.errors import InputError, JobError
from schemas.job.fingerprint import job_fingerprint
from schemas.job.job import parse_job
from schemas.job.partition import Partition
from tests.flows.partitioned_logs import hourly_job, job_file, job_in, partitions
from tests.flows.sample_logs import dataset_bytes, small_log, written

DAY = date(2026, 1, 5)
NOON = datetime(2026, 1, 7, 12, tzinfo=UTC)


def detected(job, day):
    return detect_events(job, DirectRunner(2), lambda *_: None, Source(day and Partition.of(day)))


@pytest.mark.slow
def test_a_run_judges_its_partition_and_no_other(tmp_path):
    partitions(tmp_path, [DAY, DAY + timedelta(1)])
    run = detected(job_in(tmp_path), DAY)
    assert run.manifest.partition == Partition.of(DAY)
    assert [file.name for file in run.manifest.input_files] == ["date=2026-01-05/a.parquet"]
    assert run.manifest.ledger.read == 60
    assert run.manifest.columns["date"].role == "ignore"


@pytest.mark.slow
def test_the_hours_of_a_day_are_judged_with_it(tmp_path):
    for hour in (4, 5):
        folder = tmp_path / f"logs/date={DAY}/hour={hour:02d}"
        written(folder / "a.parquet", small_log(60, seed=hour))
    job = job_in(tmp_path)
    run = detected(job.model_copy(update={"input": f"{job.input}/hour=*/"}), DAY)
    assert [file.name for file in run.manifest.input_files] == [
        "date=2026-01-05/hour=04/a.parquet",
        "date=2026-01-05/hour=05/a.parquet",
    ]
    assert run.manifest.columns["hour"].role == "ignore"


@pytest.mark.slow
def test_a_partition_is_judged_as_if_it_were_the_input(tmp_path):
    partitions(tmp_path, [DAY])
    run = detected(job_in(tmp_path), DAY)
    alone = detected(job_in(tmp_path).model_copy(update={"input": f"{tmp_path}/logs"}), None)
    assert dataset_bytes(run, "scores") == dataset_bytes(alone, "scores")
    assert dataset_bytes(run, "findings") == dataset_bytes(alone, "findings")


@pytest.mark.slow
def test_rows_without_an_id_are_told_apart_by_their_partition(tmp_path):
    written(tmp_path / f"logs/date={DAY}/a.parquet", small_log(60).drop("event_id"))
    ids = read_scores(detected(job_in(tmp_path), DAY))["record_id"].to_pylist()
    assert ids[0] == "date=2026-01-05/a.parquet:0"


@pytest.mark.parametrize(
    ("there", "chosen"),
    [
        ([5, 6, 7, 8], 6),  # that of today is still written
        ([4, 5], 5),  # late data: the newest that is there
    ],
)
def test_the_newest_partition_whose_day_is_over_is_chosen(tmp_path, there, chosen):
    partitions(tmp_path, [date(2026, 1, day) for day in there], n=2)
    assert chosen_partition(job_in(tmp_path), None, NOON) == Partition.of(date(2026, 1, chosen))


@pytest.mark.parametrize(("zone", "chosen"), [("Asia/Tokyo", 6), ("UTC", 5)])
def test_a_day_is_over_when_it_is_in_the_time_zone_of_the_schedule(tmp_path, zone, chosen):
    partitions(tmp_path, [date(2026, 1, day) for day in (5, 6, 7)], n=2)
    job = job_in(tmp_path, f'[schedule]\ncron = "0 6 * * *"\ntimezone = "{zone}"\n')
    evening = datetime(2026, 1, 6, 18, tzinfo=UTC)
    assert chosen_partition(job, None, evening) == Partition.of(date(2026, 1, chosen))


@pytest.mark.parametrize(("newest", "recent"), [(6, True), (5, True), (4, True), (3, False)])
def test_a_feed_that_stopped_fails_the_run(tmp_path, newest, recent):
    """At noon of the 7th, the 4th ended two days and a half ago."""
    partitions(tmp_path, [date(2026, 1, newest)], n=2)
    job = job_in(tmp_path, 'max_age = "60h"\n')
    if recent:
        assert chosen_partition(job, None, NOON) == Partition.of(date(2026, 1, newest))
        return
    told = "the newest partition is 2026-01-03, which ended 3.5 days ago; `max_age` allows 2.5"
    with pytest.raises(InputError, match=re.escape(told)) as refused:
        chosen_partition(job, None, NOON)
    assert "feed has stopped" in str(refused.value)
    assert chosen_partition(job, Partition.of(date(2026, 1, newest)), NOON) == Partition.of(
        date(2026, 1, newest)
    )


def test_a_stopped_feed_ends_the_command_in_one_line_with_exit_code_2(tmp_path, capsys):
    partitions(tmp_path, [datetime.now(UTC).date() - timedelta(5)])
    path = job_file(tmp_path, 'max_age = "2d"\n')
    assert main(["detect", "--job", str(path), "--direct"]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert "the newest partition is" in line
    assert not (tmp_path / "out").exists()


def test_only_a_partition_ages(tmp_path):
    job = job_in(tmp_path, 'max_age = "2d"\n')
    with pytest.raises(JobError, match="`max_age` needs an `input` with"):
        parse_job(f'input = "{tmp_path}/logs"\nmax_age = "2d"\n', "job.toml")
    same = job.model_copy(update={"max_age": None})
    assert job_fingerprint(job) == job_fingerprint(same)


def test_a_partition_too_long_ago_is_not_chosen(tmp_path):
    partitions(tmp_path, [NOON.date() - timedelta(LOOK_BACK["day"] + 1)], n=2)
    with pytest.raises(InputError, match="none of the 31 days before 2026-01-07 is there"):
        chosen_partition(job_in(tmp_path), None, NOON)


@pytest.mark.slow
def test_a_file_can_be_a_partition_and_a_day_be_spelt_in_folders(tmp_path):
    written(tmp_path / "logs/2026/01/app-05.parquet", small_log(60))
    spelling = f"{tmp_path}/logs/{{date:%Y/%m}}/app-{{date:%d}}.parquet"
    job = job_in(tmp_path).model_copy(update={"input": spelling})
    assert chosen_partition(job, None, NOON) == Partition.of(DAY)
    assert [file.name for file in detected(job, DAY).manifest.input_files] == [
        "2026/01/app-05.parquet"
    ]


def test_a_day_needs_a_place_and_a_place_needs_a_day(tmp_path):
    partitions(tmp_path, [DAY])
    job = job_in(tmp_path)
    with pytest.raises(JobError, match=r"the input has no `\{date\}`"):
        chosen_partition(job.model_copy(update={"input": "logs"}), Partition.of(DAY), NOON)
    with pytest.raises(JobError, match="no partition is named"):
        detect_events(job, DirectRunner(2), lambda *_: None, Source(None))


@pytest.mark.parametrize("wrong", ["../../etc", "2026-02-31", "2026-01-05/..", "20260105", ""])
def test_what_is_no_day_is_refused_in_one_line(tmp_path, wrong, capsys):
    partitions(tmp_path, [DAY])
    tokens = ["detect", "--job", str(job_file(tmp_path)), "--direct", "--partition", wrong]
    assert main(tokens) == 2
    captured = capsys.readouterr()
    assert captured.err == (
        f"outfield: error: --partition: {wrong!r} is not a day; write it as 2026-01-05\n"
    )
    assert not (tmp_path / "out").exists()


def test_an_hour_is_refused_with_its_day(tmp_path, capsys):
    job = str(job_file(tmp_path))
    assert main(["detect", "--job", job, "--direct", "--partition", "2026-01-05T05"]) == 2
    assert capsys.readouterr().err.endswith(
        "2026-01-05T05 is an hour, and a partition of this input is a day; write 2026-01-05, which"
        " holds all its hours\n"
    )


def test_a_day_of_hours_is_refused_with_one_of_them(tmp_path, capsys):
    job = str(hourly_job(tmp_path))
    assert main(["detect", "--job", job, "--direct", "--partition", "2026-01-05"]) == 2
    assert capsys.readouterr().err.endswith(
        "2026-01-05 is a day, and a partition of this input is an hour; write one of its hours,"
        " such as 2026-01-05T05\n"
    )


@pytest.mark.parametrize("wrong", ["2026-01-05T05:00", "2026-01-05 05", "2026-01-05T24"])
def test_a_time_is_refused_with_its_day_and_how_hours_are_spelt(tmp_path, wrong, capsys):
    tokens = ["detect", "--job", str(hourly_job(tmp_path)), "--partition", wrong, "--direct"]
    assert main(tokens) == 2
    assert capsys.readouterr().err == (
        f"outfield: error: --partition: {wrong!r} is a time, and a partition is a day or an hour;"
        " write 2026-01-05 for the day, or 2026-01-05T00 to 2026-01-05T23 for an hour\n"
    )


@pytest.mark.parametrize("wrong", ["2026-01-05T5", "2026-01-05t05", " 2026-01-05T05"])
def test_an_hour_that_is_spelt_in_another_way_is_told_how(tmp_path, wrong, capsys):
    tokens = ["detect", "--job", str(hourly_job(tmp_path)), "--partition", wrong, "--direct"]
    assert main(tokens) == 2
    assert "2026-01-05T00 to 2026-01-05T23 for an hour\n" in capsys.readouterr().err


@pytest.mark.parametrize("wrong", ["2026-02-30T05", "0000-01-01T05", "2026-01-05T\u0660\u0665"])
def test_no_day_is_offered_that_is_none(tmp_path, wrong, capsys):
    tokens = ["detect", "--job", str(hourly_job(tmp_path)), "--partition", wrong, "--direct"]
    assert main(tokens) == 2
    assert capsys.readouterr().err.endswith("is not a day; write it as 2026-01-05\n")


def test_init_of_old_partitions_asks_for_a_folder_and_for_no_option_of_detect(tmp_path, capsys):
    partitions(tmp_path, [DAY])
    assert main(["init", f"{tmp_path}/logs/date={{date}}"]) == 2
    said = capsys.readouterr().err
    assert said.endswith("; check how it is spelt, or name the folder of one partition\n")
    assert "none of the 31 days before" in said


BERLIN = ZoneInfo("Europe/Berlin")
IN_BERLIN = '[schedule]\ncron = "15 * * * *"\ntimezone = "Europe/Berlin"\n'


def hours_there(folder, day, hours):
    """Make a folder for each hour of a day, as its clock names them, and return the job."""
    for hour in hours:
        written(folder / f"logs/dt={day}/hour={hour:02d}/a.parquet", small_log(2))
    return complete_job(load_job(str(hourly_job(folder, IN_BERLIN))))


@pytest.mark.parametrize(
    ("now", "chosen"),
    [
        ("2026-10-25T00:15+00:00", 1),  # 02:15, for the first time
        ("2026-10-25T01:15+00:00", 1),  # 02:15 again: its hour is still being written
        ("2026-10-25T02:15+00:00", 2),
    ],
)
def test_an_hour_that_comes_twice_is_over_after_its_second_time(tmp_path, now, chosen):
    job = hours_there(tmp_path, "2026-10-25", range(5))
    newest = chosen_partition(job, None, datetime.fromisoformat(now))
    assert newest == Partition.of(date(2026, 10, 25), chosen)


def test_an_hour_that_the_clock_skips_is_passed_over(tmp_path):
    job = hours_there(tmp_path, "2026-03-29", [0, 1, 3, 4])
    for now, chosen in (("01:15", 1), ("02:15", 3)):
        at = datetime.fromisoformat(f"2026-03-29T{now}+00:00")
        assert chosen_partition(job, None, at) == Partition.of(date(2026, 3, 29), chosen)


@pytest.mark.parametrize("day", [date(2026, 3, 29), date(2026, 10, 25), date(2026, 7, 1)])
def test_an_hourly_schedule_comes_to_each_hour_of_a_clock(tmp_path, day):
    begin = datetime.combine(day, time(0, 15), BERLIN).astimezone(UTC)
    runs = [begin + timedelta(hours=n) for n in range(27)]
    of_clock = {
        each.astimezone(BERLIN).hour for each in runs if each.astimezone(BERLIN).date() == day
    }
    job = hours_there(tmp_path, day, of_clock)
    chosen = [chosen_partition(job, None, now) for now in runs[1:]]
    assert sorted(set(chosen)) == [Partition.of(day, hour) for hour in sorted(of_clock)]
    assert chosen == sorted(chosen)


@pytest.mark.parametrize(("minute", "fails"), [(0, False), (30, True)])
def test_the_age_of_an_hour_is_counted_from_its_second_time(tmp_path, minute, fails):
    job = hours_there(tmp_path, "2026-10-25", [2]).model_copy(update={"max_age": 2 * 3600.0})
    now = datetime(2026, 10, 25, 4, minute, tzinfo=UTC)  # hour 02 ended at 02:00 UTC
    if not fails:
        assert chosen_partition(job, None, now) == Partition.of(date(2026, 10, 25), 2)
        return
    said = r"is 2026-10-25T02, which ended 2.5 hours ago; `max_age` allows 2"
    with pytest.raises(InputError, match=said):
        chosen_partition(job, None, now)


def test_hours_too_long_ago_are_not_chosen(tmp_path):
    hours_there(tmp_path, "2025-12-31", [11])
    job = complete_job(load_job(str(hourly_job(tmp_path))))
    with pytest.raises(InputError, match="none of the 168 hours before 2026-01-07T12 is there"):
        chosen_partition(job, None, NOON)


@pytest.mark.slow
def test_the_newest_run_is_that_of_the_newest_day_not_of_the_last_backfill(tmp_path):
    days = [DAY, DAY + timedelta(1)]
    partitions(tmp_path, days)
    job = job_in(tmp_path)
    newest = detected(job, days[1]).manifest.run_id
    detected(job, days[0])
    folder = str(tmp_path / "out/nightly")
    assert find_run(folder).manifest.run_id == newest
    assert [run.manifest.partition.day for run in list_runs(folder)] == days
    again = detected(job, days[1]).manifest.run_id
    assert find_run(folder).manifest.run_id == again


@pytest.mark.slow
def test_runs_shows_the_partitions(tmp_path, capsys):
    partitions(tmp_path, [DAY])
    detected(job_in(tmp_path), DAY)
    assert main(["runs", str(tmp_path / "out/nightly")]) == 0
    header, row = capsys.readouterr().out.splitlines()
    assert header.startswith("partition   run ")
    assert row.startswith("2026-01-05  20")


@pytest.mark.slow
def test_init_looks_at_the_newest_complete_partition(tmp_path, capsys):
    yesterday = datetime.now(UTC).date() - timedelta(1)
    partitions(tmp_path, [yesterday])
    target = tmp_path / "made.toml"
    location = f"{tmp_path}/logs/date={{date}}"
    assert main(["init", location, "--output-file", str(target)]) == 0
    assert main(["detect", "--job", str(target), "--output", str(tmp_path), "--direct"]) == 0
    assert find_run(str(tmp_path / "made")).manifest.partition == Partition.of(yesterday)
