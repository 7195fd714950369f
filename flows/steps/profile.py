"""Profiles the columns of a sample of the input and infers their roles."""

from collections.abc import Mapping
from datetime import UTC, datetime
from secrets import token_bytes

import pyarrow as pa

from anomaly.preprocess.profile import profile
from flows.jobs.judged_partition import chosen_partition, source_of
from flows.steps.sampling import sample_rows
from flows.storage.fs.masking_key import KEY_BYTES
from flows.storage.input.plan import InputPlan, plan_input
from flows.storage.input.rows import read_rows
from schemas.columns.roles import ColumnProfile, RoleChoice, infer_roles, without_partition_dates
from schemas.errors import NoInputError
from schemas.events.flattening import flatten, flattened_origin
from schemas.events.secrets import Secrets, mask_secrets
from schemas.job.job import JobSpec, build_job


def profile_input(location: str) -> tuple[dict[str, ColumnProfile], dict[str, RoleChoice]]:
    """Profile the columns of the input at `location` and infer their roles.

    Where it is partitioned, its newest complete partition speaks for all.

    Raises
    ------
    OutfieldError
        It is not there, or cannot be used.
    """
    job = build_job({"input": location}, "command line")
    try:
        partition = chosen_partition(job, None, datetime.now(UTC))
    except NoInputError as error:
        remedy = "check how it is spelt, or name the folder of one partition"
        raise NoInputError(error.what, where=error.where, remedy=remedy) from None
    plan = plan_input(*source_of(job, partition))
    profiles = profile_columns(plan, job)
    return profiles, inferred_roles(plan, profiles)


def inferred_roles(plan: InputPlan, profiles: Mapping[str, ColumnProfile]) -> dict[str, RoleChoice]:
    """Infer the roles of the planned columns; the dates of partitions are not judged."""
    return without_partition_dates(infer_roles(profiles), plan.partition_values())


def profile_columns(plan: InputPlan, job: JobSpec) -> dict[str, ColumnProfile]:
    """Profile the flattened columns of a sample of the planned rows of a job."""
    return profile(_sample_table(plan, job))


def _sample_table(plan: InputPlan, job: JobSpec) -> pa.Table:
    """Read the sample of the planned rows, flattened, secrets in texts masked.

    The digits of the masks are of this look alone: they keep distinct values distinct.
    """
    rows = sample_rows(plan.rows, len(flattened_origin(plan.schema)), job.seed)
    once = Secrets(frozenset(), key=token_bytes(KEY_BYTES), numbers=job.mask_numbers)
    return flatten(mask_secrets(read_rows(plan, rows, encoded=plan.repetitive), once))
