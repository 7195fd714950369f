"""A run's folder: written out of sight, published whole.

    OUTPUT/JOB/runs/RUN_ID/{incidents,suppressed,findings,scores,quarantine}/part-00000.parquet
                          /{records,indexes}/   if the job keeps its records to be searched
                          /report.html
                          /manifest.json        written last
    OUTPUT/JOB/latest.json                      names the newest run
    OUTPUT/JOB/index.html                       all runs on a page, written after each

While it is written the folder is called `.RUN_ID.partial`; `publish` renames it. An object store
has no rename: there the manifest alone, written last, makes it a run. So a run that was killed is
never taken for one, whenever it was killed.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from uuid import uuid4

import pyarrow as pa

from flows.storage.fs.atomic import (
    folder_to_disk,
    naming_output_errors,
    remove_tree,
    sha256_of,
    write_bytes,
    write_whole,
)
from flows.storage.fs.scratch import Scratch
from flows.storage.fs.store_path import Place, place_of
from flows.storage.runs import parquet_parts
from flows.storage.runs.parquet_parts import LEADING_COLUMNS, OPTIONAL, PartWriter
from flows.storage.runs.reader import (
    INDEXES,
    LATEST,
    MANIFEST,
    REPORT,
    RUNS,
    PublishedRun,
    index_files,
    is_newer,
    load_run,
    newest_run,
)
from schemas.errors import LedgerError, OutputError
from schemas.job.job import JobSpec
from schemas.outputs.manifest import RunManifest

_LONGEST_NAME = 200


class RunIdTakenError(OutputError):
    """Another run has the id."""


@dataclass(frozen=True)
class RunFolder:
    """A run being written. Nothing of it is visible as a run until `publish`.

    It can be pickled, and several threads or processes may write its parts at once.
    """

    path: Place
    """The folder it is written in: absolute, so that it means the same to a worker elsewhere."""
    run_id: str

    @property
    def job_folder(self) -> Place:
        """Return the folder of the job that the run is of."""
        return self.path.parents[1]

    @classmethod
    def create(cls, output: str, job: str, run_id: str) -> Self:
        """Make the folder of a new run below `output`/`job`.

        Raises
        ------
        OutputError
            `output` is no such URL or cannot be written. `job` or `run_id` cannot name a folder.
        RunIdTakenError
            There is such a run, or one is being written: nothing of that is touched.
        """
        runs = _folder_below(output, job) / RUNS
        hidden = f".{_folder_name(run_id)}.partial"
        path = runs / (hidden if isinstance(runs, Path) else run_id)
        with naming_output_errors(output):
            runs.mkdir(parents=True, exist_ok=True)
            if (runs / run_id).exists() or not _is_claimed(path):
                raise RunIdTakenError(f"run {run_id} is already there", where=str(runs))
            folder = cls(path, run_id)
            try:
                for dataset in LEADING_COLUMNS:
                    (path / dataset).mkdir(parents=True)
            except BaseException:  # Ctrl-C may come at any moment
                folder.discard()
                raise
        return folder

    def write_part(self, dataset: str, part: int, table: pa.Table) -> None:
        """Write a part of one of the datasets in `LEADING_COLUMNS`, whole or not at all.

        Written again, it replaces the first: a task may be retried.

        Raises
        ------
        OutputError
            The disk is full or the folder is gone.
        ValueError
            The table does not start with the columns of `schemas/outputs/tables.py`.
        """
        with self.open_part(dataset, part, table.schema) as writer:
            writer.write(table)

    def open_part(
        self, dataset: str, part: int, schema: pa.Schema
    ) -> AbstractContextManager[PartWriter]:
        """Open a part that comes table by table; it appears when the context ends.

        Raises
        ------
        OutputError, ValueError
            As `write_part`.
        """
        folder = self.path / dataset
        if dataset in OPTIONAL:
            with naming_output_errors(self.path):
                folder.mkdir(exist_ok=True)
        return parquet_parts.open_part(folder, part, schema)

    def read_parts(
        self, dataset: str, columns: Sequence[str] | None = None
    ) -> Iterator[tuple[int, pa.Table]]:
        """Read back what is written of a dataset: each part's number and its chosen columns.

        Raises
        ------
        OutputError
            The folder is gone, or a part is damaged.
        """
        if isinstance(self.path, Path) and not (self.path / dataset).is_dir():
            remedy = "run again, and do not remove it meanwhile"
            raise OutputError("cannot be read (it is gone)", where=str(self.path), remedy=remedy)
        return parquet_parts.read_parts(self.path / dataset, columns)

    def read_part(self, dataset: str, part: int, columns: Sequence[str]) -> pa.Table:
        """Read back some columns of one part of a dataset.

        Raises
        ------
        OutputError
            The folder is gone, or the part is damaged.
        """
        return parquet_parts.read_part(self.path / dataset, part, columns)

    def publish(self, manifest: RunManifest, report: str) -> PublishedRun:
        """Make the run visible: report, manifest, then the name of the folder and `latest.json`.

        Called again with the same manifest, after a stop at any point, it completes what is left.

        Raises
        ------
        LedgerError
            The ledger does not add up, or does not agree with the rows written.
        OutputError
            The folder cannot be written, or another run of this id is there.
        """
        if manifest.run_id != self.run_id:
            raise ValueError(f"the manifest of run {manifest.run_id} for run {self.run_id}")
        manifest.ledger.check()
        folder = self.path.with_name(self.run_id)
        with naming_output_errors(self.path.parent):
            if not (folder / MANIFEST).exists():
                self._complete(manifest, report)
                self._appear(folder)
            run = load_run(folder)
            if not _tells_the_same(run.manifest, manifest):
                raise OutputError(f"another run {self.run_id} is there", where=str(folder))
            _point_latest_to(run)
        return run

    def published(self) -> PublishedRun | None:
        """Complete a publication that failed when the run was visible already; None if it is not.

        Raises
        ------
        OutputError
            The manifest cannot be read, or `latest.json` not be written.
        """
        folder = self.path.with_name(self.run_id)
        with naming_output_errors(self.path.parent):
            if not (folder / MANIFEST).exists():
                return None
            run = load_run(folder)
            _point_latest_to(run)
        return run

    def discard(self) -> None:
        """Remove what was written of a run that will not be published."""
        with suppress(OSError):  # a store that does not answer: why it is discarded stays the error
            if isinstance(self.path, Path) or not (self.path / MANIFEST).exists():
                remove_tree(self.path)

    def _appear(self, folder: Place) -> None:
        """Take the name of a run, where it was written under another."""
        if isinstance(self.path, Path) and isinstance(folder, Path):
            self.path.rename(folder)
            folder_to_disk(folder.parent)

    def _complete(self, manifest: RunManifest, report: str) -> None:
        for dataset, lead in LEADING_COLUMNS.items():
            for leftover in (self.path / dataset).glob(".*.tmp"):
                leftover.unlink()  # of a worker that was killed
            if not parquet_parts.part_files(self.path / dataset):
                self.write_part(dataset, 0, lead.empty_table())
            folder_to_disk(self.path / dataset)
        self._check_rows(manifest)
        write_whole(self.path / REPORT, report)
        summed = manifest.model_copy(update={"files": self._checksums()})
        write_whole(self.path / MANIFEST, summed.model_dump_json(indent=2) + "\n")
        folder_to_disk(self.path)

    def _checksums(self) -> dict[str, str]:
        """Hash every file of the run but the manifest that will hold the hashes."""
        files = {
            f"{dataset}/{file.name}": file
            for dataset in (*LEADING_COLUMNS, *OPTIONAL)
            for file in parquet_parts.part_files(self.path / dataset).values()
        }
        files |= {f"{INDEXES}/{file.name}": file for file in index_files(self.path)}
        files[REPORT] = self.path / REPORT
        return {name: sha256_of(files[name]) for name in sorted(files)}

    def _check_rows(self, manifest: RunManifest) -> None:
        for dataset, rows in manifest.rows_of_datasets.items():
            written = parquet_parts.count_rows(self.path / dataset)
            if written != rows:
                raise LedgerError(f"{rows} rows of {dataset} in the manifest, {written} written")


def _is_claimed(path: Place) -> bool:
    """Take a run's folder for this process alone; tell whether it is not another's.

    To make a folder is one act, which only one succeeds in. In a store each puts an object of its
    own into the scratch folder, and only one that is alone there has the id.
    """
    if isinstance(path, Path):
        try:
            path.mkdir()
        except FileExistsError:
            return False
        return True
    claims = Scratch.of(path).path
    claim = claims / f"{uuid4().hex}.claim"
    write_bytes(claim, b"claimed")
    alone = all(other == claim for other in claims.iterdir()) and not path.exists()
    if not alone:
        claim.unlink(missing_ok=True)
    return alone


def job_folder(job: JobSpec) -> Place:
    """Return the folder that holds the runs and models of a job, absolute; it need not be there.

    Raises
    ------
    OutputError
        The output is a URL that cannot be, or the job's name cannot name a folder.
    """
    return _folder_below(job.output, str(job.name))


def _folder_below(output: str, job: str) -> Place:
    place = place_of(output)
    return (place.absolute() if isinstance(place, Path) else place) / _folder_name(job)


def _folder_name(name: str) -> str:
    """Refuse a name that is not one plain folder: it comes from the user and must not lead away."""
    if (
        not name
        or name.startswith(".")
        or not name.isprintable()
        or any(separator in name for separator in "/\\")
        or len(name.encode()) > _LONGEST_NAME
    ):
        raise OutputError(
            f"{name[:_LONGEST_NAME]!r} cannot name a folder",
            remedy="take letters, digits, dashes and dots, the first a letter or digit",
        )
    return name


def _tells_the_same(written: RunManifest, manifest: RunManifest) -> bool:
    """Compare two manifests but for what differs when the last step of a run is done again."""
    at_the_end = {"files", "finished", "metrics"}
    return written.model_dump(exclude=at_the_end) == manifest.model_dump(exclude=at_the_end)


def _point_latest_to(run: PublishedRun) -> None:
    """Name the run in `latest.json` unless a newer one is there, or one of a newer day."""
    job = run.job_folder
    newest = None
    with suppress(OutputError):  # a damaged manifest is no reason to hide this run
        newest = newest_run(job)
    if newest is None or not is_newer(newest, run):
        newest = run
    write_whole(job / LATEST, json.dumps({"run_id": newest.manifest.run_id}) + "\n")
