"""Gaps between the common whole numbers of a column: what tells codes from quantities.

A quantity has a smooth distribution: between two numbers that many rows hold, others are held, too.
Codes have gaps. Where a number is expected in fewer than one row, ten rows hold it by chance in one
case of ten million (Poisson). So ten rows beside almost none are no chance.
"""

import numpy as np
import numpy.typing as npt

from anomaly.numerics.arrays import Doubles, Integers
from schemas.columns.profile import WholeNumbers

COMMON = 10
"""Rows that make a number common."""
_HARDLY_ANY = 0.1
"""Rows of a number in a gap, on average, over those of the less common number beside the gap."""
_FEWEST_BETWEEN = 2
"""Numbers between two others without which there is no gap: rounding leaves out one."""
_MOST_STEPS = 0.75
"""Share of equal differences from which on numbers are evenly spaced."""
_LARGEST = 2.0**53
"""Floats tell whole numbers apart up to this one."""


def count_whole_numbers(numbers: Doubles, counts: Integers) -> WholeNumbers | None:
    """Find the gaps between common whole numbers; None where one is not whole, or too large.

    Parameters
    ----------
    numbers
        float64 (n_distinct,): the distinct values.
    counts
        int64 (n_distinct,): the rows that hold each.

    Examples
    --------
    >>> ports = count_whole_numbers(np.array([22.0, 80.0, 443.0]), np.array([50, 900, 3000]))
    >>> ports.common, ports.gaps, ports.declining, ports.stepped
    (3, 2, False, False)
    """
    exact = np.abs(numbers) <= _LARGEST
    if not len(numbers) or not (exact.all() and (numbers == np.floor(numbers)).all()):
        return None
    values, places = np.unique(numbers.astype(np.int64), return_inverse=True)
    counts = np.bincount(places, weights=counts).astype(np.int64)
    common = np.flatnonzero(counts >= COMMON)
    gaps = _gaps(values, counts, common)
    return WholeNumbers(
        common=len(common),
        share=float(counts[common].sum() / counts.sum()),
        gaps=int(gaps.sum()),
        declining=_declines(values, counts, common, gaps),
        stepped=_are_multiples(values) or _are_evenly_spaced(values[common]),
    )


def _gaps(values: Integers, counts: Integers, common: Integers) -> npt.NDArray[np.bool_]:
    """Tell, bool (n_common - 1,), behind which common numbers there is a gap."""
    between = np.diff(values[common]) - 1
    before = np.concatenate([[0], np.cumsum(counts)])
    held = before[common[1:]] - before[common[:-1] + 1]
    expected = between * np.minimum(counts[common[:-1]], counts[common[1:]]).astype(np.float64)
    return np.asarray((between >= _FEWEST_BETWEEN) & (held <= _HARDLY_ANY * expected))


def _declines(
    values: Integers, counts: Integers, common: Integers, gaps: npt.NDArray[np.bool_]
) -> bool:
    """Tell if 0 or 1 is the most common, and nine rows of ten come before the first gap."""
    if values[0] not in (0, 1) or counts[0] < counts.max() or not len(common):
        return False
    last = common[np.append(gaps, True).argmax()]
    return bool(counts[: last + 1].sum() >= 0.9 * counts.sum())


def _are_multiples(values: Integers) -> bool:
    """Tell if there are multiples of the least number alone, and that is not 0 or 1."""
    sizes = np.abs(values[values != 0])
    return len(sizes) > 1 and sizes.min() > 1 and bool((sizes % sizes.min() == 0).all())


def _are_evenly_spaced(common: Integers) -> bool:
    """Tell if most numbers follow each other at one distance, but for rounding: 16, 31, 47, 62."""
    distances = np.diff(common)
    if len(distances) < 2:
        return False
    usual = np.median(distances)
    alike = np.abs(distances - usual) <= 1
    return bool(usual > _FEWEST_BETWEEN and alike.mean() >= _MOST_STEPS)
