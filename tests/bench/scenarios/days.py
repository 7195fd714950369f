"""The days of the logs: dates, moments, and seconds after the first day began."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import overload

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]

FIRST_DAY = date(2026, 3, 10)
"""A Tuesday. On 29 March, a Sunday, clocks in Europe go forward."""
DAYS = 21
"""The last one is Monday, 30 March."""
HOUR = 3_600.0
DAY = 24 * HOUR


def date_of(day: int) -> date:
    """Return the date of a day."""
    return FIRST_DAY + timedelta(days=day)


def is_weekend(day: int) -> bool:
    """Say whether a day is a Saturday or a Sunday."""
    return date_of(day).weekday() >= 5


def moments(seconds: Floats | Sequence[float]) -> pd.DatetimeIndex:
    """Return the moments so many seconds after the first day began."""
    microseconds = np.round(np.asarray(seconds, dtype=np.float64) * 1e6).astype(np.int64)
    return pd.DatetimeIndex(pd.Timestamp(FIRST_DAY) + pd.to_timedelta(microseconds, unit="us"),
                            tz="UTC").as_unit("us")  # fmt: skip


@overload
def seconds_of(times: pd.Timestamp) -> float: ...
@overload
def seconds_of(times: pd.Series) -> pd.Series: ...
def seconds_of(times: pd.Timestamp | pd.Series) -> float | pd.Series:
    """Return how many seconds after the first day began moments are."""
    return (times - moments([0.0])[0]) / pd.Timedelta(seconds=1)


def on_day(events: pd.DataFrame, day: int) -> pd.Series:
    """Say of each event whether it happened on a day."""
    return events["time"].dt.date == date_of(day)
