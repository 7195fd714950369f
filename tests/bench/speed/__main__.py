"""The command line: `python -m tests.bench.speed`."""

import argparse
import os
import platform
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.results import OUTPUT, write
from tests.bench.speed.log import Kind
from tests.bench.speed.measure import measure
from tests.bench.speed.tables import page
from tests.bench.speed.trials import (
    FLOOR,
    OUTFIELD,
    PEERS,
    PREFECT,
    TEXT_PEER,
    Trial,
    known,
    run_trial,
)

_PEER_ROWS = (100_000, 1_000_000)
"""Sizes at which the peers are measured too."""


def main(tokens: Sequence[str] | None = None) -> int:
    """Measure, and write what was measured."""
    parser = _parser()
    asked = parser.parse_args(tokens)
    try:
        peers = known(asked.peers)
    except ValueError as error:
        parser.error(str(error))
    if asked.scratch is not None:
        asked.scratch.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="outfield-speed-", dir=asked.scratch) as scratch:
        trials = list(_measure(asked, peers, Path(scratch)))
    write(asked.output, page(trials, _terms(asked)), {"trials": [asdict(t) for t in trials]})
    if asked.picture:
        # Imported when all is measured: what this process holds, its children start from.
        from tests.bench.speed.picture import draw  # noqa: PLC0415

        draw([trial for trial in trials if trial.kind == "names"], asked.picture)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.speed", description=__doc__)
    add = parser.add_argument
    millions = "sizes of the log, in millions of events; alone for none (default 0.1 1 10 50)"
    add("--millions", type=float, nargs="*", default=[0.1, 1, 10, 50], help=millions)
    texts = "sizes of the log with texts, in millions; `--texts` alone for none (default 1 10)"
    add("--texts", type=float, nargs="*", default=[1, 10], help=texts)
    peers = f"peers, of {', '.join(PEERS)}; `--peers` alone for none (default all)"
    add("--peers", nargs="*", default=list(PEERS), help=peers)
    add("--prefect", action="store_true", help="measure the job through Prefect too")
    add("--limit", type=float, default=900, help="seconds for each run (default 900)")
    add("--times", type=int, default=1, help="runs of each, the fastest counts (default 1)")
    add("--scratch", type=Path, help="where logs and results are written, and removed")
    add("--output", type=Path, default=OUTPUT / "speed", help="where the tables are written")
    add("--picture", type=Path, help="where to draw the picture, a PNG file")
    return parser


def _measure(asked: argparse.Namespace, peers: Sequence[str], scratch: Path) -> Iterator[Trial]:
    log = scratch / "log.parquet"
    sizes: list[tuple[Kind, float]] = [("names", millions) for millions in asked.millions]
    for kind, millions in [*sizes, *(("texts", millions) for millions in asked.texts)]:
        rows = round(1e6 * millions)
        _make(log, rows, kind, scratch)
        names = [FLOOR, OUTFIELD, *([PREFECT] if asked.prefect else [])]
        if rows in _PEER_ROWS:
            names += peers if kind == "names" else [TEXT_PEER]
        for name in names:
            trial = run_trial(name, log, rows, scratch / "out", (asked.limit, asked.times))
            print(_in_a_line(trial), file=sys.stderr, flush=True)
            yield replace(trial, kind=kind)


def _make(log: Path, rows: int, kind: Kind, scratch: Path) -> None:
    """Write a log in a process of its own: a child's peak memory starts from its parent's."""
    command = [sys.executable, "-m", "tests.bench.speed.log", str(log), str(rows), kind]
    made = measure(command, 3600, scratch)
    if made.failed:
        raise RuntimeError(f"no log of {rows:,} events: {made.failed}")


def _in_a_line(trial: Trial) -> str:
    measured = trial.measured
    what = measured.failed or f"{measured.seconds:.1f} s, {trial.rows_per_second:,.0f} events/s"
    return f"{trial.rows:,} events, {trial.name}: {what}, {measured.peak_mib:,.0f} MiB"


def _terms(asked: argparse.Namespace) -> list[str]:
    packages = ("outfield", "numpy", "pyarrow", "scikit-learn")
    return [
        "Each program as a process of its own, from its start to its end; the log is generated"
        " (nine columns of the sample log's shape) and lies in the file system's cache.",
        "The log with texts has seven of these columns, a message of eight words and a URL; both"
        " hardly repeat. The script hashes their words and reduces them by a truncated SVD.",
        f"{os.cpu_count()} cores, Python {platform.python_version()}, "
        + ", ".join(f"{name} {version(name)}" for name in packages)
        + f"; the fastest of {asked.times} runs, each within {asked.limit:g} s.",
        "The floor reads the log and writes it again with pyarrow. Memory is that of the largest"
        " process.",
    ]


if __name__ == "__main__":
    sys.exit(main())
