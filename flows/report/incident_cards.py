"""An incident as a card: what is read in ten seconds, its most telling finding, its records."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa

from anomaly.incidents.summary import OF_WINDOW
from flows.report import text as wording
from flows.report.commands import Command, of_input, of_results
from flows.report.context_panel import ContextPanel, context_panels
from flows.report.data import ReportData
from flows.report.finding_cards import Card, cards, of_incident
from flows.report.overview import critical_sentence, recurrence_of
from flows.report.steps import ShownSteps, shown_steps
from flows.report.text import Cut, cut, cut_sentence
from flows.report.times import event_times
from flows.report.window_chart import WindowChart, window_charts
from schemas.outputs.manifest import RunManifest
from schemas.outputs.tables import FINDING, STATUSES

MAX_INCIDENTS = 200
"""Incidents shown as cards; the page says how many more there are."""

_NAME, _TITLE, _FULL = 80, 220, 1_000
_SEARCHED = 600
"""Characters of an incident that the search of the page looks through."""
_STRONGEST = 10
"""Leads of a run without alarms that stand unfolded."""
_MOST_CHOICES = 200
"""Entities that the page's filter offers."""


@dataclass(frozen=True)
class Entities:
    """The entities of an incident in one column."""

    column: Cut
    names: Cut
    more: int
    """Names beyond those."""


@dataclass(frozen=True)
class Member:
    """A finding of an incident, on one line."""

    rank: int
    score: str
    time: str | None
    record_id: Cut
    summary: Cut


@dataclass(frozen=True)
class Rarity:
    """The rarity of an incident: of its most telling record, or of its odd window."""

    score: str
    chance: str
    """Empty of a window: it is no share of the records."""
    p_value: str


@dataclass(frozen=True)
class IncidentCard:
    """One incident."""

    rank: int
    incident: str
    title: Cut
    severity: str
    rarity: Rarity
    status: str
    alarm: bool
    lead: bool
    """Whether it is marked as a lead."""
    weaker: bool
    """Whether it is folded away: a lead of a run without alarms, behind the first ten."""
    recurrence: str
    """In how many nights one is as odd; empty of a lead while too few nights are known."""
    history: str
    """Since when it is known, and how often it happened; empty where it is new."""
    records: int
    span: str | None
    ends: tuple[int | str, int | str]
    """Its first and last time in milliseconds since 1970; empty where it has none."""
    entities: list[Entities]
    entity: Cut | None
    """The name of the one that it is about; None where it is about none."""
    chart: WindowChart | None
    """What its entity did on the days around; None where no window of it is odd."""
    telling: Card
    """Its most telling finding."""
    steps: list[ShownSteps]
    """The steps of that finding beside the nearest normal ones; empty where it is an event."""
    members: list[Member]
    """Its other findings."""
    left_out: int
    """Records of it that are no findings."""
    around: ContextPanel | None
    """Its history, the events near it, others like it; None beyond the first incidents."""
    verdict: str
    """The verdict that is about it and let it through; empty where there is none."""
    taught: Cut | None
    """Which verdicts on similar incidents move it in the list; None where none do."""
    critical: str
    """Why it comes before others; empty where the job file calls no value of it critical."""
    commands: list[Command]
    """What is run in the folder of the job,"""
    query: Command | None
    """and in that of the input; None where nothing can be asked there."""
    labels: list[str]
    scopes: list[tuple[str, str]]
    """What a verdict on it may say, and hold for: scope, and the words for it."""
    columns: list[str]
    """What the page's filter compares: the columns of its reasons,"""
    names: list[str]
    """the names of its entities,"""
    searched: str
    """and all its words."""


@dataclass(frozen=True)
class Choices:
    """The values that the incidents of a page can be filtered by."""

    severities: list[str]
    statuses: list[str]
    columns: list[str]
    names: list[str]


def incident_cards(data: ReportData) -> list[IncidentCard]:
    """Make the cards of the first incidents, at most `MAX_INCIDENTS`."""
    shown = data.incidents.slice(0, MAX_INCIDENTS).to_pylist()
    members = _members(data.findings, data.time_column)
    first = [members[row["incident"]][0].rank for row in shown]
    places = pa.array([rank - 1 for rank in first], pa.int64())
    tellings = cards(data.findings.take(places), data.time_column, _never_alike(data))
    spans = {row["incident"]: _ends(row) for row in shown}
    around = context_panels(data.incident_context, spans)
    driving = dict(zip(first, [_driving(row) for row in shown], strict=True))
    steps = shown_steps(data.steps, driving)
    drawn = window_charts(data.window_charts)
    return [
        _card(
            row,
            data.manifest,
            _Told(
                telling,
                members[row["incident"]],
                steps[telling.rank],
                around.get(row["incident"]),
                drawn.get(row["incident"]),
            ),
        )
        for row, telling in zip(shown, map(of_incident, tellings, shown), strict=True)
    ]


@dataclass(frozen=True)
class _Told:
    """The parts of a card besides the own row of its incident."""

    telling: Card
    members: list[Member]
    """Its findings, the most telling one first."""
    steps: list[ShownSteps]
    around: ContextPanel | None
    chart: WindowChart | None


def _never_alike(data: ReportData) -> set[str]:
    """Give the columns in which no two records are alike: ids and times."""
    roles = data.manifest.columns.items()
    apart = {name for name, column in roles if column.role in ("id", "time")}
    return apart | ({data.time_column} if data.time_column else set())


def choices(shown: Iterable[IncidentCard]) -> Choices:
    """List what there is to filter by, the most common first."""
    shown = list(shown)
    severities = [card.severity for card in shown]
    statuses = [card.status for card in shown]
    return Choices(
        severities=list(dict.fromkeys(severities)),
        statuses=[status for status in STATUSES if status in statuses],
        columns=_by_number(column for card in shown for column in card.columns),
        names=_by_number(name for card in shown for name in card.names)[:_MOST_CHOICES],
    )


def _by_number(values: Iterable[str]) -> list[str]:
    counts: dict[str, int] = {}
    for value in values:
        counts[value] = counts.get(value, 0) + 1
    return sorted(counts, key=lambda value: (-counts[value], value))


def verdict_labels(run: RunManifest) -> dict[str, str]:
    """Say of each verdict that is about an incident of the run what it says."""
    return {effect.verdict: effect.label for effect in run.incidents.verdicts}


def _card(row: Mapping[str, Any], run: RunManifest, told: _Told) -> IncidentCard:
    labels, summary, names = verdict_labels(run), run.incidents, _names(row)
    lead = not row["alarm"] and (summary.nights is not None or not told.telling.by_rule)
    return IncidentCard(
        rank=row["rank"],
        incident=row["incident"],
        title=cut_sentence(row["title"], _TITLE, _FULL),
        severity=row["severity"],
        rarity=_rarity(row),
        status=row["status"] if row["status"] in STATUSES else "new",
        alarm=row["alarm"],
        lead=lead,
        weaker=lead and summary.nights is None and row["rank"] > _STRONGEST,
        recurrence=_recurrence(row, run),
        history=_history(row["since"], row["occurrences"]),
        records=row["records"],
        span=_span(row["first_time"], row["last_time"]),
        ends=_milliseconds(row),
        entities=[_entities(each) for each in row["entities"]],
        entity=None if row["entity"] is None else cut(row["entity"], _NAME, _NAME),
        chart=told.chart,
        telling=told.telling,
        steps=told.steps,
        members=told.members[1:],
        left_out=row["records"] - len(told.members),
        around=told.around,
        verdict=f"{labels.get(row['verdict'], '')} {row['verdict']}" if row["verdict"] else "",
        taught=cut_sentence(row["taught"], _TITLE, _FULL) if row["taught"] else None,
        critical=critical_sentence(row["critical"]),
        commands=of_results(row, run),
        query=of_input(row, run),
        labels=_labels(row),
        scopes=_scopes(row),
        columns=[wording.visible(each["column"][:_NAME]) for each in row["reasons"]],
        names=list(dict.fromkeys(names)),
        searched=_searched(row, names),
    )


def _rarity(row: Mapping[str, Any]) -> Rarity:
    of_records = row["view"] != OF_WINDOW
    return Rarity(
        score=wording.score(row["anomaly_score"]),
        chance=wording.chance(row["p_value"]) if of_records else "",
        p_value=format(row["p_value"], ".2g"),
    )


def _searched(row: Mapping[str, Any], names: Sequence[str]) -> str:
    """Return the words that the search of the page looks through."""
    words = " ".join([row["title"], row["incident"], *names, row["summary"], row["record_id"]])
    return wording.visible(words[:_SEARCHED]).lower()


def _names(row: Mapping[str, Any]) -> list[str]:
    given = [name for each in row["entities"] for name in each["names"] if name is not None]
    return [wording.visible(name[:_NAME]) for name in given]


def _recurrence(row: Mapping[str, Any], run: RunManifest) -> str:
    known = row["alarm"] or row["recurrence"] is not None
    return recurrence_of(row, run) if known else ""


def _driving(row: Mapping[str, Any]) -> list[str]:
    return [reason["column"] for reason in row["reasons"]]


def _ends(row: Mapping[str, Any]) -> tuple[datetime, datetime] | None:
    return None if row["first_time"] is None else (row["first_time"], row["last_time"])


def _milliseconds(row: Mapping[str, Any]) -> tuple[int | str, int | str]:
    ends = _ends(row)
    if ends is None:
        return "", ""
    first, last = (int(end.timestamp() * 1_000) for end in ends)
    return first, last


def _names_value(row: Mapping[str, Any]) -> bool:
    return row["pattern"] not in [reason["column"] for reason in row["reasons"]]


def _labels(row: Mapping[str, Any]) -> list[str]:
    """Return the verdicts it can get: only malicious, unless it has an entity or names a value."""
    known = row["entity"] is not None or _names_value(row)
    return ["benign", "expected", "malicious"] if known else ["malicious"]


def _scopes(row: Mapping[str, Any]) -> list[tuple[str, str]]:
    scopes = [("this", "this, should it come back")]
    if row["entity"] is not None:
        scopes.append(("entity", "all that the entity does"))
    if _names_value(row):
        scopes.append(("pattern", "this of anybody"))
    return scopes


def _entities(each: Mapping[str, Any]) -> Entities:
    names = [name for name in each["names"] if name is not None]
    return Entities(
        column=cut(each["column"], _NAME, _FULL),
        names=cut_sentence(", ".join(names), _TITLE, _FULL),
        more=each["distinct"] - len(names),
    )


def _history(since: datetime | None, occurrences: int) -> str:
    times = f"happened {occurrences:,} times" if occurrences > 1 else ""
    return f"{times}, first on {since:%Y-%m-%d}" if since and times else times


def _span(first: datetime | None, last: datetime | None) -> str | None:
    """Write from when to when, the day once if it is the same."""
    if first is None or last is None:
        return None
    begin = f"{first:%Y-%m-%d %H:%M:%S}"
    if f"{last:%Y-%m-%d %H:%M:%S}" == begin:
        return f"{begin} UTC"
    same_day = first.date() == last.date()
    end = f"{last:%H:%M:%S}" if same_day else f"{last:%Y-%m-%d %H:%M:%S}"
    return f"{begin} – {end} UTC"


def _members(findings: pa.Table, time_column: str | None) -> dict[str, list[Member]]:
    """Give the findings of each incident, the oddest first."""
    times = event_times(findings, time_column)
    texts = times.texts() if times else [None] * len(findings)
    members: dict[str, list[Member]] = {}
    for row, time in zip(findings.select(FINDING.names).to_pylist(), texts, strict=True):
        member = Member(
            rank=row["rank"],
            score=wording.score(row["anomaly_score"]),
            time=time,
            record_id=cut(row["record_id"], _NAME, _FULL),
            summary=cut_sentence(row["summary"], _TITLE, _TITLE),
        )
        members.setdefault(row["incident"], []).append(member)
    return members


@dataclass(frozen=True)
class Suppressed:
    """An incident that a verdict keeps from the analyst, on one line."""

    title: Cut
    severity: str
    records: int
    span: str | None
    verdict: str
    label: str


def suppressed_lines(suppressed: pa.Table, run: RunManifest) -> list[Suppressed]:
    """Tell the first of the incidents that verdicts suppress, at most `MAX_INCIDENTS`."""
    labels = verdict_labels(run)
    return [
        Suppressed(
            title=cut_sentence(row["title"], _TITLE, _FULL),
            severity=row["severity"],
            records=row["records"],
            span=_span(row["first_time"], row["last_time"]),
            verdict=row["verdict"],
            label=labels.get(row["verdict"], ""),
        )
        for row in suppressed.slice(0, MAX_INCIDENTS).to_pylist()
    ]
