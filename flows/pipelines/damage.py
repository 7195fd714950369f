"""Damaged input files: a pipeline that meets one runs again without such files."""

from collections.abc import Callable
from typing import TypeVar

from flows.runtime.work import Step
from flows.steps.plan import PLAN, PLAN_SOUND_FILES
from flows.steps.planned import Planned, Source
from schemas.errors import DamagedFileError
from schemas.job.job import JobSpec

T = TypeVar("T")

PlanStep = Step[JobSpec, Source, Planned]
"""A step that looks at the input of a run."""


def beside_damage(pipeline: Callable[[PlanStep], T]) -> T:
    """Run a pipeline; where it meets a damaged file, run it again without such files.

    Only reading a file to its end shows that it is sound. Checking all files takes as long as
    reading the input once more, so they are checked only after a read has failed.

    Parameters
    ----------
    pipeline
        Called with the step that plans its input; it leaves nothing behind when it fails.

    Raises
    ------
    OutfieldError
        What the user can mend.
    """
    try:
        return pipeline(PLAN)
    except DamagedFileError:
        return pipeline(PLAN_SOUND_FILES)
