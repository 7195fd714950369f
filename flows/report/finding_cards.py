"""A finding in full: its reasons and its record, as far as the page has room for them."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from markupsafe import escape

from flows.report import text as wording
from flows.report.text import Cut, cut, cut_sentence
from flows.report.times import event_times
from schemas.events.texts import as_text
from schemas.outputs.tables import FINDING, ODDEST_EVENTS, SEVERITIES

_MAX_REASONS = 8
_NAME, _SENTENCE, _VALUE = 80, 240, 140
"""Characters shown at once of a column's name, a sentence, a value."""
_FULL = 2_000
"""Characters of any one text that the page holds at all."""
_RECORD_BUDGET = 12_000
_PAGE_BUDGET = 2_000_000
"""Characters that a record's own columns may take, and those of all records together."""


@dataclass(frozen=True)
class ShownReason:
    """A column's part in the finding."""

    column: Cut
    observed: Cut | None
    expected: Cut | None
    share: float
    sentence: Cut


@dataclass(frozen=True)
class ShownEvent:
    """An event that makes a session odd."""

    record_id: Cut
    time: str | None
    sentence: Cut


@dataclass(frozen=True)
class Field:
    """One of the record's own columns."""

    name: Cut
    value: Cut | None
    is_reason: bool
    normal: Cut | None = None
    """What the nearest normal record holds there."""
    compared: bool = False
    """Whether that is known: the column is judged."""
    differs: bool = False


@dataclass(frozen=True)
class ShownRecord:
    """The record's own columns, as far as the page has room for them."""

    fields: list[Field]
    empty: list[str]
    """Names of its columns without a value."""
    left_out: int
    """Columns with a value for which there was no room."""
    compared: bool
    """Whether the nearest normal record is known."""
    normal_of: Cut | None
    """The column that the record shares with it; None where it is that of all records."""


@dataclass(frozen=True)
class Card:
    """One finding."""

    rank: int
    severity: str
    by_rule: bool
    """Whether the job's rule selects it; else it is a lead, chosen by rank."""
    score: str
    chance: str
    p_value: str
    time: str | None
    record_id: Cut
    summary: Cut
    reasons: list[ShownReason]
    reasons_left_out: int
    odd_events: list[ShownEvent]
    """Empty where the records are events."""
    record: ShownRecord


def cards(findings: pa.Table, time_column: str | None, apart: Collection[str] = ()) -> list[Card]:
    """Make the cards of findings; they share the room there is.

    In the columns of `apart`, a finding is not said to differ from its nearest normal record.
    """
    times = event_times(findings, time_column)
    texts = times.texts() if times else [None] * len(findings)
    leads = findings.select(FINDING.names).to_pylist()
    budget = min(_RECORD_BUDGET, _PAGE_BUDGET // max(1, len(findings)))
    records = _own_values(findings)
    instants = {field.name for field in findings.schema if pa.types.is_timestamp(field.type)}
    return [
        _card(
            lead, time, odd, _record(own, _nearest_normal(own, lead, instants, apart), lead, budget)
        )
        for lead, time, odd, own in zip(leads, texts, _odd_events(findings), records, strict=True)
    ]


def _card(
    lead: dict[str, Any], time: str | None, odd_events: list[ShownEvent], record: ShownRecord
) -> Card:
    reasons = sorted(lead["reasons"], key=lambda reason: -reason["share"])
    return Card(
        rank=lead["rank"],
        severity=lead["severity"] if lead["severity"] in SEVERITIES else "low",
        by_rule=lead["basis"] == "rule",
        score=wording.score(lead["anomaly_score"]),
        chance=wording.chance(lead["p_value"]),
        p_value=format(lead["p_value"], ".2g"),
        time=time,
        record_id=cut(lead["record_id"], _VALUE, _FULL),
        summary=cut_sentence(lead["summary"], _SENTENCE, _FULL),
        reasons=[_reason(reason) for reason in reasons[:_MAX_REASONS]],
        reasons_left_out=max(0, len(reasons) - _MAX_REASONS),
        odd_events=odd_events,
        record=record,
    )


def of_incident(card: Card, row: Mapping[str, Any]) -> Card:
    """Give the card of an incident's most telling finding the reasons of the incident.

    They are those of the finding, and of an odd window, where it has one.
    """
    reasons = row["reasons"]
    return replace(
        card,
        summary=cut_sentence(row["summary"], _SENTENCE, _FULL),
        reasons=[_reason(reason) for reason in reasons[:_MAX_REASONS]],
        reasons_left_out=max(0, len(reasons) - _MAX_REASONS),
    )


def _reason(reason: dict[str, Any]) -> ShownReason:
    values = (reason["observed"], reason["expected"])
    observed, expected = (None if text is None else cut(text, _VALUE, _FULL) for text in values)
    return ShownReason(
        column=cut(reason["column"], _NAME, _FULL),
        observed=observed,
        expected=expected,
        share=min(1.0, max(0.0, reason["share"])),
        sentence=cut_sentence(reason["sentence"], _SENTENCE, _FULL),
    )


def _odd_events(findings: pa.Table) -> list[list[ShownEvent]]:
    """Give the odd events of each finding; none where it is not a session."""
    if not _are_sessions(findings):
        return [[] for _ in range(len(findings))]
    lists = findings[ODDEST_EVENTS.name].combine_chunks()
    events = lists.flatten()
    times = _time_texts(pc.cast(pc.struct_field(events, "time"), pa.timestamp("s", "UTC"), False))
    told = [
        ShownEvent(
            record_id=cut(event["record_id"], _NAME, _FULL),
            time=time,
            sentence=cut_sentence(event["sentence"], _SENTENCE, _FULL),
        )
        for event, time in zip(events.to_pylist(), times, strict=True)
    ]
    ends = np.cumsum(lists.value_lengths().to_numpy()).tolist()
    return [told[start:end] for start, end in zip([0, *ends], ends, strict=False)]


def _are_sessions(findings: pa.Table) -> bool:
    """Tell our list of odd events from a column of the log with its name."""
    at = findings.schema.get_field_index(ODDEST_EVENTS.name)
    return at == len(FINDING) and findings.schema.field(at).type == ODDEST_EVENTS.type


def _own_values(findings: pa.Table) -> Iterator[dict[str, str | None]]:
    """Give each record's own columns as text."""
    names = findings.column_names[len(FINDING) :]
    if _are_sessions(findings):
        names.remove(ODDEST_EVENTS.name)  # the card lists them
    columns = [_texts(findings[name].combine_chunks()) for name in names]
    for row in range(len(findings)):
        yield {name: column[row] for name, column in zip(names, columns, strict=True)}


def _texts(column: pa.Array) -> list[str | None]:
    if pa.types.is_timestamp(column.type):
        return _time_texts(column)
    if pa.types.is_temporal(column.type):
        return as_text(column).to_pylist()
    return [wording.plain(value) for value in column.to_pylist()]


def _time_texts(column: pa.Array) -> list[str | None]:
    return [text and _for_reading(text) for text in as_text(column).to_pylist()]


def _for_reading(time: str) -> str:
    """Write a time for people, from the spelling that outputs share.

    Examples
    --------
    >>> _for_reading("2026-01-05T08:00:00.000000Z")
    '2026-01-05 08:00:00 UTC'
    """
    return re.sub(r"(?:\.0+)?Z$|\.0+$", "", time).replace("T", " ") + " UTC" * time.endswith("Z")


def _nearest_normal(
    own: Collection[str],
    lead: dict[str, Any],
    instants: Collection[str],
    apart: Collection[str],
) -> dict[str, dict[str, Any]]:
    """Give what the nearest normal record holds in the record's own columns, where it is known."""
    nearest = {each["column"]: each for each in lead["nearest_normal"] or ()}
    found = {name: nearest.get(_judged_as(name, nearest)) for name in own}
    known = {
        name: each | {"differs": each["differs"] and each["column"] not in apart}
        for name, each in found.items()
        if each is not None
    }
    for name in known.keys() & instants:
        known[name]["value"] = known[name]["value"] and _for_reading(known[name]["value"])
    return known


def _record(
    own: dict[str, str | None],
    normal: dict[str, dict[str, Any]],
    lead: dict[str, Any],
    budget: int,
) -> ShownRecord:
    """Choose what there is room for: the columns of the reasons first, then in order."""
    driving = {reason["column"] for reason in lead["reasons"]}
    told = {n: v for n, v in own.items() if v is not None or _holds_more(normal.get(n))}
    reasons = {name for name in told if _judged_as(name, driving) in driving}
    room = budget
    shown = set()
    for name in sorted(told, key=lambda name: name not in reasons):
        texts = (name, told[name], normal.get(name, {}).get("value"))
        room -= sum(len(escape(text[:_FULL])) for text in texts if text)
        if room < 0:
            break
        shown.add(name)
    fields = [
        _field(name, value, name in reasons, normal.get(name))
        for name, value in told.items()
        if name in shown
    ]
    empty = [cut(name, _NAME, _NAME).head for name in own if name not in told]
    of = lead["nearest_normal_of"]
    return ShownRecord(
        fields,
        empty,
        left_out=len(told) - len(shown),
        compared=bool(lead["nearest_normal"]),
        normal_of=None if of is None else cut(of, _NAME, _FULL),
    )


def _judged_as(name: str, columns: Collection[str]) -> str:
    """Give the name of a column in the log, where ours made way for it."""
    return name if name in columns else name.removeprefix("event.")


def _holds_more(normal: dict[str, Any] | None) -> bool:
    return normal is not None and normal["value"] is not None


def _field(name: str, value: str | None, is_reason: bool, normal: dict[str, Any] | None) -> Field:
    theirs = normal["value"] if normal else None
    return Field(
        name=cut(name, _NAME, _FULL),
        value=None if value is None else cut(value, _VALUE, _FULL),
        is_reason=is_reason,
        normal=None if theirs is None else cut(theirs, _VALUE, _FULL),
        compared=normal is not None,
        differs=normal is not None and normal["differs"],
    )
