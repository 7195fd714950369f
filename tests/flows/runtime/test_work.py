"""Work units of workers: how steps are divided into them, and that they stay small."""

import pickle
from itertools import chain

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from threadpoolctl import threadpool_info, threadpool_limits

from data.generate import generate
from flows.pipelines.detect import detect_events
from flows.runtime.work import Work, carry_out, each_of, shares
from flows.storage.runs.reader import PublishedRun, read_scores
from tests.flows.sample_logs import dataset_bytes, detect, job, small_log, written

FILES = 300


class CopyingRunner:
    """Carries out each step with a copy of what it is given, as if on another machine.

    `sizes` holds, for each step, the bytes of the largest message to it, and of that back.
    """

    def __init__(self, parts_in_task: int = 1) -> None:
        self.sizes: dict[str, tuple[int, int]] = {}
        self._parts_in_task = parts_in_task

    def here(self, step, *arguments):
        return step.function(*arguments)

    def call(self, step, *arguments):
        return self._copied(step.name, Work(step.function, *arguments))

    def each(self, step, n, *arguments):
        for parts in shares(n, 1, self._parts_in_task):
            work = Work(each_of, step.function, arguments, parts)
            yield from zip(parts, self._copied(step.name, work), strict=True)

    def _copied(self, name, work):
        sent = pickle.dumps(work)
        returned = pickle.dumps(carry_out(pickle.loads(sent)))  # noqa: S301 - our own
        before = self.sizes.get(name, (0, 0))
        self.sizes[name] = (max(len(sent), before[0]), max(len(returned), before[1]))
        return pickle.loads(returned)  # noqa: S301 - our own


@pytest.fixture(scope="module")
def many_files(tmp_path_factory):
    """A log in many files, of which a plan holds a line each."""
    folder = tmp_path_factory.mktemp("many")
    log = small_log(FILES * 10)
    for number in range(FILES):
        written(folder / f"day=2026-01-01/part-{number:05d}.parquet", log.slice(number * 10, 10))
    return str(folder)


SESSIONS = {"unit": "session", "session_key": "user", "session_window": "1h"}


@pytest.mark.slow
@pytest.mark.parametrize("settings", [{}, SESSIONS])
def test_only_names_and_small_objects_pass_to_workers_and_back(many_files, tmp_path, settings):
    settings = {**settings, "columns": {"message": "category"}}
    runner = CopyingRunner()
    spec = job(many_files, tmp_path / "out", **settings)
    copied = detect_events(spec, runner, lambda *_: None)
    print(runner.sizes)
    sent, returned = zip(*runner.sizes.values(), strict=True)
    assert set(runner.sizes) == {
        "gather",
        "fit",
        "score",
        "select",
        "judge windows",
        "group",
        "explain",
        "look through",
        "look around",
        "watch",
    }
    # The histogram of all scores is 24 kB: it passes on once, whatever the number of chunks. Of
    # the incidents pass the numbers of their findings, as many as the budget allows.
    assert max(sent) < 40_000
    assert runner.sizes["score"][0] < 8_000
    assert max(returned) < 8_000
    here = detect(job(many_files, tmp_path / "here", **settings))
    for dataset in ("incidents", "findings", "scores", "quarantine"):
        assert dataset_bytes(copied, dataset) == dataset_bytes(here, dataset)


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> tuple[str, PublishedRun]:
    """A day of the sample log, and a run that takes it in one chunk and one batch."""
    folder = tmp_path_factory.mktemp("company")
    events, _ = generate(rows=2_000, days=1, seed=3)
    location = written(folder / "events.parquet", events, row_group_size=500)
    return location, detect(job(location, folder / "whole"))


@pytest.mark.slow
def test_the_size_of_chunks_and_batches_changes_no_finding_and_no_score(
    whole, tmp_path, monkeypatch
):
    location, whole_run = whole
    monkeypatch.setattr("flows.steps.records.CHUNK_ROWS", 1_100)
    monkeypatch.setattr("flows.steps.records.BATCH_ROWS", 400)
    cut = detect(job(location, tmp_path))
    assert len(dataset_bytes(cut, "scores")) == 2
    assert dataset_bytes(cut, "findings") == dataset_bytes(whole_run, "findings")
    assert read_scores(cut).equals(read_scores(whole_run))


@given(n=st.integers(0, 20_000), workers=st.integers(1, 500), parts_in_task=st.integers(1, 100))
def test_each_part_is_in_one_share_and_the_shares_are_even(n, workers, parts_in_task):
    cut = shares(n, workers, parts_in_task)
    assert list(chain.from_iterable(cut)) == list(range(n))
    sizes = np.array([len(share) for share in cut] or [1])
    assert sizes.min() >= 1
    assert np.ptp(sizes) <= 1
    assert len(cut) <= max(4 * workers, 96)


def test_a_step_has_one_thread_for_each_product_whatever_was_set_before() -> None:
    for _ in range(2):
        threadpool_limits(limits=2)
        told = carry_out(Work(threadpool_info))
        assert told
        assert {library["num_threads"] for library in told} == {1}
    threadpool_limits(limits=1)
