"""Pipeline `detect`: from events to published findings, incidents and a report."""

from collections.abc import Callable, Iterator
from datetime import date
from functools import partial

from flows.runtime.progress import OnProgress, Steps
from flows.runtime.runner import Runner, T
from flows.steps.explain import explain_findings
from flows.steps.fit import fit_model, take_up_model
from flows.steps.gather import gather_records
from flows.steps.group import group_incidents
from flows.steps.incident_context import look_around, look_through, shares_of
from flows.steps.index_records import store_records
from flows.steps.monitor import Renewed, watch_run
from flows.steps.plan import PlanStep, beside_damage
from flows.steps.publish import Judged, publish_run
from flows.steps.run import opened_run
from flows.steps.score import merge_chunks, score_chunk
from flows.steps.select import select_findings
from flows.storage.runs.reader import PublishedRun
from schemas.job.job import JobSpec


def detect_events(
    job: JobSpec,
    runner: Runner,
    on_progress: OnProgress,
    partition: date | None = None,
    renewed: Renewed | None = None,
) -> PublishedRun:
    """Find the events of the job's input that do not belong, and publish the run.

    Whatever fails, nothing of the run is left behind, but for its model: the next run of the same
    records makes the same one.

    Parameters
    ----------
    job
        What to read, how, and where to write.
    runner
        Who carries out the steps.
    on_progress
        Told how far they are.
    partition
        The day to judge, where the job's input is partitioned.
    renewed
        Why a new model was fitted before, if one was.

    Raises
    ------
    OutfieldError
        What the user can mend.
    LedgerError
        If rows were lost or invented.
    """
    return beside_damage(partial(_detect, job, runner, on_progress, partition, renewed))


def _detect(
    job: JobSpec,
    runner: Runner,
    on_progress: OnProgress,
    partition: date | None,
    renewed: Renewed | None,
    plan: PlanStep,
) -> PublishedRun:
    step = Steps(on_progress)
    with step("plan"):
        planned = runner.here(plan, job, partition)
    with opened_run(job, planned) as run:
        with step("gather"):
            gathered = runner.call(gather_records, run)
        with step("fit"):
            fitted = runner.call(fit_model if run.model is None else take_up_model, run, gathered)
        with step("score"):
            n = gathered.records.n_chunks
            chunks = runner.each(score_chunk, n, run, gathered, fitted)
            scored = merge_chunks(_all_of(chunks, partial(on_progress, "score"), n))
        with step("select"):
            selected = runner.call(select_findings, run, gathered, fitted, scored)
        with step("group"):
            grouped = runner.call(group_incidents, run, gathered, fitted, scored, selected)
        with step("explain"):
            runner.call(explain_findings, run, gathered, fitted, grouped)
        with step("look around"):
            n = shares_of(gathered)
            looked = runner.each(look_through, n, run, gathered, grouped)
            _all_of(looked, partial(on_progress, "look around"), n)
            runner.call(look_around, run, gathered, grouped)
        with step("watch"):
            watch = runner.call(watch_run, run, gathered, fitted, grouped, renewed)
        stored = None
        if job.search.store:
            with step("store"):
                stored = runner.call(store_records, run, gathered, fitted, grouped)
        judged = Judged(scored, grouped, watch, stored)
        return runner.here(publish_run, run, gathered, fitted, judged, step.seconds)


def _all_of(
    parts: Iterator[tuple[int, T]], on_progress: Callable[[int, int], None], n: int
) -> list[T]:
    """Wait for what each of the `n` parts of a step gives, in whatever order, and tell of each."""
    given: list[T] = []
    for _, part in parts:
        given.append(part)
        on_progress(len(given), n)
    return given
