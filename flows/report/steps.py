"""The steps of a session on its card, aligned with those of the nearest normal session."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby
from typing import Any

import pyarrow as pa

from anomaly.explain.aligned_steps import EXCHANGED, MISSING, MOVED, ONLY_HERE, SAME
from flows.report.text import Cut, count, cut, listing

_NAME, _STEP, _FULL = 80, 100, 500
_FEW = 2
"""Same steps in a row that are shown; more are counted on one line."""
_MOST_LINES = 40
_MOST = 20_000
"""Characters that the steps on one card may take, markup too."""
_LINE = 300
"""Characters of the markup of a line."""
_PAGE, _CARD = 3_300_000, 15_000
"""Characters that all cards may take together, and those of a card without its steps."""


@dataclass(frozen=True)
class Side:
    """A step on one side of a line."""

    number: str
    """Its place among the steps of its session, from 1; of equal ones the first and the last."""
    step: Cut | None
    """None where the event has no value."""


@dataclass(frozen=True)
class StepLine:
    """A line of the table of steps."""

    kind: str
    words: str
    """What the line is; of same steps in a row how many."""
    odd: str
    """How few sessions hold the step; empty where they are not few."""
    here: Side | None
    there: Side | None


@dataclass(frozen=True)
class ShownSteps:
    """The steps of one column."""

    column: Cut
    summary: str
    """How many steps differ, and how."""
    lines: list[StepLine]
    """Empty where no step differs, and none is odd."""
    left_out: int
    """Lines for which there was no room."""
    uncompared: str
    """Which steps were not compared; empty if all were."""


def shown_steps(
    table: pa.Table, driving: Mapping[int, Sequence[str]]
) -> dict[int, list[ShownSteps]]:
    """Describe the steps of each finding with a card, by its rank.

    Parameters
    ----------
    table
        `schemas.outputs.aligned_steps.ALIGNED_STEPS`.
    driving
        Rank of a finding with a card -> the columns of its reasons. Their steps come first.
    """
    room = min(_MOST, _PAGE // max(1, len(driving)) - _CARD)
    of_rank: dict[int, list[dict[str, Any]]] = {}
    for row in table.to_pylist():
        of_rank.setdefault(row["rank"], []).append(row)
    return {rank: _columns(of_rank.get(rank, []), first, room) for rank, first in driving.items()}


def _columns(rows: list[dict[str, Any]], first: Sequence[str], room: int) -> list[ShownSteps]:
    """Describe the columns, each in the room that those before it leave."""
    place = {name: at for at, name in enumerate(first)}
    found = []
    for row in sorted(rows, key=lambda row: place.get(row["column"], len(place))):
        lines = list(_lines(row))
        shown = _that_fit(lines, room)
        room -= sum(map(_size, shown))
        same = all(line.kind == SAME and not line.odd for line in lines)
        found.append(
            ShownSteps(
                column=cut(row["column"], _NAME, _NAME),
                summary=_summary(row),
                lines=[] if same else shown,
                left_out=0 if same else len(lines) - len(shown),
                uncompared=_uncompared(row),
            )
        )
    return found


def _that_fit(lines: Sequence[StepLine], room: int) -> list[StepLine]:
    """Return the first lines, as many as there is room for."""
    ends = list(accumulate(map(_size, lines)))
    return list(lines[: min(_MOST_LINES, bisect_right(ends, room))])


def _size(line: StepLine) -> int:
    return _LINE + sum(len(side.step.full or side.step.head) for side in _sides(line) if side.step)


def _sides(line: StepLine) -> list[Side]:
    return [side for side in (line.here, line.there) if side is not None]


def _lines(row: dict[str, Any]) -> Iterator[StepLine]:
    """Give the lines; equal ones in a row are one line."""
    rare = {each["step"]: each["words"] for each in row["rare"]}

    def alike(line: dict[str, Any]) -> tuple[Any, ...]:
        steps = [
            None if line[side] is None else row[side][line[side]] for side in ("here", "there")
        ]
        if line["kind"] == SAME and steps[0] not in rare:
            return (SAME,)
        alone = line["here"] if line["kind"] == SAME else line["elsewhere"]
        return (line["kind"], *steps, alone)

    for kind, group in groupby(row["lines"], key=alike):
        lines = list(group)
        if kind == (SAME,) and len(lines) > _FEW:
            yield StepLine(SAME, count(len(lines), "same step"), "", None, None)
        elif kind == (SAME,):
            yield from (_line(row, [line], rare) for line in lines)
        else:
            yield _line(row, lines, rare)


def _line(row: dict[str, Any], lines: list[dict[str, Any]], rare: dict[str, str]) -> StepLine:
    """Give a line for lines of the same kind with the same steps."""
    first = lines[0]
    here, there = (_side(row[side], [line[side] for line in lines]) for side in ("here", "there"))
    odd = "" if first["here"] is None else rare.get(row["here"][first["here"]], "")
    times = f", {len(lines):,} times" if len(lines) > 1 else ""
    return StepLine(first["kind"], f"{_words(first)}{times}", odd, here, there)


def _side(steps: Sequence[str], places: Sequence[int | None]) -> Side | None:
    known = [place for place in places if place is not None]
    if not known:
        return None
    first, last, step = known[0], known[-1], steps[known[0]]
    number = f"{first + 1:,}" if first == last else f"{first + 1:,} to {last + 1:,}"
    return Side(number, cut(step, _STEP, _FULL) if step else None)


def _words(line: dict[str, Any]) -> str:
    if line["kind"] != MOVED:
        return str(line["kind"])
    where = "there" if line["there"] is None else "here"
    return f"moved: step {line['elsewhere'] + 1:,} {where}"


def _summary(row: dict[str, Any]) -> str:
    sides = f"{count(row['n_here'], 'step')} here, {row['n_there']:,} in the nearest normal session"
    numbers = _differences(row["lines"])
    told = listing([f"{number:,} {kind}" for kind, number in numbers.items() if number])
    return f"{sides}: {told or 'none differs'}"


def _differences(lines: Sequence[dict[str, Any]]) -> dict[str, int]:
    """Count the steps that differ; a moved one stands on two lines."""
    kinds = [line["kind"] for line in lines]
    moved = {
        (line["elsewhere"], line["there"])
        if line["here"] is None
        else (line["here"], line["elsewhere"])
        for line in lines
        if line["kind"] == MOVED
    }
    once = {kind: kinds.count(kind) for kind in (ONLY_HERE, MISSING, EXCHANGED)}
    return once | {MOVED: len(moved)}


def _uncompared(row: dict[str, Any]) -> str:
    compared = [sum(line[side] is not None for line in row["lines"]) for side in ("here", "there")]
    if compared == [row["n_here"], row["n_there"]]:
        return ""
    here, there = compared
    return f"Compared are the first {here:,} steps here and the first {there:,} there."
