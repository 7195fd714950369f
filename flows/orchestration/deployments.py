"""Jobs as Prefect deployments: `detect/JOB`, on its schedule and on request.

The parameters are flat and few, so that Prefect's form explains itself and refuses what is wrong
before anything runs. A job is named, not given: nobody can make a deployment read another path.
"""
# ruff: noqa: E402 - see `forbid_telemetry`

from collections.abc import Mapping
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from flows.runtime.settings import Settings, enter_working_folder, forbid_telemetry
from schemas.job.partition import Partition

forbid_telemetry()  # before the import that reads it: a worker imports this module first

from prefect import flow, runtime
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import (
    ConcurrencyLimitConfig,
    ConcurrencyLimitStrategy,
    FlowRun,
    State,
)
from prefect.deployments.runner import RunnerDeployment
from prefect.flows import Flow
from prefect.schedules import Cron, Interval, Schedule
from prefect.states import Completed
from prefect.types.entrypoint import EntrypointType
from pydantic import Field, WithJsonSchema

from flows.jobs.job_file import STEM, complete_job, load_job
from flows.jobs.judged_partition import chosen_partition
from flows.jobs.staleness import nothing_to_do, standing
from flows.orchestration.flows import TASK_RUNNER, ended, judge, run_name
from flows.orchestration.serving import serve_deployments
from flows.orchestration.signs_of_life import REASON, signs_of_life
from flows.results.notifications import tell_of_failure, tell_of_outcome, telling_of_failure
from flows.steps.cleaning import apply_keep
from flows.storage.runs.reader import PublishedRun
from schemas.job.job import JobSpec
from schemas.job.schedule import ScheduleSpec

JobFile = Annotated[
    str,
    Field(pattern=f"^{STEM}$"),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": f"^{STEM}$",
            "description": "The job file in the served folder, without `.toml`.",
        }
    ),
]
PartitionParameter = Annotated[
    Partition | None,
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "format": "date", "pattern": r"^\d{4}-\d{2}-\d{2}(T\d{2})?$"},
                {"type": "null"},
            ],
            "description": "The day to judge, such as 2026-01-05, or the hour, such as"
            " 2026-01-05T13, where a partition is one; whether judged before or not. Left out: the"
            " newest one that is over, unless it has been judged as it stands.",
        }
    ),
]


_begun: set[str] = set()
"""The flow runs of this process whose code was reached: these report their failures themselves."""


def _tell_of_crash(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:
    """Notify of a run that was killed, which cannot do that itself; Prefect names the arguments."""
    _tell_of_end(flow_run, state.message or "it was killed")


def _tell_of_refusal(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:
    """Notify of a run that failed before its code was reached: its parameters are refused."""
    if str(flow_run.id) not in _begun:
        _tell_of_end(flow_run, state.message or "it was refused")


def _tell_of_end(flow_run: FlowRun, reason: str) -> None:
    asked = flow_run.parameters.get("partition")
    tell_of_failure(
        str(flow_run.parameters.get("job", "")), None if asked is None else str(asked), reason
    )


@flow(
    name="detect",
    flow_run_name="detect-{job}",
    task_runner=TASK_RUNNER,
    validate_parameters=True,
    persist_result=False,
    on_crashed=[_tell_of_crash],
    on_failure=[_tell_of_refusal],
)
def detect_job(job: JobFile, partition: PartitionParameter = None) -> PublishedRun | State[Any]:
    """Find the events that do not belong, as a job file says.

    The job file is read when the run starts. A run that is not asked for a certain day, and finds
    its input judged as it stands, does nothing and says so.
    """
    _begun.add(str(runtime.flow_run.id))
    served = enter_working_folder()
    # A worker of Prefect's looks after its runs itself, and keeps another number there.
    with signs_of_life(UUID(runtime.flow_run.id)) if served else nullcontext():
        return _detect(job, partition)


def _detect(job: str, partition: Partition | None) -> PublishedRun | State[Any]:
    with telling_of_failure(job, partition):
        spec = complete_job(load_job(str(Settings.from_environment().jobs / f"{job}.toml")))
        day = chosen_partition(spec, partition, datetime.now(UTC))
    with telling_of_failure(str(spec.name), day):
        _rename_flow_run(run_name(str(spec.name), day))
        if partition is None and (done := _judged_already(spec, day)):
            apply_keep(spec, datetime.now(UTC))
            return done
        published = judge(spec, day)
    tell_of_outcome(published, spec.notify)
    apply_keep(spec, datetime.now(UTC))
    return ended(published)


def _judged_already(job: JobSpec, day: Partition | None) -> State[Any] | None:
    """Give the end of a run that has nothing to do; None where it has."""
    message = nothing_to_do(standing(job, day))
    return None if message is None else Completed(name="UpToDate", message=message)


def _rename_flow_run(name: str) -> None:
    with get_client(sync_client=True) as client:
        client.update_flow_run(runtime.flow_run.id, name=name)


def serve_jobs(jobs: Mapping[str, JobSpec], limit: int) -> None:
    """Serve jobs until the process is stopped; their schedules pause with it.

    Parameters
    ----------
    jobs
        The names of the job files -> what stands in them, a schedule too.
    limit
        How many runs at once, of all jobs together.
    """
    deployments = [deployment_of(*job) for job in jobs.items()]
    serve_deployments(deployments, limit, lambda run: _tell_of_end(run, REASON))


def deployment_of(file: str, job: JobSpec) -> RunnerDeployment:
    """Make the deployment `detect/JOB`: one run at a time, the others wait."""
    deployment = detect_job.to_deployment(
        name=str(job.name),
        parameters={"job": file},
        schedules=[] if job.schedule is None else [prefect_schedule(job.schedule)],
        concurrency_limit=ConcurrencyLimitConfig(
            limit=1, collision_strategy=ConcurrencyLimitStrategy.ENQUEUE
        ),
        entrypoint_type=EntrypointType.MODULE_PATH,
    )
    assert isinstance(deployment, RunnerDeployment)  # noqa: S101 - called from sync code
    return deployment


def prefect_schedule(schedule: ScheduleSpec) -> Schedule:
    """Say when in Prefect's terms."""
    if schedule.cron is not None:
        return Cron(schedule.cron, timezone=schedule.timezone)
    start = datetime(1970, 1, 1, tzinfo=UTC)  # not now: a restart must not shift the times
    return Interval(timedelta(seconds=schedule.interval or 0), anchor_date=start, timezone="UTC")
