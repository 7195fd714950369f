"""Alarms: incidents whose like the nights before did not show.

How odd an incident is depends on its night. If all of the night were ordinary, some records would
be as odd: the records scored, times its p-value. The smaller that number, the odder the incident.
A night is known by the smallest number of an incident that was new then. An alarm is an incident
with a number that hardly any earlier night had, or one that a verdict calls malicious.

Where n earlier nights are known, the chance of an ordinary night to have such an incident is
`(1 + #{earlier nights as odd}) / (n + 1)` (Vovk, Gammerman and Shafer, 2005). It is right whatever
the numbers are, if the nights come in any order. It cannot be below `1 / (n + 1)`. That may
be more than the job allows. The numbers of the nights are then taken to be exponentially
distributed, as the smallest p-value of many records is. A new one is below `x` with the chance
`1 - (1 + x / sum of the earlier ones)^-n`.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np

from anomaly.incidents.alarm_rules import NO_RULES, AlarmRules
from anomaly.incidents.summary import Incident
from anomaly.model.selection import anomaly_score
from schemas.outputs.tables import SEVERITIES, SEVERITY_RANK

MOST_NIGHTS = 28
"""Earlier nights that a night is held against, the newest ones."""
LEARNING_NIGHTS = 7
"""Nights of which each weekday is one. With fewer, how often a night is as odd is not told."""
_GRAVEST_LEAD = "medium"
"""Where earlier nights are known, what they too had is no more than that."""
_LEAST_OF_ALARM = "high"
_MOST_LEADS = 20
"""What an analyst has time for."""


def chance(expected: float, past: Sequence[float], nights: float) -> float:
    """Return the chance of an ordinary night to have an incident as odd.

    Parameters
    ----------
    expected
        The records that would be as odd if all of the night were ordinary.
    past
        The smallest such number of each earlier night, at least one.
    nights
        The job asks for a false alarm in so many nights at the most.

    Examples
    --------
    >>> chance(0.5, [0.4, 3.0, 7.0, 9.0], nights=5)
    0.4
    >>> round(chance(0.5, [3.0, 7.0], nights=5), 3)
    0.093
    """
    n = len(past)
    if n + 1 >= nights:
        return (1 + sum(each <= expected for each in past)) / (n + 1)
    return 1.0 - (1.0 + expected / sum(past)) ** -n


def recurrence(expected: float, past: Sequence[float]) -> float | None:
    """Return in how many nights one is as odd; None while too few are known to say."""
    n = len(past)
    if n < LEARNING_NIGHTS:
        return None
    return (n + 1) / (1 + sum(each <= expected for each in past))


def is_new(incident: Incident) -> bool:
    """Tell whether earlier runs did not show the like of an incident."""
    return incident.status != "recurring"


def oddest(incidents: Sequence[Incident], n_scored: int) -> float:
    """Return the number that a night is known by: the smallest of its new incidents.

    Of a night without a new one, all records are as odd.
    """
    new = (_expected(each, n_scored) for each in incidents if is_new(each))
    return min(new, default=float(n_scored))


def with_alarms(
    incidents: Sequence[Incident],
    n_scored: int,
    past: Sequence[float],
    nights: float,
    rules: AlarmRules = NO_RULES,
    malicious: Collection[str] = (),
) -> list[Incident]:
    """Say which incidents are alarms, and how grave that makes each.

    Parameters
    ----------
    incidents
        Those of a night, with their status beside earlier runs.
    n_scored
        The records scored.
    past, nights
        As for `chance`; without an earlier night nothing is an alarm.
    rules
        Of the job, on which incidents may be alarms.
    malicious
        Verdicts that say so. What they are about is an alarm however often it comes back.
    """
    graded = []
    for each in incidents:
        members, expected = each.members, _expected(each, n_scored)
        alarm = each.verdict in malicious
        if past and not alarm and is_new(each):
            alarm = chance(expected, past, nights) <= 1.0 / nights
            alarm &= rules.allow(members.records, members.first_time, members.last_time)
        known = past or alarm
        recurs = recurrence(expected, past)
        graded.append(_graded(each, recurs, alarm=alarm) if known else each)
    return graded


def worth_showing(incidents: Sequence[Incident]) -> int:
    """Return how many leads to show: those before the largest drop of the score.

    Parameters
    ----------
    incidents
        The leads, the oddest first, suppressed ones too: what a verdict keeps back is not replaced.

    Examples
    --------
    >>> worth_showing([])
    0
    """
    p_values = [each.odd_at for each in incidents[: _MOST_LEADS + 1]]
    if len(p_values) < 2:
        return len(p_values)
    scores = anomaly_score(np.array(p_values))
    return 1 + int(np.argmax(-np.diff(scores)))


def _graded(incident: Incident, recurs: float | None, *, alarm: bool) -> Incident:
    rank = SEVERITY_RANK[incident.severity]
    if alarm:
        rank = max(rank, SEVERITY_RANK[_LEAST_OF_ALARM])
    else:
        rank = min(rank, SEVERITY_RANK[_GRAVEST_LEAD])
    severity = next(name for name in SEVERITIES if SEVERITY_RANK[name] == rank)
    return replace(incident, alarm=alarm, recurrence=recurs, severity=severity)


def _expected(incident: Incident, n_scored: int) -> float:
    return n_scored * incident.odd_at
