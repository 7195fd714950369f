"""The command line: `python -m tests.bench.lawful`."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict
from itertools import product

from tests.bench.lawful.draws import Draw, DrawStore, Key, run_draws
from tests.bench.lawful.logs import MINORITIES
from tests.bench.lawful.peers import AMONG, PEERS
from tests.bench.lawful.tables import found_by, ranks_by
from tests.bench.quality.detectors import OUTFIELD
from tests.bench.results import parser, positive, write

SHARES = (0.0, 0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.06, 0.08, 0.12, 0.2)
ROWS = (8_000,)


def main(tokens: Sequence[str] | None = None) -> None:
    """Run what has no result yet, then write the tables of all that was asked for."""
    asked = _parser().parse_args(tokens)
    keys = _keys(asked)
    store = DrawStore(asked.output / "draws.jsonl")
    known = store.find(keys)
    due = [key for key in keys if key not in known]
    print(f"{len(due)} draws to run, {len(known)} kept from before", file=sys.stderr)

    def put(draw: Draw) -> None:
        store.put(draw)
        known[draw.key] = draw
        print(f"[{len(known)}/{len(keys)}] {_in_a_line(draw.key)}", file=sys.stderr, flush=True)

    run_draws(due, asked.jobs, put)
    draws = [known[key] for key in keys]
    write(asked.output, _page(draws), {"draws": [asdict(draw) for draw in draws]})


def _parser() -> argparse.ArgumentParser:
    options = parser("lawful", "Are ordinary minorities ordinary?", (), seeds=2)
    add = options.add_argument
    add("--minorities", nargs="+", default=list(MINORITIES), choices=MINORITIES)
    add("--shares", nargs="+", type=float, default=list(SHARES))
    add("--rows", nargs="+", type=positive, default=list(ROWS), help="sizes of the logs")
    add("--peers", action="store_true", help=f"{', '.join(PEERS)} too")
    add("--jobs", type=positive, default=1, help="logs at a time, one thread each (default 1)")
    return options


def _keys(asked: argparse.Namespace) -> list[Key]:
    """List the draws: all judges on a log, then the next log."""
    judges = [OUTFIELD, *PEERS] if asked.peers else [OUTFIELD]
    logs = product(asked.rows, asked.minorities, asked.shares, range(asked.seeds), judges)
    return [Key(judge, minority, share, n, seed) for n, minority, share, seed, judge in logs]


def _in_a_line(key: Key) -> str:
    return f"{key.minority} {key.share:g} of {key.rows} rows, seed {key.seed}: {key.judge}"


def _share(draw: Draw) -> str:
    return f"{100 * draw.key.share:g} %"


def band_of(share: float) -> str:
    """Name the band of a minority's share.

    Examples
    --------
    >>> [band_of(share) for share in (0.0, 0.002, 0.005, 0.05, 0.06)]
    ['none', 'below 0.5 %', '0.5 to 5 %', '0.5 to 5 %', 'above 5 %']
    """
    if share == 0:
        return "none"
    return "below 0.5 %" if share < 0.005 else "0.5 to 5 %" if share <= 0.05 else "above 5 %"


def _page(draws: Sequence[Draw]) -> str:
    parts = [
        "# Are ordinary minorities ordinary?",
        "Found: of the planted events, those among the first ten incidents; of a peer, among its"
        " first ten rows. The mean rank is among all rows, over all planted events. The minority's"
        " share is that of the findings, or of a peer's first"
        f" {AMONG} rows, over its share of all rows. Minority incidents: among the first ten, those"
        " most of whose findings are of the minority; a peer makes none.",
        found_by(draws, lambda draw: band_of(draw.key.share), "share"),
        found_by(draws, _share, "share"),
        found_by(draws, lambda draw: draw.key.minority, "minority"),
        found_by(draws, lambda draw: f"{draw.key.rows:,}", "rows"),
        "The mean rank of each planted event:",
        ranks_by(draws, _share, "share"),
    ]
    return "\n\n".join(parts)


if __name__ == "__main__":
    main()
