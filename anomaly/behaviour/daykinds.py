"""Kinds of days: working days and weekends, as far as a log tells them apart."""

import numpy as np

from anomaly.numerics.arrays import Integers

_SATURDAY = 5
_FEWEST_WEEKEND = 3
"""Days of weekends that tell what is usual there."""


def kinds_of_days(covered: Integers) -> Integers:
    """Return 1 for Saturdays and Sundays and 0 for other days; 0 for all while few are known.

    Parameters
    ----------
    covered
        Days since a Thursday, such as the first of 1970.

    Examples
    --------
    >>> kinds_of_days(np.arange(14)).tolist()
    [0, 0, 1, 1, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0]
    """
    # Thursday is day 3 of a week from Monday on.
    weekend = ((covered + 3) % 7 >= _SATURDAY).astype(np.int64)
    return weekend if weekend.sum() >= _FEWEST_WEEKEND else np.zeros_like(weekend)
