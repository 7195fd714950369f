"""The runs of a job that happened: found by their manifests, their datasets read."""

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches

import pyarrow as pa
from pydantic import ValidationError

from flows.storage.fs.atomic import naming_read_errors
from flows.storage.fs.store_path import Place, place_of
from flows.storage.runs import parquet_parts
from schemas.errors import OutputError
from schemas.outputs.manifest import RunManifest
from schemas.outputs.run_id import instant_of
from schemas.outputs.tables import ACTIVITY_OF_RUN, FINDING, INCIDENT, MEMBER

MANIFEST = "manifest.json"
REPORT = "report.html"
RUNS = "runs"
LATEST = "latest.json"
INDEX = "index.html"
INDEXES = "indexes"
"""The folder of a run's index files."""
INDEX_SUFFIX = ".faiss"


@dataclass(frozen=True)
class PublishedRun:
    """A run that happened: its folder and all that is known of it."""

    folder: Place
    manifest: RunManifest

    @property
    def job_folder(self) -> Place:
        """Return the folder of the job that the run is of."""
        return self.folder.parents[1]


def list_runs(job_folder: str) -> list[PublishedRun]:
    """Load the runs of a job, newest first; folders without a manifest are not runs.

    Raises
    ------
    OutputError
        There is no such job, or a manifest cannot be read.
    """
    return runs_in(place_of(job_folder))


def runs_in(job: Place) -> list[PublishedRun]:
    """Load the runs in the folder of a job, as `list_runs` does."""
    return sorted((load_run(folder) for folder in run_folders(job)), key=age, reverse=True)


def readable_runs(job: Place) -> list[PublishedRun]:
    """Load the runs of a job that can be read, newest first; none where it has not run yet."""
    found = []
    for folder in run_folders(job) if _has_runs(job) else []:
        with suppress(OutputError):
            found.append(load_run(folder))
    return sorted(found, key=age, reverse=True)


def find_run(job_folder: str, run_id: str | None = None) -> PublishedRun:
    """Load one run of a job: the newest unless `run_id` names another.

    Raises
    ------
    OutputError
        There is no such job or run, or its manifest cannot be read.
    """
    folders = {folder.name: folder for folder in run_folders(place_of(job_folder))}
    if not folders:
        raise OutputError("no finished run in it", where=job_folder, remedy="run `outfield detect`")
    if run_id is None:
        return newest_run(place_of(job_folder)) or list_runs(job_folder)[0]
    if run_id not in folders:
        near = get_close_matches(run_id, folders, n=1, cutoff=0.0)[0]
        raise OutputError(
            f"no run {run_id} in it",
            where=job_folder,
            remedy=f"the nearest of {len(folders)} is {near}; `outfield runs` lists them",
        )
    return load_run(folders[run_id])


def run_at(folder: str) -> PublishedRun:
    """Load the run in a folder; in that of a job, its newest one.

    Raises
    ------
    OutputError
        It is neither, or its manifest cannot be read.
    """
    place = place_of(folder)
    with naming_read_errors(place):
        is_run = (place / MANIFEST).exists()
    return load_run(place) if is_run else find_run(folder)


def load_run(folder: Place) -> PublishedRun:
    """Load the run in a folder.

    Raises
    ------
    OutputError
        Its manifest is missing, damaged or of another format.
    """
    path = folder / MANIFEST
    try:
        return PublishedRun(folder, RunManifest.model_validate_json(path.read_bytes()))
    except (OSError, ValidationError) as error:
        problem = error.errors()[0] if isinstance(error, ValidationError) else {"msg": error}
        raise OutputError(
            f"not a manifest that this version of outfield can read ({problem['msg']})",
            where=str(path),
            remedy="move the run's folder away, or update outfield",
        ) from error


def read_findings(run: PublishedRun, columns: Sequence[str] | None = None) -> pa.Table:
    """Read the findings of a run, rank 1 first.

    Raises
    ------
    OutputError
        A part is missing or damaged, or there is no such column.
    """
    findings = parquet_parts.read_dataset(run.folder / "findings", columns)
    if columns is None:
        findings = _as_of_now(findings, FINDING)
    return findings.sort_by("rank") if "rank" in findings.column_names else findings


def _as_of_now(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Give what an earlier version wrote the columns that were added since, null."""
    for place, field in enumerate(schema):
        if table.schema.names[place : place + 1] != [field.name] and field.nullable:
            table = table.add_column(place, field, pa.nulls(len(table), field.type))
    return table


def read_incidents(run: PublishedRun, dataset: str = "incidents") -> pa.Table:
    """Read the incidents of a run, rank 1 first; none where the run is older than incidents are.

    Parameters
    ----------
    run
        The run.
    dataset
        `incidents`; `suppressed` for those that verdicts keep from the analyst; or `unshown` for
        those that are less odd than the leads.

    Raises
    ------
    OutputError
        A part is damaged.
    """
    with naming_read_errors(run.folder):
        written = (run.folder / dataset).is_dir()
    if not written:
        return INCIDENT.empty_table()
    found = parquet_parts.read_dataset(run.folder / dataset).sort_by("rank")
    if "alarm" not in found.column_names:  # it is of a version without alarms
        found = found.append_column(INCIDENT.field("alarm"), pa.repeat(False, len(found)))
    return _as_of_now(found, INCIDENT)


def read_members(run: PublishedRun) -> pa.Table:
    """Read the records of a run's incidents, the oddest first; none where they were not listed yet.

    Raises
    ------
    OutputError
        A part is damaged.
    """
    if run.manifest.incidents.members is None:
        return MEMBER.empty_table()
    return parquet_parts.read_dataset(run.folder / "members")


def read_activity(run: PublishedRun) -> pa.Table:
    """Read what the entities of a run did, as `ACTIVITY_OF_RUN`; empty where it was not judged.

    Texts are dictionaries.

    Raises
    ------
    OutputError
        A part is damaged.
    """
    if run.manifest.activity is None:
        return ACTIVITY_OF_RUN.empty_table()
    texts = [each.name for each in ACTIVITY_OF_RUN if pa.types.is_string(each.type)]
    return parquet_parts.read_dataset(run.folder / "activity", ACTIVITY_OF_RUN.names, texts)


def read_map(run: PublishedRun) -> pa.Table:
    """Read the embedding of a run in two dimensions (`schemas.outputs.tables.MAP`).

    Raises
    ------
    OutputError
        It is damaged, or the run is older than maps are.
    """
    return parquet_parts.read_dataset(run.folder / "map")


def read_scores(run: PublishedRun, columns: Sequence[str] | None = None) -> pa.Table:
    """Read the scores of a run, in the order of the input.

    Raises
    ------
    OutputError
        A part is missing or damaged, or there is no such column.
    """
    return parquet_parts.read_dataset(run.folder / "scores", columns)


def run_folders(job: Place) -> list[Place]:
    """Find the folders of a job's runs: those with a manifest, whatever it holds.

    Raises
    ------
    OutputError
        There is no such job, or it cannot be read.
    """
    if not _has_runs(job):
        raise OutputError(_no_job(job), where=str(job), remedy=_jobs_nearby(job))
    with naming_read_errors(job):
        return [folder for folder in (job / RUNS).iterdir() if _is_run(folder)]


def _has_runs(job: Place) -> bool:
    with naming_read_errors(job):
        return (job / RUNS).is_dir()


def _is_run(folder: Place) -> bool:
    return not folder.name.startswith(".") and (folder / MANIFEST).exists()


def _no_job(job: Place) -> str:
    return "not the folder of a job" if job.exists() else "no such folder"


def _jobs_nearby(job: Place) -> str:
    """Say which jobs lie below or beside a folder that is none."""
    root = job if job.is_dir() else job.parent
    beside = root.iterdir() if root.is_dir() else ()
    jobs = sorted(str(place) for place in beside if (place / RUNS).is_dir())
    if not jobs:
        return "name OUTPUT/JOB, such as outfield-output/sample"
    near = get_close_matches(str(job), jobs, n=3, cutoff=0.0)
    return f"name a job's folder, such as {', '.join(near)}"


def age(run: PublishedRun) -> tuple[float, str]:
    """Return the key that sorts runs from old to new: by their ids, as clocks may be set back."""
    began = instant_of(run.manifest.run_id) or run.manifest.started
    return began.timestamp(), run.manifest.run_id


def newest_run(job: Place) -> PublishedRun | None:
    """Load the run that `latest.json` names, or one that came after it.

    A run that is killed between its publication and that file has not named itself there.

    Returns
    -------
    PublishedRun or None
        None where the file is missing, damaged or names no run.

    Raises
    ------
    OutputError
        The manifest of the run that it names cannot be read.
    """
    named = latest_folder(job)
    if named is None:
        return None
    newest, since = load_run(named), instant_of(named.name)
    for folder in run_folders(job):
        began = instant_of(folder.name)
        if since is None or began is None or began > since:
            with suppress(OutputError):
                later = load_run(folder)
                newest = later if is_newer(later, newest) else newest
    return newest


def is_newer(run: PublishedRun, other: PublishedRun) -> bool:
    """Tell whether a run comes before another where the newest is meant.

    A backfill of old days does not hide last night: days count before the moment of the run.
    """
    days = run.manifest.partition, other.manifest.partition
    if days[0] is not None and days[1] is not None and days[0] != days[1]:
        return days[0] > days[1]
    return age(run) > age(other)


def latest_folder(job: Place) -> Place | None:
    """Find the run named in `latest.json`; None where that is missing, damaged or names no run."""
    try:
        named = json.loads((job / LATEST).read_bytes())["run_id"]
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return None
    return next((folder for folder in run_folders(job) if folder.name == named), None)


def index_files(run: Place) -> Iterator[Place]:
    """Find the index files of a run."""
    yield from (run / INDEXES).glob(f"*{INDEX_SUFFIX}")
