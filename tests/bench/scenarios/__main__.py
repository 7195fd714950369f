"""The command line of the benchmark of scenarios."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from tests.bench.processes import in_processes
from tests.bench.results import OUTPUT, positive, write
from tests.bench.scenarios.draws import Draw, control_of, draw_of, write_log
from tests.bench.scenarios.measure import Outcome, judge
from tests.bench.scenarios.scenarios import AGAIN, FOUND, LAWFUL, NAMED, SCENARIOS
from tests.bench.scenarios.tables import (
    Outcomes,
    about,
    by_scenario,
    found_table,
    lawful_table,
    totals,
)


def main(tokens: Sequence[str] | None = None) -> None:
    """Judge the log of each scenario and seed and their controls, then write the tables."""
    asked = _parser().parse_args(tokens)
    draws = draws_of(asked.only, asked.seeds, history=asked.history)
    if asked.write:
        for draw in draws:
            write_log(draw, asked.write)
        return
    outcomes: dict[Draw, Outcome] = {}
    for draw, outcome in in_processes(judge, draws, asked.jobs):
        outcomes[draw] = outcome
        print(f"[{len(outcomes)}/{len(draws)}] {in_a_line(draw, outcome)}", file=sys.stderr,
              flush=True)  # fmt: skip
    in_order = {draw: outcomes[draw] for draw in draws}
    write(asked.output, page(in_order, history=asked.history), {"draws": documents(in_order)})


def _parser() -> argparse.ArgumentParser:
    asks = "Is what happens over time found, and is the true cause named?"
    options = argparse.ArgumentParser(prog="python -m tests.bench.scenarios", description=asks)
    add = options.add_argument
    add("--only", nargs="+", default=list(SCENARIOS), choices=SCENARIOS, metavar="SCENARIO",
        help=", ".join(SCENARIOS))  # fmt: skip
    add("--seeds", type=positive, default=5, help="how many draws of each log (default 5)")
    add("--history", action="store_true",
        help="judge the last day by the days before it; else all days are one batch")  # fmt: skip
    add("--jobs", type=positive, default=1, help="logs at a time, one thread each (default 1)")
    add("--write", type=Path, metavar="FOLDER", help="write the logs there, and judge none")
    add("--output", type=Path, default=OUTPUT / "scenarios", help="where to write")
    return options


def draws_of(names: Sequence[str], seeds: int, *, history: bool) -> list[Draw]:
    """List the logs to judge: of each seed the controls, each once, then the scenarios."""
    listed: dict[Draw, None] = {}
    for seed in range(seeds):
        planted = [draw_of(SCENARIOS[name], seed, history=history) for name in names]
        listed |= dict.fromkeys([*map(control_of, planted), *planted])
    return list(listed)


def in_a_line(draw: Draw, outcome: Outcome) -> str:
    """Say what became of a log."""
    name = f"{draw.scenario or f'control, {draw.base}'}, seed {draw.seed}"
    if not draw.scenario or SCENARIOS[draw.scenario].lawful:
        return f"{name}: {outcome.grave} incidents above low, {outcome.findings} findings"
    told = "told" if outcome.told else "not told"
    return f"{name}: rank {outcome.rank}, {told}: {outcome.reason}"


def documents(outcomes: Outcomes) -> list[dict[str, object]]:
    """Return the outcomes as they are written to JSON."""
    return [{"draw": draw._asdict(), "outcome": asdict(each)} for draw, each in outcomes.items()]


def page(outcomes: Outcomes, *, history: bool) -> str:
    """Return the page of the results."""
    parts = ["# What happens over time", about(history=history)]
    if by_scenario(outcomes, FOUND, lawful=False):
        parts += ["## What must be found", found_table(outcomes), totals(outcomes)]
    if by_scenario(outcomes, LAWFUL, lawful=True):
        parts += ["## What is lawful", lawful_table(outcomes)]
    if by_scenario(outcomes, NAMED, lawful=False):
        parts += ["## What must be found beside a named payday", found_table(outcomes, NAMED)]
    if by_scenario(outcomes, NAMED, lawful=True):
        parts += ["## What a name makes ordinary", lawful_table(outcomes, NAMED)]
    if by_scenario(outcomes, AGAIN, lawful=False):
        parts += ["## What must be found on two days", found_table(outcomes, AGAIN)]
    return "\n\n".join(parts)


if __name__ == "__main__":
    main()
