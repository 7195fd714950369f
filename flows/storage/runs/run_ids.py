"""The ids of runs: the instant a run began, but never before the last one of its job.

Sorted ids are runs in order, also where two begin in one instant or the clock was set back.
"""

from datetime import datetime, timedelta

from flows.storage.fs.atomic import naming_output_errors
from flows.storage.fs.store_path import Place
from flows.storage.runs.reader import RUNS
from schemas.outputs.run_id import instant_of, run_id_of


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
