"""The section `[calendar]` of a job file: days that are unlike ordinary ones, by their name.

A name has a list of days, and of spans of days as ISO 8601 writes them: `2026-12-24/2026-12-26`.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

LONGEST_NAME = 40
"""Characters: sentences hold the name."""
LONGEST_SPAN = 366
"""Days: a wrong year is a mistake, and no calendar."""
_DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_SPELLING = f"^{_DAY}(?:/{_DAY})?$"
_EPOCH = date(1970, 1, 1)


def _checked(value: Any) -> Any:
    """Return days as they are spelt; TOML has dates of its own, without quotes."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    if not isinstance(value, str) or not re.fullmatch(_SPELLING, value):
        raise PydanticCustomError("calendar_days", "must be days")
    try:
        first, last = _ends(value)
    except ValueError:
        raise PydanticCustomError("calendar_days", "must be days") from None
    if "/" in value and not 0 < (last - first).days < LONGEST_SPAN:
        raise PydanticCustomError("calendar_span", "must be a span")
    return value


def _ends(spelt: str) -> tuple[date, date]:
    first, _, last = spelt.partition("/")
    return date.fromisoformat(first), date.fromisoformat(last or first)


CalendarDays = Annotated[
    str,
    BeforeValidator(_checked, json_schema_input_type=Annotated[str, Field(pattern=_SPELLING)]),
]
"""A day, or the first and the last of several."""


def _each_once(calendar: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Check that names can be said, and that no day stands twice."""
    for name in calendar:
        if not _can_be_said(name):
            raise ValueError(
                f"a name has 1 to {LONGEST_NAME} characters that print, no backtick, and no space"
                f" at its ends, not {name[:LONGEST_NAME]!a}"
            )
    named = sorted((day, name) for name, days in calendar.items() for day in _days_in(days))
    for (day, name), (next_day, other) in pairwise(named):
        if day == next_day:
            names = f"twice `{name}`" if name == other else f"both `{name}` and `{other}`"
            raise ValueError(f"{day} is {names}: a day has one name, once")
    return calendar


def _can_be_said(name: str) -> bool:
    """Tell whether a sentence can hold a name between backticks."""
    short = 0 < len(name) <= LONGEST_NAME
    return short and name.isprintable() and name == name.strip() and "`" not in name


Calendar = Annotated[
    dict[str, Annotated[tuple[CalendarDays, ...], Field(min_length=1)]],
    AfterValidator(_each_once),
]
"""Name -> its days."""


def names_of_days(calendar: Mapping[str, tuple[str, ...]]) -> dict[int, str]:
    """Return the name of each day, by days since 1970, ascending.

    Examples
    --------
    >>> names_of_days({"payday": ("1970-01-31",), "holiday": ("1970-01-01/1970-01-02",)})
    {0: 'holiday', 1: 'holiday', 30: 'payday'}
    """
    found = {(day - _EPOCH).days: name for name, days in calendar.items() for day in _days_in(days)}
    return dict(sorted(found.items()))


def date_of(day: int) -> date:
    """Return the date of a day since 1970."""
    return _EPOCH + timedelta(day)


def calendar_until(
    calendar: Mapping[str, tuple[str, ...]], covers: tuple[datetime, datetime] | None
) -> dict[str, tuple[date, ...]]:
    """Return the days of each name up to those of a run, ascending.

    Later days make no difference to what it finds.

    Parameters
    ----------
    calendar
        Name -> its days.
    covers
        The first and the last time of the run's records; None of records without a time.

    Examples
    --------
    >>> named = {"payday": ("2026-02-27", "2026-01-30"), "holiday": ("2026-12-24",)}
    >>> until = calendar_until(named, (datetime(2026, 2, 2), datetime(2026, 2, 28)))
    >>> {name: list(map(str, days)) for name, days in until.items()}
    {'payday': ['2026-01-30', '2026-02-27']}
    """
    last = date.min if covers is None else covers[1].date()
    found = {
        name: tuple(sorted(day for day in _days_in(days) if day <= last))
        for name, days in sorted(calendar.items())
    }
    return {name: days for name, days in found.items() if days}


def _days_in(spelt: tuple[str, ...]) -> Iterator[date]:
    for each in spelt:
        first, last = _ends(each)
        yield from (first + timedelta(n) for n in range((last - first).days + 1))
