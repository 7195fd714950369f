"""Orders incidents by the verdicts on similar ones; their scores and p-values stay as they are.

An incident stands in the list where its anomaly score would be with this added:

    10 · (m − b) / (1 + m + b)

- m: the sum of the weights of the malicious verdicts on similar incidents
- b: that of the benign and expected ones, as far as the incident is not odder than theirs

The weight is 1 for the same identity, 1/2 for the same pattern or entity, and 1/4 for surprisal in
the same columns. So verdicts move an incident by less than a factor of ten of its p-value.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import numpy.typing as npt

from anomaly.incidents.sentence import short
from anomaly.incidents.similarity import ALIKE, directions
from anomaly.incidents.summary import Incident
from anomaly.incidents.verdicts import TELLING, has_ended, is_about, is_odder
from schemas.outputs.verdict import Verdict

MOST = 10.0
"""Points of the anomaly score that verdicts are worth at the most: a factor of ten of p."""
_PRIOR = 1.0
"""The weight of no verdict: a single one on the same identity is worth half of `MOST`."""
_WEIGHTS = {"same": 1.0, "pattern": 0.5, "entity": 0.5, "reasons": 0.25}
"""Why an incident is similar to that of a verdict -> the verdict's weight."""
_COLUMNS_NAMED = 2
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


@dataclass(frozen=True)
class _Lesson:
    """A verdict that counts for an incident: why they are similar, and whether it raises it."""

    why: str
    raises: bool


def taught(
    incidents: Sequence[Incident], verdicts: Sequence[Verdict], today: date
) -> list[Incident]:
    """Order incidents by score and verdicts; each that verdicts move says which ones do.

    Parameters
    ----------
    incidents
        Those that a run reports, the oddest first.
    verdicts
        All verdicts of the job, the oldest first.
    today
        The day that counts for incidents without a time.

    Returns
    -------
    The same incidents: whatever verdicts say, first the alarms, then what the rule selects.
    """
    if not verdicts:
        return list(incidents)
    cosines = _cosines(incidents, verdicts)
    told, places = [], []
    for incident, cosine in zip(incidents, cosines, strict=True):
        lessons = list(_lessons(incident, verdicts, cosine, today))
        shift = _shift(lessons)
        sentence = _sentence(incident, lessons, shift > 0) if shift else None
        told.append(replace(incident, taught=sentence))
        score = incident.ranking_score + shift
        places.append((not incident.alarm, incident.basis != "rule", -score))
    return [told[place] for place in sorted(range(len(told)), key=places.__getitem__)]


def _lessons(
    incident: Incident, verdicts: Sequence[Verdict], cosine: npt.NDArray[np.float64], today: date
) -> Iterator[_Lesson]:
    """Give the verdicts that count for an incident, the newest first.

    Of several on one incident the newest counts. One that says malicious overrules all earlier
    ones on what lies in its scope.
    """
    counted: set[str] = set()
    overruled = False
    for verdict, alike in zip(reversed(verdicts), cosine[::-1] >= ALIKE, strict=True):
        if verdict.incident in counted or has_ended(verdict, incident, today):
            continue
        counted.add(verdict.incident)
        about, raises = is_about(verdict, incident), verdict.label == "malicious"
        why = _why(verdict, incident, bool(alike))
        passed_over = overruled and about
        overruled |= about and raises
        if why is None or passed_over:
            continue
        if raises or not is_odder(incident, verdict.evidence):
            yield _Lesson(why, raises)


def _why(verdict: Verdict, incident: Incident, alike: bool) -> str | None:
    """Say why an incident is similar to that of a verdict, by the strongest reason; None if not."""
    seen, members = verdict.evidence, incident.members
    named = incident.pattern not in {reason.column for reason in incident.reasons}
    if seen.identity == incident.identity and (named or members.entity is not None):
        return "same"
    if named and seen.pattern == incident.pattern:
        return "pattern"
    entity = (members.entity_column, members.entity)
    if members.entity is not None and entity == (seen.entity_column, seen.entity):
        return "entity"
    return "reasons" if alike else None


def _cosines(incidents: Sequence[Incident], verdicts: Sequence[Verdict]) -> npt.NDArray[np.float64]:
    """Return the cosine of the columns' shares, (n_incidents, n_verdicts); 0 without shares."""
    seen = [
        dict(zip(each.evidence.columns, each.evidence.shares or [], strict=False))
        for each in verdicts
    ]
    own = [[(reason.column, reason.share) for reason in each.reasons] for each in incidents]
    named = set().union(*seen, *(dict(shares) for shares in own))
    columns = {column: place for place, column in enumerate(sorted(named))}
    theirs = directions([list(shares.items()) for shares in seen], columns)
    return directions(own, columns) @ theirs.T


def _shift(lessons: Sequence[_Lesson]) -> float:
    """Return the points of the anomaly score that verdicts are worth, less than `MOST`."""
    raising = sum(_WEIGHTS[each.why] for each in lessons if each.raises)
    lowering = sum(_WEIGHTS[each.why] for each in lessons if not each.raises)
    return MOST * (raising - lowering) / (_PRIOR + raising + lowering)


def _sentence(incident: Incident, lessons: Sequence[_Lesson], raised: bool) -> str:
    """Say which verdicts move an incident: those that prevail first."""
    clauses = (_clause(incident, lessons, raises) for raises in (raised, not raised))
    return "; ".join(clause for clause in clauses if clause)


def _clause(incident: Incident, lessons: Sequence[_Lesson], raises: bool) -> str:
    counts = Counter(each.why for each in lessons if each.raises is raises)
    parts: list[str] = []
    for why in _WEIGHTS:
        if n := counts[why]:
            noun = "" if parts else " verdicts" if n > 1 else " verdict"
            parts.append(f"{_number(n)}{noun} on {_on(incident, why)}")
    if not parts:
        return ""
    verb = ("raise" if raises else "lower") + ("" if counts.total() > 1 else "s")
    return f"{' and '.join(parts)} {verb} it"


def _on(incident: Incident, why: str) -> str:
    """Name what the verdicts are on."""
    match why:
        case "same":
            return "it"
        case "pattern":
            return f"`{short(incident.pattern)}`"
        case "entity":
            return f"`{short(incident.members.entity)}`"
    telling = [reason.column for reason in incident.reasons if reason.share >= TELLING]
    columns = telling[:_COLUMNS_NAMED] or [reason.column for reason in incident.reasons[:1]]
    return "incidents odd in " + " and ".join(f"`{short(column)}`" for column in columns)


def _number(n: int) -> str:
    return _NUMBERS[n] if n < len(_NUMBERS) else f"{n:,}"
