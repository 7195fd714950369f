"""Hours of the day: the hour of a moment, and counts of hours, smoothed round the clock."""

import numpy as np
import numpy.typing as npt

HOUR_BINS = 24
MICROSECONDS_A_DAY = 86_400_000_000
_SMOOTHING = np.array([1.0, 2.0, 3.0, 2.0, 1.0]) / 9.0
"""Weights of the hours around an event: one at 8:59 also makes 9:01 less surprising."""
OWN_HOUR = 1.0 / 3.0
"""What an event adds to its own hour after smoothing."""


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
