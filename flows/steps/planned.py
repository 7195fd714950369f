"""Input and output of step `plan`: the source of a run, and what it will read and how."""

from dataclasses import dataclass
from datetime import datetime

from flows.jobs.model_choice import ChosenModel
from flows.storage.input.plan import InputPlan
from schemas.columns.roles import RoleChoice
from schemas.job.partition import Partition


@dataclass(frozen=True)
class Source:
    """The part of its input that a job is to read."""

    partition: Partition | None = None
    """The day or hour, where the input is partitioned; None where it is not."""
    n: int = 1
    """How many partitions to read, up to that one."""
    plan: InputPlan | None = None
    """The plan of an earlier look: taken if the files are still the same."""
    model: ChosenModel | None = None
    """The model that was fitted for it; None where the job says which one judges."""
    alone: str | None = None
    """Why no model of the days before was fitted for it, though the job names such days."""
    judged: frozenset[str] | None = None
    """Columns of the partition that a history is read for: the model looks at no others."""


WHOLE = Source()
"""All of an input that has no partitions."""


@dataclass(frozen=True)
class Planned:
    """The plan of a run: what it will read, and how."""

    started: datetime
    partition: Partition | None
    """What is judged of the input; None where it is not partitioned."""
    plan: InputPlan
    choices: dict[str, RoleChoice]
    """Column of the input -> its role and why."""
    model: ChosenModel | None = None
    """The stored model that judges; None where one is fitted on the records."""
    alone: str | None = None
    """Why that is none of the days before, though the job names such days."""
