"""The start of a run: its input is looked at, its roles are settled, its folder is made."""

from dataclasses import dataclass
from datetime import UTC, datetime

from anomaly.model import FEWEST_EVENTS
from flows.profiling import profile_columns
from flows.storage.locations import without_secrets
from flows.storage.plan import InputPlan, plan_input
from flows.storage.runs import RunFolder
from flows.storage.scratch import Scratch
from schemas.errors import InputError, JobError
from schemas.flattening import flattened_origin
from schemas.job import SESSION_CUTS, JobSpec, check_columns, check_peers, roles_of
from schemas.roles import Role, RoleChoice, infer_roles


@dataclass(frozen=True)
class Planned:
    """What a run will read, and how."""

    started: datetime
    plan: InputPlan
    choices: dict[str, RoleChoice]
    """Column of the input -> its role and why."""


@dataclass(frozen=True)
class Run:
    """What every step knows of the run it belongs to."""

    job: JobSpec
    run_id: str
    started: datetime
    folder: RunFolder
    scratch: Scratch
    plan: InputPlan
    choices: dict[str, RoleChoice]
    """Column of the input -> its role and why."""


def check_input(job: JobSpec) -> InputPlan:
    """Find the input of a job and hold the job against it; no row is read.

    Raises
    ------
    InputError
        It is not there or cannot be read.
    JobError
        The job does not fit it.
    """
    if job.input is None:
        raise InputError("no input is named", remedy="name one, or a job file that does")
    if job.name is None:
        raise JobError("the job has no name", where="name", remedy="give it one")
    plan = plan_input(job.input)
    if plan.rows < FEWEST_EVENTS:
        raise InputError(
            f"only {plan.rows} rows",
            where=without_secrets(job.input),
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


def plan_run(job: JobSpec) -> Planned:
    """Look at the input and settle the roles of its columns.

    Raises
    ------
    OutfieldError
        The input cannot be used, or the job does not fit it.
    """
    started = datetime.now(UTC)
    plan = check_input(job)
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
    return Planned(started, plan, choices)


def open_run(job: JobSpec, planned: Planned) -> Run:
    """Make the folder of a run.

    Raises
    ------
    OutputError
        It cannot be made.
    """
    run_id = new_run_id(planned.started)
    folder = RunFolder.create(job.output, str(job.name), run_id)
    scratch = Scratch.beside(folder.path)
    return Run(job, run_id, planned.started, folder, scratch, planned.plan, planned.choices)


def discard_run(run: Run) -> None:
    """Remove what was written of a run that failed."""
    run.folder.discard()
    run.scratch.remove()


def new_run_id(started: datetime) -> str:
    """Return an id that sorts by time."""
    return f"{started:%Y%m%dT%H%M%S%f}Z"
