"""Events of an entity's day that hold a value, beside those of the other days.

Both their number and their share of the events of the day are to be odd.
"""

import numpy as np

from anomaly.behaviour.peers import common_rise
from anomaly.behaviour.predictive import clumping, dispersion, excess, predicted
from anomaly.behaviour.signals import Signals, most_of_others
from anomaly.behaviour.tail import expected_number
from anomaly.behaviour.windows import ActiveDays, Counts
from anomaly.numerics.arrays import Doubles, Integers

_MOST_VALUES = 50
"""Of a column with more values none has a share that is well known."""
_PRIOR_EVENTS = 50.0
"""So many events the share among all entities weighs at the most."""
_NEARLY_ALL, _SQUARE = 0.8, 1.642
"""A quantile of squared standard normal numbers, and its value."""


def share_excess(days: ActiveDays, counts: Counts) -> Signals | None:
    """Judge how often an entity holds each value on a day; None for a column of many values.

    The other days of the entity tell the share, in events. `counts` are of `Kind.VALUES`.
    """
    if not 2 <= len(counts.values) <= _MOST_VALUES:
        return None
    span, n_values = int(days.covered[-1]) + 1, len(counts.values)
    keys, places = np.unique(
        (counts.entity * n_values + counts.value) * span + counts.day, return_inverse=True
    )
    n = np.bincount(places, counts.n, len(keys)).astype(np.float64)
    pair, day = keys // span, keys % span
    entity, value = pair // n_values, pair % n_values
    of_day = days.places(entity, day)
    in_all = np.bincount(days.entity, days.events, len(days.starts) - 1)
    exposure = in_all[entity] - days.events[of_day]
    _, of_pair = np.unique(pair, return_inverse=True)
    past = np.bincount(of_pair, n)[of_pair] - n
    usual = np.bincount(value, n, n_values) + 0.5
    mean = (usual / usual.sum())[value]
    own_events = days.events[of_day].astype(np.float64)
    rate, shape = predicted(past, exposure.astype(np.float64), mean, _PRIOR_EVENTS)
    expected = rate * own_events
    expected = expected * common_rise(value * span + day, n, expected)
    spread = np.maximum(_dispersion(n, expected), clumping(entity, n, expected))
    surprisals = np.minimum(
        excess(n, expected, shape, spread), _count_excess(of_pair, entity, n, days.known[of_day])
    )
    number = expected_number(surprisals, days.judged[of_day])
    most = most_of_others(of_pair, n)
    return Signals(
        entity,
        day * 24,
        24,
        number,
        n,
        most,
        days.known[of_day],
        value=value,
        exposure=days.events[of_day],
    )


def _count_excess(of_pair: Integers, entity: Integers, n: Doubles, known: Integers) -> Doubles:
    """Return the surprisal of the counts themselves: a quiet day does not make a share odd."""
    exposure = known.astype(np.float64)
    past = np.bincount(of_pair, n)[of_pair] - n
    squares = np.bincount(of_pair, n**2)[of_pair] - n**2
    mean = float(n.mean())
    expected, shape = predicted(past, exposure, np.full(len(n), mean))
    spread = dispersion(past, squares, exposure, expected)
    spread = np.maximum(spread, clumping(entity, n, expected))
    return excess(n, expected, shape, spread)


def _dispersion(n: Doubles, expected: Doubles) -> float:
    """Return the variance of counts over their mean, at least 1: that of nearly all of them."""
    ratio = (n - expected) ** 2 / np.maximum(expected, 0.5)
    return max(float(np.quantile(ratio, _NEARLY_ALL)) / _SQUARE, 1.0)
