"""Runs trials, each in a process of its own with a time limit, and keeps what comes of them."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.quality.outfield_job import ROOT
from tests.bench.quality.trials import Result, ResultStore, Trial, result_of

_THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "LOKY_MAX_CPU_COUNT",
    "OUTFIELD_WORKERS",
)
ONE_THREAD = dict.fromkeys(_THREADS, "1")
"""Every detector has one core: seconds are comparable, and `jobs` share a machine fairly."""

_LONGEST_REASON = 300
_BY_HAND = (-signal.SIGINT, -signal.SIGTERM)


@dataclass(frozen=True)
class Terms:
    """Under which terms trials are run."""

    data: Path
    rows: int
    """The most rows of a table, as the cases were found with."""
    limit: float
    """Seconds for each trial."""
    jobs: int
    """Trials at a time."""


def run_trials(
    trials: Sequence[Trial], store: ResultStore, terms: Terms, tell: Callable[[str], None]
) -> int:
    """Run those trials that have no result yet; return how many there were."""
    due = [trial for trial in trials if store.find(trial, terms.limit) is None]
    for n, result in enumerate(_run_all(due, terms), start=1):
        store.put(result)
        tell(f"[{n}/{len(due)}] {_in_a_line(result)}")
    return len(due)


def _run_all(due: Sequence[Trial], terms: Terms) -> Iterator[Result]:
    with ThreadPoolExecutor(terms.jobs) as pool:
        running = [pool.submit(_run, trial, terms) for trial in due]
        try:
            for done in as_completed(running):
                yield done.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _run(trial: Trial, terms: Terms) -> Result:
    with TemporaryDirectory(prefix="bench-") as folder:
        answer = Path(folder) / "figures.json"
        words = [trial.case.name, trial.detector, str(answer), "--data", str(terms.data.resolve())]
        words += ["--rows", str(terms.rows), "--seed", str(trial.seed)]
        try:
            ended = subprocess.run(  # noqa: S603 - our own module, on names of sets that were found
                [sys.executable, "-m", "tests.bench.quality.measure", *words],
                cwd=ROOT,
                env=os.environ | ONE_THREAD,
                timeout=terms.limit,
                capture_output=True,
                text=True,
                check=False,
            )
        except subprocess.TimeoutExpired:
            reason = f"no result in {terms.limit:g} s"
            return result_of(trial, terms.limit, "timeout", reason)
        if ended.returncode in _BY_HAND:
            raise KeyboardInterrupt
        if ended.returncode:
            return result_of(trial, terms.limit, "failed", _reason(ended))
        figures = json.loads(answer.read_text(encoding="utf-8"))
    return result_of(trial, terms.limit, "done", "", **figures)


def _reason(ended: subprocess.CompletedProcess[str]) -> str:
    if ended.returncode < 0:
        return f"ended by signal {-ended.returncode}"
    said = ended.stderr.strip().splitlines()
    return said[-1][:_LONGEST_REASON] if said else f"exit code {ended.returncode}"


def _in_a_line(result: Result) -> str:
    what = f"{result.set} {result.detector} seed {result.seed}: "
    if result.status != "done":
        return f"{what}– ({result.reason})"
    return f"{what}AP {result.ap:.3f}, AUROC {result.auroc:.3f}, {result.seconds:.1f} s"
