"""A run of a job file that is started again, as cron does: it judges only what is due."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from flows.cli.app import main
from flows.storage.runs.reader import list_runs
from tests.flows.partitioned_logs import job_file, partitions
from tests.flows.sample_logs import small_log, written
from tests.flows.sample_runs import published

pytestmark = pytest.mark.slow

YESTERDAY = datetime.now(UTC).date() - timedelta(1)


@pytest.fixture
def nightly(tmp_path):
    partitions(tmp_path, [YESTERDAY])
    return str(job_file(tmp_path))


def detect(job, *options):
    return main(["detect", "--job", job, *options, "--direct"])


def runs(folder):
    return list_runs(str(folder / "out/nightly"))


def test_a_retry_judges_nothing_again_unless_asked_or_its_input_has_changed(
    nightly, tmp_path, capsys
):
    assert detect(nightly) == 0
    (run,) = runs(tmp_path)
    capsys.readouterr()
    assert detect(nightly) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert told == (
        f"Nothing to do: {YESTERDAY}, the newest day of the input that is over, has been judged as"
        f" it stands, by run {run.manifest.run_id}. --again judges it again."
    )
    assert detect(nightly, "--json") == 0
    assert json.loads(capsys.readouterr().out)["nothing_to_do"].startswith("Nothing to do: ")
    assert len(runs(tmp_path)) == 1
    assert detect(nightly, "--again") == 0
    assert detect(nightly, "--partition", str(YESTERDAY)) == 0
    assert len(runs(tmp_path)) == 3
    written(tmp_path / f"logs/date={YESTERDAY}/b.parquet", small_log(20, seed=1))
    assert detect(nightly) == 0
    assert len(runs(tmp_path)) == 4


def test_an_input_that_is_named_without_a_job_file_is_always_judged(nightly, tmp_path):
    command = ["detect", str(tmp_path / "logs"), "--output", str(tmp_path / "out"), "--direct"]
    for _ in range(2):
        assert main([*command, "--name", "nightly"]) == 0
    assert len(runs(tmp_path)) == 2


def test_a_run_removes_those_that_began_longer_ago_than_the_job_keeps_them(tmp_path):
    partitions(tmp_path, [YESTERDAY])
    old = published(tmp_path / "out", "old").folder
    assert detect(str(job_file(tmp_path, name="job"))) == 0
    assert old.exists()
    assert detect(str(job_file(tmp_path, 'keep = "30d"\n', name="job")), "--again") == 0
    assert not old.exists()
    assert len(list_runs(str(tmp_path / "out/job"))) == 2
