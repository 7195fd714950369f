"""Alarms: incidents whose like the nights before did not show.

How odd an incident is depends on its night. If all of the night were ordinary, some records would
be as odd: the records scored, times its p-value. The smaller that number, the odder the incident.
A night is known by the smallest number of an incident that was new then. An alarm is an incident
with a number that hardly any earlier night had, or one that a verdict calls malicious.

Records and days of entities are two views of a night, with numbers of their own. Each is held
against the same view of earlier nights: many odd days of a host say nothing of how odd its records
may be. Where both views are held against nights, they share the alarms that the job allows. So a
night calls no more often by both (Bonferroni). Days of entities have a fifth. Their numbers say by
themselves how many are as odd, so few ordinary ones come near it.

The numbers of ordinary nights are taken to be exponentially distributed, as the smallest p-value of
many records is. Let M be the k-th smallest of n earlier ones, k being half of n, rounded up. A new
one is below x with the chance

    1 - prod_{i < k} (n - i) / (n - i + x / M).

The gaps between ordered exponential numbers are independent and exponential (Renyi, 1953). Where
some nights hold attacks that nobody has called one, M is still of an ordinary night. It is a little
too small then, and a night calls a little less often.

Where the numbers are spread wider, ordinary nights call more often. So the share of nights that are
as odd, `(1 + #{earlier nights as odd}) / (n + 1)`, may be twice what the job allows at the most. Of
ordinary nights that come in any order, at most as large a part has so small a share (Vovk,
Gammerman and Shafer, 2005).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np

from anomaly.behaviour.observations import MOST_EXPECTED
from anomaly.incidents.alarm_rules import NO_RULES, AlarmRules
from anomaly.incidents.summary import OF_RECORDS, OF_WINDOW, Incident
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
NUMBER_OF_ALL = {OF_WINDOW: MOST_EXPECTED}
"""View -> the number of a night with nothing new; of a view that is not here, its records scored.

An odd window is reported up to `MOST_EXPECTED`, so a night without one has at least that.
"""
_PARTS = {OF_RECORDS: 0.8, OF_WINDOW: 0.2}
"""View -> its part of the alarms that the job allows."""
_MOST_TIMES = 2.0
"""So many times as often as the job allows an ordinary night calls at the most."""


def chance(expected: float, past: Sequence[float]) -> float:
    """Return the chance of an ordinary night to have an incident as odd, if nights are exponential.

    Parameters
    ----------
    expected
        The records that would be as odd if all of the night were ordinary.
    past
        The smallest such number of each earlier night, at least one.

    Examples
    --------
    >>> chance(5.0, [5.0])
    0.5
    >>> round(chance(0.5, [0.1, 5.0, 7.0, 9.0, 400.0]), 3)
    0.054
    """
    n = len(past)
    beside = expected / middle(past) / (n - np.arange((n + 1) // 2))
    return float(-np.expm1(-np.log1p(beside).sum()))


def middle(past: Sequence[float]) -> float:
    """Return the number that the others of a view are measured by: the middle one of some nights.

    Of an even count it is the lower of two.
    """
    return float(np.sort(past)[(len(past) + 1) // 2 - 1])


def is_rare(expected: float, past: Sequence[float], nights: float) -> bool:
    """Tell whether hardly any ordinary night has an incident as odd.

    Parameters
    ----------
    expected, past
        As for `chance`.
    nights
        The job asks for a false alarm in so many nights at the most.
    """
    most = _MOST_TIMES / nights
    too_few = 1.0 / (len(past) + 1) > most
    return chance(expected, past) <= 1.0 / nights and (too_few or _share(expected, past) <= most)


def recurrence(expected: float, past: Sequence[float], a_day: int = 1) -> float | None:
    """Return in how many nights one is as odd; None while too few are known to say.

    Of a job that judges a day in `a_day` parts, it is in how many parts.
    """
    if len(past) < LEARNING_NIGHTS * a_day:
        return None
    return 1.0 / _share(expected, past)


def is_new(incident: Incident) -> bool:
    """Tell whether earlier runs did not show the like of an incident."""
    return incident.status != "recurring"


def oddest(incidents: Sequence[Incident], n_scored: int, view: str = OF_RECORDS) -> float:
    """Return the number that a night is known by: the smallest of its new incidents of a view.

    Without a new one it is that of `NUMBER_OF_ALL`.
    """
    new = (_numbers(each, n_scored) for each in incidents if is_new(each))
    own = (numbers[view] for numbers in new if view in numbers)
    return min(own, default=NUMBER_OF_ALL.get(view, float(n_scored)))


def with_alarms(
    incidents: Sequence[Incident],
    n_scored: int,
    past: Mapping[str, Sequence[float]],
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
    past
        View -> the smallest number of each earlier night. Of a view without an earlier night
        nothing is an alarm.
    nights
        As for `is_rare`, of all views together.
    rules
        Of the job, on which incidents may be alarms. Where it judges hours, `past` are hours, and
        in so many `nights` there are 24 times as many.
    malicious
        Verdicts that say so. What they are about is an alarm however often it comes back.
    """
    known = {view: numbers for view, numbers in past.items() if numbers}
    parts = _PARTS if len(known) > 1 else dict.fromkeys(known, 1.0)
    graded = []
    for each in incidents:
        members, numbers = each.members, _numbers(each, n_scored)
        alarm = each.verdict in malicious
        if not alarm and is_new(each):
            alarm = any(
                is_rare(number, known[view], nights * rules.a_day / parts[view])
                for view, number in numbers.items()
                if view in known
            )
            alarm &= rules.allow(members.records, members.first_time, members.last_time)
        recurs = recurrence(numbers[each.view], past.get(each.view, ()), rules.a_day)
        graded.append(_graded(each, recurs, alarm=alarm) if known or alarm else each)
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


def _share(expected: float, past: Sequence[float]) -> float:
    """Return the share of nights with an incident as odd, this one included."""
    return (1 + sum(each <= expected for each in past)) / (len(past) + 1)


def _graded(incident: Incident, recurs: float | None, *, alarm: bool) -> Incident:
    rank = SEVERITY_RANK[incident.severity]
    if alarm:
        rank = max(rank, SEVERITY_RANK[_LEAST_OF_ALARM])
    else:
        rank = min(rank, SEVERITY_RANK[_GRAVEST_LEAD])
    severity = next(name for name in SEVERITIES if SEVERITY_RANK[name] == rank)
    return replace(incident, alarm=alarm, recurrence=recurs, severity=severity)


def _numbers(incident: Incident, n_scored: int) -> dict[str, float]:
    """Return view -> how many would be as odd by it; two where a day is evidence for records."""
    p_values = incident.by_view or {incident.view: incident.odd_at}
    return {view: n_scored * p for view, p in p_values.items()}
