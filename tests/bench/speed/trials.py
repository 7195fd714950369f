"""The trials of the benchmark: each program on each log, and its outcome."""

import json
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench.speed.log import Kind
from tests.bench.speed.measure import Measured, measure

OUTFIELD, FLOOR, PREFECT = "outfield", "floor", "outfield, through Prefect"
PEERS = ("lean", "pyod-iforest", "pyod-ecod", "pyod-knn")
"""Programs of `contenders` that do the same job otherwise."""
TEXT_PEER = "lean-text"
"""The one that is measured on the log with texts."""


@dataclass(frozen=True)
class Trial:
    """A program's fastest run on a log of so many rows."""

    name: str
    rows: int
    measured: Measured
    steps: dict[str, float] = field(default_factory=dict)
    """Seconds of each step, where it is outfield's."""
    kind: Kind = "names"
    """What the log holds."""

    @property
    def rows_per_second(self) -> float:
        """Return the events that it takes in a second, start-up included."""
        return self.rows / self.measured.seconds


def run_trial(name: str, log: Path, rows: int, folder: Path, limits: tuple[float, int]) -> Trial:
    """Run a program on a log so many times, and keep the fastest run.

    Parameters
    ----------
    name
        `outfield`, `floor`, one of `PEERS`, or `outfield, through Prefect`.
    log, rows
        The log, and how many rows it has.
    folder
        Where it may write; emptied before each run.
    limits
        The seconds of a run, and how many runs there are.
    """
    seconds, times = limits
    trials = [_run_once(name, log, rows, folder, seconds) for _ in range(times)]
    return min(trials, key=lambda trial: (bool(trial.measured.failed), trial.measured.seconds))


def _run_once(name: str, log: Path, rows: int, folder: Path, limit: float) -> Trial:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    measured = measure(_command(name, log, folder), limit, folder)
    manifests = list(folder.glob("*/runs/*/manifest.json"))
    steps = json.loads(manifests[0].read_text())["seconds"] if manifests else {}
    return Trial(name, rows, measured, steps)


def _command(name: str, log: Path, folder: Path) -> Sequence[str]:
    if name in (OUTFIELD, PREFECT):
        outfield = str(Path(sys.executable).with_name("outfield"))
        program = [outfield, "detect", str(log), "--output", str(folder)]
        return [*program, "--direct"] if name == OUTFIELD else program
    module = [sys.executable, "-m", "tests.bench.speed.contenders"]
    return [*module, name, str(log), str(folder / "out.parquet")]


def known(names: Sequence[str]) -> list[str]:
    """Check the names of peers.

    Raises
    ------
    ValueError
        There is no such peer.
    """
    unknown = set(names) - set(PEERS)
    if unknown:
        raise ValueError(f"no peer {', '.join(sorted(unknown))}; there are {', '.join(PEERS)}")
    return list(names)
