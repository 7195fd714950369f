"""A moment as coordinates: where in the day and the week it falls, and how unusual that is."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from anomaly.embedding.block import DriftBins, Rarity
from anomaly.embedding.hours import HOUR_BINS, MICROSECONDS_A_DAY, OWN_HOUR, hour_bins, smooth_hours
from anomaly.embedding.rarity import surprisal

_WEEKDAYS = 7
_CHANCE = 2.0
"""Standard deviations that are left to chance."""


@dataclass(frozen=True)
class TimeBlock:
    """Seven dimensions: the hour and the weekday on their circles, and three surprisals.

    These are of the hour, of the weekday, and of the hour given the weekday. A cycle that the
    sample does not cover twice shows no habits: its dimensions stay 0.
    """

    hour_surprisal: npt.NDArray[np.float64]
    """(24,): -log of the share of events around each hour of the day (UTC)."""
    weekday_surprisal: npt.NDArray[np.float64]
    """(7,): the same for the days of the week, Thursday (1970-01-01) first."""
    weekday_hours: npt.NDArray[np.float64]
    """(7, 24): the events of each weekday around each hour."""
    days: float
    """Time between the earliest and the latest event of the sample."""

    n_dims = 7

    @classmethod
    def fit(cls, moments: npt.NDArray[np.int64]) -> "TimeBlock":
        """Learn the habits from `moments`, int64 (n_rows,): microseconds since 1970, UTC."""
        cells = _weekdays(moments) * HOUR_BINS + hour_bins(moments)
        counts = np.bincount(cells, minlength=_WEEKDAYS * HOUR_BINS).reshape(-1, HOUR_BINS)
        span = float(np.ptp(moments)) / MICROSECONDS_A_DAY if moments.size else 0.0
        return cls(
            surprisal(smooth_hours(counts.sum(axis=0)), moments.size),
            surprisal(counts.sum(axis=1), moments.size),
            smooth_hours(counts),
            span,
        )

    @property
    def covers_days(self) -> bool:
        """Return whether the sample covers the day at least twice."""
        return self.days >= 2.0

    @property
    def covers_weeks(self) -> bool:
        """Return whether the sample covers the week at least twice."""
        return self.days >= 14.0 - 1e-9

    @property
    def lacks(self) -> npt.NDArray[np.float64]:
        """Return how much rarer each hour is on each weekday than on all days, in nats.

        (7, 24): log((e + 1) / (c + 1)), less two standard deviations of chance, at least 0. There
        are c events, the judged one left out, and e would be expected of as many events on any day.
        The ones are a prior of one event: where few are expected, that there are none says little.
        Chance is that of a Poisson count: 1 / sqrt(e + 1).
        """
        counts = self.weekday_hours
        shares = counts.sum(axis=0) / max(counts.sum(), 1.0)
        expected = counts.sum(axis=1, keepdims=True) * shares + 1.0
        seen = np.maximum(counts - OWN_HOUR, 0.0) + 1.0
        return np.maximum(np.log(expected / seen) - _CHANCE / np.sqrt(expected), 0.0)

    def rarity(self, moment: datetime) -> Rarity:
        """Return how rare is what is rarest in `moment`: its hour, its weekday, or both together.

        The hour and the weekday are compared with equally busy ones. Both together are compared
        with the same hour on all days, if that is e times as busy. If nothing is rare, the hour is
        told.
        """
        hour, weekday = moment.hour, (moment.weekday() - 3) % _WEEKDAYS
        of_hour = Rarity("hour", share=float(np.exp(-self.hour_surprisal[hour])))
        if not self.covers_weeks:
            return of_hour
        of_weekday = Rarity("weekday", share=float(np.exp(-self.weekday_surprisal[weekday])))
        nats = {
            of_hour: max(self.hour_surprisal[hour] - np.log(HOUR_BINS), 0.0),
            of_weekday: self.weekday_surprisal[weekday] - np.log(_WEEKDAYS),
            self._rarity_of_both(weekday, hour): self.lacks[weekday, hour] - 1.0,
        }
        return max(nats, key=nats.__getitem__)

    def _rarity_of_both(self, weekday: int, hour: int) -> Rarity:
        hours = self.weekday_hours[weekday]
        share = max(float(hours[hour]) - OWN_HOUR, 0.0) / max(float(hours.sum()), 1.0)
        return Rarity("weekday hour", share=share, usual=int(np.argmax(hours)))

    def drift_bins(self, moments: npt.NDArray[np.int64]) -> DriftBins:
        """Return a bin for each hour of the day; none where the sample does not cover the day."""
        return DriftBins(hour_bins(moments) + 1, HOUR_BINS + 1 if self.covers_days else 0)

    def transform(self, moments: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """Embed `moments`, int64 (n_rows,) microseconds since 1970, as float32 (n_rows, 7)."""
        block = np.zeros((moments.size, self.n_dims), dtype=np.float32)
        if self.covers_days:
            angle = 2.0 * np.pi * (moments % MICROSECONDS_A_DAY) / MICROSECONDS_A_DAY
            block[:, :2] = np.column_stack([np.cos(angle), np.sin(angle)])
            block[:, 2] = self.hour_surprisal[hour_bins(moments)]
        if self.covers_weeks:
            weekday = _weekdays(moments)
            around = 2.0 * np.pi * weekday / _WEEKDAYS
            block[:, 3:5] = np.column_stack([np.cos(around), np.sin(around)]) / 2.0
            block[:, 5] = self.weekday_surprisal[weekday]
            block[:, 6] = self.lacks[weekday, hour_bins(moments)]
        return block


def _weekdays(moments: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    return (moments // MICROSECONDS_A_DAY) % _WEEKDAYS
