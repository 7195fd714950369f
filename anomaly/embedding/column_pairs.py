"""Pairs of columns that hold information about each other: one is judged given the other.

Two values may each be common and never occur together: an export of this size by that action, this
protocol in that state. Two numbers may always go together, such as bytes and packets. Only the few
pairs with the most information are used, so that a hundred columns cost no more than ten.
"""

import itertools
from collections.abc import Iterator, Mapping

import numpy as np
from scipy import sparse

from anomaly.embedding.deduplicated import Codes
from anomaly.embedding.local_regression import bins_of
from anomaly.numerics.arrays import Doubles
from anomaly.numerics.spacing import stride

MOST_PAIRS = 4
"""Pairs that are used: of those given a name, and of those of two numbers."""
_LEAST = 0.1
"""Information of a pair, in nats, below which it is not worth a dimension."""
_LEAST_OF_NUMBERS = 0.5 * float(np.log(20.0))
"""Information of two numbers that always go together: all but a twentieth of the variance. With
less, the residual mostly repeats the number."""
_FARTHEST = 3.0
"""In deviations: a few extreme numbers do not decide what two columns have in common."""
_MOST_GIVEN = 32
"""Columns that are tried as context, and numbers that are tried: those with the largest entropy."""
_ROWS = 16_384
"""Rows, evenly spread, that the information is measured on."""
_NUMBERS_AT_ONCE = 64
"""Columns of numbers that are measured together."""
_FEW_CODES = 4
"""Possible codes for each row, up to which counting needs no sort."""
_LEAST_VARIANCE = 1e-12
"""A number that varies less is constant."""


def telling_pairs(
    names: Mapping[str, Codes], levels: Mapping[str, Doubles]
) -> list[tuple[str, str]]:
    """Return the pairs (given column, judged column) with the most information, in that order.

    Parameters
    ----------
    names
        Category -> int64 (n_rows,): the code of each name.
    levels
        Number -> float64 (n_rows,): its scaled values, NaN if missing.
    """
    rows = max(map(len, [*names.values(), *levels.values()]), default=0)
    step = stride(rows, _ROWS)
    names = {column: codes[::step] for column, codes in names.items()}
    entropies = {column: _entropy(codes) for column, codes in names.items()}
    context = sorted(names, key=lambda column: -entropies[column])[:_MOST_GIVEN]
    found = itertools.chain(
        _shared(context, names),
        _levels_explained(
            {given: np.unique(names[given], return_inverse=True)[1] for given in context},
            {column: values[::step] for column, values in levels.items()},
        ),
    )
    gains = [(gain, given, column) for given, column, gain in found if gain >= _LEAST]
    ranked = sorted(gains, key=lambda found: (-found[0], found[1], found[2]))
    return [(given, column) for _, given, column in ranked[:MOST_PAIRS]]


def telling_numbers(levels: Mapping[str, Doubles]) -> list[tuple[str, str]]:
    """Return the pairs of numbers (given, judged) with the most information, in that order.

    Each pair is judged one way, and no pair follows from others. Where a goes with b and b with c,
    a is not judged given c. That is the tree of Chow and Liu (1968).

    Parameters
    ----------
    levels
        Number -> float64 (n_rows,): its scaled values, NaN if missing.
    """
    if len(levels) < 2:
        return []
    step = stride(max(map(len, levels.values())), _ROWS)
    bins = {column: _bins(values[::step]) for column, values in levels.items()}
    tried = sorted(levels, key=lambda column: -_entropy(bins[column]))[:_MOST_GIVEN]
    given_bins = {given: bins[given] for given in tried}
    values = {column: np.clip(levels[column][::step], -_FARTHEST, _FARTHEST) for column in tried}
    gains = [
        (gain, given, column)
        for given, column, gain in _levels_explained(given_bins, values)
        if column != given and gain >= _LEAST_OF_NUMBERS
    ]
    together = {column: {column} for column in tried}
    chosen: list[tuple[str, str]] = []
    for _, given, column in sorted(gains, key=lambda found: (-found[0], found[1], found[2])):
        if column not in together[given] and len(chosen) < MOST_PAIRS:
            chosen.append((given, column))
            joined = together[given] | together[column]
            together.update(dict.fromkeys(joined, joined))
    return chosen


def _bins(values: Doubles) -> Codes:
    """Return the bin of each value, -1 where it is missing."""
    present = np.isfinite(values)
    bins = np.full(len(values), -1)
    bins[present] = bins_of(values[present])
    return bins


def _shared(context: list[str], names: Mapping[str, Codes]) -> Iterator[tuple[str, str, float]]:
    """Yield (given, column, gain) of names: the information they share, in nats an event."""
    for given, column in itertools.product(context, names):
        if column != given:
            other = names[column]
            # Columns of many names share information by chance: as much as with shifted events.
            chance = _entropy(_both(names[given], np.roll(other, len(other) // 2)))
            yield given, column, chance - _entropy(_both(names[given], other))


def _levels_explained(
    groups: Mapping[str, Codes], levels: Mapping[str, Doubles]
) -> Iterator[tuple[str, str, float]]:
    """Yield (given, column, gain): what the groups of a column explain of each number, in nats.

    Parameters
    ----------
    groups
        Column -> int64 (n_rows,): the group of each row, -1 for a row that is left out.
    levels
        Number -> float64 (n_rows,): its values, NaN if missing.
    """
    for start in range(0, len(levels), _NUMBERS_AT_ONCE):
        columns = list(levels)[start : start + _NUMBERS_AT_ONCE]
        values = np.column_stack([levels[column] for column in columns])
        for given, codes in groups.items():
            for column, gain in zip(columns, _explained(codes, values), strict=True):
                yield given, column, float(gain)


def _explained(groups: Codes, values: Doubles) -> Doubles:
    """Return 1/2 log(variance / variance within the groups) of each column (n_rows, n_columns).

    That is the information in nats, as if all were Gaussian. It is 0 where nothing varies, or where
    each group has one value.
    """
    rows = np.flatnonzero(groups >= 0)
    values, groups = values[rows], groups[rows]
    present = np.isfinite(values)
    total = np.maximum(present.sum(axis=0), 1.0)
    values = np.where(present, values, 0.0)
    # Squares of values near zero lose no digits in the differences below.
    values = np.where(present, values - values.sum(axis=0) / total, 0.0)
    inside = sparse.csc_array(
        (np.ones(len(rows)), groups, np.arange(len(rows) + 1)),
        shape=(int(groups.max(initial=0)) + 1, len(rows)),
    )
    counts, sums = inside @ present.astype(np.float64), inside @ values
    squares = (values**2).sum(axis=0)
    spare = total - (counts > 0).sum(axis=0)
    within = squares - (sums**2 / np.maximum(counts, 1.0)).sum(axis=0)
    variance = squares / total
    varied = (variance > _LEAST_VARIANCE) & (spare >= 1)
    least = 1e-3 * variance  # A number explained in full counts 3.5 nats.
    explained = np.maximum(within / np.maximum(spare, 1.0), np.where(varied, least, 1.0))
    return np.where(varied, 0.5 * np.log(np.maximum(variance, _LEAST_VARIANCE) / explained), 0.0)


def _both(first: Codes, second: Codes) -> Codes:
    """Return one code for each pair of codes; those of -1 or more stay so."""
    return (first + 1) * (int(second.max(initial=0)) + 2) + second


def _entropy(codes: Codes) -> float:
    """Return the entropy of the codes, in nats; they are -1 or more."""
    # Counts in ascending order of the codes either way, so that the sum is the same.
    if codes.max(initial=0) < _FEW_CODES * len(codes):
        counts = np.bincount(codes + 1)
        counts = counts[counts > 0]
    else:
        counts = np.unique(codes, return_counts=True)[1]
    shares = counts / max(counts.sum(), 1)
    return float(-np.sum(shares * np.log(shares)))
