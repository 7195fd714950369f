"""Step `plan`: finds the input, checks the job against it and settles the roles of its columns."""

from collections.abc import Mapping
from datetime import UTC, datetime

from anomaly.model.model import FEWEST_EVENTS
from flows.jobs.judged_partition import (
    located_window,
    partitions_of_history,
    partitions_to_fit,
    source_of,
)
from flows.jobs.model_choice import choose_model, roles_in_model
from flows.runtime.work import Step
from flows.steps.planned import Planned, Source
from flows.steps.profile import inferred_roles, profile_columns
from flows.storage.input.damaged_files import without_damaged_files
from flows.storage.input.files import Located, locate
from flows.storage.input.plan import InputPlan, plan_located
from flows.storage.search.vector_index import require_store
from schemas.columns.roles import Role, RoleChoice
from schemas.errors import InputError, JobError
from schemas.events.flattening import flattened_origin
from schemas.job.job import (
    SESSION_CUTS,
    JobSpec,
    check_calendar,
    check_columns,
    check_entities,
    check_peers,
    roles_of,
)
from schemas.job.partition import Partition
from schemas.job.partitioned_location import without_day
from schemas.locations import without_secrets


def check_input(job: JobSpec, partition: Partition | None = None, n: int = 1) -> InputPlan:
    """Find the input of a job and hold the job against it; no row is read.

    Parameters
    ----------
    job
        Its input and its name are set.
    partition
        The partition to read, where the input has some.
    n
        How many partitions to read, up to that one.

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
        partitions_to_fit(job)
    plan = _plan(job, partition, n)
    model = choose_model(job)
    if model is not None:
        roles_in_model(job, model, plan)
    elif job.model.refit == "never" and _stands_alone(job) and plan.rows < FEWEST_EVENTS:
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


CHECK_INPUT = Step("check input", check_input)


def _stands_alone(job: JobSpec) -> bool:
    """Tell whether the records are judged against each other, and so must be enough."""
    return job.model.use == "fit" and partitions_of_history(job) is None


def _plan(
    job: JobSpec, partition: Partition | None, n: int, *, tolerant: bool = False
) -> InputPlan:
    return plan_located(*_located(job, partition, n), tolerant=tolerant)


def _located(job: JobSpec, partition: Partition | None, n: int) -> tuple[str, Located]:
    """Return the location of what is read, as an error is to name it, and its files."""
    if partition is None or n == 1:
        location, root = source_of(job, partition)
        return location, locate(location, root)
    return without_day(str(job.input)), located_window(job, partition, n)


def plan_run(job: JobSpec, source: Source) -> Planned:
    """Look at the input and settle the roles of its columns.

    Raises
    ------
    OutfieldError
        The input cannot be used, or the job does not fit it.
    """
    started = datetime.now(UTC)
    return _settle(job, source, started, _found(job, source))


PLAN = Step("plan", plan_run)


def plan_sound_run(job: JobSpec, source: Source) -> Planned:
    """Do the same once all files were read to their end, without those that cannot be.

    Raises
    ------
    OutfieldError
        As `plan_run`, or too many files are damaged.
    """
    started = datetime.now(UTC)
    return _settle(job, source, started, without_damaged_files(_found(job, source)))


PLAN_SOUND_FILES = Step("plan without damaged files", plan_sound_run)


def _found(job: JobSpec, source: Source) -> InputPlan:
    """Return the plan that was made before, if its files are still the same; else make one."""
    if source.plan is not None:
        _, located = _located(job, source.partition, source.n)
        if located.states() == source.plan.states():
            return source.plan
    if source.judged is not None:  # it was held against the partition, which may have new columns
        return _plan(job, source.partition, source.n, tolerant=True)
    return check_input(job, source.partition, source.n)


def _settle(job: JobSpec, source: Source, started: datetime, plan: InputPlan) -> Planned:
    model = source.model or choose_model(job)
    if model is not None:
        return Planned(started, source.partition, plan, roles_in_model(job, model, plan), model)
    choices = roles_of(job, inferred_roles(plan, profile_columns(plan, job)))
    if source.judged is not None:
        choices = _shared(choices, source.judged)
    if all(choice.role in (Role.ID, Role.IGNORE) for choice in choices.values()):
        raise InputError(
            "no usable column",
            where=without_secrets(plan.location),
            remedy="give at least one a role other than id or ignore in the job file",
        )
    check_peers(job, choices)
    check_calendar(job, choices)
    check_entities(job, choices)
    cut = next((name for name in SESSION_CUTS if getattr(job, name) is not None), None)
    if cut is not None and all(choice.role is not Role.TIME for choice in choices.values()):
        raise JobError(
            "sessions are cut by time, and no column is the time of the event",
            where=cut,
            remedy="give one the role `time` in the job file",
        )
    return Planned(started, source.partition, plan, choices, alone=source.alone)


def _shared(choices: Mapping[str, RoleChoice], judged: frozenset[str]) -> dict[str, RoleChoice]:
    """Ignore the columns of a history that the judged partition does not have."""
    return {
        name: choice
        if name in judged
        else RoleChoice(Role.IGNORE, "the judged partition has no such column", choice.secret)
        for name, choice in choices.items()
    }
