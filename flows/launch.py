"""Starting a run from the command line: through Prefect, or without it."""
# Prefect takes seconds to import, and must not before its settings are in place.
# ruff: noqa: PLC0415

from datetime import UTC, date, datetime

from flows.partitions import chosen_partition
from flows.pipeline import DirectRunner, detect_events
from flows.planning import check_input
from flows.progress import OnProgress
from flows.settings import Settings, prepare_prefect
from flows.storage.published import PublishedRun
from schemas.job import JobSpec


def run_detect(
    job: JobSpec, *, partition: date | None, direct: bool, on_progress: OnProgress
) -> PublishedRun:
    """Run the main job here and now; `job.input` and `job.name` are set.

    Raises
    ------
    OutfieldError
        What the user can mend; what does not fit is told before any server is started.
    """
    partition = chosen_partition(job, partition, datetime.now(UTC))
    run = _detect_directly if direct else _detect_by_flow
    return run(job, partition, on_progress)


def _detect_directly(job: JobSpec, partition: date | None, on_progress: OnProgress) -> PublishedRun:
    workers = Settings.from_environment().workers
    return detect_events(job, DirectRunner(workers), on_progress, partition)


def _detect_by_flow(job: JobSpec, partition: date | None, on_progress: OnProgress) -> PublishedRun:
    check_input(job, partition)
    prepare_prefect()
    from flows.detect import detect, told_of_progress
    from flows.server import find_or_start_server

    find_or_start_server()
    with told_of_progress(on_progress):
        return detect(job, partition)
