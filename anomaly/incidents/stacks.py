"""Stacks: incidents that look alike, so that one line and one verdict are enough for all of them.

Two incidents of a run are of one stack if both are alarms or both are leads, and they have the same
pattern. A pattern that is a column alone says where something is odd, not what. So the incidents
must then be of one entity, too: they have the same identity. In both cases one verdict is about all
of them, with the scope `pattern` or `this`.

One entity that is odd in several columns is not one stack. The sentence of one incident would hide
what is odd in the others, and no pattern would hold for all.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from anomaly.incidents.summary import Incident
from anomaly.incidents.verdicts import names_value


def stacked(incidents: Sequence[Incident]) -> list[Incident]:
    """Give each incident the stack that it is of, named after the oddest of them.

    Parameters
    ----------
    incidents
        Those that a run shows, in any order, which stays. Nothing else of them changes.
    """
    found: dict[tuple[bool, str], list[Incident]] = {}
    for each in incidents:
        if (common := _in_common(each)) is not None:
            found.setdefault((each.alarm, common), []).append(each)
    stacks = {
        each.incident: min(alike, key=_oddness).incident
        for alike in found.values()
        if len(alike) > 1
        for each in alike
    }
    return [replace(each, stack=stacks.get(each.incident)) for each in incidents]


def count_stacks(incidents: Iterable[Incident]) -> int:
    """Count the stacks of incidents; one without a look-alike is a stack of its own."""
    return len({each.stack or each.incident for each in incidents})


def _in_common(incident: Incident) -> str | None:
    """Return what the look-alikes of an incident have in common; None if it can have none."""
    if not incident.reasons:
        return None
    if names_value(incident.pattern, [reason.column for reason in incident.reasons]):
        return incident.pattern
    return None if incident.members.entity is None else incident.identity


def _oddness(incident: Incident) -> tuple[float, str]:
    return incident.odd_at, incident.incident
