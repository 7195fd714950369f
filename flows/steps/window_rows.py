"""The records that tell an odd window: those of its entity and time, and of its odd values."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anomaly.behaviour.activity import DAY, HOUR
from anomaly.behaviour.measures import Kind
from anomaly.behaviour.observations import Observation, OddWindow
from anomaly.behaviour.odd_windows import HOURS
from anomaly.behaviour.sequences import WITHIN, pairs_of
from anomaly.behaviour.travel import places_of, too_fast
from anomaly.numerics.arrays import Doubles, Integers
from flows.steps.activity_parts import chunks_between
from flows.steps.records import Batch, EventRecords, Records, Rows
from flows.steps.run import Run
from schemas.columns.coordinates import coordinates
from schemas.columns.roles import Role, time_column
from schemas.events.contract import one_array

MOST_ROWS = 1_000
"""Records of a window that are part of its incident: the first in time."""
_MOST_READ = 100_000
"""Records of a window that are looked at."""
_NEAR = 7 * DAY
"""So far from an absence its entity is looked for."""
_SOON = WITHIN[Kind.ORDER]
_OF_ORDER = ("order", "first order", "broken order")
_OF_VALUES = ("new", "first seen", "share", "changes", "sum", *_OF_ORDER)
"""Views of which the values of a column tell the records."""


@dataclass
class _Found:
    """The records of the entity of a window, near it."""

    window: OddWindow
    longitudes: str | None = None
    """The column of longitudes, of travel."""
    rows: list[Rows] = field(default_factory=list)
    times: list[Integers] = field(default_factory=list)
    values: list[pa.Array] = field(default_factory=list)
    places: list[Doubles] = field(default_factory=list)
    """(n, 2) of each batch: latitudes and longitudes, of travel."""

    @property
    def column(self) -> str | None:
        """Return the column of names whose values tell which records are odd."""
        head = head_of(self.window)
        return head.column if head.view in _OF_VALUES else None

    @property
    def columns(self) -> list[str]:
        """Return the columns that are read of its records, besides the time."""
        own = [self.window.entity_column]
        if self.longitudes is not None:
            return [*own, head_of(self.window).column, self.longitudes]
        return own if self.column is None else [*own, self.column]

    @property
    def span(self) -> tuple[int, int]:
        """Return the first and the last moment at which its records are looked for."""
        head = head_of(self.window)
        if head.view == "absent":
            return head.start - _NEAR, head.stop + _NEAR
        if head.view == "travel":
            # No place on Earth is farther than 20,020 km, or 20 h at the speed that is too fast.
            return head.start - DAY, head.stop - 1
        if head.view in _OF_ORDER:
            return head.start - _SOON, head.stop - 1
        if head.view == "growth":
            return head.stop - DAY, head.stop - 1
        return head.start, head.stop - 1

    def add(self, batch: Batch, times: Integers) -> None:
        """Take the records of a batch that are of the entity and near the window."""
        first, last = self.span
        if not len(times) or times.min() > last or times.max() < first:
            return
        held = one_array(batch.records[self.window.entity_column])
        code = pc.index(held.dictionary, self.window.entity).as_py()
        codes = held.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        places = np.flatnonzero((codes == code) & (times >= first) & (times <= last))
        if code < 0 or not len(places) or sum(map(len, self.rows)) > _MOST_READ:
            return
        self.rows.append(batch.rows[places])
        self.times.append(times[places])
        if self.column is not None:
            values = one_array(batch.records[self.column]).take(pa.array(places))
            of_names = head_of(self.window).view != "sum"
            self.values.append(values.cast(pa.string()) if of_names else values)
        if self.longitudes is not None:
            columns = (head_of(self.window).column, self.longitudes)
            numbers = (batch.records[c].to_numpy()[places] for c in columns)
            self.places.append(places_of(*numbers))

    def telling(self) -> Rows:
        """Return the records that tell the window, in the order of their times."""
        if not self.rows:
            return np.zeros(0, dtype=np.int64)
        rows, times = np.concatenate(self.rows), np.concatenate(self.times)
        head = head_of(self.window)
        if head.view == "absent":
            before = np.flatnonzero(times < head.start)
            last = before[np.argmax(times[before])] if len(before) else np.argmin(times)
            return rows[[last]]
        if head.view == "travel":
            return rows[self._of_moves(rows, times)]
        if head.view in _OF_ORDER:
            return rows[self._of_pairs(rows, times)]
        chosen = np.ones(len(rows), dtype=bool)
        if head.view == "hours":
            hours = [HOURS.index(value) for value in head.values]
            chosen = np.isin(times % DAY // HOUR, hours)
        if self.values:
            chosen = self._odd_values(pa.chunked_array(self.values))
        order = np.flatnonzero(chosen)
        order = order[np.lexsort((rows[order], times[order]))]
        return rows[order]

    def _of_moves(self, rows: Rows, times: Integers) -> Integers:
        """Return where both records of each move that is too fast stand, by their times."""
        places, order = np.concatenate(self.places), np.lexsort((rows, times))
        order = order[~np.isnan(places[order, 0])]
        first, then = order[:-1], order[1:]
        far = too_fast(places[first], places[then], times[then] - times[first])
        far &= times[then] >= head_of(self.window).start
        if not far.any():  # of a log out of order, where other records lie between
            return order[times[order] >= head_of(self.window).start]
        return order[np.append(far, False) | np.append(False, far)]

    def _of_pairs(self, rows: Rows, times: Integers) -> Integers:
        """Return where both records of each new pair stand, by their times."""
        values, order = pa.chunked_array(self.values), np.lexsort((rows, times))
        order = order[values.is_valid().to_numpy()[order]]
        first, then = order[:-1], order[1:]
        pairs = pairs_of(*(one_array(values.take(pa.array(each))) for each in (first, then)))
        odd = pc.is_in(pairs, pa.array(head_of(self.window).values, pa.string()))
        told = odd.to_numpy(zero_copy_only=False) & (times[then] - times[first] <= _SOON)
        told &= times[then] >= head_of(self.window).start
        if not told.any():  # of a log out of order, where other records lie between
            return order[times[order] >= head_of(self.window).start]
        return order[np.append(told, False) | np.append(False, told)]

    def _odd_values(self, values: pa.ChunkedArray) -> np.ndarray:
        head = head_of(self.window)
        if head.view == "sum":
            return _largest(values.to_numpy(), max(abs(head.most), abs(head.least)))
        if head.view != "changes":
            return pc.is_in(values, pa.array(head.values, pa.string())).to_numpy()
        counts = pc.value_counts(values.drop_null()).to_pylist()
        usual = max(counts, key=lambda each: (each["counts"], each["values"]))["values"]
        return pc.fill_null(pc.not_equal(values, usual), False).to_numpy()


def head_of(window: OddWindow) -> Observation:
    """Return what is oddest about a window."""
    return window.observations[0]


def _largest(numbers: np.ndarray, usual: float) -> np.ndarray:
    """Return which of some numbers make their sum larger than usual: the largest of them.

    Rounding may hide how much larger a huge sum is. Then it is the largest one alone.
    """
    sizes = np.nan_to_num(np.abs(numbers))
    # By a power of two, which rounds nothing: the sum of huge ones would be infinite.
    scale = int(np.frexp(sizes.max(initial=0.0))[1])
    sizes, usual = np.ldexp(sizes, -scale), float(np.ldexp(usual, -scale))
    order = np.argsort(-sizes, kind="stable")
    rest = sizes.sum() - np.cumsum(sizes[order]) + sizes[order]
    chosen = np.zeros(len(sizes), dtype=bool)
    chosen[order[rest > usual]] = True
    chosen[order[:1]] = True
    return chosen


def rows_of_windows(run: Run, records: Records, windows: Sequence[OddWindow]) -> list[Rows]:
    """Return the numbers of the records that tell each window, in the order of their times."""
    longitudes = coordinates(records.roles)
    found = [
        _Found(window, longitudes[head.column] if head.view == "travel" else None)
        for window, head in ((each, head_of(each)) for each in windows)
    ]
    if not found:
        return []
    assert isinstance(records, EventRecords)  # noqa: S101 - windows are of events
    time = str(time_column(records.roles))
    needed = {time, *(column for each in found for column in each.columns)}
    roles = {c: r for c, r in records.roles.items() if c in needed or r is Role.ID}
    some = replace(records, roles=roles)
    first, last = min(each.span[0] for each in found), max(each.span[1] for each in found)
    for chunk in chunks_between(run.scratch, records.n_chunks, first, last):
        for batch in some.read(chunk):
            times = batch.records[time].cast(pa.int64()).to_numpy()
            for each in found:
                each.add(batch, times)
    return [
        _repeated(records, rows) if head_of(each.window).view == "repeats" else rows[:MOST_ROWS]
        for each, rows in ((each, each.telling()) for each in found)
    ]


def _repeated(records: EventRecords, rows: Rows) -> Rows:
    """Return the records among some that hold the same as another, but for ids and times."""
    unread = (Role.ID, Role.TIME, Role.IGNORE)
    columns = [column for column, role in records.roles.items() if role not in unread]
    held = records.texts(rows, columns).to_pandas()
    return rows[held.duplicated(keep=False).to_numpy()][:MOST_ROWS]
