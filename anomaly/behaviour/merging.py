"""Counts of many batches put together, some of the entities at a time."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from anomaly.behaviour.activity import ACTIVITY, LEVELS
from anomaly.behaviour.table_terms import TermsOfTables
from anomaly.numerics.arrays import Integers
from anomaly.numerics.groups import added_up
from anomaly.numerics.radix import stable_order
from schemas.events.contract import one_array

_ROWS_AT_ONCE = 524_288
"""Rows that are put together at a time; more, where an entity has more."""


def merged(tables: Sequence[pa.Table], number: int, *, numbers: bool = True) -> Iterator[pa.Table]:
    """Put the rows of one measure together: each entity, hour and value once, sorted by them.

    Rows whose values are not known stay as they are, with all others of the measure.

    Parameters
    ----------
    tables
        Rows of one measure, as `ACTIVITY` or `LEVELS`.
    number
        The number of the measure.
    numbers
        Whether there are sums of numbers, as `Kind.LEVELS` has.

    Yields
    ------
    The rows of some entities after those of others, all with the same dictionaries.
    """
    if any(table["value"].null_count for table in tables):
        yield pa.concat_tables(tables).unify_dictionaries().combine_chunks()
        return
    tables = [table for table in tables if table.num_rows]
    if not tables:
        return
    whose, held = TermsOfTables.of(tables, "entity"), TermsOfTables.of(tables, "value")
    parts = [
        _Part.of(table, entities, values, len(whose.names))
        for table, entities, values in zip(tables, whose.places, held.places, strict=True)
    ]
    hours = _Hours.of(tables)
    for first, stop in _slices(parts):
        some = [part.of_entities(first, stop) for part in parts]
        yield _added(some, (number, first), (whose, held), hours, numbers=numbers)


def _added(
    parts: Sequence["_Part"],
    numbers_of: tuple[int, int],
    terms: tuple[TermsOfTables, TermsOfTables],
    hours: "_Hours",
    *,
    numbers: bool,
) -> pa.Table:
    """Put rows of some entities together.

    `numbers_of` are those of the measure and of the first entity, `terms` the entities and values.
    """
    (number, first), (whose, held) = numbers_of, terms
    n_values = len(held.names)
    columns = ("n", "total", "logs") if numbers else ("n",)
    keys = np.concatenate([part.keys(first, hours, n_values) for part in parts])
    added = [np.concatenate([part.columns[name] for part in parts]) for name in columns]
    keys, _, sums = added_up(keys, added)
    cells = keys // n_values
    entity = cells // hours.n
    arrays = [
        pa.array(np.full(len(keys), number, dtype=np.int16)),
        whose.coded(entity + first),
        pa.array((hours.first + (cells - entity * hours.n) * hours.step).astype(np.int32)),
        held.coded(keys - cells * n_values),
        pa.array(sums[0].astype(np.int32)),
        *(pa.array(np.nan_to_num(each)) for each in sums[1:]),
    ]
    return pa.table(arrays, schema=LEVELS if numbers else ACTIVITY)


class _Hours(NamedTuple):
    """The hours since 1970 in which rows lie, counted in steps from the first."""

    first: int
    n: int
    """Steps from the first to the last, both counted."""
    step: int
    """A day, where all rows are of the first hour of one."""

    @classmethod
    def of(cls, tables: Sequence[pa.Table]) -> Self:
        """Look at the hours of all rows."""
        found = [table["hour"].to_numpy() for table in tables]
        first = min((int(hours.min()) for hours in found), default=0)
        last = max((int(hours.max()) for hours in found), default=0)
        step = 1 if any(np.any(hours % 24) for hours in found) else 24
        return cls(first, (last - first) // step + 1, step)


class _Part(NamedTuple):
    """Rows of a table, by entity."""

    columns: dict[str, npt.NDArray[Any]]
    """Numbers, and codes of terms: as they lie in the table."""
    entities: Integers
    values: Integers
    """The places among all names of the terms of the dictionaries of the table."""
    starts: Integers
    """(n_entities + 1,): where the rows of each entity begin."""

    @classmethod
    def of(cls, table: pa.Table, entities: Integers, values: Integers, n_entities: int) -> Self:
        """Sort the rows of a table by entity, unless they are."""
        codes = one_array(table["entity"]).indices.to_numpy()
        whose = entities[codes]
        if np.any(whose[1:] < whose[:-1]):
            table = table.take(pa.array(stable_order(whose)))
        columns = {name: _numbers(table[name]) for name in table.column_names}
        starts = np.append(0, np.cumsum(np.bincount(whose, minlength=n_entities)))
        return cls(columns, entities, values, starts)

    def of_entities(self, first: int, stop: int) -> Self:
        """Return the rows of some entities."""
        rows = slice(self.starts[first], self.starts[stop])
        return self._replace(columns={name: each[rows] for name, each in self.columns.items()})

    def keys(self, first: int, hours: _Hours, n_values: int) -> Integers:
        """Return a number for entity, hour and value of each row, in that order."""
        entity = self.entities[self.columns["entity"]] - first
        hour = (self.columns["hour"] - hours.first) // hours.step
        value = self.values[self.columns["value"]]
        return (entity * hours.n + hour) * n_values + value


def _numbers(column: pa.ChunkedArray) -> npt.NDArray[Any]:
    """Return the numbers of a column, or the codes of its terms."""
    values = one_array(column)
    is_terms = pa.types.is_dictionary(values.type)
    found: npt.NDArray[Any] = (values.indices if is_terms else values).to_numpy()
    return found


def _slices(parts: Sequence[_Part]) -> Iterator[tuple[int, int]]:
    """Give the entities by turns, so many at a time as have few rows: the first, and the next."""
    rows = np.add.reduce([part.starts for part in parts])
    cuts = np.searchsorted(rows, np.arange(0, rows[-1], _ROWS_AT_ONCE), side="right") - 1
    yield from pairwise(np.unique([*cuts.tolist(), len(rows) - 1]).tolist())
