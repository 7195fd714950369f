"""A clock that stands still, jumps or is set back: ids still sort, the last run is the newest."""

from datetime import UTC, datetime, timedelta

import pytest

from flows.cli.app import main
from flows.steps import plan as planning
from flows.storage.runs.reader import find_run, list_runs
from flows.storage.runs.writer import RunFolder
from schemas.outputs.run_id import instant_of, run_id_of
from tests.flows.sample_logs import dataset_bytes, detect, detect_in, job, small_log, written

NOON = datetime(2026, 3, 4, 12, 0, 0, 250_000, tzinfo=UTC)


@pytest.fixture
def clock(monkeypatch):
    """Set the clock that runs are named after."""

    def stand_at(instant: datetime) -> None:
        class Stopped(datetime):
            @classmethod
            def now(cls, tz=None):
                return instant

        monkeypatch.setattr(planning, "datetime", Stopped)

    return stand_at


@pytest.mark.slow
def test_whatever_the_clock_says_the_run_published_last_is_the_newest(tmp_path, clock, capfd):
    spec = job(written(tmp_path / "log.parquet", small_log()), tmp_path / "out")
    back, far_back = NOON - timedelta(hours=1), NOON - timedelta(days=900)
    runs = []
    for then in (NOON, NOON, back, back, far_back, far_back, NOON + timedelta(days=9)):
        clock(then)
        runs.append(detect(spec))
        ids = [run.manifest.run_id for run in runs]
        assert ids == sorted(set(ids))
        assert instant_of(ids[-1])
        listed = [run.manifest.run_id for run in list_runs(str(tmp_path / "out/log"))]
        assert listed == ids[::-1]
        assert find_run(str(tmp_path / "out/log")).manifest.run_id == ids[-1]
        assert runs[-1].manifest.started == then
        assert runs[-1].manifest.finished >= then
        for dataset in ("findings", "scores"):
            assert dataset_bytes(runs[-1], dataset) == dataset_bytes(runs[0], dataset)
    assert main(["check", str(tmp_path / "out")]) == 0
    capfd.readouterr()


@pytest.mark.slow
def test_a_run_is_not_named_as_one_that_was_killed_in_the_same_instant(tmp_path, clock):
    clock(NOON)
    killed = RunFolder.create(str(tmp_path / "out"), "log", run_id_of(NOON))
    run = detect_in(small_log(), tmp_path)
    assert run.manifest.run_id > killed.run_id
    assert killed.path.is_dir()
