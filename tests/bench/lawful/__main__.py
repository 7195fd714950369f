"""Runs the benchmark and writes its tables."""

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from tests.bench.lawful.logs import MINORITIES, PLANTED, make_log
from tests.bench.lawful.measure import PEERS, Found, judge, judge_by_peer
from tests.bench.results import parser, table, write

SHARES = (0.0, 0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.06, 0.08, 0.12, 0.2)
ROWS = (8_000,)


@dataclass(frozen=True)
class Draw:
    """The outcome of one judge on one log."""

    judge: str
    minority: str
    share: float
    rows: int
    seed: int
    outcome: Found


def by(draws: Sequence[Draw], key: Callable[[Draw], object], head: str) -> str:
    """Return a table: a row for each value of `key` and judge, the mean of the figures over it."""
    columns = [
        head,
        "judge",
        "draws",
        "found",
        *PLANTED,
        "minority, over its share",
        "best",
    ]
    rows = []
    for value, judged_by in dict.fromkeys((key(draw), draw.judge) for draw in draws):
        of = [draw for draw in draws if (key(draw), draw.judge) == (value, judged_by)]
        kinds = [np.mean([draw.outcome.found[kind] for draw in of]) for kind in PLANTED]
        over = [draw.outcome.minority / draw.share for draw in of if draw.share]
        best = float(np.mean([draw.outcome.best for draw in of]))
        figures = [f"{100 * share:.0f} %" for share in (np.mean(kinds), *kinds)]
        told = f"{np.mean(over):.1f}" if over else "–"
        rows.append([str(value), judged_by, str(len(of)), *figures, told, f"{best:.1f}"])
    return table(columns, rows)


def draws_of(
    minorities: Sequence[str],
    shares: Sequence[float],
    sizes: Sequence[int],
    seeds: int,
    peers: Sequence[str],
) -> Iterator[Draw]:
    """Judge each log of the design by outfield, and by each of the peers."""
    for rows in sizes:
        for minority in minorities:
            for share in shares:
                for seed in range(seeds):
                    log = make_log(minority, share, rows, seed)
                    at = (minority, share, rows, seed)
                    yield Draw("outfield", *at, judge(log, seed))
                    for peer in peers:
                        yield Draw(peer, *at, judge_by_peer(peer, log, seed))
            print(f"{minority}, {rows} rows", file=sys.stderr)


def main() -> None:
    """Run the benchmark and write what it found."""
    options = parser("lawful", "Are ordinary minorities ordinary?", (), seeds=2)
    options.add_argument("--minorities", nargs="+", default=list(MINORITIES), choices=MINORITIES)
    options.add_argument("--shares", nargs="+", type=float, default=list(SHARES))
    options.add_argument("--rows", nargs="+", type=int, default=list(ROWS))
    options.add_argument("--peers", action="store_true", help="Isolation Forest, ECOD and kNN too")
    given = options.parse_args()
    peers = tuple(PEERS) if given.peers else ()
    draws = list(draws_of(given.minorities, given.shares, given.rows, given.seeds, peers))
    page = "\n\n".join(
        [
            "# Are ordinary minorities ordinary?",
            "Found: of the planted events, those among the first ten incidents; of a peer, among"
            " its first ten rows.",
            by(draws, lambda draw: f"{100 * draw.share:g} %", "share"),
            by(draws, lambda draw: draw.minority, "minority"),
            by(draws, lambda draw: draw.rows, "rows"),
        ]
    )
    write(given.output, page, {"draws": [vars(d) | {"outcome": vars(d.outcome)} for d in draws]})


if __name__ == "__main__":
    main()
