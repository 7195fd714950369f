"""Tells codes, which are names written as whole numbers, from quantities by how often each occurs.

The words of a column's name come first, in `rules.py`. These are the rules for other columns, and
for the doubts that a reader is asked to check.
"""

from schemas.columns.profile import ColumnProfile, WholeNumbers

_FEWEST_GAPS = 2
"""A single gap may part the numbers from one that stands for a missing value, such as 999."""
_COVERED = 0.9
"""Share of the rows that common numbers hold where numbers repeat as names do."""
_MADE_UP = 1e9
"""Numbers of ten digits that repeat are not measured: they were made up to name things."""
_SURVEYED = 20
"""Common numbers from which on the lack of gaps speaks for a quantity."""


def looks_coded(profile: ColumnProfile) -> bool:
    """Return whether a gap follows one of four numbers or more, and nearly all repeat.

    Counts and sizes are no codes. A count declines from 0 or 1, and has gaps among large numbers
    alone. Sizes are multiples of the least, such as 128, 256 and 512, or evenly spaced.
    """
    numbers = profile.whole_numbers
    if numbers is None or numbers.declining or numbers.stepped:
        return False
    gaps = numbers.gaps
    return _repeat(numbers) and gaps >= _FEWEST_GAPS and 4 * gaps >= numbers.common - 1


def could_be_coded(profile: ColumnProfile) -> bool:
    """Return whether numbers that are not surely codes have gaps behind half of them."""
    numbers = profile.whole_numbers
    return numbers is not None and _repeat(numbers) and 2 * numbers.gaps >= numbers.common - 1 > 0


def runs_on(profile: ColumnProfile) -> bool:
    """Return whether many numbers follow each other without gaps, as those of a quantity do."""
    numbers = profile.whole_numbers
    if numbers is None or not _repeat(numbers):
        return False
    return numbers.common >= _SURVEYED and numbers.gaps == 0


def are_long(profile: ColumnProfile) -> bool:
    """Return whether all numbers have ten digits or more, and equally many if they are no text."""
    low, high = profile.minimum, profile.maximum
    if low is None or high is None:
        return profile.share("long number") == 1
    return low >= _MADE_UP and len(f"{low:.0f}") == len(f"{high:.0f}")


def _repeat(numbers: WholeNumbers) -> bool:
    return numbers.share >= _COVERED
