"""The commands that look after what was written: check and clean.

As in `flows.cli.detect`, what a command needs is imported inside it.
"""
# ruff: noqa: PLC0415 - see above

from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from flows.cli.console import Terminal
from flows.cli.options import Flag
from schemas.errors import JobError, OutputError

if TYPE_CHECKING:
    from flows.storage.maintenance.prune import Removal, Retention

Folder = Annotated[str, Parameter(name="DIR")]


class FaultsFoundError(Exception):
    """Raised when a checked folder is not whole; its faults are printed already."""


@dataclass(frozen=True)
class MaintenanceCommands:
    """The commands, each a method that cyclopts reads its options and its help from."""

    terminal: Terminal

    def check(self, folder: Folder, /) -> None:
        """Compare every file of all runs and models with its checksum; exit code 1 if one is wrong.

        Where there is neither a run nor a model, nothing was checked, and the exit code is 2.

        Parameters
        ----------
        folder
            The output folder, or that of one job.
        """
        from flows.report.text import count
        from flows.storage.maintenance.verify import check_job, find_jobs

        checked = [check_job(job) for job in find_jobs(folder)]
        faults = [fault for job in checked for fault in job.faults]
        for fault in faults:
            self.terminal.line(f"{fault.where}: {fault.what}")
        for place in (place for job in checked for place in job.unfinished):
            self.terminal.line(f"{place}: unfinished; no fault, and `outfield clean` removes it")
        runs, models, files = (
            sum(getattr(job, name) for job in checked) for name in ("runs", "models", "files")
        )
        looked_at = f"{count(runs, 'run')} with {count(files, 'file')}, {count(models, 'model')}"
        self.terminal.line(f"{looked_at}: {count(len(faults), 'fault')}")
        if faults:
            raise FaultsFoundError
        if not runs and not models:
            what = "nothing was checked: there is no run and no model in it"
            raise OutputError(what, where=folder, remedy="name OUTPUT or OUTPUT/JOB")

    def clean(
        self,
        folder: Folder,
        /,
        *,
        keep: Annotated[int | None, Parameter(validator=Number(gte=1))] = None,
        older_than: str | None = None,
        dry_run: Flag = False,
    ) -> None:
        """Remove what killed runs left, models that no run uses, and runs past their time.

        In an object store, only what killed runs left is removed.

        Parameters
        ----------
        folder
            The output folder or URL, or that of one job.
        keep
            The newest so many runs of each job stay; older ones go.
        older_than
            Runs that began longer ago go: 30d. With --keep only those beyond its number.
        dry_run
            Only say what would go.
        """
        from flows.report.text import count
        from flows.storage.maintenance.prune import Retention

        retention, now = Retention(keep, _duration(older_than)), datetime.now(UTC)
        if "://" in folder:
            removals = self._clean_store(folder, retention, now, dry_run=dry_run)
        else:
            removals = self._clean_folder(folder, retention, now, dry_run=dry_run)
        total = sum(removal.bytes for removal in removals) / 1e6
        verb = "would go" if dry_run else "removed"
        self.terminal.line(f"{count(len(removals), 'item')} {verb}, {total:,.1f} MB")

    def _clean_folder(
        self, folder: str, retention: "Retention", now: datetime, *, dry_run: bool
    ) -> "list[Removal]":
        from flows.steps.cleaning import clean_job
        from flows.storage.maintenance.prune import plan_cleaning
        from flows.storage.maintenance.verify import find_jobs

        removals = []
        for job in find_jobs(folder):
            going = (plan_cleaning if dry_run else clean_job)(job, retention, now)
            for removal in going:
                self._tell(job.name, removal)
            removals += going
        return removals

    def _clean_store(
        self, url: str, retention: "Retention", now: datetime, *, dry_run: bool
    ) -> "list[Removal]":
        from flows.storage.fs.lock import job_lock
        from flows.storage.maintenance.prune import Retention
        from flows.storage.maintenance.prune_store import (
            find_store_jobs,
            left_in_store,
            remove_from_store,
        )

        if retention != Retention():
            raise JobError(
                "in a store only what killed runs left is removed",
                where="--keep, --older-than",
                remedy="leave them out, or have the store's own rules remove old runs",
            )
        removals = []
        for job in find_store_jobs(url):
            with nullcontext() if dry_run else job_lock(job, patience=0.0):
                for removal in left_in_store(job, now):
                    self._tell(job.name, removal)
                    if not dry_run:
                        remove_from_store(removal)
                    removals.append(removal)
        return removals

    def _tell(self, job: str, removal: "Removal") -> None:
        self.terminal.line(f"{job}: {removal.path.name}, {removal.why}")


def _duration(text: str | None) -> timedelta | None:
    from pydantic_core import PydanticCustomError

    from schemas.job.durations import seconds_of

    if text is None:
        return None
    try:
        return timedelta(seconds=seconds_of(text))
    except PydanticCustomError:
        raise JobError(
            f"{text!r} is not a duration", where="--older-than", remedy='write it as "30d" or "12h"'
        ) from None
