"""The draws as tables."""

from collections.abc import Callable, Sequence

import numpy as np

from tests.bench.lawful.draws import Draw
from tests.bench.lawful.logs import PLANTED
from tests.bench.lawful.peers import PEERS
from tests.bench.results import table

Group = Callable[[Draw], str]
"""Names the group of draws that a row of a table is about."""


def found_by(draws: Sequence[Draw], group: Group, head: str) -> str:
    """Return a table: a row for each group and judge, the mean of the figures over its draws."""
    columns = ["draws", "found", *PLANTED, "mean rank", "minority, over its share"]
    columns += ["minority incidents", "best"]
    return _table(draws, group, [head, "judge", *columns], _figures)


def ranks_by(draws: Sequence[Draw], group: Group, head: str) -> str:
    """Return a table: a row for each group and judge, the mean rank of each kind of anomaly."""
    return _table(draws, group, [head, "judge", *PLANTED], _ranks)


def _table(
    draws: Sequence[Draw], group: Group, head: Sequence[str], told: Callable[..., list[str]]
) -> str:
    parts = dict.fromkeys((group(draw), _judge(draw)) for draw in draws)
    rows = [
        [*part, *told([draw for draw in draws if (group(draw), _judge(draw)) == part])]
        for part in parts
    ]
    return table(head, rows)


def _judge(draw: Draw) -> str:
    """Name the judge, and how many rows it searched if not all."""
    name = draw.key.judge
    most = PEERS[name].most if name in PEERS else None
    return f"{name} of {most:,} rows" if most and draw.key.rows > most else name


def _figures(draws: Sequence[Draw]) -> list[str]:
    outcomes = [draw.outcome for draw in draws]
    kinds = [np.mean([outcome.found[kind] for outcome in outcomes]) for kind in PLANTED]
    found = [f"{100 * share:.0f} %" for share in (np.mean(kinds), *kinds)]
    rank = np.mean([list(outcome.ranks.values()) for outcome in outcomes])
    over = [draw.outcome.minority / draw.key.share for draw in draws if draw.key.share]
    incidents = [o.minority_incidents for o in outcomes if o.minority_incidents is not None]
    best = np.mean([outcome.best for outcome in outcomes])
    return [str(len(draws)), *found, f"{rank:,.0f}", _mean(over), _mean(incidents), f"{best:.1f}"]


def _ranks(draws: Sequence[Draw]) -> list[str]:
    means = [np.mean([draw.outcome.ranks[kind] for draw in draws]) for kind in PLANTED]
    return [f"{mean:,.0f}" for mean in means]


def _mean(values: Sequence[float]) -> str:
    """Return the mean with one decimal; a dash for none."""
    return f"{np.mean(values):.1f}" if values else "–"
