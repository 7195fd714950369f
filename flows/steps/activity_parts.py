"""Counts of the chunks of a run in its scratch, as codes; the names that they stand for beside."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from functools import cached_property
from itertools import pairwise
from types import TracebackType
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anomaly.behaviour.activity import ACTIVITY, ENDS, LEVELS
from anomaly.behaviour.counting import count_activity
from anomaly.behaviour.dictionaries import Dictionaries
from anomaly.behaviour.measures import Measure
from flows.steps.records import BATCH_ROWS, Batch, Records
from flows.storage.fs.scratch import Scratch
from schemas.columns.roles import time_column

COUNTS, SUMS, LAST = "counts", "levels", "ends"
_KINDS = {COUNTS: ACTIVITY, SUMS: LEVELS, LAST: ENDS}
"""The tables of each batch, by measure."""
_PART = "activity-{}-{}"
"""What the scratch holds of each of these and each chunk: measure after measure of each batch."""
_NAMES = "activity-{}-names-{}"
"""And of the two columns of names, and each chunk."""
_SPAN = "activity-times-{}"
"""And the first and the last time of each batch of a chunk."""
_BATCHES_OF_CHUNK = 1_048_576
"""More than a chunk has: so batches are numbered in the order of the log."""


class ActivityOfChunk:
    """Counts the activity in a chunk of records, so many at a time as a batch may hold.

    It is a context, at whose end the counts are in the scratch.
    """

    def __init__(
        self, scratch: Scratch, chunk: int, records: Records, measures: Sequence[Measure]
    ) -> None:
        self._scratch, self._chunk = scratch, chunk
        self._roles, self._measures = records.roles, measures
        self._known, self._n_counted = Dictionaries(), 0
        self._waiting: list[pa.Table] = []
        self._span: list[int] = []
        self._files = ExitStack()

    def __enter__(self) -> Self:
        """Open the files."""
        if self._measures:
            self._writers = {
                kind: self._files.enter_context(
                    self._scratch.open_writer(_PART.format(kind, self._chunk), _coded(schema))
                )
                for kind, schema in _KINDS.items()
            }
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Count what waits for more, and close the files."""
        with self._files:
            if self._measures and error is None:
                self._count()
                self._write_rest()

    def add(self, batch: Batch) -> None:
        """Count a batch of records."""
        if self._measures and batch.records.num_rows:
            self._waiting.append(batch.records)
            if sum(table.num_rows for table in self._waiting) >= BATCH_ROWS:
                self._count()
            ends = pc.min_max(batch.records[str(time_column(self._roles))].cast(pa.int64()))
            self._span += ends.as_py().values()

    def _count(self) -> None:
        if not self._waiting:
            return
        events = self._waiting[0]
        if len(self._waiting) > 1:
            events = pa.concat_tables(self._waiting).unify_dictionaries().combine_chunks()
        self._waiting = []
        number = self._chunk * _BATCHES_OF_CHUNK + self._n_counted
        found = count_activity(events, self._roles, self._measures, number, self._known)
        for kind, table in zip(_KINDS, found, strict=True):
            held = {batch["measure"][0].as_py(): batch for batch in _codes_of(table).to_batches()}
            none = pa.RecordBatch.from_pylist([], _coded(_KINDS[kind]))
            for place in range(len(self._measures)):
                self._writers[kind].write_batch(held.get(place, none))
        self._n_counted += 1

    def _write_rest(self) -> None:
        for column in ("entity", "value"):
            names = pa.table({column: getattr(self._known, column).names})
            self._scratch.write_table(_NAMES.format(column, self._chunk), names)
        self._scratch.write_array(_SPAN.format(self._chunk), np.array(self._span, dtype=np.int64))


class ActivityParts:
    """The counts of each batch of all chunks of a run, in the order of the log."""

    def __init__(self, scratch: Scratch, n_chunks: int, n_measures: int) -> None:
        self._scratch, self._n_chunks, self._n_measures = scratch, n_chunks, n_measures
        self._held: dict[str, pa.ipc.RecordBatchFileReader] = {}

    def rows(self, kind: str, number: int) -> int:
        """Return how many rows a measure has."""
        return sum(batch.num_rows for _, batch in self._batches(kind, number))

    def of(self, kind: str, number: int) -> Iterator[pa.Table]:
        """Give the rows of a measure, batch by batch: counts, levels or ends."""
        for chunk, batch in self._batches(kind, number):
            yield _with_names(batch, self._names[chunk], _KINDS[kind])

    def _batches(self, kind: str, number: int) -> Iterator[tuple[int, pa.RecordBatch]]:
        for chunk in range(self._n_chunks):
            part = self._opened(_PART.format(kind, chunk))
            for place in range(number, part.num_record_batches, self._n_measures):
                batch = part.get_batch(place)
                if batch.num_rows:
                    yield chunk, batch

    @cached_property
    def _names(self) -> list[dict[str, pa.Array]]:
        """Return the names of entities and values in each chunk."""
        return [
            {
                column: self._scratch.read_table(_NAMES.format(column, chunk))[column].chunk(0)
                for column in ("entity", "value")
            }
            for chunk in range(self._n_chunks)
        ]

    def _opened(self, name: str) -> pa.ipc.RecordBatchFileReader:
        """Open a file: mapped anew, so that only what is used takes memory.

        From a store it would be fetched again for each measure: such a file is held.
        """
        if self._scratch.is_mapped:
            return self._scratch.open_batches(name)
        if name not in self._held:
            self._held[name] = self._scratch.open_batches(name)
        return self._held[name]


def chunks_between(scratch: Scratch, n_chunks: int, first: int, last: int) -> list[int]:
    """Return the chunks with records between two times, in microseconds since 1970."""
    spans = ((chunk, scratch.read_array(_SPAN.format(chunk))) for chunk in range(n_chunks))
    return [i for i, span in spans if len(span) and span.min() <= last and span.max() >= first]


def by_measure(table: pa.Table, n_measures: int) -> Iterator[pa.RecordBatch]:
    """Cut a table that is sorted by measure: give one batch for each measure."""
    whole = table.combine_chunks()
    held = [each.chunk(0) if each.num_chunks else pa.array([], each.type) for each in whole]
    batch = pa.record_batch(held, schema=table.schema)
    cuts = np.searchsorted(table["measure"].to_numpy(), np.arange(n_measures + 1))
    for first, stop in pairwise(cuts.tolist()):
        yield batch.slice(first, stop - first)


def _coded(schema: pa.Schema) -> pa.Schema:
    """Return a schema with codes instead of terms."""
    return pa.schema(
        [
            field.with_type(pa.int32()) if pa.types.is_dictionary(field.type) else field
            for field in schema
        ]
    )


def _codes_of(table: pa.Table) -> pa.Table:
    columns = [
        pa.chunked_array([each.indices for each in column.chunks], pa.int32())
        if pa.types.is_dictionary(column.type)
        else column
        for column in table
    ]
    return pa.table(columns, schema=_coded(table.schema))


def _with_names(batch: pa.RecordBatch, names: dict[str, pa.Array], schema: pa.Schema) -> pa.Table:
    columns = [
        pa.DictionaryArray.from_arrays(batch[name], names[name]) if name in names else batch[name]
        for name in schema.names
    ]
    return pa.table(columns, schema=schema)
