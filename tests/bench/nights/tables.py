"""The draws as tables: a column a judge, a row a figure; and the alert logs night by night."""

from collections.abc import Callable, Sequence

import numpy as np

from schemas.shortening import shortened
from tests.bench.nights.draws import Draw
from tests.bench.nights.logs import ALERTS, CARDS, HISTORY, SAMPLES, UNLABELLED
from tests.bench.nights.measure import FIRST, OUTFIELD, Night
from tests.bench.nights.planting import INCIDENT
from tests.bench.results import table

NONE = "–"
_TITLE = 70
"""Characters of a title that are shown."""

Nights = Sequence[Night]
Figure = Callable[[Nights], str]


def figures_table(draws: Sequence[Draw]) -> str:
    """Return a table with the figures of each judge, for the logs that were judged."""
    judges = list(dict.fromkeys(draw.key.judge for draw in draws))
    names = list(dict.fromkeys(draw.key.log.name for draw in draws))
    rows = []
    for told, logs, figure in _figures():
        if set(logs) & set(names):
            cells = [figure(counted(_of(draws, judge, logs))) for judge in judges]
            rows.append([told, *cells])
    return table(["after two nights of history", *judges], rows)


def _figures() -> list[tuple[str, Sequence[str], Figure]]:
    """List the rows of the table: what it is, of which logs, and how it is taken."""
    quiet = "alarms a quiet night (share of these nights with one)"
    rows: list[tuple[str, Sequence[str], Figure]] = [
        ("attacked nights with an alarm that holds the attack", ALERTS, attacks_alarmed),
        ("median rank of the first incident (of a peer: row) of the attack", ALERTS, median_rank),
        (f"{quiet}, alert logs", ALERTS, quiet_alarms),
        *((f"{quiet}, {name}", [name], quiet_alarms) for name in (*UNLABELLED, *SAMPLES)),
        *((f"{name}: planted nights with an alarm that holds it", [name], attacks_alarmed)
          for name in SAMPLES),
        ("planted in real quiet nights, single odd values: found as alarm",
         (*ALERTS, *UNLABELLED), lambda nights: planted_found(nights, single=True)),
        ("planted in real quiet nights, several at once: found as alarm",
         (*ALERTS, *UNLABELLED), lambda nights: planted_found(nights, single=False)),
        (f"{CARDS}: fraud among the first {FIRST} rows of a day", [CARDS], fraud_among_first),
        *((f"{name}: false among the rows that the rule selects", [name], false_discoveries)
          for name in SAMPLES),
    ]  # fmt: skip
    return rows


def counted(draws: Sequence[Draw]) -> list[Night]:
    """Return the nights that have two before them.

    A peer does not judge the first night, which has no night before it.
    """
    return [night for draw in draws for night in draw.nights[HISTORY - _skipped(draw) :]]


def _skipped(draw: Draw) -> int:
    return 0 if draw.key.judge.startswith(OUTFIELD) else 1


def _of(draws: Sequence[Draw], judge: str, logs: Sequence[str]) -> list[Draw]:
    return [draw for draw in draws if draw.key.judge == judge and draw.key.log.name in logs]


# --- the figures -----------------------------------------------------------------------------


def attacks_alarmed(nights: Nights) -> str:
    """Count the nights with events that do not belong, and those where an alarm holds one."""
    attacked = [night for night in nights if night.true]
    return f"{sum(night.true_alarms > 0 for night in attacked)} of {len(attacked)}"


def median_rank(nights: Nights) -> str:
    """Return the median rank of the first true incident; one that is in none counts as last."""
    ranks = [np.inf if night.rank is None else night.rank for night in nights if night.true]
    if not ranks:
        return NONE
    median = float(np.median(ranks))
    return f"{median:,g}" if np.isfinite(median) else "in none"


def quiet_alarms(nights: Nights) -> str:
    """Return the mean alarms of the nights without such events, and the share that has one."""
    alarms = [night.alarms for night in nights if not night.true]
    if not alarms:
        return NONE
    return f"{np.mean(alarms):.2f} ({np.mean(np.array(alarms) > 0):.0%} of {len(alarms)})"


def planted_found(nights: Nights, *, single: bool) -> str:
    """Return the share of the planted kinds that an alarm holds: single values, or incidents."""
    found = [
        alarmed
        for night in nights
        for kind, alarmed in night.planted.items()
        if (kind != INCIDENT) == single
    ]
    return f"{np.mean(found):.0%} of {len(found)}" if found else NONE


def fraud_among_first(nights: Nights) -> str:
    """Return the mean of the true rows among the first twenty of a night."""
    return f"{np.mean([night.first for night in nights]):.1f}" if nights else NONE


def false_discoveries(nights: Nights) -> str:
    """Return the mean share of ordinary rows among the selected, 0 where none is; and how many."""
    pairs = [(n.selected_false, n.selected) for n in nights if n.selected is not None]
    if not pairs:
        return NONE
    selected = sum(rows for _, rows in pairs)
    share = np.mean([false / max(rows, 1) for false, rows in pairs])
    return f"{share:.0%} ({selected:,} rows)" if selected else "none selected"


# --- other tables ----------------------------------------------------------------------------


def planted_table(draws: Sequence[Draw]) -> str:
    """Return the share of each planted kind that is found as an alarm."""
    judges = list(dict.fromkeys(draw.key.judge for draw in draws))
    pairs = [(draw.key, kind) for draw in draws for night in draw.nights for kind in night.planted]
    rows = []
    for name, kind in dict.fromkeys((key.log.name, kind) for key, kind in pairs):
        cells = [_kind_found(_of(draws, judge, [name]), kind) for judge in judges]
        rows.append([f"{name}, {kind}", *cells])
    return table(["log, planted", *judges], rows)


def _kind_found(draws: Sequence[Draw], kind: str) -> str:
    nights = [night for draw in draws for night in draw.nights if kind in night.planted]
    found = [night.planted[kind] for night in nights]
    return f"{sum(found)} of {len(found)}" if found else NONE


def night_table(draws: Sequence[Draw]) -> str:
    """Return a row for each night of the alert logs, as outfield judges it."""
    head = ["log, night", "rows", "known", "alarms", "true alarms", "attacked rows"]
    head += ["rank of the attack", "recurrence", "first incident"]
    rows = [
        [
            f"{draw.key.log.name}, {night.date}",
            f"{night.rows:,}",
            str(night.known),
            str(night.alarms),
            str(night.true_alarms),
            str(night.true or NONE),
            str(night.rank or NONE),
            NONE if night.recurrence is None else f"{night.recurrence:.1f}",
            _cell(night.title),
        ]
        for draw in _of(draws, OUTFIELD, ALERTS)
        for night in draw.nights
    ]
    return table(head, rows)


def _cell(title: str) -> str:
    """Cut a title to fit a cell; a bar would end it."""
    return shortened(title, _TITLE).replace("|", "\\|")
