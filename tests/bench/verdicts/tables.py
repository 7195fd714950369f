"""The figures of the later nights, a row for each oracle."""

from collections.abc import Mapping, Sequence

import numpy as np

from tests.bench.nights.tables import NONE, quiet_alarms
from tests.bench.results import table
from tests.bench.verdicts.measure import AnsweredNight, Oracle

SETTLING = 7
"""The first nights, which are answered and not counted."""

_HEAD = [
    "answers a night",
    "nights",
    "verdicts given",
    "mean average precision",
    "planted among alarms and leads",
    "planted among alarms",
    "alarms a quiet night (share of these nights with one)",
    "suppressed, of them planted",
]


def figures_table(outcomes: Mapping[Oracle, Sequence[AnsweredNight]]) -> str:
    """Return a table of the nights from the eighth on, those of all seeds together."""
    rows = []
    for answers, errs in dict.fromkeys((oracle.answers, oracle.errs) for oracle in outcomes):
        logs = [all_of for oracle, all_of in outcomes.items() if oracle[:2] == (answers, errs)]
        told = f"{answers}, one in five wrong" if errs else f"{answers}"
        nights = [night for one in logs for night in one[SETTLING:]]
        given = sum(night.answers for one in logs for night in one)
        rows.append([told, str(len(nights)), f"{given:,}", *figures(nights)])
    return table(_HEAD, rows)


def figures(nights: Sequence[AnsweredNight]) -> list[str]:
    """Return the figures of nights, in the order of the table."""
    suppressed = sum(night.suppressed for night in nights)
    hidden = sum(night.true_suppressed for night in nights)
    alarms = sum(night.night.alarms for night in nights)
    return [
        mean_precision(nights),
        share(sum(night.true_shown for night in nights), sum(night.shown for night in nights)),
        share(sum(night.night.true_alarms for night in nights), alarms),
        quiet_alarms([night.night for night in nights]),
        f"{suppressed:,}, {hidden:,}",
    ]


def mean_precision(nights: Sequence[AnsweredNight]) -> str:
    """Return the mean average precision of the nights with planted records."""
    known = [night.precision for night in nights if night.precision is not None]
    return f"{np.mean(known):.3f} ({len(known)} nights)" if known else NONE


def share(part: int, whole: int) -> str:
    """Return how many of how many, and their share.

    Examples
    --------
    >>> share(3, 12)
    '3 of 12 (25%)'
    """
    return f"{part:,} of {whole:,} ({part / whole:.0%})" if whole else NONE
