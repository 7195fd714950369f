"""The commands that keep a job running: `outfield backfill` and `outfield serve`.

As in `flows/cli/detect.py`, what a command needs is imported inside it.
"""
# ruff: noqa: PLC0415 - see above

import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from flows.cli.console import Justify, Terminal, fault
from flows.cli.options import Flag, PartitionOption, Services
from schemas.errors import JobError, OutfieldError
from schemas.job.partition import Partition

if TYPE_CHECKING:
    from flows.jobs.staleness import Standing
    from flows.pipelines.backfill import Backfilled
    from flows.storage.runs.reader import PublishedRun
    from schemas.job.job import JobSpec


@dataclass(frozen=True)
class ScheduleCommands:
    """The commands, each a method that cyclopts reads its options and its help from."""

    terminal: Terminal
    services: Services

    def backfill(
        self,
        job: Annotated[str, Parameter(name="JOB")],
        /,
        *,
        first: Annotated[PartitionOption, Parameter(name="--from")],
        last: Annotated[PartitionOption, Parameter(name="--to")],
        dry_run: Flag = False,
        direct: Flag = False,
        parallel: Annotated[int, Parameter(validator=Number(gte=1))] = 1,
    ) -> None:
        """Judge the partitions of some days or hours that are missing or stale, in order.

        A partition is stale when its input, the job, its model or the version of outfield has
        changed since it was judged. One that fails does not stop the rest. Run again, it goes on
        where it ended.

        Parameters
        ----------
        job
            A job file whose input holds {date}.
        first
            The first day, such as 2026-01-01. Where the input holds {hour} too, the first hour,
            such as 2026-01-01T05, or a day from its first hour on.
        last
            The last day or hour; of hours a day stands for its last hour.
        dry_run
            Only list the partitions, and why each is due.
        direct
            Run the same steps without Prefect.
        parallel
            How many partitions to judge at once, each in a process of its own; needs --direct.
        """
        from flows.jobs.job_file import complete_job, load_job
        from flows.pipelines.backfill import plan_backfill
        from flows.results.notifications import check_notifications

        if not dry_run:
            check_notifications()
        if parallel > 1 and not direct:
            raise JobError(
                "several days at once are judged without Prefect",
                where="--parallel",
                remedy="add --direct",
            )
        spec = complete_job(load_job(job))
        days = plan_backfill(spec, first, last)
        if dry_run:
            rows = [[str(day.partition), _state(day), day.run_id or ""] for day in days]
            self.terminal.table(_left("partition", "state", "newest run"), rows)
        due = [day.partition for day in days if day.due and day.partition]
        self.terminal.line(_counts(days))
        if dry_run:
            return
        result = self._judge_all(spec, due, direct=direct, parallel=parallel)
        self.terminal.line(f"{len(result.judged):,} judged, {len(result.failed):,} failed")
        result.check()

    def serve(
        self,
        folder: Annotated[str, Parameter(name="JOBS_DIR")],
        /,
        *,
        limit: Annotated[int, Parameter(validator=Number(gte=1))] = 1,
    ) -> None:
        """Start the jobs of a folder on their schedules, and when asked to, until stopped.

        Each job file with a [schedule] becomes the Prefect deployment detect/JOB on the server that
        PREFECT_API_URL names.

        Parameters
        ----------
        folder
            The folder of the job files.
        limit
            How many runs at once, of all jobs together; the others wait.
        """
        from flows.jobs.job_file import load_scheduled_jobs

        jobs = load_scheduled_jobs(folder)
        rows = [
            [f"detect/{job.name}", f"{file}.toml", str(job.schedule)] for file, job in jobs.items()
        ]
        self.terminal.table(_left("deployment", "job file", "schedule"), rows)
        with redirect_stdout(sys.stderr):
            self.services.serve_jobs(jobs, folder, limit)

    def _judge_all(
        self, job: "JobSpec", days: list[Partition], *, direct: bool, parallel: int
    ) -> "Backfilled":
        from flows.orchestration.launch import run_batch
        from flows.pipelines.backfill import run_backfill, run_in_batches

        if parallel == 1:
            return run_backfill(days, partial(self._judge, job, direct), self._tell_failure)
        return run_in_batches(
            days, parallel, partial(run_batch, job), self._tell_run, self._tell_failure
        )

    def _judge(self, job: "JobSpec", direct: bool, day: Partition) -> None:
        with self.terminal.progress() as on_progress, redirect_stdout(sys.stderr):
            run = self.services.run_detect(
                job, partition=day, direct=direct, on_progress=on_progress
            )
        self._tell_run(day, run)

    def _tell_run(self, day: Partition, run: "PublishedRun") -> None:
        from flows.report.text import count

        findings = count(run.manifest.selection.findings, "finding")
        self.terminal.line(f"{day}  {findings}, run {run.manifest.run_id}")

    def _tell_failure(self, day: Partition, error: Exception) -> None:
        known = isinstance(error, OutfieldError)
        self.terminal.complain(f"{day}: {error if known else fault(error)}")


def _left(*columns: str) -> dict[str, Justify]:
    return dict.fromkeys(columns, "left")


def _counts(days: "Sequence[Standing]") -> str:
    """Say how many days or hours are in each state; of removed ones only where there are any."""
    due = sum(day.due is not None for day in days)
    absent = sum(not day.present for day in days)
    removed = sum(day.removed is not None for day in days)
    counts = [
        f"{due:,} due",
        f"{len(days) - due - absent - removed:,} up to date",
        *([f"{removed:,} removed"] if removed else []),
        f"{absent:,} without data",
    ]
    hourly = any(day.partition and day.partition.hour is not None for day in days)
    return f"{len(days):,} {'hours' if hourly else 'days'}: {', '.join(counts)}"


def _state(day: "Standing") -> str:
    if not day.present:
        return "no data"
    if day.removed is not None:
        return f"removed on {day.removed}"
    return day.due or "up to date"
