"""Input that changes while it is read: the bytes of one version, or one clear line. No mix."""

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flows.runtime.runner import DirectRunner
from flows.storage.input.plan import plan_input
from flows.storage.input.rows import read_batches
from schemas.errors import InputError
from tests.flows.sample_logs import dataset_bytes, detect, job, small_log, written


class MeddlingRunner(DirectRunner):
    """Does something once, just before a step begins."""

    def __init__(self, step: str, meddle: Callable[[], object]) -> None:
        super().__init__(2)
        self._step, self._meddle = step, meddle

    def call(self, step: Any, *arguments: object) -> Any:
        self._meet(step)
        return super().call(step, *arguments)

    def each(self, step: Any, n: int, *arguments: object) -> Any:
        self._meet(step)
        return super().each(step, n, *arguments)

    def _meet(self, step: Any) -> None:
        if step.name == self._step:
            self._meddle()


def replaced(path: Path) -> None:
    """By a file of as many bytes, as a writer does that knows how: all at once."""
    new = path.with_name("new")
    content = bytearray(path.read_bytes())
    content[40] ^= 1
    new.write_bytes(content)
    new.rename(path)


def truncated(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def grown(path: Path) -> None:
    pq.write_table(pa.concat_tables([small_log(), small_log(50, seed=3)]), path)


def removed(path: Path) -> None:
    path.unlink()


CHANGES = (replaced, truncated, grown, removed)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize(
    "step",
    [
        pytest.param("gather", marks=pytest.mark.slow),
        pytest.param("fit", marks=pytest.mark.slow),
        "score",
        pytest.param("explain", marks=pytest.mark.slow),
    ],
)
def test_input_that_changes_between_two_steps_ends_the_run(tmp_path, change, step):
    log = Path(written(tmp_path / "log.parquet", small_log()))
    runner = MeddlingRunner(step, lambda: change(log))
    with pytest.raises(InputError, match=r"log\.parquet: the file (has changed|is gone)"):
        detect(job(str(log), tmp_path / "out"), runner)
    assert not list((tmp_path / "out/log/runs").iterdir())


@pytest.mark.parametrize("change", CHANGES)
def test_input_that_changes_while_it_is_open_is_not_taken_for_damaged(tmp_path, change):
    big = pa.concat_tables([small_log(2_000, seed) for seed in range(5)])
    log = Path(written(tmp_path / "log.parquet", big, row_group_size=500))
    plan = plan_input(str(log))
    (chunk,) = plan.chunks(100_000)
    tables = read_batches(plan, chunk, None, 300)
    next(tables)
    change(log)
    with pytest.raises(InputError, match=r"log\.parquet: the file (has changed|is gone)") as error:
        list(tables)
    assert type(error.value) is InputError


@pytest.mark.slow
def test_input_that_changes_when_all_is_read_does_not_matter(tmp_path):
    log = Path(written(tmp_path / "log.parquet", small_log()))
    before = detect(job(str(log), tmp_path / "out"))
    runner = MeddlingRunner("watch", lambda: truncated(log))
    after = detect(job(str(log), tmp_path / "out"), runner)
    for dataset in ("findings", "scores"):
        assert dataset_bytes(after, dataset) == dataset_bytes(before, dataset)


@pytest.mark.slow
def test_input_that_never_rests_gives_one_version_or_an_error(tmp_path):
    versions = [tmp_path / f"version-{seed}.parquet" for seed in range(2)]
    log = tmp_path / "log.parquet"
    known = []
    for seed, version in enumerate(versions):
        written(version, small_log(seed=seed))
        log.write_bytes(version.read_bytes())
        known.append(dataset_bytes(detect(job(str(log), tmp_path / "out")), "scores"))
    stop = threading.Event()

    def meddle(pause: float) -> None:
        while not stop.wait(pause):
            for version in versions:
                (tmp_path / "new").write_bytes(version.read_bytes())
                (tmp_path / "new").rename(log)
                stop.wait(pause)

    outcomes = []
    for pause in (0.001, 0.3, 0.7, 1.5):
        stop.clear()
        meddler = threading.Thread(target=meddle, args=(pause,))
        meddler.start()
        try:
            run = detect(job(str(log), tmp_path / "out"))
            outcomes.append(known.index(dataset_bytes(run, "scores")))
        except InputError as error:
            assert "the file has changed" in str(error)  # noqa: PT017 - it may also go well
        finally:
            stop.set()
            meddler.join()
    assert len(outcomes) < 4
