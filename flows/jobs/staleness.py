"""Staleness: which partitions no run has judged, and which a run would now judge differently."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version

from flows.jobs.judged_partition import located_partition
from flows.jobs.model_choice import choose_model
from flows.storage.input.files import Located
from flows.storage.runs.reader import PublishedRun, readable_runs
from flows.storage.runs.removed import removed_days
from flows.storage.runs.writer import job_folder
from schemas.job.calendar import calendar_until
from schemas.job.fingerprint import job_fingerprint
from schemas.job.job import JobSpec
from schemas.job.partition import Partition
from schemas.outputs.manifest import RunManifest


@dataclass(frozen=True)
class Standing:
    """The state of a partition: there or not, judged or not, and whether a run is due."""

    partition: Partition | None
    run_id: str | None
    """Its newest run."""
    due: str | None
    """Why a run is due; None where none is."""
    present: bool
    """Whether there is anything to read."""
    removed: date | None = None
    """When its runs were removed, where none is left."""


def standing(job: JobSpec, partition: Partition | None) -> Standing:
    """Tell how one partition of a job stands, or an input that has none.

    Raises
    ------
    OutfieldError
        The input's storage does not answer, or the output cannot be read.
    """
    return _standing(job, partition, _known(job))


def nothing_to_do(now: Standing) -> str | None:
    """Say why a run that is told no partition has nothing to do; None where it has."""
    if not now.present or now.due is not None:
        return None
    what = (
        "the input"
        if now.partition is None
        else f"{now.partition}, the newest {now.partition.unit} of the input that is over,"
    )
    if now.removed is not None:
        return f"Nothing to do: {what} has been judged, and its run was removed on {now.removed}."
    return f"Nothing to do: {what} has been judged as it stands, by run {now.run_id}."


def standings(job: JobSpec, first: Partition, last: Partition) -> Iterator[Standing]:
    """Tell how each partition from `first` to `last` stands, in order.

    Raises
    ------
    OutfieldError
        As `standing`.
    """
    known = _known(job)
    for partition in first.through(last):
        yield _standing(job, partition, known)


@dataclass(frozen=True)
class _Known:
    """The newest runs of the partitions of a job, and its removed days."""

    runs: Mapping[Partition | None, PublishedRun]
    """The newest run of each."""
    removed: Mapping[Partition, date]
    """Days whose runs were removed -> when."""


def _known(job: JobSpec) -> _Known:
    """Find the newest run of each partition; one that cannot be read counts for none."""
    folder = job_folder(job)
    runs = {run.manifest.partition: run for run in reversed(readable_runs(folder))}
    return _Known(runs, removed_days(folder))


def _standing(job: JobSpec, partition: Partition | None, known: _Known) -> Standing:
    located, run = located_partition(job, partition), known.runs.get(partition)
    run_id = None if run is None else run.manifest.run_id
    if located is None:
        return Standing(partition, run_id, None, present=False)
    if run is not None:
        return Standing(partition, run_id, why_stale(job, located, run.manifest), present=True)
    removed = None if partition is None else known.removed.get(partition)
    due = "not judged yet" if removed is None else None
    return Standing(partition, None, due, present=True, removed=removed)


def why_stale(job: JobSpec, located: Located, manifest: RunManifest) -> str | None:
    """Say why the same run would come out otherwise now; None where it would not."""
    read = {(file.name, file.bytes, file.modified, file.deletions) for file in manifest.input_files}
    if located.states() != read:
        return "its input has changed"
    columns = None if located.table is None else located.table.columns
    if columns != manifest.table_columns:
        return "the columns of its table have changed"
    named = calendar_until(job.calendar, manifest.covers)
    if (job_fingerprint(job), named) != (manifest.job_fingerprint, manifest.calendar):
        return "the job has changed"
    if version("outfield") != manifest.outfield_version:
        return f"judged by outfield {manifest.outfield_version}"
    model = _standing_model(job)
    if model not in (None, manifest.model.model_id):
        return f"judged by model {manifest.model.model_id}"
    return None


def _standing_model(job: JobSpec) -> str | None:
    """Give the model that each run of the job is judged by; None where runs make their own.

    A job that renews its model has another one every few days: that does not make all days before
    due again.
    """
    if job.model.use == "fit" or job.model.refit != "never":
        return None
    chosen = choose_model(job)
    return None if chosen is None else chosen.stored.model_id
