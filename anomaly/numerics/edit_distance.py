"""Edit distance of pairs of strings: the fewest edits that make one of the other.

An edit inserts, deletes or replaces a character, or exchanges two neighbours (Damerau, 1964). No
part is edited twice: this is optimal string alignment, by the table of Wagner and Fischer (1974).
"""

from collections.abc import Sequence

import numpy as np

from anomaly.numerics.arrays import Integers

_AT_ONCE = 4_096


def edit_distances(these: Sequence[str], those: Sequence[str]) -> Integers:
    """Return the edit distance of each string from its partner, int64 (n,).

    Parameters
    ----------
    these, those
        n strings each. None of them holds a NUL.

    Examples
    --------
    >>> edit_distances(["svch0st", "form", "abc", ""], ["svchost", "from", "ab", "ab"]).tolist()
    [1, 1, 1, 2]
    """
    parts = [
        _of_block(_codes(these[start : start + _AT_ONCE]), _codes(those[start : start + _AT_ONCE]))
        for start in range(0, len(these), _AT_ONCE)
    ]
    return np.concatenate([np.zeros(0, dtype=np.int64), *parts])


def _codes(strings: Sequence[str]) -> Integers:
    """Return the characters of strings as numbers, (n, longest), 0 behind the end."""
    fixed = np.array(strings, dtype=np.str_)
    width = max(fixed.dtype.itemsize // 4, 1)
    return fixed.view(np.uint32).reshape(len(strings), width).astype(np.int64)


def _of_block(a: Integers, b: Integers) -> Integers:
    """Fill the table of distances of all prefixes row by row, for all pairs at once."""
    n, columns = len(a), np.arange(b.shape[1] + 1)
    ends = (a > 0).sum(axis=1), (b > 0).sum(axis=1)
    before, row = np.zeros((n, len(columns)), dtype=np.int64), np.tile(columns, (n, 1))
    found = row[np.arange(n), ends[1]]
    for i in range(a.shape[1]):
        other = a[:, i : i + 1] != b
        least = np.full_like(row, i + 1)
        least[:, 1:] = np.minimum(row[:, :-1] + other, row[:, 1:] + 1)
        if i and b.shape[1] > 1:
            exchanged = (a[:, i : i + 1] == b[:, :-1]) & (a[:, i - 1 : i] == b[:, 1:])
            swapped = np.where(exchanged, before[:, :-2] + 1, least[:, 2:])
            least[:, 2:] = np.minimum(least[:, 2:], swapped)
        # What is inserted costs one a character: the least of all places before.
        before, row = row, np.minimum.accumulate(least - columns, axis=1) + columns
        found = np.where(ends[0] == i + 1, row[np.arange(n), ends[1]], found)
    return found
