"""What every pipeline does where its input holds damaged files: it runs again without them."""

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

    Which files can be read to their end is only known when they were, which takes as long as
    reading everything once more. So it is asked where it is needed.

    Parameters
    ----------
    pipeline
        Given the step that plans its input; nothing is left of it when it fails.

    Raises
    ------
    OutfieldError
        What the user can mend.
    """
    try:
        return pipeline(PLAN)
    except DamagedFileError:
        return pipeline(PLAN_SOUND_FILES)
