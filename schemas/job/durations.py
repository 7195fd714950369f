"""Durations as a job file spells them: `30m`, `1.5h`, or a plain number of seconds."""

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0}
_SPELLING = r"^([0-9]+(?:\.[0-9]+)?) ?(ms|s|m|h|d)$"
_SHORTEST, _LONGEST = 0.001, 36_525 * 86_400.0


def seconds_of(value: Any) -> float:
    """Read a duration as seconds; a plain number counts seconds already.

    Raises
    ------
    PydanticCustomError
        It is neither, or shorter than a millisecond or longer than a hundred years.

    Examples
    --------
    >>> seconds_of("30m"), seconds_of("1.5 h"), seconds_of(90)
    (1800.0, 5400.0, 90.0)
    """
    spelt = re.fullmatch(_SPELLING, value.strip()) if isinstance(value, str) else None
    if spelt is not None:
        value = float(spelt[1]) * _SECONDS[spelt[2]]
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise PydanticCustomError("duration", "must be a duration")
    if not _SHORTEST <= value <= _LONGEST:
        raise PydanticCustomError("duration_bounds", "must not be so short or so long")
    return float(value)


Duration = Annotated[
    float,
    BeforeValidator(
        seconds_of,
        json_schema_input_type=Annotated[str, Field(pattern=_SPELLING)]
        | Annotated[float, Field(ge=_SHORTEST, le=_LONGEST)],
    ),
]
"""Seconds, from a thousandth to a hundred years."""
