"""The command line of the benchmark of nights."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from tests.bench.labelled import DATA
from tests.bench.nights.draws import JUDGES, Draw, DrawStore, Key, run_draws
from tests.bench.nights.logs import ALERTS, LOGS, NIGHTS, ROWS, SAMPLES, Drawn
from tests.bench.nights.measure import OUTFIELD
from tests.bench.nights.tables import figures_table, night_table, planted_table
from tests.bench.results import OUTPUT, positive, write


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

    run_draws(due, asked.data, asked.jobs, put)
    draws = [known[key] for key in keys]
    write(asked.output, page(draws), {"draws": [asdict(draw) for draw in draws]})


def _parser() -> argparse.ArgumentParser:
    about = "What does a scheduled job say of a night, when it knows the nights before?"
    options = argparse.ArgumentParser(prog="python -m tests.bench.nights", description=about)
    add = options.add_argument
    add("--only", nargs="+", default=list(LOGS), choices=LOGS, metavar="LOG", help=", ".join(LOGS))
    add("--judges", nargs="+", default=list(JUDGES), choices=JUDGES, metavar="JUDGE",
        help=", ".join(JUDGES))  # fmt: skip
    add("--seeds", type=positive, default=3, help="how many draws of the generated logs")
    add("--rows", type=positive, default=ROWS, help=f"of a generated log of {NIGHTS} nights")
    add("--jobs", type=positive, default=2, help="logs at a time, one thread each (default 2)")
    add("--data", type=Path, default=DATA, help="the folder of the sets")
    add("--output", type=Path, default=OUTPUT / "nights", help="where to write")
    return options


def _keys(asked: argparse.Namespace) -> list[Key]:
    """List the draws, the generated logs first: they take longest."""
    generated = [Drawn(n, seed, asked.rows) for n in SAMPLES for seed in range(asked.seeds)]
    logs = [drawn for drawn in generated if drawn.name in asked.only]
    logs += [Drawn(name) for name in LOGS if name in asked.only and name not in SAMPLES]
    return [Key(judge, drawn) for judge in asked.judges for drawn in logs]


def _in_a_line(key: Key) -> str:
    return f"{key.log.name}, seed {key.log.seed}: {key.judge}"


def page(draws: Sequence[Draw]) -> str:
    """Return the page of the results."""
    parts = [
        "# Night by night",
        "An alarm of outfield is an incident. Where it judges each night alone, that is a new one"
        " of at least high severity. A peer is fitted on the night before, and its alarm is a row"
        " above the best score of all nights before. Quiet nights hold no event that does not"
        " belong. The third night of a log has no alarm of outfield's, as it is held against no"
        " night. The generated logs have their incidents on some nights, and the like of an"
        " incident may have been there before.",
        figures_table(draws),
    ]
    if any(night.planted for draw in draws for night in draw.nights):
        parts += ["## Planted in real quiet nights", planted_table(draws)]
    if any(draw.key.judge == OUTFIELD and draw.key.log.name in ALERTS for draw in draws):
        parts += ["## The alert logs as outfield judges them", night_table(draws)]
    return "\n\n".join(parts)


if __name__ == "__main__":
    main()
