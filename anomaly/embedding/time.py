"""A moment as coordinates: where in the day and the week it falls, and how unusual that is."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from anomaly.embedding.block import DriftBins, Rarity
from anomaly.embedding.rarity import surprisal

HOUR_BINS = 24
MICROSECONDS_A_DAY = 86_400_000_000
_SMOOTHING = np.array([1.0, 2.0, 3.0, 2.0, 1.0]) / 9.0
"""Weights of the hours around an event: one at 8:59 also makes 9:01 less surprising."""


@dataclass(frozen=True)
class TimeBlock:
    """Six dimensions: the hour and the weekday on their circles, each with its surprisal.

    A cycle that the sample does not cover twice shows no habits: its dimensions stay 0.
    """

    hour_surprisal: npt.NDArray[np.float64]
    """(24,): -log of the share of events around each hour of the day (UTC)."""
    weekday_surprisal: npt.NDArray[np.float64]
    """(7,): the same for the days of the week, Thursday (1970-01-01) first."""
    days: float
    """Time between the earliest and the latest event of the sample."""

    n_dims = 6

    @classmethod
    def fit(cls, moments: npt.NDArray[np.int64]) -> "TimeBlock":
        """Learn the habits from `moments`, int64 (n_rows,): microseconds since 1970, UTC."""
        hours = np.bincount(hour_bins(moments), minlength=HOUR_BINS)
        weekdays = np.bincount(_weekdays(moments), minlength=7)
        span = float(np.ptp(moments)) / MICROSECONDS_A_DAY if moments.size else 0.0
        return cls(
            surprisal(smooth_hours(hours), moments.size), surprisal(weekdays, moments.size), span
        )

    @property
    def covers_days(self) -> bool:
        """Return whether the sample covers the day at least twice."""
        return self.days >= 2.0

    def rarity(self, moment: datetime) -> Rarity:
        """Return the share of the sample's events around the hour of `moment`."""
        return Rarity("hour", share=float(np.exp(-self.hour_surprisal[moment.hour])))

    def drift_bins(self, moments: npt.NDArray[np.int64]) -> DriftBins:
        """Return a bin for each hour of the day; none where the sample does not cover the day."""
        return DriftBins(hour_bins(moments) + 1, HOUR_BINS + 1 if self.covers_days else 0)

    def transform(self, moments: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """Embed `moments`, int64 (n_rows,) microseconds since 1970, as float32 (n_rows, 6)."""
        block = np.zeros((moments.size, self.n_dims), dtype=np.float32)
        if self.covers_days:
            angle = 2.0 * np.pi * (moments % MICROSECONDS_A_DAY) / MICROSECONDS_A_DAY
            block[:, :2] = np.column_stack([np.cos(angle), np.sin(angle)])
            block[:, 2] = self.hour_surprisal[hour_bins(moments)]
        if self.days >= 14.0 - 1e-9:
            weekday = _weekdays(moments)
            around = 2.0 * np.pi * weekday / 7.0
            block[:, 3:5] = np.column_stack([np.cos(around), np.sin(around)]) / 2.0
            block[:, 5] = self.weekday_surprisal[weekday]
        return block


def hour_bins(moments: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the hour of the day, 0 to 23, of `moments` in microseconds since 1970."""
    return (moments % MICROSECONDS_A_DAY) // (MICROSECONDS_A_DAY // HOUR_BINS)


def smooth_hours(counts: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Spread counts (…, 24) over the neighbouring hours, round the clock."""
    hours = np.asarray(counts, dtype=np.float64)
    shifts = range(-2, 3)
    shifted = np.stack([np.roll(hours, shift, axis=-1) for shift in shifts], axis=-1)
    smoothed: npt.NDArray[np.float64] = shifted @ _SMOOTHING
    return smoothed


def _weekdays(moments: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    return (moments // MICROSECONDS_A_DAY) % 7
