"""Starting runs from the command line: one now, through Prefect or without it; or by schedule."""
# Prefect takes seconds to import, and must not before its settings are in place.
# ruff: noqa: PLC0415

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from flows.jobs.judged_partition import chosen_partition, partitions_to_fit
from flows.jobs.staleness import nothing_to_do, standing
from flows.orchestration.checked_input import with_checked_input
from flows.pipelines.compare import Comparison, compare_models
from flows.pipelines.parallel_backfill import check_independent, judge_batch
from flows.pipelines.refit import detect_with_refit
from flows.pipelines.train import job_for_fit, train_model
from flows.results.notifications import check_notifications, tell_of_outcome, telling_of_failure
from flows.runtime.dask import ClusterRunner, connected
from flows.runtime.processes import process_runner
from flows.runtime.progress import OnProgress, told_of_progress, told_of_publication
from flows.runtime.runner import DirectRunner, Runner
from flows.runtime.settings import Settings, prepare_prefect, prepare_serving
from flows.steps.cleaning import apply_keep
from flows.steps.fit import Registered
from flows.steps.plan import check_input
from flows.storage.runs.reader import PublishedRun
from schemas.errors import ServerError
from schemas.job.job import JobSpec
from schemas.job.partition import Partition

_log = logging.getLogger("outfield")


def run_detect(
    job: JobSpec, *, partition: Partition | None, direct: bool, on_progress: OnProgress
) -> PublishedRun:
    """Run the main job here and now; `job.input` and `job.name` are set.

    Raises
    ------
    OutfieldError
        What the user can mend; what does not fit is told before any server is started.
    """
    check_notifications()
    with telling_of_failure(str(job.name), partition):
        partition = chosen_partition(job, partition, datetime.now(UTC))
        run = _detect_directly if direct else _detect_by_flow
        published = run(job, partition, on_progress)
    tell_of_outcome(published, job.notify)
    apply_keep(job, datetime.now(UTC))
    return published


def why_not_due(job: JobSpec) -> str | None:
    """Say why a run that is told no day has nothing to do; None where one is due.

    Raises
    ------
    OutfieldError
        As `run_detect`, before anything is read.
    """
    check_notifications()
    with telling_of_failure(str(job.name), None):
        return nothing_to_do(standing(job, chosen_partition(job, None, datetime.now(UTC))))


def serve_jobs(jobs: Mapping[str, JobSpec], folder: str, limit: int) -> None:
    """Serve the jobs of a folder until the process is stopped.

    Parameters
    ----------
    jobs
        The names of the job files -> what stands in them, a schedule too.
    folder
        Where the job files lie.
    limit
        How many runs at once, of all jobs together.

    Raises
    ------
    OutfieldError
        No Prefect server is configured, it does not answer, or the URL of the notifications is
        wrong.
    """
    prepare_serving(folder)
    check_notifications()
    from flows.orchestration.deployments import serve_jobs as serve_as_deployments
    from flows.orchestration.server import require_server

    require_server()
    serve_as_deployments(jobs, limit)


def _detect_directly(
    job: JobSpec, partition: Partition | None, on_progress: OnProgress
) -> PublishedRun:
    with runner_of(Settings.from_environment()) as runner:
        return detect_with_refit(job, runner, on_progress, partition)


def _detect_by_flow(
    job: JobSpec, partition: Partition | None, on_progress: OnProgress
) -> PublishedRun:
    checked = check_input(job, partition)
    settings = Settings.from_environment()
    with runner_of(settings):
        pass  # a scheduler that does not answer is told before Prefect is imported
    prepare_prefect()
    from flows.orchestration.server import find_server, naming_lost_server

    find_server(this_machine_alone=settings.runner != "dask", meanwhile=_import_flows)
    published: list[PublishedRun] = []
    with (
        told_of_progress(on_progress),
        told_of_publication(published.append),
        with_checked_input(checked),
    ):
        from flows.orchestration.flows import detect

        try:
            with naming_lost_server():
                return detect(job, partition)
        except ServerError:
            if not published:
                raise
            # The run is whole: that nobody keeps its state is no reason to call it failed.
            _log.warning("the Prefect server no longer answers: it does not know of the run's end")
            return published[0]


def _import_flows() -> None:
    """Import the flows, which takes half a second: as well while a server starts."""
    import flows.orchestration.flows  # noqa: F401


def run_batch(
    job: JobSpec, days: Sequence[Partition]
) -> Iterator[tuple[Partition, Callable[[], PublishedRun]]]:
    """Judge some days of a job at once, without Prefect; give each, in order.

    Raises
    ------
    OutfieldError
        What the user can mend.
    """
    check_independent(job)
    yield from judge_batch(job, days)
    apply_keep(job, datetime.now(UTC))


def run_fit(
    job: JobSpec,
    *,
    partition: Partition | None,
    promote: bool,
    direct: bool,
    on_progress: OnProgress,
) -> Registered:
    """Fit a model for later runs here and now; `job.input` and `job.name` are set.

    Raises
    ------
    OutfieldError
        What the user can mend; what does not fit is told before any server is started.
    """
    history = job_for_fit(job)
    partition = chosen_partition(history, partition, datetime.now(UTC))
    settings = Settings.from_environment()
    if direct:
        with runner_of(settings) as runner:
            return train_model(job, runner, on_progress, promote=promote, partition=partition)
    checked = check_input(history, partition, partitions_to_fit(job))
    with runner_of(settings):
        pass  # a scheduler that does not answer is told before Prefect is imported
    prepare_prefect()
    from flows.orchestration.server import find_server, naming_lost_server

    find_server(this_machine_alone=settings.runner != "dask", meanwhile=_import_flows)
    with (
        told_of_progress(on_progress),
        naming_lost_server(),
        with_checked_input(checked),
    ):
        from flows.orchestration.flows import fit

        return fit(job, promote, partition)


def run_compare(
    job: JobSpec, models: tuple[str, str], *, partition: Partition | None, on_progress: OnProgress
) -> Comparison:
    """Compare two models of a job here and now; nothing is published, so Prefect has no part in it.

    Raises
    ------
    OutfieldError
        What the user can mend.
    """
    partition = chosen_partition(job, partition, datetime.now(UTC))
    with runner_of(Settings.from_environment()) as runner:
        return compare_models(job, models, runner, on_progress, partition)


@contextmanager
def runner_of(settings: Settings) -> Iterator[Runner]:
    """Yield what carries out the steps without Prefect.

    Raises
    ------
    OutfieldError
        That is a Dask cluster, which does not answer or cannot do the work.
    """
    match settings.runner:
        case "processes":
            with process_runner(settings.workers) as runner:
                yield runner
        case "dask":
            with connected(settings.dask_address) as client:
                yield ClusterRunner(client)
        case "threads":
            yield DirectRunner(settings.workers)
