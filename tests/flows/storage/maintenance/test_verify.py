"""`outfield check` and `outfield clean`: every damage is named, and nothing goes that is needed."""

import json
import os
import shutil
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flows.cli.app import main
from flows.pipelines.train import train_model
from flows.runtime.runner import DirectRunner
from flows.storage.fs.lock import job_lock
from flows.storage.runs.reader import list_runs
from flows.storage.runs.writer import RunFolder
from tests.flows.sample_logs import detect, job, small_log, written
from tests.flows.sample_runs import published

LATEST = {"model": {"use": "latest"}}


@pytest.fixture(scope="module")
def original(tmp_path_factory) -> Path:
    """An output with a model, a run that it judged, and one that was judged by its own."""
    folder = tmp_path_factory.mktemp("original")
    log = written(folder / "log.parquet", small_log(300))
    train_model(job(log, folder / "out"), DirectRunner(1), lambda *_: None, promote=True)
    detect(job(log, folder / "out", **LATEST))
    detect(job(log, folder / "out", seed=1))
    return folder


@pytest.fixture
def output(original, tmp_path) -> Path:
    """A copy to do damage to; all in it is two hours old."""
    shutil.copytree(original, tmp_path, dirs_exist_ok=True)
    aged(tmp_path / "out")
    return tmp_path / "out"


def aged(folder: Path, hours: float = 2) -> None:
    then = time.time() - hours * 3_600
    for path in (folder, *folder.rglob("*")):
        os.utime(path, (then, then))


def check(output: Path, capsys) -> tuple[int, list[str]]:
    code = main(["check", str(output)])
    *faults, total = capsys.readouterr().out.splitlines()
    assert f"{len(faults):,} fault" in total
    return code, faults


def clean(output: Path, capsys, *options: str) -> list[str]:
    assert main(["clean", str(output), *options]) == 0
    return capsys.readouterr().out.splitlines()[:-1]


def newest(output: Path) -> Path:
    return list_runs(str(output / "log"))[0].folder


def test_what_was_written_is_whole(output, capsys):
    assert check(output, capsys) == (0, [])
    assert check(output / "log", capsys) == (0, [])
    manifest = list_runs(str(output / "log"))[0].manifest
    assert set(manifest.files) == {
        "report.html",
        "activity/part-00000.parquet",
        "findings/part-00000.parquet",
        "incidents/part-00000.parquet",
        "map/part-00000.parquet",
        "members/part-00000.parquet",
        "quarantine/part-00000.parquet",
        "scores/part-00000.parquet",
        "suppressed/part-00000.parquet",
        "unshown/part-00000.parquet",
    }


@pytest.mark.parametrize(
    "name", ["report.html", "findings/part-00000.parquet", "scores/part-00000.parquet"]
)
@pytest.mark.parametrize("damage", ["flip", "cut", "remove"])
def test_a_damaged_file_is_named(output, capsys, name, damage):
    path = newest(output) / name
    content = path.read_bytes()
    if damage == "remove":
        path.unlink()
    else:
        middle = len(content) // 2
        rest = b"" if damage == "cut" else bytes([content[middle] ^ 1]) + content[middle + 1 :]
        path.write_bytes(content[:middle] + rest)
    code, faults = check(output, capsys)
    assert code == 1
    assert f"{path.relative_to(output).as_posix()}: is" in faults[0]


def test_a_part_that_nobody_wrote_is_named(output, capsys):
    scores = newest(output) / "scores"
    shutil.copy(scores / "part-00000.parquet", scores / "part-00001.parquet")
    code, faults = check(output, capsys)
    assert code == 1
    assert "part-00001.parquet: is no part of the run" in faults[0]
    assert "300 rows in the manifest, 600 written" in faults[1]


def test_a_ledger_that_does_not_add_up_is_named(output, capsys):
    path = newest(output) / "manifest.json"
    document = json.loads(path.read_bytes())
    document["ledger"]["read"] += 1
    path.write_text(json.dumps(document))
    code, faults = check(output, capsys)
    assert code == 1
    assert "301 rows read, but 300 accounted for" in faults[0]


def test_damaged_manifests_models_and_pointers_are_named(output, capsys):
    (newest(output) / "manifest.json").write_text("{")
    model = next((output / "log/models").glob("*/state.json"))
    model.write_text("{}")
    (output / "log/latest.json").write_text('{"run_id": "gone"}')
    (output / "log/models/registry.json").write_text("")
    code, faults = check(output, capsys)
    assert code == 1
    said = "\n".join(faults)
    for what in (
        "not a manifest that this version",
        f"{model.parent.name}/state.json: is not the file that was stored",
        "latest.json: names run gone, which is not there",
        "registry.json: not a registry that",
    ):
        assert what in said
    assert len(faults) == 4


def test_a_run_of_an_older_version_has_no_hashes_and_no_fault(tmp_path, capsys):
    run = published(tmp_path)
    path = run.folder / "manifest.json"
    document = json.loads(path.read_bytes())
    del document["files"]
    path.write_text(json.dumps(document))
    assert check(tmp_path, capsys) == (0, [])


@pytest.mark.parametrize("command", ["check", "clean"])
def test_a_folder_without_a_job_is_the_users_to_mend(tmp_path, capsys, command):
    assert main([command, str(tmp_path / "no")]) == 2
    assert "no such folder; name OUTPUT or OUTPUT/JOB" in capsys.readouterr().err
    assert main([command, str(tmp_path)]) == 2
    assert "no job in it" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("command", "words"),
    [("check", "only a local folder can be checked"), ("clean", "the URL carries credentials")],
)
def test_a_store_is_refused_without_its_credentials(capsys, command, words):
    assert main([command, "s3://key:secret@bucket/out"]) == 2
    said = capsys.readouterr().err
    assert words in said
    assert "secret" not in said


def test_where_all_is_needed_nothing_goes(output, capsys):
    before = sorted(output.rglob("*"))
    assert clean(output, capsys) == []
    assert sorted(output.rglob("*")) == before


def test_what_a_killed_run_left_goes_when_it_is_quiet(output, capsys):
    killed = RunFolder.create(str(output), "log", "killed")
    scratch = killed.path.with_name(f"{killed.path.name}.scratch")
    scratch.mkdir()
    (scratch / "a.npy").write_bytes(b"12345")
    (output / "log/.latest.json.0.tmp").write_text("{")
    assert clean(output, capsys) == []
    aged(output)
    (scratch / "a.npy").touch()  # a run is still at work there
    assert len(clean(output, capsys, "--dry-run")) == 2
    aged(output)
    assert len(clean(output, capsys, "--dry-run")) == 3
    assert killed.path.exists()
    assert len(clean(output, capsys)) == 3
    assert [path.name for path in (output / "log").rglob(".*")] == [".lock"]
    assert check(output, capsys) == (0, [])


def test_models_go_that_no_run_uses_but_never_the_latest(output, capsys):
    unused = output / "log/models" / ("0" * 16)
    shutil.copytree(next((output / "log/models").glob("*/state.json")).parent, unused)
    (unused / "state.json").touch()
    assert clean(output, capsys) == []  # it may just have been fitted
    aged(output)
    assert clean(output, capsys) == [f"log: {unused.name}, used by no run"]
    for run in list_runs(str(output / "log")):
        shutil.rmtree(run.folder)
    aged(output)
    (gone,) = clean(output, capsys)  # the model of the second run; the latest stays
    assert gone.endswith("used by no run")
    assert len(list((output / "log/models").glob("*/"))) == 1


def test_where_a_manifest_cannot_be_read_or_a_run_is_at_work_no_model_goes(output, capsys):
    unused = output / "log/models" / ("0" * 16)
    unused.mkdir()
    aged(output)
    at_work = RunFolder.create(str(output), "log", "now")
    assert clean(output, capsys) == []
    at_work.discard()
    (newest(output) / "manifest.json").write_text("{")
    assert clean(output, capsys) == []
    assert unused.exists()


def test_retention_keeps_the_newest_and_what_is_young(tmp_path, capsys):
    days = range(1, 8)
    for day in days:
        published(tmp_path, f"run-{day}", day)
    age_of = datetime.now(UTC) - datetime(2026, 1, 4, 12, tzinfo=UTC)
    older = f"{age_of / timedelta(hours=1):.0f}h"
    assert len(clean(tmp_path, capsys, "--keep", "2", "--dry-run")) == 5
    assert len(clean(tmp_path, capsys, "--older-than", older, "--dry-run")) == 4
    assert len(clean(tmp_path, capsys, "--older-than", "1m", "--dry-run")) == 6
    both = ("--keep", "5", "--older-than", older)
    assert clean(tmp_path, capsys, *both) == [
        "job: run-2, past its time",
        "job: run-1, past its time",
    ]
    assert [run.manifest.run_id for run in list_runs(str(tmp_path / "job"))] == [
        f"run-{day}" for day in reversed(range(3, 8))
    ]


def test_a_removal_that_was_stopped_is_completed(tmp_path, capsys):
    published(tmp_path, "old", 1)
    published(tmp_path, "new", 2)
    runs = tmp_path / "job/runs"
    (runs / "old").rename(runs / ".old.removed")
    aged(tmp_path)
    assert clean(tmp_path, capsys) == ["job: .old.removed, left behind"]
    assert [path.name for path in runs.iterdir()] == ["new"]


@pytest.mark.parametrize("text", ["soon", "-1d", ""])
def test_a_wrong_duration_is_one_line(tmp_path, capsys, text):
    published(tmp_path)
    assert main(["clean", str(tmp_path), f"--older-than={text}"]) == 2
    assert "--older-than" in capsys.readouterr().err


def test_a_job_that_is_being_written_is_left_alone(output, capsys):
    with job_lock(output / "log", 0.0):
        assert main(["clean", str(output), "--keep", "1"]) == 2
        assert "another run is writing this job" in capsys.readouterr().err
        assert len(clean(output, capsys, "--keep", "1", "--dry-run")) == 1
    assert len(list_runs(str(output / "log"))) == 2


def test_links_are_not_followed(tmp_path, capsys):
    published(tmp_path)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "precious").write_text("!")
    (tmp_path / "job/runs/.x.partial").symlink_to(elsewhere)
    aged(elsewhere)
    assert clean(tmp_path, capsys) == []
    assert (elsewhere / "precious").exists()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["runs", "models"])
def test_a_job_that_is_called_after_a_folder_of_its_own_is_checked(tmp_path, capsys, name):
    """It may have been made before such names were refused."""
    location = written(tmp_path / "log.parquet", small_log())
    run = detect(job(location, tmp_path / "out"))
    (tmp_path / "out/log").rename(tmp_path / "out" / name)
    damaged = tmp_path / f"out/{name}/runs/{run.manifest.run_id}/report.html"
    assert main(["check", str(tmp_path / "out")]) == 0
    damaged.write_text("another")
    assert main(["check", str(tmp_path / "out")]) == 1
    assert "report.html: is not the file that was written" in capsys.readouterr().out


def test_a_check_that_checked_nothing_is_no_success(tmp_path, capsys):
    (tmp_path / "out/log/runs").mkdir(parents=True)
    assert main(["check", str(tmp_path / "out")]) == 2
    assert "nothing was checked" in capsys.readouterr().err


def test_a_job_cannot_be_called_after_a_folder_of_its_own(tmp_path, capsys):
    location = written(tmp_path / "runs/log.parquet", small_log())
    tokens = ["detect", str(Path(location).parent), "--output", str(tmp_path / "out"), "--direct"]
    assert main([*tokens, "--name", "models"]) == 2
    assert "a folder of that name holds the models of a job" in capsys.readouterr().err
    assert main(tokens) == 0
    assert [path.name for path in (tmp_path / "out").glob("[!.]*")] == ["runs-log"]


@pytest.mark.slow
def test_a_deeply_nested_pointer_is_named_and_costs_no_run(tmp_path, capsys):
    spec = job(written(tmp_path / "log.parquet", small_log()), tmp_path / "out")
    detect(spec)
    latest = tmp_path / "out/log/latest.json"
    latest.write_text("[" * 100_000)
    assert main(["check", str(tmp_path / "out")]) == 1
    assert "latest.json: names no run" in capsys.readouterr().out
    detect(spec)
    assert main(["check", str(tmp_path / "out")]) == 0
