"""Compares the value that a reason expected with the one that stood there before the change."""

import re
from datetime import datetime
from typing import Any

from schemas.columns.roles import Role

_NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?")
_CLOCK = re.compile(r"(\d{1,2}):\d{2}")
_FACTOR = 3.0
_HOURS = 3


def agrees(role: Role, expected: str | None, original: Any, usual: set[str]) -> bool | None:
    """Compare an expectation as it is shown with the original value.

    Parameters
    ----------
    role
        The column's role.
    expected
        What the reason says was to be expected.
    original
        What the event held.
    usual
        The names that the event's entities have most often there.

    Returns
    -------
    None for texts, which are quoted in part. A name agrees if it is the original or a usual one. A
    number agrees if the original lies within a factor of three of the range, and a time within
    three hours.

    Examples
    --------
    >>> agrees(Role.CATEGORY, "GET", "POST", {"GET"}), agrees(Role.CATEGORY, "PUT", "POST", set())
    (True, False)
    """
    if role is Role.TEXT:
        return None
    if expected is None:
        return False
    match role:
        case Role.NUMBER:
            return _number_agrees(expected, float(original))
        case Role.TIME:
            return _hour_agrees(expected, original)
    return any(_shows(expected, name) for name in {str(original), *usual})


def _shows(expected: str, name: str) -> bool:
    """Return whether the shown text is the name, whose middle is left out where it is long."""
    head, cut, tail = expected.partition("…")
    return expected == name or bool(cut and name.startswith(head) and name.endswith(tail))


def _number_agrees(expected: str, original: float) -> bool:
    """Return whether the number lies within a factor of three of the range.

    >>> _number_agrees("1,000 to 2,000", 500.0), _number_agrees("0 to 3", 10.0)
    (True, False)
    """
    ends = [float(number.replace(",", "")) for number in _NUMBER.findall(expected)]
    if not ends:
        return False
    low, high = min(ends), max(ends)
    return min(low / _FACTOR, low * _FACTOR) <= original <= max(high / _FACTOR, high * _FACTOR)


def _hour_agrees(expected: str, original: datetime) -> bool:
    """Return whether the hour lies within three hours of one that is shown, or between the two.

    >>> _hour_agrees("23:00 UTC", datetime(2024, 1, 1, 2)), _hour_agrees("09:00", datetime.max)
    (True, False)
    """
    hours = [int(hour) for hour in _CLOCK.findall(expected)]
    if len(hours) == 2 and (original.hour - hours[0]) % 24 <= (hours[1] - hours[0]) % 24:
        return True
    return any(abs((original.hour - hour + 12) % 24 - 12) <= _HOURS for hour in hours)
