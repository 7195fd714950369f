"""`numpy.searchsorted` and `numpy.interp` for very many values, with a table beside them."""

from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

_CELLS_A_BORDER = 16
"""So many that few values share their cell with two borders."""
_FEWEST_CELLS, _MOST_CELLS = 2**15, 2**22
"""A few borders may lie close together in a wide range. 16 MB, and what float32 can count."""
_CELLS_A_VALUE = 32
"""A table with more cells than this for each value is not worth its making."""
_CROWDED = -1

Values = npt.NDArray[Any]
Places = npt.NDArray[np.int32]


class Borders:
    """Ascending borders, which tell of each value how many of them lie before it.

    A search among hundreds takes nine turns, and a processor guesses half of them wrong. Here the
    range of the borders is cut into equal cells, and a table says how many borders lie in the cells
    before each: one more comparison is enough, and only where two different borders share a cell
    its values are searched for. The cell never falls as a value grows, however it is rounded, so
    that both ways tell the same.

    Parameters
    ----------
    borders
        (n_borders,): ascending and finite, at least one.
    side
        Whether a border that equals a value lies before it: `right`, if it does.

    Examples
    --------
    >>> Borders(np.array([1.0, 2.0, 2.0, 4.0]), "left").before(np.array([0.0, 2.0, 3.0, 9.0]))
    array([0, 1, 3, 4], dtype=int32)
    """

    def __init__(self, borders: Values, side: Literal["left", "right"]) -> None:
        self._side = side
        self._borders, firsts = np.unique(borders, return_index=True)
        self._counts = np.append(firsts, len(borders)).astype(np.int32)
        n_cells = max(_CELLS_A_BORDER * len(self._borders), _FEWEST_CELLS)
        self._n_cells = min(n_cells, _MOST_CELLS)
        with np.errstate(divide="ignore", over="ignore"):
            self._per_unit = self._n_cells / (borders[-1] - borders[0])

    def before(self, values: Values) -> Places:
        """Return how many borders lie before each of the finite `values`, int32 (n_values,)."""
        worthwhile = self._n_cells <= _CELLS_A_VALUE * len(values)
        tabled = worthwhile and 0.0 < self._per_unit < np.inf
        return self._counts.take(self._look_up(values) if tabled else self._search(values))

    def _look_up(self, values: Values) -> Places:
        """Return how many different borders lie before each value."""
        before = self._table.take(self._cells(values))
        crowded = np.flatnonzero(before == _CROWDED)
        compare = np.less if self._side == "left" else np.less_equal
        before += compare(self._following.take(before), values)
        before[crowded] = self._search(values[crowded])
        return before

    def _search(self, values: Values) -> Places:
        return np.searchsorted(self._borders, values, side=self._side).astype(np.int32)

    @cached_property
    def _table(self) -> Places:
        """How many different borders lie in the cells before each; a mark where it has several."""
        cells = self._cells(self._borders)
        inside = np.bincount(cells, minlength=self._n_cells + 2).astype(np.int32)
        before = np.cumsum(inside, dtype=np.int32) - inside
        before[cells[inside[cells] > 1]] = _CROWDED
        return before

    @cached_property
    def _following(self) -> Values:
        """The border after 0, 1, … different ones; after the last nothing comes."""
        return np.append(self._borders, np.array(np.inf, self._borders.dtype))

    def _cells(self, values: Values) -> Places:
        """Return the cell of each value: 0 before the first border, the last beyond all."""
        with np.errstate(over="ignore"):
            cells = (values - self._borders[0]) * self._per_unit
        cells += 1.0
        return np.clip(cells, 0.0, self._n_cells + 1.0, out=cells).astype(np.int32)


class Polyline:
    """Straight lines between points, level before the first and beyond the last of them.

    Parameters
    ----------
    x, y
        float64 (n_points,): `x` ascending, at least one point.

    Examples
    --------
    >>> Polyline(np.array([0.0, 1.0, 3.0]), np.array([5.0, 6.0, 0.0])).at(np.array([-1, 0.5, 2, 4]))
    array([5. , 5.5, 3. , 0. ])
    """

    def __init__(self, x: Values, y: Values) -> None:
        self._borders = Borders(x, "right")
        # What begins at each point, and what is before them all.
        self._x, self._y = np.append(x[0], x), np.append(y[0], y)
        with np.errstate(divide="ignore", invalid="ignore"):
            self._slopes = np.concatenate([[0.0], np.diff(y) / np.diff(x), [0.0]])

    def at(self, values: Values) -> npt.NDArray[np.float64]:
        """Return the height at each of `values`, float64 (n_values,), finite."""
        line = self._borders.before(values)
        heights: npt.NDArray[np.float64] = self._slopes.take(line) * (values - self._x.take(line))
        heights += self._y.take(line)
        return heights
