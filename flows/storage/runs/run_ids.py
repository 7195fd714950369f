"""The ids of runs: the instant a run began, but never before the last one of its job.

Sorted ids are runs in order, also where two begin in one instant or the clock was set back. Of two
that choose one id, as days of a backfill that are judged at once may, the second chooses again.
"""

import random
import time
from contextlib import suppress
from datetime import datetime, timedelta

from flows.storage.fs.atomic import naming_output_errors
from flows.storage.fs.store_path import Place
from flows.storage.runs.reader import RUNS
from flows.storage.runs.writer import RunFolder, RunIdTakenError, job_folder
from schemas.job.job import JobSpec
from schemas.outputs.run_id import instant_of, run_id_of

_LONGEST_PAUSE = 0.1


def new_run_folder(job: JobSpec, started: datetime) -> RunFolder:
    """Make the folder of a run that began at `started`, with an id that no other run has.

    Raises
    ------
    OutputError
        The folder of the job cannot be read or written.
    """
    while True:
        run_id = next_run_id(job_folder(job), started)
        with suppress(RunIdTakenError):
            return RunFolder.create(job.output, str(job.name), run_id)
        time.sleep(random.uniform(0, _LONGEST_PAUSE))  # noqa: S311 - no secret


def next_run_id(job: Place, started: datetime) -> str:
    """Give a run that began at `started` an id after all of its job, those left unfinished too.

    Raises
    ------
    OutputError
        The folder of the job cannot be read.
    """
    runs = job / RUNS
    with naming_output_errors(job):
        names = [folder.name for folder in runs.iterdir()] if runs.is_dir() else []
    instants = (instant_of(name.lstrip(".").partition(".")[0]) for name in names)
    last = max((instant for instant in instants if instant is not None), default=None)
    if last is None or last < started:
        return run_id_of(started)
    # Not just the next: where a store has no lock, another run may be looking for that now.
    return run_id_of(last + timedelta(microseconds=1 + started.microsecond))
