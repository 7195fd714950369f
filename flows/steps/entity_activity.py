"""Activity of the entities of incidents: counts over time, usual values, events near an incident.

Reads the entity, time and reported columns once, in shards merged at the end. Memory is bounded by
the number of incidents: only values of their entities and a few events of each are held.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from flows.steps.records import Batch, EventRecords
from flows.storage.fs.scratch import Scratch
from schemas.columns.roles import Role
from schemas.events.contract import one_array

_BEFORE, _AFTER = 5, 10
"""Events that are shown before and after the most telling record of an incident."""
_NEAR = 6 * 3_600_000_000
"""Microseconds before and after that record: what lies farther off does not belong to it."""
_BINS = 56
"""Bins of time at the most that the activity of an entity is counted in."""
_WIDTHS = [60 * s for s in (1, 5, 15, 60, 180, 360, 720, 1_440, 10_080, 43_200)]
"""Seconds that a bin may have."""

_USUAL = pa.schema(
    {"entity": pa.int64(), "column": pa.string(), "value": pa.string(), "times": pa.int64()}
)
"""What the scratch holds of `Activity.usual`; an entity by its place among `Traces.activity`."""
_NEAR_THEM = pa.schema({"incident": pa.int64(), "row": pa.int64(), "time": pa.int64()})
"""What it holds of `Traces.around`; an incident by its place in `Scope.incidents`."""

Integers = npt.NDArray[np.int64]
Whose = tuple[str, str]
"""An entity: its column and its name."""


@dataclass(frozen=True)
class Bins:
    """Equal bins of time over all that the run judged."""

    start: int
    """Microseconds since 1970."""
    width: int
    n: int

    @classmethod
    def over(cls, first: int, last: int) -> "Bins":
        """Choose the least width that cuts the time into few enough bins."""
        for width in (1_000_000 * seconds for seconds in _WIDTHS):
            start = first - first % width
            n = (last - start) // width + 1
            if n <= _BINS:
                return cls(start, width, n)
        width = (last - first) // _BINS + 1
        return cls(first, width, _BINS)


@dataclass
class Activity:
    """Counts of one entity, added up batch by batch."""

    counts: Integers
    """(n_bins,): its events in each bin."""
    usual: dict[str, Counter[str]] = field(default_factory=dict)
    """Column -> how often it shows each value."""

    def add(self, names: Mapping[str, pa.Array], places: Integers, bins: Integers) -> None:
        """Count the events at these places of a batch, which lie in these bins."""
        self.counts += np.bincount(bins, minlength=len(self.counts))
        for column, values in names.items():
            codes = values.indices.fill_null(-1).to_numpy()[places]
            shown, times = np.unique(codes[codes >= 0], return_counts=True)
            texts = values.dictionary.take(pa.array(shown)).to_pylist()
            self.usual.setdefault(column, Counter()).update(
                dict(zip(texts, times.tolist(), strict=True))
            )

    def usual_of(self, column: str) -> list[tuple[str, int]]:
        """Return the values of a column and how often each is shown, the most frequent first."""
        return sorted(self.usual.get(column, {}).items(), key=lambda shown: (-shown[1], shown[0]))


@dataclass(frozen=True)
class Moment:
    """The time and place of the most telling record of an incident."""

    time: int
    """Microseconds since 1970."""
    row: int
    """Its number among the events; -1 of a session, whose first event it stands for."""


@dataclass
class Around:
    """The events of an entity near a moment: as many as there is room for, those nearest."""

    moment: Moment
    rows: Integers = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    times: Integers = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    def add(self, rows: Integers, times: Integers) -> None:
        """Take some events of the entity; keep those that have room."""
        at = self.moment
        near = np.abs(times - at.time) <= _NEAR
        if not near.any():
            return
        rows, times = np.append(self.rows, rows[near]), np.append(self.times, times[near])
        order = np.lexsort((rows, times))
        rows, times = rows[order], times[order]
        before = int(((times < at.time) | ((times == at.time) & (rows < at.row))).sum())
        chosen = slice(max(0, before - _BEFORE), before + 1 + _AFTER)
        self.rows, self.times = rows[chosen], times[chosen]


@dataclass(frozen=True)
class Scope:
    """The scope of a search: the incidents, their entities, and the events to read."""

    events: EventRecords
    incidents: list[dict[str, Any]]
    moments: dict[str, Moment]
    """Incident -> when its most telling record happened; empty where records have no time."""
    told: list[str]
    """Columns that are shown of an event, the most driving first."""
    time: str | None
    bins: Bins | None

    @property
    def subjects(self) -> dict[str, list[str]]:
        """Return entity column -> the entities in it that some incident is about."""
        found: dict[str, list[str]] = {}
        for row in self.incidents:
            if row["entity_column"] in self.events.roles:
                found.setdefault(row["entity_column"], []).append(row["entity"])
        return {column: list(dict.fromkeys(names)) for column, names in found.items()}

    @property
    def usual(self) -> list[str]:
        """Return the columns of names; their values are counted for each entity."""
        names = (Role.CATEGORY, Role.FLAG, Role.ENTITY)
        return [column for column in self.told if self.events.roles[column] in names]


@dataclass(frozen=True)
class Traces:
    """The activity of the incidents' entities in the events that were read."""

    activity: dict[Whose, Activity]
    around: dict[int, Around]
    """Place of an incident -> the events of its entity near it."""

    @classmethod
    def none_of(cls, scope: Scope) -> "Traces":
        """Return empty traces: the state before any event is read."""
        n_bins = scope.bins.n if scope.bins else 1
        activity = {
            (column, name): Activity(np.zeros(n_bins, dtype=np.int64))
            for column, names in scope.subjects.items()
            for name in names
        }
        around = {
            place: Around(scope.moments[row["incident"]])
            for place, row in enumerate(scope.incidents)
            if scope.bins is not None
            and row["incident"] in scope.moments
            and (row["entity_column"], row["entity"]) in activity
        }
        return cls(activity, around)


def gather_traces(scope: Scope, chunks: Iterable[int]) -> Traces:
    """Read some chunks of the events: activity of each entity, and events near each incident."""
    found, subjects = Traces.none_of(scope), scope.subjects
    near: dict[Whose, list[Around]] = {}
    for place, each in found.around.items():
        row = scope.incidents[place]
        near.setdefault((row["entity_column"], row["entity"]), []).append(each)
    for batch in _batches(scope, chunks if subjects else ()):
        times = _times(scope, batch)
        bins = _bins_of(scope.bins, times)
        names = {column: _encoded(batch, column) for column in scope.usual}
        for column, wanted in subjects.items():
            for name, places in _places(_encoded(batch, column), wanted):
                others = {c: values for c, values in names.items() if c != column}
                found.activity[column, name].add(others, places, bins[places])
                for each in near.get((column, name), ()):
                    each.add(batch.rows[places], times[places])
    return found


def write_traces(scratch: Scratch, share: int, found: Traces) -> None:
    """Leave what was found in a share of the events in the scratch."""
    activity = found.activity.values()
    counts = np.array([each.counts for each in activity], dtype=np.int64)
    scratch.write_array(f"counts-{share}", counts)
    usual = [
        (entity, column, value, times)
        for entity, each in enumerate(activity)
        for column, shown in each.usual.items()
        for value, times in shown.items()
    ]
    near = [
        (place, row, time)
        for place, each in found.around.items()
        for row, time in zip(each.rows.tolist(), each.times.tolist(), strict=True)
    ]
    for name, rows, schema in (("usual", usual, _USUAL), ("near", near, _NEAR_THEM)):
        columns = list(zip(*rows, strict=True)) or [()] * len(schema)
        arrays = [pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)]
        scratch.write_table(f"{name}-{share}", pa.table(arrays, schema=schema))


def read_traces(scratch: Scratch, n_shares: int, scope: Scope) -> Traces:
    """Read back what was found in all shares of the events, and put it together."""
    found = Traces.none_of(scope)
    activity = list(found.activity.values())
    for share in range(n_shares):
        for each, counts in zip(activity, scratch.read_array(f"counts-{share}"), strict=True):
            each.counts += counts
        usual = scratch.read_table(f"usual-{share}").to_pydict()
        for entity, column, value, times in zip(*usual.values(), strict=True):
            activity[entity].usual.setdefault(column, Counter())[value] += times
        near = scratch.read_table(f"near-{share}")
        places, rows, times = (column.to_numpy() for column in near.columns)
        for place, around in found.around.items():
            around.add(rows[places == place], times[places == place])
    return found


def _batches(scope: Scope, chunks: Iterable[int]) -> Iterator[Batch]:
    needed = {*scope.subjects, *scope.usual, scope.time}
    roles = {column: role for column, role in scope.events.roles.items() if column in needed}
    some = replace(scope.events, roles=roles)
    for chunk in chunks:
        yield from some.read(chunk)


def _times(scope: Scope, batch: Batch) -> Integers:
    if scope.time is None:
        return np.zeros(len(batch.rows), dtype=np.int64)
    times: Integers = batch.records[scope.time].cast(pa.int64()).to_numpy()
    return times


def _bins_of(bins: Bins | None, times: Integers) -> Integers:
    if bins is None:
        return np.zeros(len(times), dtype=np.int64)
    # A row that is rejected for another column may lie outside of what was judged.
    return np.clip((times - bins.start) // bins.width, 0, bins.n - 1)


def _encoded(batch: Batch, column: str) -> pa.DictionaryArray:
    values = one_array(batch.records[column])
    return values if pa.types.is_dictionary(values.type) else values.dictionary_encode()


def _places(values: pa.DictionaryArray, wanted: Sequence[str]) -> Iterator[tuple[str, Integers]]:
    """Give where in the batch each of the wanted names stands, ascending."""
    found = pc.index_in(values.dictionary, pa.array(wanted, values.dictionary.type))
    numbers = np.append(found.fill_null(-1).to_numpy(zero_copy_only=False), -1)
    of_rows = numbers[values.indices.fill_null(-1).to_numpy()]
    known = np.flatnonzero(of_rows >= 0)
    order = known[np.argsort(of_rows[known], kind="stable")]
    cuts = np.searchsorted(of_rows[order], np.arange(len(wanted) + 1))
    for number, name in enumerate(wanted):
        if cuts[number] < cuts[number + 1]:
            yield name, order[cuts[number] : cuts[number + 1]]
