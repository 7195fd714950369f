"""Judging a log with a lawful minority by outfield's default job."""

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq

from flows.pipelines.detect import detect_events
from flows.runtime.runner import DirectRunner
from flows.runtime.settings import Settings
from flows.storage.runs.reader import PublishedRun, read_findings, read_incidents, read_scores
from schemas.job.job import build_job
from tests.bench.lawful.logs import LawfulLog

FIRST = 10
"""Incidents, or rows of a peer, among which an anomaly counts as found."""


@dataclass(frozen=True)
class Found:
    """The outcome of one judge on one log."""

    found: dict[str, bool]
    """Kind of anomaly -> whether it is among the first ten."""
    ranks: dict[str, int]
    """Kind of anomaly -> the rank of its score among all rows, from 1 on."""
    minority: float
    """Share of the findings, or of a peer's first hundred, that are of the minority."""
    minority_incidents: int | None
    """Among the first ten, the incidents most of whose findings are of the minority.

    None for a peer, which makes no incidents."""
    best: float
    """The best score."""


def judge(log: LawfulLog, seed: int) -> Found:
    """Run the default job on a log."""
    with TemporaryDirectory() as folder:
        location = Path(folder) / "log.parquet"
        pq.write_table(log.events, location)
        settings = {"input": str(location), "output": folder, "name": "lawful", "seed": seed}
        runner = DirectRunner(Settings.from_environment().workers)
        return _of_run(
            detect_events(build_job(settings, "the benchmark"), runner, lambda *_: None), log
        )


def _of_run(run: PublishedRun, log: LawfulLog) -> Found:
    findings = read_findings(run)
    rows = np.array([_row(record) for record in findings["record_id"].to_pylist()], dtype=int)
    places = _places(run, findings["incident"].to_pylist())
    few = log.minority[rows]
    first = set(rows[places <= FIRST].tolist())
    scores = _scores(run)
    return Found(
        found={kind: row in first for kind, row in log.planted.items()},
        ranks=ranks_of(scores, log),
        minority=float(few.mean()) if len(rows) else 0.0,
        minority_incidents=incidents_of(few[places <= FIRST], places[places <= FIRST]),
        best=float(scores.max()),
    )


def _places(run: PublishedRun, incidents: list[str]) -> npt.NDArray[np.int64]:
    """Return the rank of each finding's incident."""
    table = read_incidents(run)
    rank_of = dict(zip(table["incident"].to_pylist(), table["rank"].to_pylist(), strict=True))
    return np.array([rank_of[incident] for incident in incidents], dtype=int)


def incidents_of(few: npt.NDArray[np.bool_], places: npt.NDArray[np.int64]) -> int:
    """Count the incidents more than half of whose findings are of the minority.

    Parameters
    ----------
    few
        (n_findings,): whether a finding is of the minority.
    places
        (n_findings,): the rank of its incident, from 1 on.

    Examples
    --------
    >>> incidents_of(np.array([True, True, False, True, False]), np.array([1, 1, 1, 2, 2]))
    1
    """
    return int(np.sum(np.bincount(places, weights=few) > np.bincount(places) / 2.0))


def _scores(run: PublishedRun) -> npt.NDArray[np.float64]:
    table = read_scores(run)
    order = [_row(record) for record in table["record_id"].to_pylist()]
    scores = np.empty(len(order))
    scores[order] = table["anomaly_score"].to_numpy()
    return scores


def _row(record: str) -> int:
    return int(record.rpartition(":")[2])


def ranks_of(scores: npt.NDArray[np.float64], log: LawfulLog) -> dict[str, int]:
    """Return the rank of each anomaly among all rows, from 1 on."""
    return {kind: 1 + int(np.sum(scores > scores[row])) for kind, row in log.planted.items()}
