"""Parallel backfill: several days are scored at once, and published in their order.

The incidents of a day, and its canaries, are compared with those of the days before it. Each day of
a batch is fitted and scored in its own process. It then waits until the day before is published or
has failed. So the results equal those of a backfill that judges one day after the other. One lock
is held for a whole batch; between two batches another run of the job may take it.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from multiprocessing.synchronize import Event
from typing import TypeVar

from flows.pipelines.refit import detect_with_refit
from flows.results.notifications import tell_of_outcome, telling_of_failure
from flows.runtime.processes import follow_parent, naming_killed_processes
from flows.runtime.runner import DirectRunner, Runner
from flows.runtime.settings import Settings, safe_path
from flows.runtime.work import Step, Ts
from flows.steps.group import GROUP
from flows.steps.windows import JUDGE_WINDOWS
from flows.storage.fs.lock import job_lock, lend_lock
from flows.storage.fs.store_path import Place
from flows.storage.runs.reader import PublishedRun
from flows.storage.runs.writer import job_folder
from schemas.errors import JobError
from schemas.job.job import JobSpec
from schemas.job.partition import Partition

T = TypeVar("T")

_turns: list[Event] = []
"""One event for each day of this process's batch, and one more: set when the day may go on."""


def check_independent(job: JobSpec) -> None:
    """Check that no day of the job makes the model of the next.

    Raises
    ------
    JobError
        The job renews its model.
    """
    if job.model.refit != "never":
        raise JobError(
            "the days cannot be judged in parallel: one may make the model of the next",
            where="[model] refit",
            remedy='set it to "never", or leave --parallel out',
        )


def judge_batch(
    job: JobSpec, days: Sequence[Partition]
) -> Iterator[tuple[Partition, Callable[[], PublishedRun]]]:
    """Judge some days at once, each in a process; yield each with a function that waits for it.

    The days come in order. Ctrl-C lets the days that were begun come to their end.

    Raises
    ------
    OutputError
        Another run goes on writing the job.
    """
    settings = Settings.from_environment()
    folder = job_folder(job)
    spawn = get_context("spawn")
    turns = [spawn.Event() for _ in range(len(days) + 1)]
    turns[0].set()
    workers = max(1, settings.workers // len(days))
    with (
        job_lock(folder, settings.lock_wait),
        safe_path(),
        ProcessPoolExecutor(
            len(days), spawn, initializer=_enlist, initargs=(folder, turns)
        ) as pool,
    ):
        judged = [pool.submit(_judge, job, day, turn, workers) for turn, day in enumerate(days)]
        for day, future in zip(days, judged, strict=True):
            yield day, naming_killed_processes()(future.result)


def _enlist(folder: Place, turns: list[Event]) -> None:
    follow_parent()
    lend_lock(folder)
    _turns.extend(turns)


def _judge(job: JobSpec, day: Partition, turn: int, workers: int) -> PublishedRun:
    runner = InTurn(DirectRunner(workers), _turns[turn])
    try:
        with telling_of_failure(str(job.name), day):
            published = detect_with_refit(job, runner, _say_nothing, day)
        tell_of_outcome(published, job.notify)
        return published
    finally:
        _turns[turn].wait()  # of one that failed early the turn has not come
        _turns[turn + 1].set()


class InTurn:
    """Lets another runner carry out the steps, those that look at earlier runs in their turn.

    Parameters
    ----------
    runner
        Carries them out.
    turn
        Set when the runs before are published.
    """

    def __init__(self, runner: Runner, turn: Event) -> None:
        self._runner, self._turn = runner, turn

    def here(self, step: Step[*Ts, T], *arguments: *Ts) -> T:
        """Carry out a step in this process."""
        return self._runner.here(step, *arguments)

    def call(self, step: Step[*Ts, T], *arguments: *Ts) -> T:
        """Carry out a step and return what it gives."""
        if step in (JUDGE_WINDOWS, GROUP):
            self._turn.wait()
        return self._runner.call(step, *arguments)

    def each(self, step: Step[*Ts, int, T], n: int, *arguments: *Ts) -> Iterator[tuple[int, T]]:
        """Carry out a step for each part; give each part and its result when it is done."""
        return self._runner.each(step, n, *arguments)


def _say_nothing(_step: str, _done: int, _total: int) -> None:
    """Take the place of bars: those of several days would run into each other."""
