"""Output that fills up, goes away or cannot be written, and memory that ends: all or nothing."""

import errno
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.cli.app import main
from flows.runtime.work import Step
from flows.storage.runs.reader import PublishedRun, find_run, list_runs
from schemas.errors import ModelFileError, OutputError
from tests.flows.faults.killable import killable
from tests.flows.faults.test_changing_input import MeddlingRunner
from tests.flows.sample_logs import dataset_bytes, detect, job, small_log, written

STEPS = (
    "gather",
    "fit",
    "score",
    "select",
    "group",
    "explain",
    "watch",
)
DATASETS = ("findings", "scores", "incidents", "quarantine")


def mount(folder: Path, *options: str) -> bool:
    command = ["mount", "-t", "tmpfs", "-o", ",".join(options), "tmpfs", str(folder)]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0  # noqa: S603


def resize(folder: Path, size: int) -> None:
    command = ["mount", "-o", f"remount,size={size}", str(folder)]
    subprocess.run(command, check=True)  # noqa: S603


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.geteuid() or not mount(folder, "size=64m"):
        pytest.skip("only root may mount a small disk")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)  # noqa: S603, S607


def used(folder: Path) -> int:
    state = os.statvfs(folder)
    return (state.f_blocks - state.f_bfree) * state.f_frsize


def bytes_of(run: PublishedRun) -> list[dict[str, bytes]]:
    return [dataset_bytes(run, dataset) for dataset in DATASETS]


def one_line(capfd: pytest.CaptureFixture[str]) -> str:
    said = capfd.readouterr().err
    assert said.count("\n") == 1
    assert "Traceback" not in said
    return said


@pytest.mark.slow
def test_a_disk_that_fills_up_ends_the_run_in_one_line_and_leaves_nothing(tmp_path, disk, capfd):
    log = written(tmp_path / "log.parquet", small_log())
    tokens = ["detect", log, "--output", str(disk / "out"), "--direct"]
    assert main(tokens) == 0  # it leaves a model too, which the next shares
    before = used(disk)
    assert main(tokens) == 0
    taken = used(disk) - before
    runs = [run.folder for run in list_runs(str(disk / "out/log"))]
    first = find_run(str(disk / "out/log"))
    capfd.readouterr()
    for share in (0.02, 0.1, 0.3, 0.5, 0.75):
        resize(disk, used(disk) + int(share * taken))
        assert main(tokens) == 2
        assert "cannot be written (No space left on device)" in one_line(capfd)
        assert [run.folder for run in list_runs(str(disk / "out/log"))] == runs
        assert not list((disk / "out/log/runs").glob(".*"))
        assert main(["check", str(disk / "out")]) == 0
        capfd.readouterr()
    resize(disk, 64 * 2**20)
    assert main(tokens) == 0
    assert bytes_of(find_run(str(disk / "out/log"))) == bytes_of(first)


def test_a_disk_that_may_only_be_read_is_told_in_one_line(tmp_path, disk, capfd):
    log = written(tmp_path / "log.parquet", small_log())
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)  # noqa: S603, S607
    assert main(["detect", log, "--output", str(disk / "out"), "--direct"]) == 2
    assert "cannot be written (Read-only file system)" in one_line(capfd)


@pytest.mark.parametrize("step", [pytest.param(s, marks=pytest.mark.slow) for s in STEPS])
def test_output_that_vanishes_is_told_as_such(tmp_path, step):
    spec = job(written(tmp_path / "log.parquet", small_log()), tmp_path / "out")
    runner = MeddlingRunner(step, lambda: shutil.rmtree(tmp_path / "out"))
    with pytest.raises((OutputError, ModelFileError), match=r"cannot be (written|read)"):
        detect(spec, runner)
    assert not list(tmp_path.rglob("manifest.json"))
    if step == STEPS[-1]:
        detect(spec)


@pytest.mark.slow
@pytest.mark.parametrize("call", ["rename", "fsync"])
def test_an_error_after_the_run_is_visible_costs_no_run(tmp_path, monkeypatch, call):
    """Whole, it is no failure: the next try completes it, where an error may pass."""
    done = getattr(os, call)
    runs, failed = tmp_path / "out/log/runs", []

    def failing(*arguments: object, **more: object) -> None:
        done(*arguments, **more)
        if not failed and list(runs.glob("2*")):
            failed.append(call)
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, call, failing)
    log = written(tmp_path / "log.parquet", small_log())
    assert main(["detect", log, "--output", str(tmp_path / "out"), "--direct"]) == 0
    assert failed == [call]
    (run,) = list_runs(str(tmp_path / "out/log"))
    assert find_run(str(tmp_path / "out/log")).manifest.run_id == run.manifest.run_id
    assert main(["check", str(tmp_path / "out")]) == 0


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("can't start new thread")])
def test_memory_that_ends_is_told_in_one_line(tmp_path, capfd, monkeypatch, error):
    def starve(*_: object) -> None:
        raise error

    monkeypatch.setattr("flows.pipelines.detect.GATHER", Step("gather", starve))
    log = written(tmp_path / "log.parquet", small_log())
    assert main(["detect", log, "--output", str(tmp_path / "out"), "--direct"]) == 2
    assert "not enough memory; free some, or run with a lower OUTFIELD_WORKERS" in one_line(capfd)
    assert not list((tmp_path / "out/log/runs").iterdir())


@pytest.mark.slow
def test_with_little_memory_a_run_leaves_no_half(tmp_path):
    """It ends well or with an error; CPython may also wait for ever, and is killed then."""
    output = tmp_path / "out"
    tokens = ["detect", written(tmp_path / "log.parquet", small_log())]
    tokens += ["--output", str(output), "--direct"]
    with killable(tmp_path / "said") as commands:
        assert commands.run(tokens).code == 0
        expected = bytes_of(find_run(str(output / "log")))
        for megabytes in (24, 64, 128):
            commands.run(tokens, memory=megabytes * 2**20, seconds=10)
            assert main(["check", str(output)]) == 0
            for run in list_runs(str(output / "log")):
                assert bytes_of(run) == expected
        assert commands.run(tokens).code == 0
    assert bytes_of(find_run(str(output / "log"))) == expected
