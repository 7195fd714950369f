"""Counts what the entities of a batch of events do, as `activity.py` lays it out."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from anomaly.behaviour.activity import ACTIVITY, ENDS, LEVELS, Counted
from anomaly.behaviour.batch import EventBatch, Terms
from anomaly.behaviour.dictionaries import Dictionaries
from anomaly.behaviour.measures import Kind, Measure
from anomaly.behaviour.sequences import SEQUENCES
from anomaly.behaviour.travel import place_texts
from anomaly.numerics.arrays import Integers
from anomaly.numerics.groups import added_up
from schemas.columns.roles import Role

_NO_NAMES = pa.array([""], pa.string())
"""The names of terms of which all are missing."""


def count_activity(
    events: pa.Table,
    roles: Mapping[str, Role],
    measures: Sequence[Measure],
    number: int = 0,
    known: Dictionaries | None = None,
) -> Counted:
    """Count what entities do in each hour of a batch of conformed events.

    Parameters
    ----------
    events
        Conformed events, with a time.
    roles
        Column -> role.
    measures
        What to count; the place of each is its number in the result, which is sorted by it.
    number
        The number of the batch.
    known
        The dictionaries of batches before, to which the names of this one are added.
    """
    batch = EventBatch(events, roles)
    known = Dictionaries() if known is None else known
    counts, levels, ends = (_Rows(schema, known) for schema in (ACTIVITY, LEVELS, ENDS))
    for place, measure in enumerate(measures):
        rows, values = batch.told(measure)
        if len(rows):
            own = levels if measure.kind is Kind.LEVELS else counts
            own.add({"measure": place, **_counted(batch, measure, rows, values)})
        if measure.kind in SEQUENCES:
            ends.add({"measure": place, "batch": number, **_ends(batch, measure)})
    return Counted(counts.table(), levels.table(), ends.table())


class _Rows:
    """The rows of a table, those of each measure that has some as a chunk of their own."""

    def __init__(self, schema: pa.Schema, known: Dictionaries) -> None:
        self._schema, self._known = schema, known
        self._chunks: dict[str, list[pa.Array]] = {name: [] for name in schema.names}

    def add(self, columns: Mapping[str, Any]) -> None:
        """Add rows: of each column an array, terms, or one number for all.

        A code of terms below 0 is a missing one.
        """
        n = len(columns["entity"].codes)
        if not n:
            return
        for field in self._schema:
            values = columns[field.name]
            if isinstance(values, Terms):
                found = self._codes(field.name, values)
            else:
                kind = field.type.to_pandas_dtype()
                found = pa.array(np.broadcast_to(values, n).astype(kind, copy=False))
            self._chunks[field.name].append(found)

    def table(self) -> pa.Table:
        """Return all rows."""
        return pa.table([self._column(field) for field in self._schema], schema=self._schema)

    def _codes(self, column: str, values: Terms) -> pa.Array:
        codes = getattr(self._known, column).codes(*values)
        return pa.array(codes, mask=codes < 0 if codes.min(initial=0) < 0 else None)

    def _column(self, field: pa.Field) -> pa.ChunkedArray:
        chunks = self._chunks[field.name]
        if pa.types.is_dictionary(field.type):
            names = getattr(self._known, field.name).names
            chunks = [
                pa.DictionaryArray.from_arrays(each, names, safe=False)
                for each in chunks or [pa.array([], pa.int32())]
            ]
        return pa.chunked_array(chunks, field.type)


def _ends(batch: EventBatch, measure: Measure) -> dict[str, Any]:
    """Return the ends of the sequences of a measure, column by column."""
    sequences = batch.sequences(measure)
    rows, gap = sequences.ends(SEQUENCES[measure.kind], both=measure.kind is not Kind.REPEATS)
    held = Terms(np.full(len(rows), -1), _NO_NAMES)
    if measure.kind is Kind.TRAVEL:
        texts = place_texts(batch.places(measure)[rows]).dictionary_encode()
        held = Terms(texts.indices.to_numpy(), texts.dictionary)
    elif measure.column is not None:
        held = batch.terms(measure.column).take(rows)
    return {
        "group": sequences.group[rows],
        "entity": batch.terms(measure.entity).take(rows),
        "time": batch.times[rows],
        "value": held,
        "gap": gap,
    }


def _counted(batch: EventBatch, measure: Measure, rows: Integers, values: Terms) -> dict[str, Any]:
    """Return the counts of a measure in rows that hold these values, column by column."""
    cells, windows = batch.cells(measure.entity, 1 if measure.kind is Kind.EVENTS else 24)
    n_values = max(len(values.names), 1)
    # Fewer than all rows follow another, so all of them are in their order.
    keys = (cells if len(rows) == len(cells) else cells[rows]) * n_values + values.codes
    if measure.kind is Kind.LEVELS:
        column = str(measure.column)
        told = [batch.numbers(column)[rows], batch.logs(column)[rows]]
        keys, n, (total, logs) = added_up(keys, told)
        sums = {"total": np.nan_to_num(total), "logs": np.nan_to_num(logs)}
    else:
        (keys, n, _), sums = added_up(keys), {}
    found = keys // n_values
    entity = found // windows.n
    names, of_values = values.names, keys - found * n_values
    if names.null_count:
        # A dictionary that holds a null cannot be put together with others.
        names, of_values = _NO_NAMES, np.full(len(n), -1)
    return {
        "entity": Terms(entity, batch.terms(measure.entity).names),
        "hour": windows.starts(found - entity * windows.n),
        "value": Terms(of_values, names),
        "n": n,
        **sums,
    }
