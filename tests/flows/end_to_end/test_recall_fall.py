"""A run that finds fewer canaries than the runs before it: told in manifest, page and message."""

import json
import shutil
from datetime import date, timedelta
from pathlib import Path

import pytest

from flows.pipelines.detect import detect_events
from flows.results.notifications import tell_of_outcome
from flows.runtime.runner import DirectRunner
from flows.steps.planned import Source
from flows.storage.runs.reader import PublishedRun, find_run
from schemas.job.partition import Partition
from schemas.outputs.figures import CanaryReport
from tests.flows.partitioned_logs import job_in, partitions
from tests.flows.results.test_notifications import duty  # noqa: F401 - a fixture
from tests.flows.sample_runs import published

pytestmark = pytest.mark.slow

FIRST, SECOND = date(2026, 1, 5), date(2026, 1, 6)


def detected(folder: Path, day: date) -> PublishedRun:
    return detect_events(
        job_in(folder), DirectRunner(2), lambda *_: None, Source(Partition.of(day))
    )


def runs_before(run: PublishedRun, found: int) -> None:
    """Leave only eight runs of the weeks before, each of which found so many canaries of 250."""
    for weeks in range(1, 9):
        folder = run.folder.with_name(f"202511{weeks:02}T000000000000Z")
        shutil.copytree(run.folder, folder)
        manifest = run.manifest.model_copy(
            update={
                "run_id": folder.name,
                "canaries": CanaryReport(planted=250, found=found, score_cut=30.0),
                "partition": Partition.of(FIRST - timedelta(weeks=weeks)),
                "covers": tuple(at - timedelta(weeks=weeks) for at in run.manifest.covers or ()),
            }
        )
        (folder / "manifest.json").write_text(manifest.model_dump_json())
    shutil.rmtree(run.folder)


@pytest.fixture(scope="module")
def judged(tmp_path_factory) -> Path:
    """A folder in which a day has been judged."""
    folder = tmp_path_factory.mktemp("judged")
    partitions(folder, [FIRST])
    detected(folder, FIRST)
    return folder


@pytest.fixture
def first(judged, tmp_path) -> PublishedRun:
    """The run of that day in a copy of the folder."""
    shutil.copytree(judged, tmp_path, dirs_exist_ok=True)
    return find_run(str(tmp_path / "out/nightly"))


def second(folder: Path, first: PublishedRun) -> PublishedRun:
    """Judge the same records a day later."""
    partitions(folder, [SECOND])
    shutil.copy(folder / f"logs/date={FIRST}/a.parquet", folder / f"logs/date={SECOND}/a.parquet")
    return detected(folder, SECOND)


def test_a_fall_stands_in_manifest_and_page(tmp_path, first):
    assert first.manifest.canaries is not None
    assert (first.manifest.canaries.usual, first.manifest.canaries.fell) == (None, False)
    runs_before(first, 250)
    run = second(tmp_path, first)
    assert run.manifest.canaries is not None
    assert run.manifest.canaries.recall < 0.9
    assert (run.manifest.canaries.usual, run.manifest.canaries.fell) == (1.0, True)
    assert "The recall fell: " in (run.folder / "report.html").read_text()


def test_what_is_as_usual_is_no_fall(tmp_path, first):
    assert first.manifest.canaries is not None
    planted, found = first.manifest.canaries.planted, first.manifest.canaries.found
    runs_before(first, round(250 * found / planted))
    run = second(tmp_path, first)
    assert run.manifest.canaries is not None
    assert run.manifest.canaries.usual == pytest.approx(found / planted, abs=0.01)
    assert not run.manifest.canaries.fell
    assert "The recall fell" not in (run.folder / "report.html").read_text()


def test_runs_of_other_settings_tell_nothing(tmp_path, first):
    runs_before(first, 250)
    for path in (tmp_path / "out/nightly/runs").glob("202511*/manifest.json"):
        told = json.loads(path.read_text())
        path.write_text(json.dumps({**told, "job_fingerprint": "another"}))
    run = second(tmp_path, first)
    assert run.manifest.canaries is not None
    assert run.manifest.canaries.usual is None


def test_a_fall_sends_one_message(duty, tmp_path):  # noqa: F811 - the fixture
    run = published(tmp_path)
    canaries = CanaryReport(planted=250, found=125, score_cut=30, usual=0.8, fell=True)
    update = {"canaries": canaries, "partition": Partition.of(FIRST), "severities": {}}
    fallen = PublishedRun(run.folder, run.manifest.model_copy(update=update))
    tell_of_outcome(fallen, "alarm")
    (message,) = duty.messages
    assert message["title"] == "outfield job 2026-01-05: the recall fell"
    assert (
        message["message"]
        == "50% of the canaries would have been found, 80% in the runs before.\nRun one."
    )
