"""Steps of a session aligned with those of its nearest normal session."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

import pyarrow as pa

from anomaly.explain.claims import Judged
from anomaly.explain.known_records import KnownRecords
from anomaly.explain.rare_session_events import LARGEST_SHARE

SAME, ONLY_HERE, MISSING, EXCHANGED, MOVED = "same", "only here", "missing", "exchanged", "moved"
"""What a line of two aligned lists is; see `align`."""
_MOST = 200
"""Steps of a session that are compared: the first ones."""


@dataclass(frozen=True)
class Line:
    """A line of two aligned lists of steps; a place counts from 0."""

    kind: str
    here: int | None
    """The place of the step in the session,"""
    there: int | None
    """and of the one in the nearest normal session; None where it has none on this line."""
    elsewhere: int | None = None
    """Of a moved step: its place in the other session."""


def align(here: Sequence[str], there: Sequence[str]) -> list[Line]:
    """Align two lists of steps, line by line.

    A line is `same` where both have the step. A step of one list alone is `only here` or `missing`.
    Of those, a step that either list has at another place is `moved`, with a line in each place.
    Where equally many steps of both are left between the same ones, they are `exchanged`, in pairs.

    Examples
    --------
    >>> [(line.kind, line.here, line.there) for line in align("abxd", "abcd")]
    [('same', 0, 0), ('same', 1, 1), ('exchanged', 2, 2), ('same', 3, 3)]
    >>> [(line.kind, line.here, line.there) for line in align("bac", "abc")]
    [('moved', None, 0), ('same', 0, 1), ('moved', 1, None), ('same', 2, 2)]
    """
    codes = SequenceMatcher(None, here, there, autojunk=False).get_opcodes()
    apart = [code for code in codes if code[0] != "equal"]
    ours = [place for _, start, end, _, _ in apart for place in range(start, end)]
    theirs = [place for _, _, _, start, end in apart for place in range(start, end)]
    moved = _moved(here, there, ours, theirs)
    back = {place: own for own, place in moved.items()}
    lines: list[Line] = []
    for tag, i, i_end, j, j_end in codes:
        own, other = range(i, i_end), range(j, j_end)
        if tag == "equal":
            lines += [Line(SAME, *places) for places in zip(own, other, strict=True)]
        else:
            lines += _unlike(own, other, moved, back)
    return lines


def _moved(
    here: Sequence[str], there: Sequence[str], ours: Sequence[int], theirs: Sequence[int]
) -> dict[int, int]:
    """Return the places of unmatched steps here -> those of equal unmatched steps there."""
    places: dict[str, list[int]] = {}
    for place in reversed(theirs):
        places.setdefault(there[place], []).append(place)
    return {own: places[here[own]].pop() for own in ours if places.get(here[own])}


def _unlike(
    own: Sequence[int], other: Sequence[int], moved: Mapping[int, int], back: Mapping[int, int]
) -> Iterator[Line]:
    """Yield the lines of two stretches that stand between the same steps, each in its order."""
    mine = [place for place in own if place not in moved]
    left = [place for place in other if place not in back]
    partner = dict(zip(mine, left, strict=True)) if len(mine) == len(left) else {}
    done = other[0] if other else 0
    for place in own:
        if place in partner:
            yield from (_theirs(each, back) for each in range(done, partner[place]))
            done = partner[place] + 1
            yield Line(EXCHANGED, place, partner[place])
        else:
            kind = MOVED if place in moved else ONLY_HERE
            yield Line(kind, place, None, moved.get(place))
    yield from (_theirs(each, back) for each in other if each >= done)


def _theirs(place: int, back: Mapping[int, int]) -> Line:
    return Line(MOVED, None, place, back[place]) if place in back else Line(MISSING, None, place)


@dataclass(frozen=True)
class AlignedColumn:
    """The steps of one column of a session beside those of its nearest normal session."""

    column: str
    here: list[str]
    """The steps that are compared,"""
    there: list[str]
    """and those of the nearest normal session."""
    n_here: int
    """All steps of the column,"""
    n_there: int
    """and those of the nearest normal session."""
    lines: list[Line]
    rare: dict[str, str]
    """Step that few sessions hold -> how many do, in words."""


def aligned_steps(
    counted: KnownRecords, references: pa.Table, sessions: pa.Table, nearest: Mapping[int, int]
) -> Iterator[tuple[int, AlignedColumn]]:
    """Align the steps of sessions with those of the normal session nearest to each.

    Parameters
    ----------
    counted
        The known records: how many hold a step is counted among them.
    references
        The same, as a table.
    sessions
        The conformed findings. Those that are no sessions have no steps.
    nearest
        Place of a finding -> place of the nearest normal session among the references.

    Yields
    ------
    tuple
        The place of a finding, and the steps of one of its columns.
    """
    columns = [field.name for field in sessions.schema if pa.types.is_list(field.type)]
    columns = [name for name in columns if name in references.column_names]
    if not columns:
        return
    rows = sessions.to_pylist()
    are_known = counted.are_known(rows)
    noun = counted.name_of_all(are_known)
    at = pa.array(nearest.values(), pa.int64())
    theirs = references.select(columns).take(at).to_pylist()
    for place, near in zip(nearest, theirs, strict=True):
        judged = Judged(counted, rows[place], int(are_known[place]), noun, ())
        for name in columns:
            yield place, _aligned(judged, name, rows[place][name], near[name])


def _aligned(judged: Judged, column: str, own: Any, near: Any) -> AlignedColumn:
    here, there = (list(steps or [])[:_MOST] for steps in (own, near))
    n_here, n_there = len(own or []), len(near or [])
    lines = align(here, there)
    if max(n_here, n_there) > _MOST:
        lines = _until_the_last_same(lines)
    rare = {step: _seen(judged, column, step) for step in dict.fromkeys(here)}
    told = {step: words for step, words in rare.items() if words is not None}
    return AlignedColumn(column, here, there, n_here, n_there, lines, told)


def _until_the_last_same(lines: list[Line]) -> list[Line]:
    """Leave out what follows the last same step: its counterpart may be among what was cut."""
    ends = [place for place, line in enumerate(lines, start=1) if line.kind == SAME]
    return lines[: ends[-1]] if ends else lines


def _seen(judged: Judged, column: str, step: str) -> str | None:
    """Say how many sessions hold a step, if they are few."""
    holders = judged.known.column(column).holders(step)
    others, of = max(holders - judged.itself, 0), max(judged.known.n - judged.itself, 1)
    return judged.seen(holders, judged.everybody) if others <= LARGEST_SHARE * of else None
