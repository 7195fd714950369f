"""Prunes what killed runs left of a job in an object store, where a run is what has a manifest.

As in a folder, what changed within the last hour may belong to a running job. Runs and models stay:
they are removed by the store's own rules, or from a copy.
"""

from collections.abc import Iterator
from datetime import datetime

from flows.storage.fs.atomic import naming_output_errors, naming_read_errors
from flows.storage.fs.store_path import StorePath, place_of
from flows.storage.maintenance.prune import QUIET, Removal
from flows.storage.models.store import MODELS
from flows.storage.runs.reader import MANIFEST, RUNS
from schemas.errors import OutputError

_SCRATCH = ".scratch"


def find_store_jobs(url: str) -> list[StorePath]:
    """Find the jobs at a URL: itself, or those right below it.

    Raises
    ------
    OutputError
        It is no URL of a store, the store does not answer, or no job is there.
    """
    root = place_of(url)
    assert isinstance(root, StorePath)  # noqa: S101 - a URL is no path of this machine
    with naming_read_errors(root):
        jobs = [root] if _is_job(root) else sorted(job for job in root.iterdir() if _is_job(job))
    if not jobs:
        raise OutputError("no job in it", where=str(root), remedy="name OUTPUT or OUTPUT/JOB")
    return jobs


def left_in_store(job: StorePath, now: datetime) -> list[Removal]:
    """List what killed runs left below a job; nothing is removed by asking.

    Raises
    ------
    OutputError
        The store does not answer.
    """
    with naming_read_errors(job):
        return list(_left(job, now))


def remove_from_store(removal: Removal) -> None:
    """Remove all objects of something that may go.

    Raises
    ------
    OutputError
        The store refuses, or does not answer.
    """
    assert isinstance(removal.path, StorePath)  # noqa: S101 - `left_in_store` listed it
    with naming_output_errors(removal.path.parent):
        removal.path.remove_all()


def _is_job(place: StorePath) -> bool:
    return (place / RUNS).is_dir() or (place / MODELS).is_dir()


def _left(job: StorePath, now: datetime) -> Iterator[Removal]:
    for folder in sorted((job / RUNS).iterdir()):
        objects = folder.objects_below()
        whole = any(place == folder / MANIFEST for place, *_ in objects)
        if (whole and not folder.name.endswith(_SCRATCH)) or not objects:
            continue
        if now - max(changed for _, changed, _ in objects) > QUIET:
            yield Removal(folder, "left behind", sum(size for *_, size in objects))
