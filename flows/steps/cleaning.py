"""The cleaning of a job's folder: what may go is removed, and the index is written anew."""

from datetime import datetime
from pathlib import Path

from flows.steps.run_index import write_index
from flows.storage.fs.lock import job_lock
from flows.storage.maintenance.prune import Removal, Retention, plan_cleaning, remove
from flows.storage.runs.reader import INDEX
from flows.storage.runs.removed import note_removed


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
