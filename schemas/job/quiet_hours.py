"""Quiet hours as a job file spells them: `22:00-06:00`."""

import re
from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

MINUTES_A_DAY = 1_440
_CLOCK = "(?:[01][0-9]|2[0-3]):[0-5][0-9]"
_SPELLING = f"^{_CLOCK}-(?:{_CLOCK}|24:00)$"


def _checked(value: Any) -> Any:
    if isinstance(value, str) and re.fullmatch(_SPELLING, value):
        begin, end = value.split("-")
        if begin != end:
            return value
    raise PydanticCustomError("quiet_hours", "must be hours")


QuietHours = Annotated[
    str,
    BeforeValidator(_checked, json_schema_input_type=Annotated[str, Field(pattern=_SPELLING)]),
]
"""Begin and end, which is no part of it; over midnight where the end is earlier."""


def quiet_minutes(spelled: Iterable[str]) -> frozenset[int]:
    """Return the minutes of a day that lie in quiet hours.

    Examples
    --------
    >>> sorted(quiet_minutes(["23:59-00:02"]))
    [0, 1, 1439]
    """
    found = set[int]()
    for hours in spelled:
        begin, end = (_minute(clock) for clock in hours.split("-"))
        last = end if end > begin else end + MINUTES_A_DAY
        found |= {minute % MINUTES_A_DAY for minute in range(begin, last)}
    return frozenset(found)


def _minute(clock: str) -> int:
    hour, minute = clock.split(":")
    return 60 * int(hour) + int(minute)
