"""Claims about the steps of a session: a rare one, a missing one, a wrong order, how often."""

from collections.abc import Iterator
from itertools import pairwise

from anomaly.explain.claims import Claim, Judged
from anomaly.explain.known_steps import StepColumn
from anomaly.explain.quoting import quote

_HALF = 0.5
"""The count that stands for what no other session has."""
_BY_CHANCE = {"step": 1.0, "order": 1.0, "often": 3.0, "transition": 10.0}
"""How much rarer than a step each must be: of many transitions some are rare by chance."""


def steps(judged: Judged, column: str) -> list[Claim]:
    """Say what is odd in the steps of a session, the rarest first; in doubt in this order.

    1. A step that few sessions hold.
    2. A step that most sessions hold, and this one does not.
    3. Two steps that come in another order than in most.
    4. A step that comes right after another one.
    5. A step that happens often.
    """
    held = list(judged.event[column] or [])
    known: StepColumn = judged.known.column(column)
    found = [
        *_rare(judged, known, column, held),
        *_missing(judged, known, column, held),
        *_order(judged, known, column, held),
        *_transitions(judged, known, column, held),
        *_often(judged, known, column, held),
    ]
    ranked = sorted(found, key=lambda claim: claim[0])
    return [claim for _, claim in ranked]


_Found = Iterator[tuple[float, Claim]]


def _rare(judged: Judged, known: StepColumn, column: str, held: list[str]) -> _Found:
    for step in dict.fromkeys(held):
        count = known.holders(step)
        sentence = f"`{quote(column)}` holds `{quote(step)}`: {_seen(judged, count)}"
        yield _claim(judged, "step", (quote(step), None, sentence), count, judged.known.n)


def _missing(judged: Judged, known: StepColumn, column: str, held: list[str]) -> _Found:
    n = judged.known.n
    for step, holders in known.in_most:
        if step in held:
            continue
        sentence = (
            f"`{quote(step)}` is missing in `{quote(column)}`:"
            f" {holders:,} of {n:,} {judged.noun} hold it"
        )
        told = f"no {quote(step)}", quote(step), sentence
        yield _claim(judged, "step", told, n - holders, n)


def _order(judged: Judged, known: StepColumn, column: str, held: list[str]) -> _Found:
    first: dict[str, int] = {}
    for place, step in enumerate(held):
        first.setdefault(step, place)
    for before, after in pairwise(first):
        theirs, own = known.firsts(after), known.firsts(before)
        both = (known.times(before) > 0) & (known.times(after) > 0)
        count = int((both & (own < theirs)).sum())
        told, usual = (
            f"`{quote(a)}` comes before `{quote(b)}`" for a, b in ((before, after), (after, before))
        )
        sentence = f"in `{quote(column)}`, {told}: {_seen(judged, count)}"
        plain = told.replace("`", ""), usual.replace("`", "")
        yield _claim(judged, "order", (*plain, sentence), count, int(both.sum()))


def _transitions(judged: Judged, known: StepColumn, column: str, held: list[str]) -> _Found:
    pairs = dict.fromkeys(zip([None, *held], held, strict=False))
    for before, step in pairs:
        count = known.right_after(step, before)
        where = "at the start" if before is None else f"right after `{quote(before)}`"
        sentence = f"in `{quote(column)}`, `{quote(step)}` comes {where}: {_seen(judged, count)}"
        observed = f"{quote(step)} {where.replace('`', '')}"
        holders = [known.holders(s) for s in (step, before) if s is not None]
        yield _claim(judged, "transition", (observed, None, sentence), count, min(holders))


def _often(judged: Judged, known: StepColumn, column: str, held: list[str]) -> _Found:
    for step in dict.fromkeys(held):
        times, own = known.times(step), held.count(step)
        if own < 2:
            continue
        count = int((times >= own).sum())
        sentence = (
            f"`{quote(column)}` holds `{quote(step)}` {own:,} times: as often or more"
            f" {_seen(judged, count)}"
        )
        observed = f"{own:,} times {quote(step)}"
        yield _claim(judged, "often", (observed, None, sentence), count, int((times > 0).sum()))


def _seen(judged: Judged, count: int) -> str:
    return judged.seen(count, judged.everybody)


def _claim(
    judged: Judged, kind: str, told: tuple[str, str | None, str], count: int, of: int
) -> tuple[float, Claim]:
    """Return the claim behind the share of others that it is ranked by."""
    others = max(count - judged.itself, 0)
    rank = _BY_CHANCE[kind] * max(others, _HALF) / max(of - judged.itself, 1)
    return rank, Claim(*told, count / max(judged.known.n, 1))
