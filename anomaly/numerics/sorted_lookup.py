"""`numpy.searchsorted` and `numpy.interp` for very many values, with a table beside them."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

_CELLS_A_BOUNDARY = 16
"""So many that few values share their cell with two boundaries."""
_FEWEST_CELLS = 2**13
"""A few boundaries may lie close together in a wide range."""
_MOST_CELLS = 2**22
"""16 MB, and what float32 can count."""
_FEWEST_VALUES, _CELLS_A_VALUE = 2_048, 32
"""For fewer values, or with more cells for each, a table is not worth its making."""
_CROWDED = -1

Values = npt.NDArray[Any]
Places = npt.NDArray[np.int32]
Side = Literal["left", "right"]


class Boundaries:
    """Ascending boundaries: `before` counts those that lie before each value.

    A search among hundreds takes nine turns, and a processor guesses half of them wrong. So where
    many values are asked for, a table is made, and kept as long as this is.

    Parameters
    ----------
    boundaries
        (n_boundaries,): ascending and finite.
    side
        Whether a boundary that equals a value lies before it: `right`, if it does.

    Examples
    --------
    >>> Boundaries(np.array([1.0, 2.0, 2.0, 4.0]), "left").before(np.array([0.0, 2.0, 3.0, 9.0]))
    array([0, 1, 3, 4], dtype=int32)
    """

    def __init__(self, boundaries: Values, side: Side) -> None:
        self._boundaries, self._side = boundaries, side
        n_cells = max(_CELLS_A_BOUNDARY * len(boundaries), _FEWEST_CELLS)
        self._n_cells = min(n_cells, _MOST_CELLS)

    def before(self, values: Values) -> Places:
        """Return how many boundaries lie before each of `values`, int32 of their shape.

        They are finite, and of the boundaries' type: other floats would be rounded otherwise.
        """
        few = values.size < max(_FEWEST_VALUES, self._n_cells // _CELLS_A_VALUE)
        if few or self._table is None:
            return np.searchsorted(self._boundaries, values, self._side).astype(np.int32)
        return self._table.before(values.ravel()).reshape(values.shape)

    @cached_property
    def _table(self) -> "_Table | None":
        """None where the range of the boundaries cannot be cut into cells."""
        if not len(self._boundaries):
            return None
        with np.errstate(divide="ignore", over="ignore"):
            per_unit = self._n_cells / np.ptp(self._boundaries)
        if not 0.0 < per_unit < np.inf:
            return None
        return _Table.of(self._boundaries, self._side, self._n_cells, per_unit)


def before_in_rows(
    boundaries: Values, rows: npt.NDArray[np.int64], values: Values
) -> npt.NDArray[np.int64]:
    """Return how many boundaries are less than each value, int64 (n_values_rows, n_values).

    All values are searched for together, in as many turns as one of them takes. So for few values
    in each of many rows it is faster than a search in one row after the other.

    Parameters
    ----------
    boundaries
        (n_rows, n_boundaries): ascending and finite in each row.
    rows
        (n_values_rows,): the row of boundaries that each row of values is searched for in.
    values
        (n_values_rows, n_values): finite, of the boundaries' type.

    Examples
    --------
    >>> boundaries = np.array([[1.0, 2.0], [5.0, 5.0]])
    >>> before_in_rows(boundaries, np.array([1, 0]), np.array([[5.0, 6.0], [0.0, 2.0]]))
    array([[0, 2],
           [0, 1]])
    """
    left = boundaries.shape[1]
    flat, starts = boundaries.ravel(), (left * rows)[:, None]
    found = np.repeat(starts, values.shape[1], axis=1)
    while left > 1:
        half = left // 2
        found += half * (flat.take(found + (half - 1)) < values)
        left -= half
    if left:
        found += flat.take(found) < values
    found -= starts
    return found


@dataclass(frozen=True)
class _Table:
    """Equal cells over the range of some boundaries, and how many boundaries lie before each.

    One more comparison decides for a value; its place is searched for only where two boundaries
    share its cell. The cell never falls as a value grows, however it is rounded. So both ways give
    the same count.
    """

    boundaries: Values
    """(n_different,): each once."""
    counts: Places
    """(n_different + 1,): the boundaries that lie before each different one; last, all."""
    following: Values
    """(n_different + 1,): the different boundaries, and after the last of them infinity."""
    cells: Places
    """(n_cells + 2,): the different boundaries in the cells before; or the mark of several.
    The first cell is before all boundaries, the last beyond them."""
    per_unit: float
    side: Side

    @classmethod
    def of(cls, boundaries: Values, side: Side, n_cells: int, per_unit: float) -> "_Table":
        different, firsts = np.unique(boundaries, return_index=True)
        counts = np.append(firsts, len(boundaries)).astype(np.int32)
        following = np.append(different, np.array(np.inf, boundaries.dtype))
        empty = np.zeros(n_cells + 2, dtype=np.int32)
        table = cls(different, counts, following, empty, per_unit, side)
        of_each = table._cells_of(different)
        inside = np.bincount(of_each, minlength=n_cells + 2).astype(np.int32)
        np.subtract(np.cumsum(inside, dtype=np.int32), inside, out=table.cells)
        table.cells[of_each[inside[of_each] > 1]] = _CROWDED
        return table

    def before(self, values: Values) -> Places:
        """Return how many boundaries lie before each of `values`, int32 (n_values,)."""
        before = self.cells.take(self._cells_of(values))
        crowded = np.flatnonzero(before == _CROWDED)
        compare = np.less if self.side == "left" else np.less_equal
        before += compare(self.following.take(before), values)  # those of crowded cells come next
        before[crowded] = np.searchsorted(self.boundaries, values[crowded], self.side)
        return self.counts.take(before)

    def _cells_of(self, values: Values) -> Places:
        with np.errstate(over="ignore"):
            cells = (values - self.boundaries[0]) * self.per_unit
        cells += 1.0
        return np.clip(cells, 0.0, len(self.cells) - 1.0, out=cells).astype(np.int32)


class Polyline:
    """Straight lines between points, level before the first and beyond the last of them.

    Parameters
    ----------
    x, y
        float64 (n_points,): `x` ascending and finite, at least one point.

    Examples
    --------
    >>> Polyline(np.array([0.0, 1.0, 3.0]), np.array([5.0, 6.0, 0.0])).at(np.array([-1, 0.5, 2, 4]))
    array([5. , 5.5, 3. , 0. ])
    """

    def __init__(self, x: Values, y: Values) -> None:
        self._boundaries = Boundaries(x, "right")
        # What begins at each point, and what is before them all.
        self._x, self._y = np.append(x[0], x), np.append(y[0], y)
        with np.errstate(divide="ignore", invalid="ignore"):
            self._slopes = np.concatenate([[0.0], np.diff(y) / np.diff(x), [0.0]])

    def at(self, values: Values) -> npt.NDArray[np.float64]:
        """Return the height at each of the finite `values`, float64 of their shape."""
        line = self._boundaries.before(values)
        heights: npt.NDArray[np.float64] = self._slopes.take(line) * (values - self._x.take(line))
        heights += self._y.take(line)
        return heights
