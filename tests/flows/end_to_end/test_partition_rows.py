"""Says that half of a night is missing, and nothing of a night as usual."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from flows.cli.app import main
from flows.jobs.job_file import complete_job, load_job
from flows.report.overview import partition_rows_sentence
from flows.results.notifications import tell_of_outcome
from flows.storage.runs.reader import PublishedRun, list_runs
from schemas.job.partition import Partition
from schemas.outputs.figures import PartitionRows
from tests.flows.partitioned_logs import job_file, night_log
from tests.flows.results.test_notifications import duty  # noqa: F401 - a fixture
from tests.flows.sample_logs import written
from tests.flows.sample_runs import published

FIRST = date(2026, 1, 5)
PARTITION = Partition.of(FIRST)


def judged(folder: Path, day: date) -> PublishedRun:
    path = str(job_file(folder, '[model]\ntrain = "batch"\n'))
    assert main(["detect", "--job", path, "--partition", str(day), "--direct"]) == 0
    return list_runs(f"{folder}/out/{complete_job(load_job(path)).name}")[0]


@pytest.mark.slow
def test_half_a_night_is_a_statement_in_manifest_terminal_and_page(tmp_path, capfd):
    days = [FIRST + timedelta(i) for i in range(9)]
    for day in days:
        written(tmp_path / f"logs/date={day}/a.parquet", night_log(day, 400))
    runs = [judged(tmp_path, day) for day in days[:-1]]
    assert [run.manifest.partition_rows is None for run in runs] == [True] * 7 + [False]
    usual = runs[-1].manifest.partition_rows
    assert usual is not None
    assert (usual.rows, usual.days, usual.far) == (400, 7, False)
    capfd.readouterr()

    written(tmp_path / f"logs/date={days[-1]}/a.parquet", night_log(days[-1], 180))
    run = judged(tmp_path, days[-1])
    seen = run.manifest.partition_rows
    assert seen is not None
    assert (seen.rows, seen.days, seen.far) == (180, 8, True)
    said = partition_rows_sentence(run.manifest)
    assert said.startswith("2026-01-13 has far fewer rows than usual: 180, where ")
    assert said in " ".join(capfd.readouterr().out.split())
    assert said in (run.folder / "report.html").read_text()


def test_the_sentence_names_the_weekday_and_its_earlier_days(tmp_path):
    run = published(tmp_path)
    rows = PartitionRows(rows=9_000, low=2_000, high=3_000, days=4, of_weekday=True)
    told = run.manifest.model_copy(update={"partition_rows": rows, "partition": PARTITION})
    assert partition_rows_sentence(told) == (
        "2026-01-05 has far more rows than usual: 9,000, where 2,000 to 3,000 were to be expected"
        " from 4 earlier Mondays."
    )
    hour = told.model_copy(update={"partition": Partition.of(FIRST, 5)})
    assert partition_rows_sentence(hour) == (
        "2026-01-05T05 has far more rows than usual: 9,000, where 2,000 to 3,000 were to be"
        " expected from hour 05 of 4 earlier Mondays."
    )
    usual = rows.model_copy(update={"rows": 2_500})
    assert partition_rows_sentence(told.model_copy(update={"partition_rows": usual})) == ""
    assert partition_rows_sentence(run.manifest) == ""


def test_far_too_few_rows_send_one_message(duty, tmp_path):  # noqa: F811 - the fixture
    run = published(tmp_path)
    rows = PartitionRows(rows=900, low=2_000, high=3_000, days=4, of_weekday=True)
    update = {"partition_rows": rows, "partition": PARTITION, "severities": {}}
    tell_of_outcome(replace(run, manifest=run.manifest.model_copy(update=update)), "alarm")
    (message,) = duty.messages
    assert message["title"] == "outfield job 2026-01-05: far fewer rows than usual"
    assert message["message"] == "900 rows, where 2,000 to 3,000 were to be expected.\nRun one."
