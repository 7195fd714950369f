"""The schedule of a job: `[schedule]` of the job file."""

import re
from datetime import UTC, datetime, timedelta
from typing import Self
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError
from pydantic import Field, field_validator, model_validator

from schemas.job.durations import Duration
from schemas.job.sections import Section

SHORTEST_INTERVAL = 60.0
_FIELDS = "minute, hour, day of the month, month and weekday, such as `0 6 * * *`"
_CRON = re.compile(r"[0-9A-Za-z*,/ -]+")
_EXTENSION = re.compile(r"\b\d*[LW]+\b", re.IGNORECASE)
"""Last days and nearest weekdays: not every reader of crontabs knows them, nor does Prefect."""


class ScheduleSpec(Section):
    """The times at which `outfield serve` starts the job: by `cron`, or once in each `interval`."""

    cron: str | None = Field(
        default=None,
        description=f"The times, as in a crontab: {_FIELDS}.",
    )
    interval: Duration | None = Field(
        default=None,
        description="Or how often, counted from midnight on 1 January 1970 (UTC): `6h`, `1d`.",
    )
    timezone: str = Field(
        default="UTC",
        description="The time zone of `cron`, and of the days or hours that partitions are.",
    )

    def __str__(self) -> str:
        """Say when on one line: the crontab's fields and the time zone, or the interval."""
        if self.cron is not None:
            return f"{self.cron} {self.timezone}"
        return f"every {timedelta(seconds=self.interval or 0)}"

    @field_validator("cron")
    @classmethod
    def _cron_can_come(cls, cron: str | None) -> str | None:
        if cron is None:
            return None
        if len(cron.split()) != 5 or not _CRON.fullmatch(cron) or _EXTENSION.search(cron):
            raise ValueError(f"{cron!r} is not {_FIELDS}")
        try:
            next(CronSim(cron, datetime(2026, 1, 1, tzinfo=UTC)))
        except CronSimError as error:
            raise ValueError(f"{cron!r}: {str(error).lower()}; it takes {_FIELDS}") from None
        except StopIteration:
            raise ValueError(f"{cron!r} is a time that never comes") from None
        return cron

    @field_validator("interval")
    @classmethod
    def _interval_is_long(cls, interval: float | None) -> float | None:
        if interval is not None and interval < SHORTEST_INTERVAL:
            raise ValueError("an interval is at least `1m`")
        return interval

    @field_validator("timezone")
    @classmethod
    def _timezone_is_known(cls, timezone: str) -> str:
        try:
            ZoneInfo(timezone)
        except (LookupError, ValueError, OSError):
            raise ValueError(
                f"{timezone!r} is not a time zone such as `Europe/Berlin` or `UTC`"
            ) from None
        return timezone

    @model_validator(mode="after")
    def _one_rhythm(self) -> Self:
        if (self.cron is None) == (self.interval is None):
            raise ValueError("set `cron` or `interval`, one of the two")
        return self
