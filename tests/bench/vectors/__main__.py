"""The command line: `python -m tests.bench.vectors`."""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from tests.bench.results import OUTPUT, table, write
from tests.bench.vectors.embedded import write_vectors
from tests.bench.vectors.stores import STORES
from tests.bench.vectors.trials import Trial, queries, tenth_nearest


def main(tokens: Sequence[str] | None = None) -> int:
    """Measure, and write what was measured."""
    asked = _parser().parse_args(tokens)
    if asked.scratch is not None:
        asked.scratch.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="outfield-vectors-", dir=asked.scratch) as scratch:
        trials = list(_measure(asked, Path(scratch)))
    write(asked.output, page(trials), {"trials": [asdict(trial) for trial in trials]})
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.vectors", description=__doc__)
    add = parser.add_argument
    add("--millions", type=float, nargs="+", default=[1], help="millions of vectors (default 1)")
    add("--stores", nargs="+", default=list(STORES), choices=list(STORES), metavar="STORE")
    add("--queries", type=int, default=100, help="queries of each store (default 100)")
    add("--limit", type=float, default=900, help="seconds for each store (default 900)")
    add("--scratch", type=Path, help="where vectors and stores are written, and removed")
    add("--output", type=Path, default=OUTPUT / "vectors", help="where the table is written")
    return parser


def _measure(asked: argparse.Namespace, scratch: Path) -> Iterator[Trial]:
    for millions in asked.millions:
        vectors = scratch / "vectors.npy"
        write_vectors(vectors, round(1e6 * millions))
        X = np.load(vectors, mmap_mode="r")
        wanted = queries(X, asked.queries)
        np.savez(vectors.with_suffix(".truth.npz"), asked=wanted, far=tenth_nearest(X, wanted))
        for store in asked.stores:
            command = [sys.executable, "-m", "tests.bench.vectors.trials", store, str(vectors)]
            command += [str(scratch / "store"), str(asked.queries)]
            try:
                done = subprocess.run(  # noqa: S603 - our own module
                    command, capture_output=True, text=True, timeout=asked.limit, check=True
                )
            except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
                print(f"{store}: {error}", file=sys.stderr)
                continue
            yield Trial(**json.loads(done.stdout.splitlines()[-1]))
            print(done.stdout.splitlines()[-1], file=sys.stderr, flush=True)


def page(trials: Sequence[Trial]) -> str:
    """Write the figures as a table, the fastest store first."""
    head = ["store", "vectors", "build s", "of it CPU s", "MB", "open s", "recall@10", "median ms"]
    rows = [
        [
            each.store,
            f"{each.vectors:,}",
            f"{each.build_seconds:.1f}",
            f"{each.build_cpu:.1f}",
            f"{each.megabytes:,.0f}",
            f"{each.open_seconds:.2f}",
            f"{each.recall:.3f}",
            f"{each.median_ms:.1f}",
            f"{each.slow_ms:.1f}",
            f"{each.query_cpu_ms:.1f}",
            f"{each.peak_mib:,.0f}",
        ]
        for each in sorted(trials, key=lambda trial: (trial.vectors, trial.query_cpu_ms))
    ]
    return "# Vector stores\n\n" + table([*head, "95 % ms", "CPU ms", "peak MiB"], rows)


if __name__ == "__main__":
    sys.exit(main())
