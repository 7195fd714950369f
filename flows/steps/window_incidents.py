"""Puts odd windows among the incidents of odd records: alone, or as evidence of one of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from anomaly.behaviour.observations import OddWindow, joined
from anomaly.incidents.critical import critical_values
from anomaly.incidents.summary import OF_RECORDS, OF_WINDOW
from flows.steps.incident_pool import (
    BesideMoves,
    GroupingInputs,
    Integers,
    OddRecords,
    Pool,
)
from flows.steps.records import EventRecords
from flows.steps.run import Run
from flows.steps.windows import ROWS_OF_WINDOW, JudgedWindows

T = TypeVar("T")

_SHARED = 0.5
"""A window and an incident are of one thing if they share this part of the window's records, or"""
_OF_BOTH = 0.2
"""that part of the incident's records and this part of the window's."""


@dataclass
class _Group:
    """Records that may become an incident."""

    places: Integers
    """Of records of the pool; those of windows behind those that are odd by themselves."""
    p_value: float
    window: OddWindow | None = None
    alone: bool = False
    """Whether it is of the window alone."""
    of_move: bool = False
    """Whether its records are odd by a column that moved as a whole, and by nothing else."""
    by_view: dict[str, float] = field(default_factory=dict)
    """View -> the p-value by it, of records that an odd window is evidence of; else empty."""


def with_windows(inputs: GroupingInputs, pool: Pool, judged: JudgedWindows) -> Pool:
    """Return the pool with the odd windows in their order among its incidents.

    Parameters
    ----------
    inputs, pool
        The incidents of odd records.
    judged
        The odd windows.
    """
    if not judged.windows:
        return pool
    odd, placed = _with_records(inputs, pool.odd, judged)
    groups = _groups(pool)
    for window, records in zip(judged.windows, placed, strict=True):
        _add(groups, window, min(window.number / inputs.n_scored, 1.0), records)
    some = [number for number, group in enumerate(groups) if len(group.places)]
    order = sorted(some, key=lambda number: (groups[number].p_value, number))
    retained = [n for i, n in enumerate(order) if i < inputs.wanted or _selected(groups[n], inputs)]
    return _pool(inputs, pool, odd, groups, retained)


def _groups(pool: Pool) -> list[_Group]:
    """Return the incidents of odd records, by their numbers."""
    n = int(pool.numbers.max(initial=-1)) + 1
    order = np.argsort(pool.numbers, kind="stable")
    cuts = np.searchsorted(pool.numbers[order], np.arange(n + 1))
    p_values, beside = pool.odd.p_values, pool.beside
    return [
        _Group(
            own,
            beside.p_values.get(number, float(p_values[own[0]])),
            of_move=number in beside.alone,
        )
        for number in range(n)
        if len(own := order[cuts[number] : cuts[number + 1]])
    ]


def _add(groups: list[_Group], window: OddWindow, p_value: float, records: Integers) -> None:
    """Add a window: to the group that it shares most records with, or as one of its own.

    It takes its records out of a group of a move: nothing else is odd about them by themselves.
    """
    if not len(records):
        return
    odd = [group for group in groups if not group.of_move]
    shared = [len(np.intersect1d(group.places, records)) for group in odd]
    most = int(np.argmax(shared)) if shared else 0
    free = np.setdiff1d(records, np.concatenate([np.zeros(0, int), *(g.places for g in odd)]))
    for group in groups:
        if group.of_move:
            group.places = np.setdiff1d(group.places, free)
    if shared and (_is_one(shared[most], len(records), odd[most]) or not len(free)):
        group = odd[most]
        if not group.alone:
            of_records = group.by_view.get(OF_RECORDS, group.p_value)
            of_window = min(p_value, group.by_view.get(OF_WINDOW, 1.0))
            group.by_view = {OF_RECORDS: of_records, OF_WINDOW: of_window}
        group.window = window if group.window is None else joined(group.window, window)
        group.p_value, group.places = min(group.p_value, p_value), np.append(group.places, free)
    else:
        groups.append(_Group(records[np.isin(records, free)], p_value, window, alone=True))


def _is_one(shared: int, n_records: int, group: _Group) -> bool:
    if shared >= _SHARED * n_records:
        return True
    return shared >= _SHARED * len(group.places) and shared >= _OF_BOTH * n_records


def _selected(group: _Group, inputs: GroupingInputs) -> bool:
    return bool((group.places < inputs.by_rule).any())


def _with_records(
    inputs: GroupingInputs, odd: OddRecords, judged: JudgedWindows
) -> tuple[OddRecords, list[Integers]]:
    """Add the records of the windows to those of the pool; return the places of each window's."""
    scratch = inputs.run.scratch
    rows = [
        np.array(scratch.read_array(ROWS_OF_WINDOW.format(place)))
        for place in range(len(judged.windows))
    ]
    events = inputs.records
    assert isinstance(events, EventRecords)  # noqa: S101 - windows are of events
    new = np.setdiff1d(np.concatenate(rows), odd.rows)
    ids = events.ids_of(new).cast(pa.string()) if len(new) else pa.array([], pa.string())
    p_values = _p_values(inputs.run, ids, events.chunks_of(new))
    scored = np.flatnonzero(~np.isnan(p_values))
    scored = scored[np.lexsort((new[scored], p_values[scored]))]
    new, ids, p_values = new[scored], ids.take(pa.array(scored)), p_values[scored]
    added = odd
    if len(new):
        together = pa.concat_tables([odd.events, events.take(new)]).unify_dictionaries()
        added = OddRecords(
            together.combine_chunks(),
            pa.concat_arrays([_one(odd.ids), ids]),
            np.append(odd.rows, new),
            np.append(odd.p_values, p_values),
        )
    order = np.argsort(added.rows)
    return added, [_places(added.rows, order, own) for own in rows]


def _one(ids: pa.Array | pa.ChunkedArray) -> pa.Array:
    return ids.combine_chunks() if isinstance(ids, pa.ChunkedArray) else ids


def _places(rows: Integers, order: Integers, wanted: Integers) -> Integers:
    """Return where the wanted rows stand; those that were not scored are left out."""
    found = order[np.minimum(np.searchsorted(rows[order], wanted), len(rows) - 1)]
    places: Integers = found[rows[found] == wanted]
    return places


def _p_values(run: Run, ids: pa.Array, chunks: Sequence[int]) -> npt.NDArray[np.float64]:
    """Return the p-values of records as they were scored; not a number of one that was not."""
    p_values = np.full(len(ids), np.nan)
    for chunk in chunks:
        scores = run.folder.read_part("scores", chunk, ["record_id", "p_value"])
        places = pc.index_in(ids, scores["record_id"]).to_numpy(zero_copy_only=False)
        found = np.flatnonzero(~np.isnan(places.astype(np.float64)))
        taken = scores["p_value"].to_numpy()[places[found].astype(np.int64)]
        p_values[found] = taken
    return p_values


def _pool(
    inputs: GroupingInputs,
    pool: Pool,
    odd: OddRecords,
    groups: Sequence[_Group],
    retained: list[int],
) -> Pool:
    """Renumber the groups that are kept, and leave out the records of the others."""
    numbers = np.full(len(odd.rows), -1, dtype=np.int64)
    for number, n in enumerate(retained):
        numbers[groups[n].places] = number
    beside = BesideMoves(
        _renumbered(pool.beside.alone, retained), _renumbered(pool.beside.p_values, retained)
    )
    stays = np.flatnonzero(numbers >= 0)
    taken = pa.array(stays)
    of_pool = OddRecords(
        odd.events.take(taken), odd.ids.take(taken), odd.rows[stays], odd.p_values[stays]
    )
    critical = critical_values(
        of_pool.events,
        numbers[stays],
        inputs.records.roles,
        inputs.entities,
        frozenset(inputs.run.job.selection.critical),
    )
    some = dict(enumerate(groups[n] for n in retained))
    return replace(
        pool,
        odd=of_pool,
        numbers=numbers[stays],
        critical=critical,
        beside=beside,
        windows={i: group.window for i, group in some.items() if group.window is not None},
        of_windows=int((stays >= len(pool.odd.rows)).sum()),
        of_window_alone=frozenset(i for i, group in some.items() if group.alone),
        ranking={i: group.p_value for i, group in some.items()},
        by_view={i: group.by_view for i, group in some.items() if group.by_view},
    )


def _renumbered(by_number: Mapping[int, T], retained: Sequence[int]) -> dict[int, T]:
    return {i: by_number[n] for i, n in enumerate(retained) if n in by_number}
