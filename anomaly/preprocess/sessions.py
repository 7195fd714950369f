"""Events to sessions: one record for all that a key did at a time, its events in order."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from anomaly.preprocess.masking import template
from anomaly.preprocess.session_windows import START, SessionCut
from schemas.columns.roles import Role, time_column

EVENTS, SECONDS = "session.events", "session.seconds"
"""The columns that every session has besides its key and its start."""
DISTINCT = ".distinct"
"""Ends the name of a column that counts the distinct entities of a session."""


@dataclass(frozen=True)
class Sessions:
    """Events gathered into sessions."""

    table: pa.Table
    """One row for each session, ordered by key and time."""
    roles: dict[str, Role]
    """Column of the table -> its role."""
    order: npt.NDArray[np.int64]
    """(n_events,): the events' positions, session after session, each in order of time."""


def sessionize(
    events: pa.Table, key: str, roles: Mapping[str, Role], boundaries: SessionCut
) -> Sessions:
    """Gather conformed `events` into sessions.

    Names and the templates of texts become the list of their values in order of time. A number
    becomes its mean and its maximum, and an entity the count of its distinct values. Without a time
    column the order of the input stands.
    """
    time = time_column(roles)
    columns = {c: r for c, r in roles.items() if c != key and r not in (Role.ID, Role.IGNORE)}
    events = events.combine_chunks()
    keys = events[key].combine_chunks()
    names = keys.dictionary.cast(pa.string()) if pa.types.is_dictionary(keys.type) else keys
    codes = _codes_in_order(keys, names)
    moments = _moments(events, time)
    order = np.lexsort((np.arange(len(codes)), moments, codes))
    of_another_key = np.diff(codes[order], prepend=-1) != 0
    starts = np.flatnonzero(of_another_key | boundaries.begins(moments[order]))
    offsets = np.append(starts, len(order))
    ordered = events.take(pa.array(order))
    named = pc.cast(keys.take(pa.array(order[starts])), pa.string())
    sessions = {key: named if boundaries.key_role is Role.ID else named.dictionary_encode()}
    found = {key: boundaries.key_role}
    sessions[EVENTS], found[EVENTS] = pa.array(np.diff(offsets).astype(np.float64)), Role.NUMBER
    if time is not None:
        first, last = moments[order][starts], moments[order][offsets[1:] - 1]
        sessions[START] = pa.array(first).cast(pa.timestamp("us", tz="UTC"))
        sessions[SECONDS] = pa.array((last - first) / 1e6)
        found |= {START: Role.TIME, SECONDS: Role.NUMBER}
    for column, role in columns.items():
        for name, values, kind in _summaries(column, ordered[column], role, offsets):
            sessions[name], found[name] = values, kind
    return Sessions(pa.table(sessions), found, order)


def _codes_in_order(keys: pa.Array, names: pa.Array) -> npt.NDArray[np.int64]:
    """Return each row's key as its place in alphabetical order, int64 (n_rows,)."""
    ranks = pc.rank(names, tiebreaker="dense").to_numpy().astype(np.int64)
    return ranks[keys.indices.to_numpy()] if pa.types.is_dictionary(keys.type) else ranks


def _moments(events: pa.Table, time: str | None) -> npt.NDArray[np.int64]:
    if time is None:
        return np.zeros(events.num_rows, dtype=np.int64)
    return events[time].combine_chunks().cast(pa.int64()).to_numpy()


def _summaries(
    column: str, values: pa.ChunkedArray, role: Role, offsets: npt.NDArray[np.int64]
) -> list[tuple[str, pa.Array, Role]]:
    """Return the columns (name, values, role) that one column of events becomes."""
    array = values.combine_chunks()
    match role:
        case Role.NUMBER:
            numbers = array.to_numpy(zero_copy_only=False).astype(np.float64)
            present = np.nan_to_num(numbers, nan=0.0)
            count = np.add.reduceat(np.isfinite(numbers), offsets[:-1])
            # Divided before adding, so that the largest floats do not overflow.
            parts = present / np.repeat(np.maximum(count, 1), np.diff(offsets))
            mean = np.add.reduceat(parts, offsets[:-1])
            top = np.maximum.reduceat(np.nan_to_num(numbers, nan=-np.inf), offsets[:-1])
            return [
                (f"{column}.{name}", pa.array(values, mask=count == 0), Role.NUMBER)
                for name, values in (("mean", mean), ("max", top))
            ]
        case Role.ENTITY:
            distinct = _distinct_in_runs(array, offsets)
            return [(f"{column}{DISTINCT}", pa.array(distinct.astype(np.float64)), Role.NUMBER)]
        case Role.CATEGORY | Role.FLAG | Role.TEXT:
            steps = array.dictionary if role is not Role.TEXT else template(array.dictionary)
            return [(column, _lists(array, steps, offsets), Role.TEXT)]
    return []


def _distinct_in_runs(
    values: pa.DictionaryArray, offsets: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    codes = values.indices.fill_null(-1).to_numpy()
    runs = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    pairs = np.unique(np.column_stack([runs, codes]), axis=0)
    return np.bincount(pairs[:, 0], minlength=len(offsets) - 1)


def _lists(
    values: pa.DictionaryArray, steps: pa.Array, offsets: npt.NDArray[np.int64]
) -> pa.ListArray:
    items = pc.fill_null(steps.take(values.indices), "")
    return pa.ListArray.from_arrays(pa.array(offsets.astype(np.int32)), items)
