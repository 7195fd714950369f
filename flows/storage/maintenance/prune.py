"""Prunes a job's folder: unfinished files, unused models, old runs.

In doubt a file stays. What changed within the last hour may belong to a running job. Where a
manifest cannot be read, the model that its run used is not known.
"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from flows.storage.fs.atomic import naming_output_errors
from flows.storage.fs.store_path import Place
from flows.storage.models.registry import read_registry
from flows.storage.models.store import MODELS, list_models
from flows.storage.runs.reader import (
    RUNS,
    PublishedRun,
    age,
    latest_folder,
    load_run,
    run_folders,
)
from schemas.errors import OutputError
from schemas.job.partition import Partition

QUIET = timedelta(hours=1)
"""So long nothing may have changed in what is taken for left behind."""
_UNFINISHED = (".partial", ".scratch", ".removed")
"""How the folders end that a run is written in, and one that `clean` was stopped at."""


@dataclass(frozen=True)
class Retention:
    """Limits on the runs that stay. Without any, no run goes; with both, only what both allow."""

    keep: int | None = None
    """The newest so many stay."""
    older_than: timedelta | None = None
    """Those that began later stay."""


@dataclass(frozen=True)
class Removal:
    """Something that may go."""

    path: Place
    why: str
    bytes: int
    partition: Partition | None = None
    """The day that it is a run of, if it is one."""


def plan_cleaning(job: Path, retention: Retention, now: datetime) -> list[Removal]:
    """List what may go from the folder of a job; nothing is removed by asking.

    Raises
    ------
    OutputError, ModelFileError
        The folder, or the registry of its models, cannot be read.
    """
    with naming_output_errors(job):
        going = [_removal(path, "left behind") for path in _left_behind(job, now)]
        runs, sure = _runs(job)
        sure = sure and not _is_at_work(job, now)
        old = _old_runs(job, runs, retention, now)
        going += [
            _removal(job / RUNS / run.folder.name, "past its time", run.manifest.partition)
            for run in old
        ]
        staying = [run for run in runs if run not in old]
        if sure:
            going += [_removal(path, "used by no run") for path in _unused(job, staying, now)]
    return going


def remove(removal: Removal) -> None:
    """Remove a file or folder; a run is hidden first, so that no half of one is taken for a run.

    Raises
    ------
    OutputError
        It cannot be removed.
    """
    path = removal.path
    assert isinstance(path, Path)  # noqa: S101 - `plan_cleaning` listed it
    with naming_output_errors(path.parent):
        if path.is_dir():
            if not path.name.startswith("."):
                path = path.rename(path.with_name(f".{path.name}.removed"))
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def unfinished(job: Path) -> Iterator[Path]:
    """Give what runs that never ended have left below a job, or one at work has there now."""
    for folder in (job / RUNS, job / MODELS, *_models(job).values()):
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            half = path.is_dir() and path.name.endswith(_UNFINISHED)
            torn = path.is_file() and path.name.endswith(".tmp")
            ours = path.name.startswith(".") and not path.is_symlink()
            if ours and (half or torn):
                yield path
    yield from (path for path in sorted(job.glob(".*.tmp")) if path.is_file())


def _left_behind(job: Path, now: datetime) -> Iterator[Path]:
    return (path for path in unfinished(job) if _is_quiet(path, now))


def _is_at_work(job: Path, now: datetime) -> bool:
    """Tell whether a run may be being written: the model that it will name is not known yet."""
    folders = (job / RUNS).glob(".*.partial") if (job / RUNS).is_dir() else ()
    return any(not _is_quiet(folder, now) for folder in folders)


def _runs(job: Path) -> tuple[list[PublishedRun], bool]:
    """Load the runs of a job, the newest first, and tell whether all could be."""
    runs, sure = [], True
    for folder in run_folders(job) if (job / RUNS).is_dir() else ():
        try:
            runs.append(load_run(folder))
        except OutputError:
            sure = False
    return sorted(runs, key=age, reverse=True), sure


def _old_runs(
    job: Path, runs: list[PublishedRun], retention: Retention, now: datetime
) -> list[PublishedRun]:
    if retention.keep is None and retention.older_than is None:
        return []
    latest = latest_folder(job) if runs else None
    old = runs[retention.keep or 0 :]
    if retention.older_than is not None:
        old = [run for run in old if now - run.manifest.started > retention.older_than]
    return [run for run in old if run is not runs[0] and run.folder != latest]


def _unused(job: Path, runs: list[PublishedRun], now: datetime) -> Iterator[Path]:
    """Yield the models that are no longer needed, and that no run was judged by.

    The latest stays, and so do the one to roll back to and those that wait for their promotion.
    """
    registry = read_registry(job)
    promoted = {entry.model_id for entry in registry.entries if entry.act != "fitted"}
    waiting = {entry.model_id for entry in registry.entries} - promoted
    needed = {run.manifest.model.model_id for run in runs} | waiting
    needed |= {registry.latest or "", registry.before or ""}
    for model_id, folder in _models(job).items():
        if model_id not in needed and _is_quiet(folder, now):
            yield folder


def _models(job: Path) -> dict[str, Path]:
    """List the models of a job, by id -> folder."""
    ids = [stored.model_id for stored in list_models(job)]
    return {model_id: job / MODELS / model_id for model_id in ids}


def _is_quiet(path: Path, now: datetime) -> bool:
    """Tell whether nothing in it has changed for a while."""
    inside = path.rglob("*") if path.is_dir() else ()
    newest = max(p.lstat().st_mtime for p in (path, *inside))
    return now.timestamp() - newest > QUIET.total_seconds()


def _removal(path: Path, why: str, partition: Partition | None = None) -> Removal:
    inside = path.rglob("*") if path.is_dir() else [path]
    size = sum(p.lstat().st_size for p in inside if p.is_file())
    return Removal(path, why, size, partition)
