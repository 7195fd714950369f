"""The context of an incident on its card: history, events near it, incidents like it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import pyarrow as pa

from flows.report import text as wording
from flows.report.text import Cut, cut, cut_sentence, visible

_NAME, _VALUE, _TITLE, _FULL = 80, 70, 200, 600
_RUNS = 5
"""Earlier runs that are named."""
_HEIGHT = 28
_WHY = {
    "same": "known again",
    "pattern": "the same, of another entity",
    "entity": "another thing of this entity",
    "reasons": "odd in the same columns",
}
_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


@dataclass(frozen=True)
class Usual:
    """The values that an entity mostly has in a column."""

    column: Cut
    values: list[str]
    """Each with its share."""


@dataclass(frozen=True)
class EarlierRun:
    """An earlier run that had incidents of an entity."""

    day: str
    """The day that it judged."""
    incidents: int
    href: str


@dataclass(frozen=True)
class History:
    """The events of an incident's entity in the run, and its incidents in earlier runs."""

    entity: Cut
    column: Cut
    events: int
    bars: str
    """The outline of its events over time, as the path of a drawing `n_bins` wide."""
    own_bars: str
    """The same, of the time of the incident alone."""
    n_bins: int
    height: int
    caption: str
    """What a bar is, and the most that one holds."""
    ends: tuple[str, str]
    usual: list[Usual]
    """What it mostly has, the most frequent values of each column first."""
    runs_told: str
    """In how many earlier runs it has incidents; empty where there are no earlier runs."""
    runs: list[EarlierRun]
    """The newest of these."""
    n_runs: int
    """All of these,"""
    n_past: int
    """and its incidents in them."""


@dataclass(frozen=True)
class Event:
    """An event near an incident."""

    record_id: Cut
    time: str
    rank: int | None
    values: list[Cut | None]


@dataclass(frozen=True)
class ShownIncident:
    """An earlier incident like it."""

    title: Cut
    severity: str
    day: str
    """The day that its run judged."""
    when: str
    """When it began; empty where it has no time."""
    why: str
    verdicts: list[Cut]
    href: str
    """Its card in the report of its run, or that report where it has none."""


@dataclass(frozen=True)
class ContextPanel:
    """All that is around an incident."""

    history: History | None
    columns: list[Cut]
    """Of the events."""
    events: list[Event]
    similar: list[ShownIncident]


def context_panels(table: pa.Table, spans: Mapping[str, Any]) -> dict[str, ContextPanel]:
    """Describe the context of each incident.

    Parameters
    ----------
    table
        `schemas.outputs.incident_context.INCIDENT_CONTEXT`.
    spans
        Incident -> its first and last time, or None.
    """
    return {
        row["incident"]: ContextPanel(
            history=_history(row["history"], spans.get(row["incident"])),
            columns=[cut(name, _NAME, _NAME) for name in row["told"]],
            events=[_event(event) for event in row["around"]],
            similar=[_past(past) for past in row["similar"]],
        )
        for row in table.to_pylist()
    }


def _history(row: Mapping[str, Any] | None, span: Any) -> History | None:
    if row is None:
        return None
    counts, timed = row["counts"], row["start"] is not None
    own = _own_bins(row, span) if timed else range(0)
    most = max(counts, default=0)
    width = timedelta(microseconds=row["width"] or 0)
    last = row["start"] + width * len(counts) if timed else None
    return History(
        entity=cut(row["entity"], _NAME, _FULL),
        column=cut(row["column"], _NAME, _FULL),
        events=sum(counts),
        bars=_outline(counts, most, range(len(counts))) if timed else "",
        own_bars=_outline(counts, most, own),
        n_bins=len(counts),
        height=_HEIGHT,
        caption=f"{_spelt(width)} a bar, at most {wording.count(most, 'event')}" if timed else "",
        ends=(f"{row['start']:%Y-%m-%d %H:%M}", f"{last:%Y-%m-%d %H:%M} UTC") if last else ("", ""),
        usual=_usual(row["usual"]),
        runs_told=_runs_told(row),
        runs=[_earlier_run(one) for one in row["runs"][:_RUNS]],
        n_runs=len(row["runs"]),
        n_past=sum(one["incidents"] for one in row["runs"]),
    )


def _own_bins(row: Mapping[str, Any], span: tuple[datetime, datetime] | None) -> range:
    if span is None:
        return range(0)
    width = timedelta(microseconds=row["width"])
    first, last = ((end - row["start"]) // width for end in span)
    return range(max(0, first), min(len(row["counts"]), last + 1))


def _outline(counts: list[int], most: int, shown: range) -> str:
    """Draw the bars of some bins; what is not empty can be seen, however little it is."""
    heights = {i: max(2, round(_HEIGHT * counts[i] / most)) for i in shown if counts[i]}
    return "".join(f"M{i} {_HEIGHT}v-{height}h1v{height}z" for i, height in heights.items())


def _spelt(width: timedelta) -> str:
    seconds = round(width.total_seconds())
    size, unit = next(one for one in _UNITS if seconds % one[0] == 0)
    return wording.count(seconds // size, unit)


def _usual(values: list[dict[str, Any]]) -> list[Usual]:
    by_column: dict[str, list[str]] = {}
    for each in values:
        shown = cut(each["value"], _VALUE, _VALUE).head
        by_column.setdefault(each["column"], []).append(f"{shown} {wording.share(each['share'])}")
    return [Usual(cut(name, _NAME, _NAME), some) for name, some in by_column.items()]


def _runs_told(row: Mapping[str, Any]) -> str:
    if not row["earlier_runs"]:
        return ""
    of = wording.count(row["earlier_runs"], "earlier run")
    return f"incidents of it in {len(row['runs']):,} of {of} with any"


def _earlier_run(row: Mapping[str, Any]) -> EarlierRun:
    return EarlierRun(visible(row["day"]), row["incidents"], report_of(row["run_id"]))


def report_of(run_id: str, incident: str | None = None) -> str:
    """Return the address of another run's report, seen from this one: whole, or at a card.

    Examples
    --------
    >>> report_of("20260301T06", "i-12")
    '../20260301T06/report.html#i-12'
    """
    return f"../{quote(run_id)}/report.html{f'#{quote(incident)}' if incident else ''}"


def _event(row: Mapping[str, Any]) -> Event:
    return Event(
        record_id=cut(row["record_id"], _NAME, _NAME),
        time=f"{row['time']:%Y-%m-%d %H:%M:%S}",
        rank=row["rank"],
        values=[None if text is None else cut(text, _VALUE, _VALUE) for text in row["values"]],
    )


def _past(row: Mapping[str, Any]) -> ShownIncident:
    times = f", {row['times']:,} times" if row["times"] > 1 else ""
    return ShownIncident(
        title=cut_sentence(row["title"], _TITLE, _FULL),
        severity=row["severity"],
        day=visible(row["day"]),
        when=f"{row['time']:%Y-%m-%d %H:%M}" if row["time"] else "",
        why=f"{_WHY.get(row['why'], '')}{times}",
        verdicts=[cut_sentence(text, _TITLE, _FULL) for text in row["verdicts"]],
        href=report_of(row["run_id"], row["incident"] if row["has_card"] else None),
    )
