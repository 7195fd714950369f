"""The cleaning of a job's folder: what may go is removed, and the index is written anew."""

import logging
from datetime import datetime, timedelta
from pathlib import Path

from flows.steps.run_index import write_index
from flows.storage.fs.lock import job_lock
from flows.storage.maintenance.prune import Removal, Retention, plan_cleaning, remove
from flows.storage.runs.reader import INDEX
from flows.storage.runs.removed import note_removed
from flows.storage.runs.writer import job_folder
from schemas.errors import OutfieldError
from schemas.job.job import JobSpec

_log = logging.getLogger("outfield")


def apply_keep(job: JobSpec, now: datetime) -> None:
    """Remove the runs of a job that began longer ago than its `keep` says, and what `clean` would.

    What cannot be removed is said, and fails no run; the next run tries again.
    """
    if job.keep is None:
        return
    folder = job_folder(job)
    assert isinstance(folder, Path)  # noqa: S101 - `keep` needs an output on this machine
    try:
        removed = clean_job(folder, Retention(older_than=timedelta(seconds=job.keep)), now)
    except OutfieldError as error:
        _log.warning("old runs are not removed: %s", error.what)
    else:
        if removed:
            _log.info("removed %d past their time or left behind", len(removed))


def clean_job(job: Path, retention: Retention, now: datetime) -> list[Removal]:
    """Remove what may go from the folder of a job; give what went.

    Raises
    ------
    OutputError, ModelFileError
        A run is writing the job, or its folder cannot be read or written.
    """
    with job_lock(job, patience=0.0):
        removals = plan_cleaning(job, retention, now)
        note_removed(job, (each.partition for each in removals if each.partition), now)
        for removal in removals:
            remove(removal)
        if (job / INDEX).exists():
            write_index(job)
    return removals
