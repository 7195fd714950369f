"""Rules of a job on which incidents may be alarms: their fewest records, and quiet hours."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from schemas.job.quiet_hours import MINUTES_A_DAY

_MINUTE = 60_000_000
"""Microseconds."""


@dataclass(frozen=True)
class AlarmRules:
    """Rules on which incidents may be alarms; those that may not are leads."""

    min_records: int = 1
    quiet: Collection[int] = frozenset()
    """The quiet minutes of a day."""
    timezone: str = "UTC"
    """Of these."""
    a_day: int = 1
    """How often a day is judged: 24 times where each run judges an hour."""

    @property
    def allow_all(self) -> bool:
        """Return whether any incident may be an alarm."""
        return self.min_records <= 1 and not self.quiet

    def allow(self, records: int, first_time: int | None, last_time: int | None) -> bool:
        """Tell whether an incident may be an alarm.

        Parameters
        ----------
        records
            How many it has.
        first_time, last_time
            Of these, in microseconds since 1970; None where they have no time. An incident has no
            gap longer than an hour, so that it lies in quiet hours if all minutes between are.

        Examples
        --------
        >>> night = AlarmRules(min_records=2, quiet=frozenset(range(60)))
        >>> night.allow(2, 0, 59 * 60_000_000), night.allow(2, 0, 60 * 60_000_000)
        (False, True)
        >>> night.allow(1, None, None)
        False
        """
        if records < self.min_records:
            return False
        if not self.quiet or first_time is None or last_time is None:
            return True
        first, minutes = self._minute(first_time), last_time // _MINUTE - first_time // _MINUTE
        span = range(min(minutes, MINUTES_A_DAY) + 1)
        return not all((first + each) % MINUTES_A_DAY in self.quiet for each in span)

    def _minute(self, time: int) -> int:
        local = datetime.fromtimestamp(time // 1_000_000, UTC).astimezone(ZoneInfo(self.timezone))
        return 60 * local.hour + local.minute


NO_RULES = AlarmRules()
