"""Odd events planted in a quiet night of a real log.

The single ones are canaries: events with one value that is odd in the night and those before it.
The incident is six events within as many minutes that hold an odd value of each column at once.
That is what a sign-in from a new host, place and program of the generated log comes to elsewhere.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anomaly.monitoring.canaries import make_canaries
from schemas.columns.roles import Role
from schemas.events.contract import conform
from schemas.events.flattening import flatten

INCIDENT = "several at once"
"""The kind of the planted events that hold several odd values."""
TOGETHER = 6
"""Of these how many."""
_MADE = 256
"""Canaries that are made, of which one of each kind is planted."""

Event = dict[str, Any]


@dataclass(frozen=True)
class Planted:
    """A night with planted events, in the order of time."""

    events: pa.Table
    kinds: dict[str, str]
    """Id of a planted event -> its kind."""


@dataclass(frozen=True)
class _Change:
    """A canary: its event of the log, and what is put into it."""

    kind: str
    event: Event
    column: str
    value: Any


def plant(night: pa.Table, before: pa.Table, columns: Mapping[str, str], seed: int) -> Planted:
    """Plant a canary of each kind, and an incident.

    Parameters
    ----------
    night
        The events of the night.
    before
        Those of the nights before: what is usual there is not odd.
    columns
        Column -> role, with `event_id` as the id.
    seed
        Of every choice.
    """
    random = np.random.default_rng(seed)
    time = next(column for column, role in columns.items() if role == Role.TIME)
    everything = pa.concat_tables([before, night])
    changes = list(_changes(everything, columns, seed))
    shuffled = [changes[i] for i in random.permutation(len(changes))]
    first_of = {change.kind: change for change in reversed(shuffled)}
    midnight = _midnight(night[time])
    rows = [
        (kind, _tonight(change.event | {change.column: change.value}, time, midnight))
        for kind, change in sorted(first_of.items())
    ]
    rows += [(INCIDENT, row) for row in _incident(night, shuffled, time, random)]
    number = pc.max(everything["event_id"].cast(pa.int64())).as_py()
    added = [row | {"event_id": number + n} for n, (_, row) in enumerate(rows, 1)]
    both = pa.concat_tables([night, pa.Table.from_pylist(added, schema=night.schema)])
    kinds = {str(number + n): kind for n, (kind, _) in enumerate(rows, 1)}
    return Planted(both.sort_by(time), kinds)


def _changes(events: pa.Table, columns: Mapping[str, str], seed: int) -> Iterator[_Change]:
    """Make canaries, and give those whose odd value its column of the log can hold."""
    roles = {c: Role(role) for c, role in columns.items() if role != Role.IGNORE}
    conformed = conform(flatten(events), roles, np.zeros(len(events), dtype=bool)).events
    canaries = make_canaries(conformed, roles, _MADE, seed)
    place = {record: row for row, record in enumerate(map(str, events["event_id"].to_pylist()))}
    usual = {r["event_id"]: r for r in _of_ids(conformed, canaries.records["event_id"])}
    for record, kind in zip(canaries.records.to_pylist(), canaries.kinds, strict=True):
        old = usual[record["event_id"]]
        column = next((c for c in roles if record[c] != old[c]), None)
        value = None if column is None else _stored(record[column], events.schema.field(column))
        if value is not None:
            event = events.slice(place[record["event_id"]], 1).to_pylist()[0]
            yield _Change(kind, event, column, value)


def _of_ids(events: pa.Table, ids: pa.ChunkedArray) -> list[Event]:
    return events.filter(pc.is_in(events["event_id"], ids.combine_chunks())).to_pylist()


def _stored(value: Any, field: pa.Field) -> Any:
    """Return a value as a column of the log holds it; None where it cannot."""
    if isinstance(value, datetime) and field.type.tz is None:
        value = value.replace(tzinfo=None)
    if isinstance(value, float) and pa.types.is_integer(field.type):
        value = round(value)
    try:
        return pa.scalar(value).cast(field.type).as_py()
    except pa.ArrowInvalid:
        return None


def _midnight(times: pa.ChunkedArray) -> datetime:
    first: datetime = pc.min(times).as_py()
    return first.replace(hour=0, minute=0, second=0, microsecond=0)


def _tonight(event: Event, time: str, midnight: datetime) -> Event:
    """Move an event to the night, at its hour."""
    when: datetime = event[time]
    return event | {time: when.replace(year=midnight.year, month=midnight.month, day=midnight.day)}


def _incident(
    night: pa.Table, changes: list[_Change], time: str, random: np.random.Generator
) -> Iterator[Event]:
    """Repeat an event of the night with an odd value in each column that a canary has changed."""
    odd = {change.column: change.value for change in changes if change.column != time}
    event = night.slice(int(random.integers(len(night))), 1).to_pylist()[0]
    when = min(event[time], _midnight(night[time]) + timedelta(hours=23, minutes=50))
    for minute in range(TOGETHER):
        yield event | odd | {time: when + timedelta(minutes=minute)}
