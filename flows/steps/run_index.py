"""The index over the runs of a job, written anew when one was added or removed."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from flows.report.index import render_index
from flows.storage.fs.atomic import write_whole
from flows.storage.fs.store_path import Place
from flows.storage.runs.reader import INDEX, PublishedRun, age, load_run, run_folders
from schemas.errors import OutputError

_MOST_RUNS = 200
"""Runs on the page: the newest by their ids, which begin with the time."""
_AT_ONCE = 8


def write_index(job_folder: Place) -> None:
    """Write the index over the newest runs of a job, whole or not at all.

    Raises
    ------
    OutputError
        The folder cannot be read or written.
    """
    folders = sorted(run_folders(job_folder), key=lambda folder: folder.name)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        loaded = pool.map(_loaded, folders[-_MOST_RUNS:])
    runs = sorted((run for run in loaded if run is not None), key=age, reverse=True)
    more = max(0, len(folders) - _MOST_RUNS)
    page = render_index([run.manifest for run in runs], more)
    write_whole(job_folder / INDEX, page)


def _loaded(folder: Place) -> PublishedRun | None:
    with suppress(OutputError):  # a damaged run is no reason to show none
        return load_run(folder)
    return None
