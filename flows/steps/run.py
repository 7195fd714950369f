"""One run of a job: the facts that every step is given, its folder and its lock."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import partial
from logging import ERROR

from flows.jobs.model_choice import ChosenModel
from flows.runtime.retry import patiently
from flows.runtime.run_log import log, logging_of
from flows.runtime.settings import Settings
from flows.runtime.stopping import removed_at_last
from flows.steps.import_verdicts import take_in_verdicts
from flows.steps.planned import Planned
from flows.storage.fs.lock import job_lock
from flows.storage.fs.masking_key import masking_key
from flows.storage.fs.scratch import Scratch
from flows.storage.input.plan import InputPlan
from flows.storage.input.plan_file import store_plan
from flows.storage.runs.run_ids import new_run_folder
from flows.storage.runs.writer import RunFolder, job_folder
from schemas.columns.roles import Role, RoleChoice
from schemas.columns.time_formats import PLAIN, Spelling
from schemas.errors import OutfieldError
from schemas.events.secrets import Secrets
from schemas.job.job import JobSpec
from schemas.job.partition import Partition
from schemas.outputs.run_id import run_id_of

_SPILL_DAYS = 3
"""Events lie before so many days after that of their partition, which tells a missing year."""


@dataclass(frozen=True)
class Run:
    """The facts of a run that every step is given."""

    job: JobSpec
    run_id: str
    started: datetime
    partition: Partition | None
    folder: RunFolder
    scratch: Scratch
    plan: InputPlan
    choices: dict[str, RoleChoice]
    """Column of the input -> its role and why."""
    model: ChosenModel | None = None
    """The stored model that judges; None where one is fitted on the records."""
    alone: str | None = None
    """Why that is none of the days before, though the job names such days."""
    refused_verdicts: tuple[str, ...] = ()
    """Sentences on lines and files of verdicts that were left out, and why."""
    masking_key: bytes = field(default=b"", repr=False)
    """The key of the digits that stand for masked values; no output holds it."""

    @property
    def time_spelling(self) -> Spelling:
        """Return how the time is written; without a year, it is near the day of the partition."""
        times = [choice for choice in self.choices.values() if choice.role is Role.TIME]
        spelling = times[0].spelling if times else PLAIN
        if spelling.before is not None or self.partition is None:
            return spelling
        last = min(self.partition.day.toordinal() + _SPILL_DAYS, date.max.toordinal())
        return replace(spelling, before=date.fromordinal(last))

    @property
    def secrets(self) -> Secrets:
        """Return the columns whose values are masked; those that name a record are told apart."""
        names = frozenset(column for column, choice in self.choices.items() if choice.secret)
        key, ids = self.job.session_key, {c for c in names if self.choices[c].role is Role.ID}
        told_apart = names & (ids | {str(key)})
        return Secrets(names, told_apart, self.masking_key, self.job.mask_numbers)


@contextmanager
def opened_run(job: JobSpec, planned: Planned) -> Iterator[Run]:
    """Yield a run of the job while no other writes it; of one that fails, nothing is left.

    Raises
    ------
    OutputError
        Its folder cannot be made, or another run goes on writing the job.
    """
    name, settings = str(job.name), Settings.from_environment()
    place = job_folder(job)
    with (
        logging_of(name, run_id_of(planned.started)),  # as it waits for the lock
        job_lock(place, settings.lock_wait),
    ):
        refused = take_in_verdicts(place)
        key = patiently(partial(masking_key, place, settings.key_file))
        folder = new_run_folder(job, planned.started)
        scratch = Scratch.of(folder.path)
        with logging_of(name, folder.run_id), _nothing_left_of(folder):
            scratch.make()
            log("run began", partition=planned.partition, **_size(planned.plan))
            yield Run(
                job=job,
                run_id=folder.run_id,
                started=planned.started,
                partition=planned.partition,
                folder=folder,
                scratch=scratch,
                plan=store_plan(planned.plan, scratch),
                choices=planned.choices,
                model=planned.model,
                alone=planned.alone,
                refused_verdicts=refused,
                masking_key=key,
            )


@contextmanager
def _nothing_left_of(folder: RunFolder) -> Iterator[None]:
    """Remove what was written of a run that fails, or whose process is made to end."""
    try:
        with removed_at_last(partial(_discard, folder)):
            yield
    except BaseException as error:
        _discard(folder)
        log("run failed", ERROR, **_kind(error))
        raise


@contextmanager
def passing_run(job: JobSpec, planned: Planned) -> Iterator[Run]:
    """Yield a run of the job of which nothing is left, as `opened_run` where it fails.

    Raises
    ------
    OutputError
        As `opened_run`.
    """
    with opened_run(job, planned) as run:
        yield run
        _discard(run.folder)


def _size(plan: InputPlan) -> dict[str, int]:
    return {"files": len(plan.files), "rows": plan.rows}


def _kind(error: BaseException) -> dict[str, str]:
    """Say what failed, not where: that is a path, and any other message may hold one."""
    kind = {"error": type(error).__name__}
    return {**kind, "what": error.what} if isinstance(error, OutfieldError) else kind


def _discard(folder: RunFolder) -> None:
    folder.discard()
    Scratch.of(folder.path).remove()
