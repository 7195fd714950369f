"""Pairs of columns that hold information about each other: one is judged given the other.

Two values may each be common and never occur together: an export of this size by that action, this
protocol in that state. Two numbers may always go together, such as bytes and packets. Only the few
pairs with the most information are used, so that a hundred columns cost no more than ten.
"""

from collections.abc import Iterator, Mapping

import numpy as np

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
    levels = {column: values[::step] for column, values in levels.items()}
    entropies = {column: _entropy(codes) for column, codes in names.items()}
    context = sorted(names, key=lambda column: -entropies[column])[:_MOST_GIVEN]
    gains = [
        (gain, given, column)
        for given in context
        for column, gain in _gains(given, names, levels)
        if gain >= _LEAST
    ]
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
    values = np.column_stack([levels[column][::step] for column in tried])
    gains = [
        (float(gain), given, column)
        for given in tried
        for column, gain in zip(tried, _explained_by(bins[given], values), strict=True)
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


def _explained_by(bins: Codes, values: Doubles) -> Doubles:
    """Return 1/2 log(variance / variance within the bins) of each column (n_rows, n_columns)."""
    present = np.isfinite(values) & (bins >= 0)[:, None]
    values = np.where(present, np.clip(values, -_FARTHEST, _FARTHEST), 0.0)
    inside = (bins == np.arange(bins.max(initial=0) + 1)[:, None]).astype(np.float64)
    counts, sums = inside @ present, inside @ values
    total = np.maximum(counts.sum(axis=0), 1.0)
    variance = (values**2).sum(axis=0) / total - (sums.sum(axis=0) / total) ** 2
    within = (values**2).sum(axis=0) - (sums**2 / np.maximum(counts, 1.0)).sum(axis=0)
    within /= np.maximum(total - (counts > 0).sum(axis=0), 1.0)
    varied = variance > 1e-12
    least = np.where(varied, 1e-3 * variance, 1.0)
    return np.where(
        varied, 0.5 * np.log(np.maximum(variance, 1e-12) / np.maximum(within, least)), 0.0
    )


def _gains(
    given: str, names: Mapping[str, Codes], levels: Mapping[str, Doubles]
) -> Iterator[tuple[str, float]]:
    """Yield the information that `given` holds about each other column, in nats an event."""
    codes = names[given]
    for column, other in names.items():
        if column != given:
            # Columns of many names share information by chance: as much as with shifted events.
            chance = _entropy(_both(codes, np.roll(other, len(other) // 2)))
            yield column, chance - _entropy(_both(codes, other))
    for column, values in levels.items():
        yield column, _explained(codes, values)


def _both(first: Codes, second: Codes) -> Codes:
    return first * (int(second.max(initial=0)) + 2) + second


def _entropy(codes: Codes) -> float:
    """Return the entropy of the codes, in nats."""
    counts = np.unique(codes, return_counts=True)[1]
    shares = counts / max(counts.sum(), 1)
    return float(-np.sum(shares * np.log(shares)))


def _explained(groups: Codes, values: Doubles) -> float:
    """Return 1/2 log(variance / variance within the groups), as if both were Gaussian."""
    present = np.isfinite(values)
    groups, values = np.unique(groups[present], return_inverse=True)[1], values[present]
    counts = np.bincount(groups) if len(groups) else np.zeros(1)
    spare = len(values) - len(counts)
    if spare < 1 or not values.std() > 0.0:
        return 0.0
    within = values - (np.bincount(groups, weights=values) / counts)[groups]
    least = 1e-3 * values.var()  # A number explained in full counts 3.5 nats.
    return float(0.5 * np.log(values.var() / max(np.sum(within**2) / spare, least)))
