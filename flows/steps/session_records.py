"""Sessions as the records of a run, and the way back from a session to its events."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pyarrow as pa

from anomaly.explain.quoting import quote
from anomaly.explain.rare_session_events import OddEvent, oddest_events
from anomaly.preprocess.session_windows import SessionCut
from anomaly.preprocess.sessions import DISTINCT, EVENTS, sessionize
from flows.runtime.work import FieldsOnly
from flows.steps.records import CHUNK_ROWS, Batch, EventRecords, Rows, batch_rows
from schemas.columns.roles import Role, time_column
from schemas.events.contract import one_array
from schemas.events.instants import INSTANT
from schemas.outputs.tables import ODD_EVENT, ODDEST_EVENTS

_SESSIONS, _MEMBERS = "sessions", "session-events"
"""What the scratch holds: the sessions, and where and when their events are, in the same order."""
_ROW, _TIME = "row", "time"


@dataclass(frozen=True)
class SessionRecords(FieldsOnly):
    """Every session is a record; they were gathered into the scratch before."""

    roles: Mapping[str, Role]
    key: str
    boundaries: SessionCut
    events: EventRecords
    """The records that the sessions were gathered from."""

    @cached_property
    def _sessions(self) -> pa.Table:
        return self.events.scratch.read_table(_SESSIONS)

    @property
    def total(self) -> int:
        """Return the number of sessions."""
        return self._sessions.num_rows

    @property
    def n_chunks(self) -> int:
        """Return the number of chunks."""
        return -(-self.total // CHUNK_ROWS)

    def read(self, chunk: int) -> Iterator[Batch]:
        """Read a chunk of sessions, batch by batch."""
        none = pa.table({"row": pa.array([], pa.int64()), "column": [], "reason": []})
        stop = min((chunk + 1) * CHUNK_ROWS, self.total)
        size = batch_rows(len(self.roles))
        for first in range(chunk * CHUNK_ROWS, stop, size):
            rows = np.arange(first, min(first + size, stop))
            yield Batch(self._sessions.slice(first, len(rows)), rows, none)

    def take(self, rows: Rows) -> pa.Table:
        """Return the sessions of these numbers."""
        return self._sessions.take(pa.array(rows))

    def ids(self, records: pa.Table, rows: Rows) -> pa.Array:
        """Return the session keys, with the time where a key has several sessions."""
        return self.boundaries.ids(records, self.key)

    def own_columns(self, rows: Rows) -> pa.Table:
        """Return the oddest events of these sessions, and what else is known of them."""
        known = self.take(rows)
        steps = [column for column, role in self.roles.items() if role is Role.TEXT]
        chunks = (self.read(chunk) for chunk in range(self.n_chunks))
        odd = oddest_events(known, steps, (b.records for batches in chunks for b in batches))
        keys = known[self.key].cast(pa.string())
        known = known.set_column(known.column_names.index(self.key), self.key, keys)
        for column in filter(self._counts, known.column_names):
            whole = known[column].cast(pa.int64())
            known = known.set_column(known.column_names.index(column), column, whole)
        return known.add_column(0, ODDEST_EVENTS, self._told(rows, odd))

    def _counts(self, column: str) -> bool:
        """Tell whether a column counts: the model reads it as any number, and a user as whole."""
        number = self.roles.get(column) is Role.NUMBER
        return number and (column == EVENTS or column.endswith(DISTINCT))

    def _told(self, rows: Rows, odd: Sequence[Sequence[OddEvent]]) -> pa.Array:
        """Tell the odd events of these sessions: which they are, when, and what they hold."""
        sizes = [len(events) for events in odd]
        events = [event for of_one in odd for event in of_one]
        if not events:
            return pa.array([[] for _ in odd], ODDEST_EVENTS.type)
        counts = self._sessions[EVENTS].to_numpy().astype(np.int64)
        first = np.repeat((np.cumsum(counts) - counts)[rows], sizes)
        places = first + np.array([event.position for event in events])
        members = self.events.scratch.read_table(_MEMBERS).take(pa.array(places))
        ids, values = self._reread(events, members[_ROW].to_numpy())
        told = [
            ids,
            one_array(members[_TIME]),
            [event.column for event in events],
            values,
            [event.holders for event in events],
            [event.sentence(value) for event, value in zip(events, values, strict=True)],
        ]
        arrays = [pa.array(t, field.type) for t, field in zip(told, ODD_EVENT, strict=True)]
        ends = pa.array(np.cumsum([0, *sizes]), pa.int32())
        structs = pa.StructArray.from_arrays(arrays, fields=list(ODD_EVENT))
        return pa.ListArray.from_arrays(ends, structs)

    def _reread(self, events: Sequence[OddEvent], rows: Rows) -> tuple[pa.Array, list[str | None]]:
        """Read the rows of events again; give their ids, and the values that make them odd."""
        needed = {event.column for event in events}
        # No times: what a number counts from 1970 is told by the other rows of its column.
        roles = {c: r for c, r in self.events.roles.items() if r is Role.ID or c in needed}
        source = replace(self.events, roles=roles)
        held = source.take(rows)
        raw = [held[event.column][place].as_py() for place, event in enumerate(events)]
        values = [None if value is None else quote(value) for value in raw]
        return source.ids(held, rows), values


def gather_sessions(
    events: EventRecords, batches: Sequence[Batch], key: str, boundaries: SessionCut
) -> SessionRecords:
    """Keep the sessions of all events in the scratch, and where their events stand."""
    table = pa.concat_tables([batch.records for batch in batches]).unify_dictionaries()
    sessions = sessionize(table, key, events.roles, boundaries)
    events.scratch.write_table(_SESSIONS, sessions.table)
    order = pa.array(sessions.order)
    rows = pa.array(np.concatenate([batch.rows for batch in batches])).take(order)
    time = time_column(events.roles)
    times = pa.nulls(len(order), INSTANT) if time is None else one_array(table[time]).take(order)
    events.scratch.write_table(_MEMBERS, pa.table({_ROW: rows, _TIME: times}))
    return SessionRecords(sessions.roles, key, boundaries, events)
