"""One trial in its process: score one set with one detector and one seed, and judge the scores.

Seconds count from the file of the set to its scores. Imports do not count.
"""

import argparse
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tests.bench.quality.cases import Case, chosen, find_cases, read_events, read_labels, units_of
from tests.bench.quality.detectors import OUTFIELD, PEERS
from tests.bench.quality.metrics import judged

ScoreUnits = Callable[[pa.Table, pa.Array], npt.NDArray[np.float64]]
"""Takes the events of a set and its units; gives the score of each unit."""


def measure(case: Case, detector: str, seed: int) -> dict[str, float]:
    """Score a set and judge the scores: the labels are read when they are there, not before."""
    score = _scorer(case, detector, seed)
    began = perf_counter()
    events = read_events(case)
    units = units_of(case, events)
    scores = score(events, units)
    seconds = perf_counter() - began
    labels = read_labels(case, units)
    counts = {"units": len(labels), "anomalies": int(labels.sum())}
    return {**judged(labels, scores), "seconds": seconds, **counts}


def _scorer(case: Case, detector: str, seed: int) -> ScoreUnits:
    if detector == OUTFIELD:
        # The peers need none of it, and some take the memory.
        from tests.bench.quality.outfield_job import score_events  # noqa: PLC0415

        def run_job(events: pa.Table, units: pa.Array) -> npt.NDArray[np.float64]:
            with TemporaryDirectory(prefix="bench-") as folder:
                return score_events(case, events, units, seed, Path(folder))

        return run_job
    from tests.bench.quality.features import vectorizer_of  # noqa: PLC0415 - nor outfield theirs

    np.random.seed(seed)  # noqa: NPY002 - for what a detector draws from the global generator
    peer = PEERS[detector]
    vectorize, score = vectorizer_of(case, peer.features), peer.load(seed)
    return lambda events, units: score(vectorize(case, events, units))


def main(tokens: Sequence[str] | None = None) -> None:
    """Measure what the tokens name; write the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("set")
    parser.add_argument("detector", choices=[OUTFIELD, *PEERS])
    parser.add_argument("result", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--rows", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    asked = parser.parse_args(tokens)
    (case,) = chosen(find_cases(asked.data, asked.rows), [asked.set])
    figures = measure(case, asked.detector, asked.seed)
    asked.result.write_text(json.dumps(figures), encoding="utf-8")


if __name__ == "__main__":
    main()
