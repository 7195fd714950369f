"""What a run will read, and how: the outcome of step `plan`."""

from dataclasses import dataclass
from datetime import date, datetime

from flows.jobs.model_choice import ChosenModel
from flows.storage.input.plan import InputPlan
from schemas.columns.roles import RoleChoice


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
