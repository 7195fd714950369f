"""Events of an entity's day that hold a value, beside those of the other days.

Both their number and their share of the events of the day are to be odd.
"""

import numpy as np

from anomaly.behaviour.daily import FEWEST_KNOWN
from anomaly.behaviour.daykinds import kinds_of_days
from anomaly.behaviour.peers import with_common_rise
from anomaly.behaviour.predictive import clumping, dispersion, predicted, size_of
from anomaly.behaviour.ranges import CountRange, Series
from anomaly.behaviour.signals import Signals, most_of_others
from anomaly.behaviour.surprisals import surprisals
from anomaly.behaviour.tail import expected_number
from anomaly.behaviour.windows import ActiveDays, Counts
from anomaly.numerics.arrays import Doubles, Integers

_MOST_VALUES = 50
"""Of a column with more values none has a share that is well known."""
_PRIOR_EVENTS = 50.0
"""So many events the share among all entities weighs at the most."""
_PRIOR_DAYS = 3.0
"""So many days the common variance weighs."""
_NEARLY_ALL, _SQUARE = 0.8, 1.642
"""A quantile of squared standard normal numbers, and its value."""


def share_excess(days: ActiveDays, counts: Counts) -> Signals | None:
    """Judge how often an entity holds each value on a day; None for a column of many values.

    The other days of the entity tell the share, in events. `counts` are of `Kind.VALUES`.
    """
    if not 2 <= len(counts.values) <= _MOST_VALUES:
        return None
    span, n_values = int(days.covered[-1] - days.covered[0]) + 1, len(counts.values)
    pair, day, n = counts.of_pairs
    entity, value = pair // n_values, pair % n_values
    of_day = days.places(entity, day)
    in_all = np.bincount(days.entity, days.events, len(days.starts) - 1)
    exposure = in_all[entity] - days.events[of_day]
    of_pair = np.cumsum(np.diff(pair, prepend=-1) != 0) - 1
    past = np.bincount(of_pair, n)[of_pair] - n
    usual = np.bincount(value, n, n_values) + 0.5
    mean = (usual / usual.sum())[value]
    own_events = days.events[of_day].astype(np.float64)
    rate, shape = predicted(past, exposure.astype(np.float64), mean, _PRIOR_EVENTS)
    expected = rate * own_events
    expected = with_common_rise(value * span + day - days.covered[0], n, expected)
    spread = _dispersion(of_pair, n, expected, rate * in_all[entity])
    spread = np.maximum(spread, clumping(entity, n, expected))
    by_share = CountRange(expected, size_of(expected, shape, spread))
    ranges = (by_share, _by_counts(days, of_pair, of_day, n))
    number = expected_number(surprisals(n, ranges), days.judged[of_day])
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
        series=Series(entity, day * 24, n, ranges, value),
    )


def _by_counts(days: ActiveDays, of_pair: Integers, of_day: Integers, n: Doubles) -> CountRange:
    """Return the distribution of the counts themselves, given those of other days.

    A quiet day does not make a share odd. Where some other days of the entity are of the same kind,
    these alone tell what is usual.
    """
    kinds = kinds_of_days(days.covered)[np.searchsorted(days.covered, days.day)]
    entity_kind = days.entity * 2 + kinds
    of_kind = (np.bincount(entity_kind)[entity_kind] - 1)[of_day]
    several = of_kind >= FEWEST_KNOWN
    known = np.where(several, of_kind, days.known[of_day]).astype(np.float64)
    pair_kind = of_pair * 2 + kinds[of_day]
    past = np.where(several, _of_others(pair_kind, n), _of_others(of_pair, n))
    squares = np.where(several, _of_others(pair_kind, n**2), _of_others(of_pair, n**2))
    expected, shape = predicted(past, known, np.full(len(n), float(n.mean())))
    spread = dispersion(past, squares, known, expected)
    spread = np.maximum(spread, clumping(days.entity[of_day], n, expected))
    return CountRange(expected, size_of(expected, shape, spread))


def _of_others(group: Integers, n: Doubles) -> Doubles:
    """Return the sum of the others of a group, (n,)."""
    return np.bincount(group, n)[group] - n


def _dispersion(of_pair: Integers, n: Doubles, expected: Doubles, in_all: Doubles) -> Doubles:
    """Return the variance of counts over their mean, at least 1, (n,), shrunk to that of all.

    That of all is that of nearly all counts. Some people hold a value all day, or not at all: the
    own one is that of the other days.

    Parameters
    ----------
    of_pair
        (n,): which entity and value each is of.
    n, expected
        (n,): the counts, and what is expected of each.
    in_all
        (n,): what is expected of all days of the entity.
    """
    ratio = (n - expected) ** 2 / np.maximum(expected, 0.5)
    common = max(float(np.quantile(ratio, _NEARLY_ALL)) / _SQUARE, 1.0)
    # A day without the value is as far from what is expected as that itself.
    without = np.maximum(in_all - np.bincount(of_pair, expected)[of_pair], 0.0)
    known = np.bincount(of_pair)[of_pair] - 1.0
    own = _of_others(of_pair, ratio) + without
    return np.maximum((_PRIOR_DAYS * common + own) / (_PRIOR_DAYS + known), common)
