"""A partition: the day or the hour of a log that a run judges."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema

_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)
_SPELT = re.compile(r"(\d{4}-\d{2}-\d{2})(?:T(\d{2}))?", re.ASCII)


@dataclass(frozen=True, order=True)
class Partition:
    """A day or an hour of the calendar, as the folders of a log name it: it has no time zone.

    Partitions are ordered by their starts, and of one start an hour comes first.

    Examples
    --------
    >>> str(Partition.of(date(2026, 1, 14))), str(Partition.of(date(2026, 1, 14), 5))
    ('2026-01-14', '2026-01-14T05')
    """

    start: datetime
    """When it begins, without a zone."""
    length: timedelta
    """A day or an hour."""

    @classmethod
    def of(cls, day: date, hour: int | None = None) -> Self:
        """Return a day, or an hour of it."""
        if hour is None:
            return cls(datetime.combine(day, time()), _DAY)
        return cls(datetime.combine(day, time(hour)), _HOUR)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a day such as `2026-01-14`, or an hour such as `2026-01-14T05`.

        Raises
        ------
        ValueError
            It is neither.
        """
        spelt = _SPELT.fullmatch(text)
        if spelt is None:
            raise ValueError(f"{text!r} is neither a day nor an hour")
        return cls.of(date.fromisoformat(spelt[1]), None if spelt[2] is None else int(spelt[2]))

    @property
    def day(self) -> date:
        """The day that it is, or that it is an hour of."""
        return self.start.date()

    @property
    def hour(self) -> int | None:
        """The hour of the day; None of a day."""
        return None if self.length == _DAY else self.start.hour

    @property
    def unit(self) -> str:
        """Name what it is: `day` or `hour`."""
        return "day" if self.length == _DAY else "hour"

    @property
    def hours(self) -> list[Self]:
        """The hours of its day."""
        return [self.of(self.day, hour) for hour in range(24)]

    def shifted(self, partitions: int) -> Self | None:
        """Return the one that is so many later, or earlier; None beyond the calendar.

        Examples
        --------
        >>> str(Partition.of(date(2026, 1, 14), 0).shifted(-1))
        '2026-01-13T23'
        """
        try:
            return type(self)(self.start + partitions * self.length, self.length)
        except OverflowError:
            return None

    def through(self, last: Self) -> Iterator[Self]:
        """Yield the partitions from this one to another of its unit, in order."""
        partition: Self | None = self
        while partition is not None and partition <= last:
            yield partition
            partition = partition.shifted(1)

    def __str__(self) -> str:
        """Write the day, or the day and the hour: `parse` reads both."""
        return f"{self.day}" if self.hour is None else f"{self.day}T{self.hour:02d}"

    @classmethod
    def __get_pydantic_core_schema__(cls, _: Any, handler: "GetCoreSchemaHandler") -> "CoreSchema":
        """Let documents hold it as its text, and callers give a `datetime.date` for a day."""
        from pydantic_core import core_schema  # noqa: PLC0415 - `outfield --help` needs none

        text = core_schema.chain_schema(
            [core_schema.str_schema(), core_schema.no_info_plain_validator_function(cls.parse)]
        )
        day = core_schema.no_info_after_validator_function(
            cls.of, core_schema.date_schema(strict=True)
        )
        return core_schema.json_or_python_schema(
            text,
            core_schema.union_schema([core_schema.is_instance_schema(cls), day, text]),
            serialization=core_schema.to_string_ser_schema(),
        )
