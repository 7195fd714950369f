"""Growth of the numbers of an entity, over all of its days, beside that of the others."""

import numpy as np

from anomaly.behaviour.levels import DECIMALS, FEWEST_EVENTS, LEAST, of_days
from anomaly.behaviour.predictive import away
from anomaly.behaviour.ranges import LevelRange, Series
from anomaly.behaviour.signals import Signals
from anomaly.behaviour.tail import expected_number
from anomaly.behaviour.windows import ActiveDays, Counts
from anomaly.numerics.arrays import Doubles, Integers

_FEWEST_ENTITIES = 10
"""Entities whose growths tell what is usual."""
_FEWEST_GROWTH = 10
"""Days over which a growth is told."""


def growth(days: ActiveDays, counts: Counts) -> Signals:
    """Judge how steadily the level of an entity grows or falls, beside that of the others.

    The slope of the level over the days is compared with the middle one of all entities, in
    standard errors of the regression. A window is all days from the first to the last.
    """
    entity, day, n, logs, _ = of_days(counts)
    enough = n >= FEWEST_EVENTS
    x, level = day[enough].astype(np.float64), np.round((logs / n)[enough], DECIMALS)
    whose, places, known = np.unique(entity[enough], return_inverse=True, return_counts=True)
    slopes, errors = _slopes(places.astype(np.int64), known.astype(np.float64), x, level)
    told = np.flatnonzero(known >= _FEWEST_GROWTH)
    if len(told) < _FEWEST_ENTITIES:
        told = told[:0]
    errors_of_all, slopes, errors = errors, slopes[told], errors[told]
    usual = float(np.median(slopes)) if len(told) else 0.0
    degrees = known[told].astype(np.float64) - 2.0
    # One that stays as it is while the others grow is not odd.
    surprisals = np.minimum(
        *(away(slopes, np.full(len(told), mean), errors, degrees) for mean in (0.0, usual))
    )
    span = int(days.covered[-1] - days.covered[0] + 1)
    judged = days.covered[-1] >= days.judged_from
    number = expected_number(surprisals, np.full(len(told), judged))
    return Signals(
        entity=whose[told],
        start=np.full(len(told), days.covered[0] * 24),
        hours=span * 24,
        number=number,
        observed=np.exp(slopes) - 1.0,
        most=np.full(len(told), np.exp(usual) - 1.0),
        known=known[told],
        exposure=np.full(len(told), len(told)),
        series=_fan(whose[places], x, level, usual, errors_of_all[places]),
    )


def _fan(entity: Integers, day: Doubles, level: Doubles, usual: float, errors: Doubles) -> Series:
    """Return the levels of entities, each with those that a usual growth leads to.

    The lines of no growth and of the middle one go through the middle of the entity's days and
    levels. Their slopes vary as the own one is known.

    Parameters
    ----------
    entity, day, level, errors
        (n,), by entity: of each day the level, and the standard error of the entity's slope.
    usual
        The middle slope.
    """
    _, places, known = np.unique(entity, return_inverse=True, return_counts=True)
    x = day - (np.bincount(places, day) / known)[places]
    middle = (np.bincount(places, level) / known)[places]
    freedom = np.maximum(known[places] - 2.0, 1.0)
    deviation = errors * np.abs(x)
    typical = np.copysign(np.expm1(np.abs(level)), level)
    ranges = tuple(LevelRange(middle + slope * x, deviation, freedom) for slope in (0.0, usual))
    return Series(entity, (day * 24).astype(np.int64), typical, ranges)


def _slopes(
    places: Integers, known: Doubles, day: Doubles, level: Doubles
) -> tuple[Doubles, Doubles]:
    """Return the slope of the level of each entity over its days, and its standard error."""
    x = day - (np.bincount(places, day) / known)[places]
    y = level - (np.bincount(places, level) / known)[places]
    square = np.maximum(np.bincount(places, x * x), 1e-9)
    slopes = np.bincount(places, x * y) / square
    rest = np.bincount(places, (y - slopes[places] * x) ** 2) / np.maximum(known - 2, 1)
    return slopes, np.sqrt(np.maximum(rest, LEAST**2) / square)
