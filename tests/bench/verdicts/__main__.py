"""The command line of the benchmark of verdicts."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

from tests.bench.labelled import DATA
from tests.bench.nights.logs import NIGHTS, Drawn
from tests.bench.processes import in_processes
from tests.bench.results import OUTPUT, positive, write
from tests.bench.verdicts.measure import AnsweredNight, Oracle, judge_and_answer
from tests.bench.verdicts.tables import SETTLING, figures, figures_table

LOG = "sample"
ANSWERS = (0, 3, 10)
ROWS = 60_000


def main(tokens: Sequence[str] | None = None) -> None:
    """Judge and answer the nights of each oracle, then write the table."""
    asked = _parser().parse_args(tokens)
    oracles = oracles_of(asked.answers, asked.seeds, asked.rows)
    outcomes: dict[Oracle, list[AnsweredNight]] = {}
    work = partial(judge_and_answer, data=asked.data)
    for oracle, nights in in_processes(work, oracles, asked.jobs):
        outcomes[oracle] = nights
        told = "; ".join(figures(nights[SETTLING:]))
        print(f"[{len(outcomes)}/{len(oracles)}] {_in_a_line(oracle)}: {told}",
              file=sys.stderr, flush=True)  # fmt: skip
    in_order = {oracle: outcomes[oracle] for oracle in oracles}
    write(asked.output, page(in_order), {"draws": _documents(in_order)})


def _parser() -> argparse.ArgumentParser:
    about = "What do verdicts on the nights before gain?"
    options = argparse.ArgumentParser(prog="python -m tests.bench.verdicts", description=about)
    add = options.add_argument
    add("--answers", nargs="+", type=_count, default=list(ANSWERS), metavar="K",
        help="incidents that are answered after each night (default 0 3 10)")  # fmt: skip
    add("--seeds", type=positive, default=1, help="how many draws of the generated log")
    add("--rows", type=positive, default=ROWS, help=f"of a log of {NIGHTS} nights")
    add("--jobs", type=positive, default=2, help="logs at a time, one thread each (default 2)")
    add("--data", type=Path, default=DATA, help="the folder of the sets; none is read")
    add("--output", type=Path, default=OUTPUT / "verdicts", help="where to write")
    return options


def _count(text: str) -> int:
    return 0 if text == "0" else positive(text)


def oracles_of(answers: Sequence[int], seeds: int, rows: int) -> list[Oracle]:
    """List the oracles that are always right, then one that errs in the most answers."""
    logs = [Drawn(LOG, seed, rows) for seed in range(seeds)]
    most = max(answers)
    asked = [(number, False) for number in dict.fromkeys(answers)] + [(most, True)] * (most > 0)
    return [Oracle(number, errs, log) for number, errs in asked for log in logs]


def _in_a_line(oracle: Oracle) -> str:
    erring = ", one in five wrong" if oracle.errs else ""
    return f"{oracle.answers} answers a night{erring}, seed {oracle.log.seed}"


def _documents(outcomes: Mapping[Oracle, Sequence[AnsweredNight]]) -> list[dict[str, object]]:
    return [
        {"oracle": oracle._asdict(), "nights": [asdict(night) for night in nights]}
        for oracle, nights in outcomes.items()
    ]


def page(outcomes: Mapping[Oracle, Sequence[AnsweredNight]]) -> str:
    """Return the page of the results."""
    about = (
        "Nights of the sample generator, judged in order in one output folder. Before the next"
        " night an oracle answers the first incidents that were shown, with the scope `this`. It"
        " calls malicious what holds a planted record, and else benign. Nights count from the"
        f" {SETTLING + 1}th on. Average precision is that of the shown incidents in their order,"
        " then the unshown ones, on nights with planted records. Suppressed incidents count as"
        " never found."
    )
    return f"# What verdicts are worth\n\n{about}\n\n{figures_table(outcomes)}"


if __name__ == "__main__":
    main()
