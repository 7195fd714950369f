"""The section `[behaviour]` of a job file: which entities are judged over time, and how long."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from schemas.job.sections import Section

Window = Literal["hour", "day"]
WINDOWS: tuple[Window, ...] = ("hour", "day")


def _checked(value: Any) -> Any:
    if value not in WINDOWS:
        raise PydanticCustomError("behaviour_window", "must be a window")
    return value


class BehaviourSpec(Section):
    """The settings of what is judged of entities over time."""

    entities: tuple[str, ...] | None = Field(
        default=None,
        min_length=1,
        description="The columns whose names are judged: entities, categories or flags. By default"
        " the first four entities.",
    )
    windows: tuple[
        Annotated[Window, BeforeValidator(_checked, json_schema_input_type=Window)], ...
    ] = Field(
        default=WINDOWS,
        min_length=1,
        description="What is held against its like: `hour`, the events of an hour; `day`, all that"
        " is counted of a day.",
    )


def _switched(value: Any) -> Any:
    """Read `true` as the default settings, and `false` as none."""
    if value is None or isinstance(value, Mapping | BehaviourSpec):
        return value
    if not isinstance(value, bool):
        raise PydanticCustomError("behaviour", "must be a switch or a table")
    return {} if value else None


Behaviour = Annotated[
    BehaviourSpec | None,
    BeforeValidator(_switched, json_schema_input_type=bool | BehaviourSpec),
]
"""The settings, or None where what entities do over time is not judged."""
