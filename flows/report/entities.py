"""Entities that have incidents: what each does, its peers, its incidents over the runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flows.report.context_panel import History, report_of
from flows.report.data import ReportData
from flows.report.incident_cards import IncidentCard, verdict_labels
from flows.report.text import Cut, count, cut, listing, visible

_MOST = 100
"""Entities with a part of the page: those of the oddest incidents."""
_INCIDENTS = 10
"""Incidents of an entity that are listed of this run."""
_NAME, _TITLE, _FULL = 80, 160, 600

Whose = tuple[str, str]
"""An entity: its column and its name."""


@dataclass(frozen=True)
class EntityIncident:
    """An incident of an entity, on one line."""

    day: str
    """When it was in this run; of an earlier one, the day that it judged."""
    title: Cut
    severity: str
    verdict: Cut | None
    href: str
    """Its card, or the report of its run; empty where it has neither."""


@dataclass(frozen=True)
class EntityPart:
    """A part of the page: one entity."""

    place: str
    """The name of the part in the page's address."""
    column: Cut
    name: Cut
    counts: str
    """How many incidents it has, here and in earlier runs."""
    history: History | None
    """None where nothing was looked up of it."""
    peers: list[str]
    incidents: list[EntityIncident]
    left_out: int
    """Incidents of this run that are not listed,"""
    earlier: list[EntityIncident]
    earlier_left_out: int
    """and those of earlier runs."""


@dataclass(frozen=True)
class EntityParts:
    """The entities with a part of the page."""

    shown: list[EntityPart]
    more: int
    """Entities of cards that have none."""
    of_incident: dict[str, str]
    """Incident -> the place of its entity."""


def entity_parts(data: ReportData, cards: Sequence[IncidentCard]) -> EntityParts:
    """Describe the entities of the cards, those of the oddest incidents first."""
    listed, held = data.incidents.to_pylist(), data.suppressed.to_pylist()
    whose = {row["incident"]: _whose(row) for row in listed[: len(cards)]}
    entities = list(dict.fromkeys(each for each in whose.values() if each is not None))
    places = {each: f"entity-{n}" for n, each in enumerate(entities[:_MOST], start=1)}
    past = _past(data.incident_context.to_pylist(), whose)
    verdicts = verdict_labels(data.manifest)
    parts = []
    for each, place in places.items():
        own = _Own(
            listed=[row for row in listed if _whose(row) == each],
            held=[row for row in held if _whose(row) == each],
            cards={card.incident: card for card in cards if whose[card.incident] == each},
            past=past.get(each, []),
            peers=[row for row in data.peers.to_pylist() if _whose(row) == each],
        )
        parts.append(_part(each, place, own, verdicts))
    of_incident = {card: places[each] for card, each in whose.items() if each in places}
    return EntityParts(parts, len(entities) - len(places), of_incident)


@dataclass(frozen=True)
class _Own:
    """The rows that are of one entity."""

    listed: list[dict[str, Any]]
    """Its incidents of this run,"""
    held: list[dict[str, Any]]
    """and those that verdicts keep back."""
    cards: dict[str, IncidentCard]
    past: list[dict[str, Any]]
    """`schemas.outputs.incident_context.PAST`."""
    peers: list[dict[str, Any]]
    """`schemas.outputs.incident_context.PEERS`."""


def _whose(row: Mapping[str, Any]) -> Whose | None:
    return None if row["entity"] is None else (row["entity_column"], row["entity"])


def _past(
    context: Sequence[Mapping[str, Any]], whose: Mapping[str, Whose | None]
) -> dict[Whose | None, list[dict[str, Any]]]:
    """Return the earlier incidents of each entity, as far as it was looked up."""
    known = {row["incident"]: row["history"] for row in context if row["history"] is not None}
    return {each: known[incident]["past"] for incident, each in whose.items() if incident in known}


def _part(whose: Whose, place: str, own: _Own, verdicts: Mapping[str, str]) -> EntityPart:
    around = (card.around for card in own.cards.values())
    history = next((each.history for each in around if each and each.history), None)
    here = [_here(row, own.cards.get(row["incident"])) for row in own.listed[:_INCIDENTS]]
    held = [_held(row, verdicts) for row in own.held[: _INCIDENTS - len(here)]]
    return EntityPart(
        place=place,
        column=cut(whose[0], _NAME, _NAME),
        name=cut(whose[1], _NAME, _FULL),
        counts=_counts(own, history),
        history=history,
        peers=[_peers(row) for row in own.peers],
        incidents=[*here, *held],
        left_out=len(own.listed) + len(own.held) - len(here) - len(held),
        earlier=[_earlier(row) for row in own.past],
        earlier_left_out=(history.n_past if history else 0) - len(own.past),
    )


def _counts(own: _Own, history: History | None) -> str:
    told = [f"{count(len(own.listed), 'incident')} in this run"]
    if own.held:
        told.append(f"{len(own.held):,} kept back by verdicts")
    if history and history.n_past:
        told.append(f"{history.n_past:,} in {count(history.n_runs, 'earlier run')}")
    return listing(told)


def _peers(row: Mapping[str, Any]) -> str:
    """Say who is like an entity, in words that set names in backticks."""
    names = [f"`{cut(name, _NAME, _NAME).head}`" for name in row["names"]]
    more = row["n"] - len(names)
    who = f": {listing([*names, f'{more:,} more'] if more else names)}" if names else ""
    column, value = (cut(row[name], _NAME, _NAME).head for name in ("column", "value"))
    others = count(row["n"], "other") if row["n"] else "no other"
    return f"`{column}` is `{value}` for it, and for {others} among the known records{who}"


def _here(row: Mapping[str, Any], card: IncidentCard | None) -> EntityIncident:
    return EntityIncident(
        day=_when(row),
        title=cut(row["title"], _TITLE, _FULL),
        severity=row["severity"],
        verdict=cut(card.verdict, _NAME, _FULL) if card and card.verdict else None,
        href=f"#incident-{row['rank']}" if card else "",
    )


def _held(row: Mapping[str, Any], verdicts: Mapping[str, str]) -> EntityIncident:
    said = f"{verdicts.get(row['verdict'], '')} {row['verdict']}, kept back".strip()
    title = cut(row["title"], _TITLE, _FULL)
    return EntityIncident(_when(row), title, row["severity"], cut(said, _NAME, _FULL), "")


def _earlier(row: Mapping[str, Any]) -> EntityIncident:
    said = ", ".join(row["verdicts"])
    return EntityIncident(
        day=visible(row["day"]),
        title=cut(row["title"], _TITLE, _FULL),
        severity=row["severity"],
        verdict=cut(said, _TITLE, _FULL) if said else None,
        href=report_of(row["run_id"], row["incident"] if row["has_card"] else None),
    )


def _when(row: Mapping[str, Any]) -> str:
    return f"{row['first_time']:%Y-%m-%d %H:%M}" if row["first_time"] else "this run"
