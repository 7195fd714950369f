"""Staleness: which partitions no run has judged, and which a run would now judge differently."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from importlib.metadata import version

from flows.jobs.model_choice import choose_model
from flows.jobs.partitions import located_partition
from flows.storage.input.files import Located
from flows.storage.runs.reader import PublishedRun, readable_runs
from flows.storage.runs.writer import job_folder
from schemas.job.fingerprint import job_fingerprint
from schemas.job.job import JobSpec
from schemas.outputs.manifest import RunManifest


@dataclass(frozen=True)
class Standing:
    """The state of a partition: there or not, judged or not, and whether a run is due."""

    partition: date | None
    run_id: str | None
    """Its newest run."""
    due: str | None
    """Why a run is due; None where none is."""
    present: bool
    """Whether there is anything to read."""


def standing(job: JobSpec, partition: date | None) -> Standing:
    """Tell how one partition of a job stands, or an input that has none.

    Raises
    ------
    OutfieldError
        The input's storage does not answer, or the output cannot be read.
    """
    return _standing(job, partition, _newest_runs(job))


def nothing_to_do(now: Standing) -> str | None:
    """Say why a run that is told no day has nothing to do; None where it has."""
    if not now.present or now.due is not None:
        return None
    what = (
        "the input" if now.partition is None else f"{now.partition}, the newest day that is over,"
    )
    return f"Nothing to do: {what} has been judged as it stands, by run {now.run_id}."


def standings(job: JobSpec, first: date, last: date) -> Iterator[Standing]:
    """Tell how each partition from `first` to `last` stands, in order.

    Raises
    ------
    OutfieldError
        As `standing`.
    """
    runs = _newest_runs(job)
    for days in range((last - first).days + 1):
        yield _standing(job, first + timedelta(days), runs)


def _newest_runs(job: JobSpec) -> dict[date | None, PublishedRun]:
    """Find the newest run of each partition; one that cannot be read counts for none."""
    runs = readable_runs(job_folder(job))
    return {run.manifest.partition: run for run in reversed(runs)}


def _standing(
    job: JobSpec, partition: date | None, runs: Mapping[date | None, PublishedRun]
) -> Standing:
    located = located_partition(job, partition)
    run = runs.get(partition)
    run_id = None if run is None else run.manifest.run_id
    if located is None:
        return Standing(partition, run_id, None, present=False)
    due = "not judged yet" if run is None else why_stale(job, located, run.manifest)
    return Standing(partition, run_id, due, present=True)


def why_stale(job: JobSpec, located: Located, manifest: RunManifest) -> str | None:
    """Say why the same run would come out otherwise now; None where it would not."""
    read = {(file.name, file.bytes, file.modified) for file in manifest.input_files}
    if located.states() != read:
        return "its input has changed"
    if job_fingerprint(job) != manifest.job_fingerprint:
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
