"""Sentences on the days of a run that its named days left too few others for."""

from anomaly.behaviour.odd_windows import FEWEST_DAYS
from flows.report.text import listing
from schemas.outputs.manifest import RunManifest, UnjudgedDay

_MOST_LISTED = 3
"""Days of one name that a sentence lists."""


def unjudged_sentences(manifest: RunManifest) -> list[str]:
    """Say of each name, and of no name, which days were not judged as days of entities, and why."""
    of_name: dict[str | None, list[UnjudgedDay]] = {}
    for each in manifest.unjudged_days:
        of_name.setdefault(each.name, []).append(each)
    return [_sentence(name, days) for name, days in of_name.items()]


def _sentence(name: str | None, days: list[UnjudgedDay]) -> str:
    listed = [f"{each.day}" for each in days[:_MOST_LISTED]]
    if rest := len(days) - len(listed):
        listed.append(f"{rest:,} more")
    verb = "is" if len(days) == 1 else "are"
    named = f"(`{name}`)" if name is not None else "(without a name)"
    said = f"{listing(listed)} {named} {verb} not judged by what entities usually do"
    which = "of that name" if name is not None else "without a name"
    return f"{said}: {_why(days[0].known, which)}. Each record is judged by itself."


def _why(known: int, which: str) -> str:
    needed = FEWEST_DAYS - 1
    if known >= needed:
        return f"too few entities are there on several days {which}"
    others = "no other day" if not known else f"{known} other day{'s' if known > 1 else ''}"
    return f"{others} {which} {'are' if known > 1 else 'is'} known, and {needed} are needed"
