"""Are the runs and models of a job still what was written? Nothing is changed by asking."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from flows.storage.fs.atomic import naming_read_errors, sha256_of
from flows.storage.fs.store_path import Place
from flows.storage.maintenance.prune import unfinished
from flows.storage.models.registry import REGISTRY, read_registry
from flows.storage.models.store import MODELS, StoredModel, is_finished, list_models, load_model
from flows.storage.runs import parquet_parts
from flows.storage.runs.reader import LATEST, RUNS, PublishedRun, load_run, run_folders
from schemas.errors import LedgerError, ModelFileError, OutfieldError, OutputError
from schemas.locations import without_secrets


@dataclass(frozen=True)
class Fault:
    """A fault and its place: a path below the folder that was checked."""

    where: str
    what: str


@dataclass(frozen=True)
class Checked:
    """The result of a check: how much was checked, and the faults found."""

    runs: int
    models: int
    files: int
    """Files of runs whose checksums were compared."""
    faults: tuple[Fault, ...]
    unfinished: tuple[str, ...]
    """What a killed run left, or one that is at work: no faults."""


def require_job(folder: Place) -> None:
    """Check that a folder is that of a job, here or in a store.

    Raises
    ------
    OutputError
        It is not, or it cannot be read.
    """
    with naming_read_errors(folder):
        if not _is_job(folder):
            raise _no_job(folder, str(folder))


def find_jobs(folder: str) -> list[Path]:
    """Find the jobs in a folder: itself, or those right below it.

    Raises
    ------
    OutputError
        It is no local folder, or holds no job.
    """
    if "://" in folder:
        raise OutputError(
            "only a local folder can be checked",
            where=without_secrets(folder),
            remedy="copy it to this machine, or mount it",
        )
    root = Path(folder).expanduser().absolute()
    if _is_job(root):
        return [root]
    below = root.iterdir() if root.is_dir() else ()
    jobs = sorted(path for path in below if _is_job(path))
    if not jobs:
        raise _no_job(root, folder)
    return jobs


def check_job(job: Path) -> Checked:
    """Compare every file of a job's runs and models with its checksum, and add up the ledgers."""
    folders = run_folders(job) if (job / RUNS).is_dir() else []
    faults: list[Fault] = []
    files = 0
    needed: set[str] = set()
    for folder in sorted(folders):
        try:
            run = load_run(folder)
        except OutputError as error:
            faults.append(Fault(f"{job.name}/{RUNS}/{folder.name}", error.what))
            continue
        files += len(run.manifest.files)
        needed.add(run.manifest.model.model_id)
        faults += _faults_of_run(job, run)
    needed |= _registered(job)
    stored = list_models(job)
    models = [model for model in stored if is_finished(model) or model.model_id in needed]
    for model in models:
        faults += _faults_of_model(job, model)
    faults += _faults_of_pointers(job, {folder.name for folder in folders})
    halves = {job / MODELS / model.model_id for model in stored if model not in models}
    left = sorted(halves | set(unfinished(job)))
    places = tuple(f"{job.name}/{path.relative_to(job).as_posix()}" for path in left)
    return Checked(len(folders), len(models), files, tuple(faults), places)


def _registered(job: Path) -> set[str]:
    """Give the models that the registry speaks of; none where it cannot be read, a fault itself."""
    try:
        return {entry.model_id for entry in read_registry(job).entries}
    except OutfieldError:
        return set()


def _is_job(folder: Place) -> bool:
    """Tell whether a folder holds runs or models, and no job that is called after these."""
    return any(
        (folder / name).is_dir() and not _holds_runs_or_models(folder / name)
        for name in (RUNS, MODELS)
    )


def _holds_runs_or_models(folder: Place) -> bool:
    return (folder / RUNS).is_dir() or (folder / MODELS).is_dir()


def _no_job(folder: Place, where: str) -> OutputError:
    what = "no job in it" if folder.is_dir() else "no such folder"
    return OutputError(what, where=where, remedy="name OUTPUT or OUTPUT/JOB")


def _faults_of_run(job: Path, run: PublishedRun) -> Iterator[Fault]:
    where = f"{job.name}/{RUNS}/{run.folder.name}"
    manifest = run.manifest
    if manifest.run_id != run.folder.name:
        yield Fault(where, f"the manifest is that of run {manifest.run_id}")
    try:
        manifest.ledger.check()
    except LedgerError as error:
        yield Fault(where, str(error))
    for name, digest in manifest.files.items():
        path = run.folder / name
        if not path.exists():
            yield Fault(f"{where}/{name}", "is missing")
        elif sha256_of(path) != digest:
            yield Fault(f"{where}/{name}", "is not the file that was written")
    yield from _faults_of_datasets(where, run)


def _faults_of_datasets(where: str, run: PublishedRun) -> Iterator[Fault]:
    """Count the rows, and find parts that are not of the run, but that every reader would read."""
    manifest = run.manifest
    for dataset, rows in manifest.rows_of_datasets.items():
        folder = run.folder / dataset
        for path in parquet_parts.part_files(folder).values():
            if manifest.files and f"{dataset}/{path.name}" not in manifest.files:
                yield Fault(f"{where}/{dataset}/{path.name}", "is no part of the run")
        try:
            written = parquet_parts.count_rows(folder)
        except (OSError, pa.ArrowException):
            yield Fault(f"{where}/{dataset}", "cannot be read")
            continue
        if written != rows:
            yield Fault(f"{where}/{dataset}", f"{rows:,} rows in the manifest, {written:,} written")


def _faults_of_model(job: Path, stored: StoredModel) -> Iterator[Fault]:
    try:
        load_model(stored)
    except ModelFileError as error:
        yield Fault(f"{job.name}/{MODELS}/{error.where or stored.model_id}", error.what)


def _faults_of_pointers(job: Path, runs: set[str]) -> Iterator[Fault]:
    """Check that what `latest` means is there, for runs and for models."""
    if runs:
        try:
            named = json.loads((job / LATEST).read_bytes())["run_id"]
        except FileNotFoundError:
            pass  # the first run was killed just before it was written: the newest run is meant
        except (OSError, ValueError, LookupError, TypeError, RecursionError):
            yield Fault(f"{job.name}/{LATEST}", "names no run")
        else:
            if named not in runs:
                yield Fault(f"{job.name}/{LATEST}", f"names run {named}, which is not there")
    try:
        latest = read_registry(job).latest
    except OutfieldError as error:
        yield Fault(f"{job.name}/{MODELS}/{REGISTRY}", error.what)
        return
    if latest is not None and latest not in {stored.model_id for stored in list_models(job)}:
        yield Fault(f"{job.name}/{MODELS}/{REGISTRY}", f"names model {latest}, which is not there")
