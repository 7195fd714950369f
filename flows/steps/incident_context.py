"""Step `look around`: the context of each incident, from this run and from earlier ones.

At most `MOST_INCIDENTS` incidents get a context, and each a bounded number of events.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anomaly.incidents.similarity import most_similar
from flows.report.incident_cards import MAX_INCIDENTS
from flows.runtime.work import Step
from flows.steps.entity_activity import (
    Activity,
    Around,
    Bins,
    Moment,
    Scope,
    Whose,
    gather_traces,
    read_traces,
    write_traces,
)
from flows.steps.gather import Gathered
from flows.steps.group import FOUND, Grouped
from flows.steps.incident_history import PAST
from flows.steps.records import EventRecords, Records
from flows.steps.run import Run
from flows.steps.session_records import SessionRecords
from flows.storage.verdicts.store import read_verdicts
from schemas.columns.roles import Role, time_column
from schemas.events.instants import INSTANT
from schemas.outputs.incident_context import INCIDENT_CONTEXT
from schemas.outputs.verdict import Verdict
from schemas.shortening import beginning, shortened

SURROUNDED = "surroundings"
"""What the scratch holds: a row for each incident that was looked around, `INCIDENT_CONTEXT`."""
MOST_INCIDENTS = 100
"""Incidents that are looked around: the oddest."""
MOST_SHARES = 16
"""Shares of the events that are looked through, so many at a time as there are workers."""
_COLUMNS = 5
"""Columns that are shown of an event, and of an entity's usual values."""
_USUAL = 5
"""Values of a column that are shown as usual."""
_PAST = 10
"""Earlier incidents of an entity that are shown: the newest."""
_SIMILAR = 5
_LONGEST = 160
"""Characters of a value that are shown."""


def shares_of(gathered: Gathered) -> int:
    """Return how many shares of the events are looked through."""
    return min(_events_of(gathered.records).n_chunks, MOST_SHARES)


def look_through(run: Run, gathered: Gathered, grouped: Grouped, share: int) -> None:
    """Look for the entities of the incidents in a share of the events."""
    scope = _scope(run, gathered.records, grouped)
    chunks = range(share, scope.events.n_chunks, shares_of(gathered))
    write_traces(run.scratch, share, gather_traces(scope, chunks))


LOOK_THROUGH = Step("look through", look_through)


def look_around(run: Run, gathered: Gathered, grouped: Grouped) -> None:
    """Assemble the context of each incident for the page, and write it to the scratch."""
    scope = _scope(run, gathered.records, grouped)
    incidents = scope.incidents
    found = read_traces(run.scratch, shares_of(gathered), scope)
    events = _told(scope, found.around, _ranks(gathered.records, grouped))
    past = run.scratch.read_table(PAST)
    said = _said(read_verdicts(run.folder.job_folder))
    similar = _similar(incidents, past.to_pylist(), said)
    earlier = _of_entities(past.filter(pc.not_equal(past["dataset"], "unshown")), said)
    rows = [
        {
            "incident": row["incident"],
            "history": _history(scope, row, found.activity, earlier),
            "told": scope.told,
            "around": events[place],
            "similar": similar[place],
        }
        for place, row in enumerate(incidents)
    ]
    run.scratch.write_table(SURROUNDED, pa.Table.from_pylist(rows, schema=INCIDENT_CONTEXT))


LOOK_AROUND = Step("look around", look_around)


def _events_of(records: Records) -> EventRecords:
    events = records.events if isinstance(records, SessionRecords) else records
    assert isinstance(events, EventRecords)  # noqa: S101 - what sessions are gathered from
    return events


def _scope(run: Run, records: Records, grouped: Grouped) -> Scope:
    events = _events_of(records)
    table = next(table for _, table in run.folder.read_parts("incidents"))
    incidents = table.slice(0, MOST_INCIDENTS).to_pylist()
    weights = Counter[str]()
    for row in incidents:
        for reason in row["reasons"]:
            weights[reason["column"]] += reason["share"]
    unseen = (Role.ID, Role.TIME, Role.IGNORE)
    columns = [column for column, role in events.roles.items() if role not in unseen]
    told = sorted(columns, key=lambda column: -weights[column])[:_COLUMNS]
    time = time_column(events.roles)
    bins = None
    if time is not None and grouped.covers is not None:
        first, last = (pa.scalar(end, INSTANT).value for end in grouped.covers)
        bins = Bins.over(first, last)
    return Scope(events, incidents, _moments(run, records, grouped), told, time, bins)


def _moments(run: Run, records: Records, grouped: Grouped) -> dict[str, Moment]:
    """Return when the most telling record of each incident happened: the oddest of its findings."""
    time = time_column(records.roles)
    if time is None:
        return {}
    times = run.scratch.read_table(FOUND)[time].cast(pa.int64()).to_pylist()
    are_events = records is _events_of(records)
    rows = grouped.rows.tolist() if are_events else [-1] * len(times)
    found: dict[str, Moment] = {}
    for incident, at, row in zip(grouped.incidents, times, rows, strict=True):
        found.setdefault(incident, Moment(at, row))
    return found


def _ranks(records: Records, grouped: Grouped) -> dict[int, int]:
    """Return the rank of each event that is a finding; none where the findings are sessions."""
    if records is not _events_of(records):
        return {}
    return {row: rank for rank, row in enumerate(grouped.rows.tolist(), start=1)}


def _told(
    scope: Scope, around: Mapping[int, Around], ranks: Mapping[int, int]
) -> list[list[dict[str, Any]]]:
    """Tell the events near each incident, as `EVENT`."""
    events: list[list[dict[str, Any]]] = [[] for _ in scope.incidents]
    rows = np.concatenate([np.zeros(0, np.int64), *(each.rows for each in around.values())])
    if not len(rows):
        return events
    times = np.concatenate([each.times for each in around.values()])
    of = np.repeat(list(around), [len(each.rows) for each in around.values()])
    held = scope.events.texts(rows, scope.told)
    texts = [_shortened(column) for column in held.columns]
    ids = scope.events.ids_of(rows).to_pylist()
    values = zip(*texts, strict=True) if texts else [()] * len(rows)
    for place, row, time, name, own in zip(
        of.tolist(), rows.tolist(), times.tolist(), ids, values, strict=True
    ):
        events[place].append(
            {"record_id": name, "time": time, "rank": ranks.get(row), "values": list(own)}
        )
    return events


def _shortened(texts: pa.ChunkedArray) -> list[str | None]:
    return [text and shortened(text, _LONGEST) for text in texts.to_pylist()]


def _history(
    scope: Scope,
    row: Mapping[str, Any],
    activity: Mapping[Whose, Activity],
    earlier: Mapping[Whose, list[dict[str, Any]]],
) -> dict[str, Any] | None:
    whose = (row["entity_column"], row["entity"])
    did = activity.get(whose)
    if did is None:
        return None
    total = max(1, int(did.counts.sum()))
    usual = [
        {"column": column, "value": shortened(value, _LONGEST), "share": times / total}
        for column in scope.usual
        for value, times in did.usual_of(column)[:_USUAL]
    ]
    return {
        "column": whose[0],
        "entity": whose[1],
        "start": scope.bins.start if scope.bins else None,
        "width": scope.bins.width if scope.bins else None,
        "counts": did.counts.tolist(),
        "usual": usual,
        "runs": _runs(earlier.get(whose, [])),
        "past": earlier.get(whose, [])[:_PAST],
        "earlier_runs": len({one["run_id"] for some in earlier.values() for one in some}),
    }


def _of_entities(
    past: pa.Table, said: Mapping[str, list[str]]
) -> dict[Whose, list[dict[str, Any]]]:
    """Return the earlier incidents of each entity, as `PAST`, the newest run first."""
    found: dict[Whose, list[dict[str, Any]]] = {}
    for row in sorted(past.to_pylist(), key=lambda row: (-row["run"], row["rank"])):
        told = {name: row[name] for name in ("incident", "run_id", "day", "title", "severity")}
        told |= {"has_card": _has_card(row), "verdicts": said.get(row["incident"], [])}
        found.setdefault((row["entity_column"], row["entity"]), []).append(told)
    return found


def _has_card(row: Mapping[str, Any]) -> bool:
    """Tell whether the report of an earlier run has a card for its incident."""
    return bool(row["dataset"] == "incidents" and row["rank"] <= MAX_INCIDENTS)


def _runs(past: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Count the incidents of an entity in each earlier run, the newest run first."""
    counts = Counter((row["run_id"], row["day"]) for row in past)
    return [{"run_id": run, "day": day, "incidents": n} for (run, day), n in counts.items()]


def _said(verdicts: Sequence[Verdict]) -> dict[str, list[str]]:
    """Return what verdicts say of each incident."""
    said: dict[str, list[str]] = {}
    for verdict in verdicts:
        note = f": {beginning(verdict.note, _LONGEST)}" if verdict.note else ""
        said.setdefault(verdict.incident, []).append(f"{verdict.label}{note}")
    return said


def _similar(
    incidents: Sequence[Mapping[str, Any]],
    past: Sequence[Mapping[str, Any]],
    said: Mapping[str, list[str]],
) -> list[list[dict[str, Any]]]:
    """Return the earlier incidents most similar to each, with the verdicts of analysts on them."""
    return [
        [
            {
                **{name: past[each.place][name] for name in ("incident", "run_id", "day", "title")},
                "has_card": _has_card(past[each.place]),
                "severity": past[each.place]["severity"],
                "time": past[each.place]["first_time"],
                "why": each.why,
                "times": each.times,
                "verdicts": said.get(past[each.place]["incident"], []),
            }
            for each in some
        ]
        for some in most_similar(incidents, past, _SIMILAR)
    ]
