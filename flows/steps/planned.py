"""What a run is asked to read, and what it will read and how: around step `plan`."""

from dataclasses import dataclass
from datetime import date, datetime

from flows.jobs.model_choice import ChosenModel
from flows.storage.input.plan import InputPlan
from schemas.columns.roles import RoleChoice


@dataclass(frozen=True)
class Source:
    """Which part of its input a job is to read."""

    partition: date | None = None
    """The day, where the input is partitioned; None where it is not."""
    days: int = 1
    """How many days to read, up to that one."""
    plan: InputPlan | None = None
    """What was found there, where the input is checked already; None to look for it."""


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
