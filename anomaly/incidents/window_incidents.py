"""Incidents of odd windows: what an entity did on a day, unlike its other days."""

from dataclasses import replace

from anomaly.behaviour.observations import OddWindow
from anomaly.explain.window_reasons import window_reasons, window_summary, window_title
from anomaly.incidents.summary import OF_WINDOW, Incident, digest

_OF_NOTHING = "absent"
"""The view of a window that holds no record: the incident has the one before it."""
_HALF = 0.5
_PATTERNS = {
    "hour": "events in an hour",
    "hours": "hours of activity",
    "day": "events on a day",
    "new": "new {}",
    "first seen": "new {}",
    "first order": "order of {}",
    "newcomer": "first day of {}",
    "order": "order of {}",
    "broken order": "order of {}",
    "changes": "changes of {}",
    "travel": "too fast travel",
    "repeats": "repeated events",
    "rhythm": "regular intervals",
    "share": "share of {}",
    "level": "level of {}",
    "sum": "sum of {}",
    "growth": "growth of {}",
    "absent": "no event",
    "absent value": "missing {}",
}
"""View -> what it is recognised by on another day, with its column."""


def of_window(job: str, incident: Incident, window: OddWindow) -> Incident:
    """Return the incident of a window alone, told by what is odd about it.

    Parameters
    ----------
    job
        The job that found it.
    incident
        The incident of its records, as they are told by themselves.
    window
        The odd window.
    """
    reasons, head = window_reasons(window), window.observations[0]
    pattern = _PATTERNS[head.view].format(head.column)
    members = replace(incident.members, entity_column=window.entity_column, entity=window.entity)
    if head.view == _OF_NOTHING:
        members = replace(members, first_time=head.start, last_time=head.stop - 1)
    identity = digest(job, window.entity_column, window.entity, pattern)
    return replace(
        incident,
        title=window_title(window),
        summary=window_summary(reasons),
        reasons=reasons,
        members=members,
        pattern=pattern,
        identity=f"k-{identity}",
        view=OF_WINDOW,
        window_start=head.start,
        window_end=head.stop,
    )


def with_evidence(incident: Incident, window: OddWindow, *, first: bool) -> Incident:
    """Add what is odd about a window to the reasons of an incident of odd records.

    The reasons of the window come first where it is odder than the records.
    """
    more = [replace(each, share=each.share * _HALF) for each in window_reasons(window)]
    own = [replace(each, share=each.share * _HALF) for each in incident.reasons]
    told = [more[0].sentence, incident.summary]
    return replace(
        incident,
        reasons=[*more, *own] if first else [*own, *more],
        summary="; ".join(told if first else reversed(told)),
    )
