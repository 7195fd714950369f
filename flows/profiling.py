"""A look at the input before anything is decided: profiles of its columns, and their roles."""

import pyarrow as pa

from anomaly.profile import profile
from flows.sampling import sample_rows
from flows.storage.plan import InputPlan, plan_input
from flows.storage.rows import read_rows
from schemas.flattening import flatten
from schemas.roles import ColumnProfile, RoleChoice, infer_roles


def profile_input(location: str) -> tuple[dict[str, ColumnProfile], dict[str, RoleChoice]]:
    """Profile the columns of the input at `location` and infer their roles."""
    plan = plan_input(location)
    profiles = profile_columns(plan, seed=0)
    return profiles, infer_roles(profiles)


def profile_columns(plan: InputPlan, seed: int) -> dict[str, ColumnProfile]:
    """Profile the flattened columns of a sample of the planned rows."""
    return profile(sample_table(plan, seed))


def sample_table(plan: InputPlan, seed: int) -> pa.Table:
    """Read the sample of the planned rows, flattened."""
    rows = sample_rows(plan.rows, seed)
    return flatten(read_rows(plan, rows, encoded=plan.repetitive))
