"""The days of an entity around an odd window, drawn beside what was expected."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import pyarrow as pa

from anomaly.behaviour.levels import FEWEST_EVENTS
from anomaly.behaviour.travel import FARTHER, FASTER
from anomaly.explain.amounts import rounded
from anomaly.explain.quoting import quote
from flows.report.text import Cut, cut_sentence

_TITLE, _FULL = 220, 1_000
_DAY = timedelta(days=1)
_STEP, _BAR = 10, 6
"""The widths of a day and of its bar, in units of the drawing,"""
_HEIGHT, _LEAST = 100, 2
"""its height, and that of the smallest bar."""
_ROOM = 2.0
"""A range that reaches farther than so many times the highest bar is cut at the edge."""
_LEVELS = ("level", "growth")
_AMOUNTS = (*_LEVELS, "sum")
_WHAT = {
    "hour": "events from {hours} UTC",
    "hours": "hours of activity that no other working, or weekend, day has within two hours",
    "day": "events of a day",
    "new": "`{column}` values that it has on no other day, new to few that day",
    "order": "pairs of `{column}` in a row that it has on no other day, new to few that day",
    "first seen": "`{column}` values that it has on no known day before, new to few that day",
    "first order": "pairs of `{column}` in a row on no known day before, new to few that day",
    "broken order": "times that `{value}` comes in the order of `{column}`",
    "changes": "changes of `{column}` within ten minutes",
    "travel": f"moves over {FARTHER:,.0f} km at more than {FASTER:,.0f} km/h",
    "repeats": "events that repeat an earlier one of the day",
    "rhythm": "events at regular intervals",
    "share": "events with `{column}` `{value}`",
    "level": "typical `{column}` of a day",
    "sum": "size of the sum of `{column}` of a day",
    "growth": "typical `{column}` of a day",
    "absent": "events of a day",
    "absent value": "events with `{column}` `{value}`",
}
_OF_WHOLE_DAYS = "Shaded: from the least to the most of the whole days it is held against."
_SHADED = {
    "share": "Shaded: at least 95 % of what was expected that day, given those it is held against.",
    "growth": "Shaded: 95 % of its lines if it grew as the middle one, or not at all.",
    **dict.fromkeys(("absent", "broken order", "absent value"), _OF_WHOLE_DAYS),
}
_USUALLY_SHADED = "Shaded: 95 % of what was expected that day, given those it is held against."


@dataclass(frozen=True)
class Day:
    """A day as words."""

    day: str
    observed: str
    expected: str
    """From the least to the most, of a growth; else it is that of the odd day."""
    odd: bool


@dataclass(frozen=True)
class WindowChart:
    """The chart of an odd window."""

    title: Cut
    told: str
    """What is odd, and from when to when the days are."""
    shaded: str
    width: int
    height: int
    bars: str
    """The bars of the other days, those of the odd ones, the ranges and the odd days, as paths."""
    odd_bars: str
    band: str
    odd_at: str
    ends: tuple[str, str]
    """The first day and the last,"""
    top: str
    """and what the height stands for."""
    days: list[Day]

    @property
    def varies(self) -> bool:
        """Return whether each day has a range of its own."""
        return any(day.expected for day in self.days)


class _Point(NamedTuple):
    """A day of the drawing."""

    slot: int
    observed: float
    low: float | None
    high: float | None
    odd: bool


def window_charts(table: pa.Table) -> dict[str, WindowChart]:
    """Draw what is known around the odd window of each incident.

    Parameters
    ----------
    table
        `schemas.outputs.window_charts.WINDOW_CHARTS`.
    """
    return {row["incident"]: _chart(row) for row in table.to_pylist() if row["points"]}


def _chart(row: Mapping[str, Any]) -> WindowChart:
    points, view, column = row["points"], row["view"], row["column"]
    first, last = _day(points[0]["start"]), _day(points[-1]["start"])
    # A growth is of all days: none of them is odd.
    odd = [view != "growth" and each["start"] == row["start"] for each in points]
    drawn = [
        _Point(
            (_day(each["start"]) - first) // _DAY, each["observed"], each["low"], each["high"], at
        )
        for each, at in zip(points, odd, strict=True)
    ]
    days = [
        Day(
            f"{each['start']:%Y-%m-%d}",
            _amount(view, column, each["observed"]),
            _range(view, column, each) if view == "growth" else "",
            at,
        )
        for each, at in zip(points, odd, strict=True)
    ]
    base, top = _extent(drawn)
    what = f"{_what(row)}{row['days']}"
    return WindowChart(
        title=cut_sentence(f"`{quote(row['entity'])}`: {what}", _TITLE, _FULL),
        told=_told(days, _range(view, column, points[0])),
        shaded=f"{_SHADED.get(view, _USUALLY_SHADED)} {_left_out(row)}",
        width=_STEP * ((last - first) // _DAY + 1),
        height=_HEIGHT,
        bars=_bars([each for each in drawn if not each.odd], base, top),
        odd_bars=_bars([each for each in drawn if each.odd], base, top),
        band=_band(drawn, base, top),
        odd_at="".join(
            f"M{_STEP * each.slot} 0h{_STEP}v{_HEIGHT}h-{_STEP}z" for each in drawn if each.odd
        ),
        ends=(f"{first:%Y-%m-%d}", f"{last:%Y-%m-%d}"),
        top=f"height: {_amount(view, column, base)} to {_amount(view, column, top)}",
        days=days,
    )


def _day(moment: datetime) -> datetime:
    return moment.replace(hour=0)


def _what(row: Mapping[str, Any]) -> str:
    hours = f"{row['start']:%H:%M} to {row['stop']:%H:%M}"
    value = "" if row["value"] is None else quote(row["value"])
    return _WHAT[row["view"]].format(hours=hours, column=quote(row["column"]), value=value)


def _told(days: Sequence[Day], expected: str) -> str:
    """Say what is seen on the odd day, and what was expected; of a growth its first and last."""
    odd = next((day for day in days if day.odd), None)
    if odd is None:
        return f"{days[0].day}: {days[0].observed}; {days[-1].day}: {days[-1].observed}."
    return f"{odd.day}: {odd.observed}; expected {expected}."


def _left_out(row: Mapping[str, Any]) -> str:
    if row["view"] in _LEVELS:
        return f"Days of fewer than {FEWEST_EVENTS} numbers are left out."
    if row["view"] == "sum":
        return "Days without a number are left out."
    named = ", is left out by its name" if row["days"] else ""
    return f"A day without a bar has none{named}, or is not known."


def _amount(view: str, column: str, value: float) -> str:
    return rounded(column, value) if view in _AMOUNTS else f"{value:,.0f}"


def _range(view: str, column: str, point: Mapping[str, Any]) -> str:
    if point["low"] is None:
        return ""
    low, high = (_amount(view, column, point[end]) for end in ("low", "high"))
    return low if low == high else f"{low} to {high}"


def _extent(points: Sequence[_Point]) -> tuple[float, float]:
    """Return what the lowest and the highest edge of the drawing stand for."""
    observed = [each.observed for each in points]
    highs = [each.high for each in points if each.high is not None]
    lows = [each.low for each in points if each.low is not None]
    most, least = max(observed), min(observed)
    top = max(most, min(max(highs, default=0.0), _ROOM * max(most, 0.0)), 0.0)
    base = min(least, max(min(lows, default=0.0), _ROOM * min(least, 0.0)), 0.0)
    return base, top if top > base else base + 1.0


def _y(value: float, base: float, top: float) -> float:
    share = (min(max(value, base), top) - base) / (top - base)
    return round(_HEIGHT * (1.0 - share), 1)


def _bars(points: Sequence[_Point], base: float, top: float) -> str:
    """Draw bars from zero on; what is not zero can be seen, however little it is."""
    zero = _y(0.0, base, top)
    bars = []
    for each in points:
        if each.observed:
            height = _y(each.observed, base, top) - zero
            if abs(height) < _LEAST:
                height = -_LEAST if each.observed > 0 else _LEAST
            bars.append(f"M{_STEP * each.slot + 2} {zero:g}v{height:g}h{_BAR}v{-height:g}z")
    return "".join(bars)


def _band(points: Sequence[_Point], base: float, top: float) -> str:
    """Outline the range: its upper edge from the first day to the last, and its lower edge back."""
    lows, highs = [], []
    for each in points:
        if each.low is not None and each.high is not None:
            low, high = _y(each.low, base, top), _y(each.high, base, top)
            left, right = _STEP * each.slot, _STEP * (each.slot + 1)
            highs += [f"{left} {high:g}", f"{right} {high:g}"]
            lows += [f"{left} {max(low, high + 1):g}", f"{right} {max(low, high + 1):g}"]
    return f"M{'L'.join([*highs, *reversed(lows)])}z" if highs else ""
