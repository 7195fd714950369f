"""The start of a run: its input is looked at, its roles are settled, its folder is made."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from logging import ERROR
from typing import Protocol, TypeVar

from anomaly.model import FEWEST_EVENTS
from flows.intake import take_in_verdicts
from flows.model_choice import ChosenModel, choose_model, roles_in_model
from flows.partitions import days_to_fit, located_window, source_of
from flows.profiling import profile_columns
from flows.run_log import log, logging_of
from flows.settings import Settings
from flows.storage.kept_plan import keep_plan
from flows.storage.locations import without_secrets
from flows.storage.lock import job_lock
from flows.storage.plan import InputPlan, plan_input, plan_located
from flows.storage.run_ids import next_run_id
from flows.storage.runs import RunFolder, job_folder
from flows.storage.scratch import Scratch
from flows.storage.soundness import without_damaged_files
from flows.storage.vector_index import require_store
from schemas.errors import DamagedFileError, InputError, JobError, OutfieldError
from schemas.flattening import flattened_origin
from schemas.job import SESSION_CUTS, JobSpec, check_columns, check_peers, roles_of
from schemas.partitions import without_day
from schemas.roles import Role, RoleChoice, infer_roles
from schemas.run_id import run_id_of
from schemas.secrets import Secrets

T = TypeVar("T")


@dataclass(frozen=True)
class Planned:
    """What a run will read, and how."""

    started: datetime
    partition: date | None
    """The day of the input that is judged; None where it is not partitioned."""
    plan: InputPlan
    choices: dict[str, RoleChoice]
    """Column of the input -> its role and why."""
    model: ChosenModel | None = None
    """The stored model that judges; None where one is fitted on the records."""


class PlanStep(Protocol):
    """A step that looks at the input of a run."""

    def __call__(self, job: JobSpec, partition: date | None = None, days: int = 1) -> Planned:
        """Look at a partition, or at so many days up to it."""
        ...


@dataclass(frozen=True)
class Run:
    """What every step knows of the run it belongs to."""

    job: JobSpec
    run_id: str
    started: datetime
    partition: date | None
    folder: RunFolder
    scratch: Scratch
    plan: InputPlan
    choices: dict[str, RoleChoice]
    """Column of the input -> its role and why."""
    model: ChosenModel | None = None
    """The stored model that judges; None where one is fitted on the records."""
    refused_verdicts: tuple[str, ...] = ()
    """What dropped files of verdicts say that cannot be heeded, and why."""

    @property
    def secrets(self) -> Secrets:
        """Return the columns whose values are masked; those that name a record are told apart."""
        names = frozenset(column for column, choice in self.choices.items() if choice.secret)
        key, ids = self.job.session_key, {c for c in names if self.choices[c].role is Role.ID}
        return Secrets(names, names & (ids | {str(key)}))


def check_input(job: JobSpec, partition: date | None = None, days: int = 1) -> InputPlan:
    """Find the input of a job and hold the job against it; no row is read.

    Parameters
    ----------
    job
        Its input and its name are set.
    partition
        The day to read, where the input is partitioned.
    days
        How many days to read, up to that one.

    Raises
    ------
    InputError
        It is not there or cannot be read.
    JobError
        The job does not fit it.
    ModelFileError
        The stored model that the job names is not there, or was made for another job.
    """
    if job.input is None:
        raise InputError("no input is named", remedy="name one, or a job file that does")
    if job.name is None:
        raise JobError("the job has no name", where="name", remedy="give it one")
    if job.search.store:
        require_store()
    if job.model.refit != "never":
        days_to_fit(job)
    plan = _plan(job, partition, days)
    model = choose_model(job)
    if model is not None:
        roles_in_model(job, model, plan)
    elif plan.rows < FEWEST_EVENTS:
        raise InputError(
            f"only {plan.rows} rows",
            where=without_secrets(plan.location),
            remedy=f"a normal cluster needs at least {FEWEST_EVENTS}; widen the input",
        )
    check_columns(job, flattened_origin(plan.schema))
    key = job.columns.get(job.session_key or "")
    if key is not None and key.role in (Role.ID, Role.IGNORE):
        raise JobError(
            f"`{job.session_key}` names the session, so its role cannot be `{key.role}`",
            where="session_key",
            remedy="make it an `entity`, or leave its role out",
        )
    return plan


def _plan(job: JobSpec, partition: date | None, days: int) -> InputPlan:
    if partition is None or days == 1:
        return plan_input(*source_of(job, partition))
    return plan_located(without_day(str(job.input)), located_window(job, partition, days))


def plan_run(job: JobSpec, partition: date | None = None, days: int = 1) -> Planned:
    """Look at the input and settle the roles of its columns.

    Raises
    ------
    OutfieldError
        The input cannot be used, or the job does not fit it.
    """
    started = datetime.now(UTC)
    return _settle(job, partition, started, check_input(job, partition, days))


def plan_sound_run(job: JobSpec, partition: date | None = None, days: int = 1) -> Planned:
    """Do the same once all files were read to their end, without those that cannot be.

    Raises
    ------
    OutfieldError
        As `plan_run`, or too many files are damaged.
    """
    started = datetime.now(UTC)
    sound = without_damaged_files(check_input(job, partition, days))
    return _settle(job, partition, started, sound)


def beside_damage(work: Callable[[PlanStep], T]) -> T:
    """Do what reads an input; where that meets a damaged file, do it again without such.

    Parameters
    ----------
    work
        Given the step that plans it; nothing is left of it when it fails.

    Raises
    ------
    OutfieldError
        What the user can mend.
    """
    try:
        return work(plan_run)
    except DamagedFileError:
        return work(plan_sound_run)


def _settle(job: JobSpec, partition: date | None, started: datetime, plan: InputPlan) -> Planned:
    model = choose_model(job)
    if model is not None:
        return Planned(started, partition, plan, roles_in_model(job, model, plan), model)
    choices = roles_of(job, infer_roles(profile_columns(plan, job.seed)))
    if all(choice.role in (Role.ID, Role.IGNORE) for choice in choices.values()):
        raise InputError(
            "no usable column",
            where=without_secrets(plan.location),
            remedy="give at least one a role other than id or ignore in the job file",
        )
    check_peers(job, choices)
    cut = next((name for name in SESSION_CUTS if getattr(job, name) is not None), None)
    if cut is not None and all(choice.role is not Role.TIME for choice in choices.values()):
        raise JobError(
            "sessions are cut by time, and no column is the time of the event",
            where=cut,
            remedy="give one the role `time` in the job file",
        )
    return Planned(started, partition, plan, choices)


@contextmanager
def opened_run(job: JobSpec, planned: Planned) -> Iterator[Run]:
    """Yield a run of the job while no other writes it; of one that fails, nothing is left.

    Raises
    ------
    OutputError
        Its folder cannot be made, or another run goes on writing the job.
    """
    name, patience = str(job.name), Settings.from_environment().lock_wait
    place = job_folder(job.output, name)
    with (
        logging_of(name, run_id_of(planned.started)),  # as it waits for the lock
        job_lock(place, patience),
        logging_of(name, run_id := next_run_id(place, planned.started)),
    ):
        refused = take_in_verdicts(place)
        folder = RunFolder.create(job.output, name, run_id)
        scratch = Scratch.of(folder.path)
        try:
            scratch.make()
            log("run began", partition=planned.partition, **_size(planned.plan))
            yield Run(
                job=job,
                run_id=run_id,
                started=planned.started,
                partition=planned.partition,
                folder=folder,
                scratch=scratch,
                plan=keep_plan(planned.plan, scratch),
                choices=planned.choices,
                model=planned.model,
                refused_verdicts=refused,
            )
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
