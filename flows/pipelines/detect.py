"""Pipeline `detect`: from events to published findings, incidents and a report."""

from collections.abc import Callable, Iterator
from functools import partial

from flows.pipelines.damage import PlanStep, beside_damage
from flows.runtime.progress import OnProgress, Steps
from flows.runtime.runner import Runner, T
from flows.steps.explain import EXPLAIN
from flows.steps.fit import FIT, TAKE_UP_MODEL
from flows.steps.gather import GATHER
from flows.steps.group import GROUP
from flows.steps.incident_context import LOOK_AROUND, LOOK_THROUGH, shares_of
from flows.steps.index_records import STORE
from flows.steps.monitor import WATCH, RefitReason
from flows.steps.plan import PLAN
from flows.steps.planned import WHOLE, Source
from flows.steps.publish import PUBLISH, Judged
from flows.steps.run import opened_run
from flows.steps.score import SCORE, merge_chunks, require_scored
from flows.steps.select import SELECT
from flows.steps.windows import JUDGE_WINDOWS
from flows.storage.runs.reader import PublishedRun
from schemas.job.job import JobSpec


def detect_events(
    job: JobSpec,
    runner: Runner,
    on_progress: OnProgress,
    source: Source = WHOLE,
    renewed: RefitReason | None = None,
) -> PublishedRun:
    """Find the events of the job's input that do not belong, and publish the run.

    Whatever fails, nothing of the run is left behind, but for its model: the next run of the same
    records makes the same one.

    Parameters
    ----------
    job
        What to read, how, and where to write.
    runner
        Carries out the steps.
    on_progress
        Called with the progress of each step.
    source
        The part of the job's input to judge, and the model fitted for it, if there is one.
    renewed
        Why a new model was fitted before, if one was.

    Raises
    ------
    OutfieldError
        What the user can mend.
    LedgerError
        If rows were lost or invented.
    """
    return beside_damage(partial(_detect, job, runner, on_progress, source, renewed))


def _detect(
    job: JobSpec,
    runner: Runner,
    on_progress: OnProgress,
    source: Source,
    renewed: RefitReason | None,
    plan: PlanStep,
) -> PublishedRun:
    step = Steps(on_progress)
    with step(PLAN.name):
        planned = runner.here(plan, job, source)
    with opened_run(job, planned) as run:
        with step(GATHER.name):
            gathered = runner.call(GATHER, run)
        with step(FIT.name):
            fitted = runner.call(FIT if run.model is None else TAKE_UP_MODEL, run, gathered)
        with step(SCORE.name):
            n, told = gathered.records.n_chunks, partial(on_progress, SCORE.name)
            scored = merge_chunks(_all_of(runner.each(SCORE, n, run, gathered, fitted), told, n))
            require_scored(run, gathered, scored)
        with step(SELECT.name):
            selected = runner.call(SELECT, run, gathered, fitted, scored)
        with step(JUDGE_WINDOWS.name):
            windows = runner.call(JUDGE_WINDOWS, run, gathered, scored)
        with step(GROUP.name):
            grouped = runner.call(GROUP, run, gathered, fitted, scored, selected, windows)
        with step(EXPLAIN.name):
            runner.call(EXPLAIN, run, gathered, fitted, grouped)
        with step(LOOK_AROUND.name):
            n, told = shares_of(gathered), partial(on_progress, LOOK_AROUND.name)
            _all_of(runner.each(LOOK_THROUGH, n, run, gathered, grouped), told, n)
            runner.call(LOOK_AROUND, run, gathered, grouped)
        with step(WATCH.name):
            watch = runner.call(WATCH, run, gathered, fitted, grouped, renewed)
        stored = None
        if job.search.store:
            with step(STORE.name):
                stored = runner.call(STORE, run, gathered, fitted, grouped)
        judged = Judged(scored, grouped, watch, stored, windows)
        return runner.here(PUBLISH, run, gathered, fitted, judged, step.seconds)


def _all_of(
    parts: Iterator[tuple[int, T]], on_progress: Callable[[int, int], None], n: int
) -> list[T]:
    """Collect the results of the `n` parts of a step as they end, and report each as progress."""
    given: list[T] = []
    for _, part in parts:
        given.append(part)
        on_progress(len(given), n)
    return given
