"""Judging a log with a lawful minority: by outfield's default job, and by peers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow.parquet as pq
from sklearn.ensemble import IsolationForest
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import StandardScaler

from flows.pipelines.detect import detect_events
from flows.runtime.runner import DirectRunner
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
    best: float
    """The best score."""


def judge(log: LawfulLog, seed: int) -> Found:
    """Run the default job on a log."""
    with TemporaryDirectory() as folder:
        location = Path(folder) / "log.parquet"
        pq.write_table(log.events, location)
        settings = {"input": str(location), "output": folder, "name": "lawful", "seed": seed}
        run = detect_events(build_job(settings, "the benchmark"), DirectRunner(2), lambda *_: None)
        return _of_run(run, log)


def _of_run(run: PublishedRun, log: LawfulLog) -> Found:
    findings = read_findings(run)
    rows = [_row(record) for record in findings["record_id"].to_pylist()]
    incidents = read_incidents(run)
    ranks = dict(zip(incidents["incident"].to_pylist(), incidents["rank"].to_pylist(), strict=True))
    place = {
        row: ranks[incident]
        for row, incident in zip(rows, findings["incident"].to_pylist(), strict=True)
    }
    table = read_scores(run)
    order = [_row(record) for record in table["record_id"].to_pylist()]
    scores = np.empty(len(order))
    scores[order] = table["anomaly_score"].to_numpy()
    return Found(
        found={kind: place.get(row, FIRST + 1) <= FIRST for kind, row in log.planted.items()},
        ranks=_ranks(scores, log),
        minority=float(np.mean(log.minority[rows])) if rows else 0.0,
        best=float(scores.max()),
    )


def _row(record: str) -> int:
    return int(record.rpartition(":")[2])


def _ranks(scores: npt.NDArray[np.float64], log: LawfulLog) -> dict[str, int]:
    return {kind: 1 + int(np.sum(scores > scores[row])) for kind, row in log.planted.items()}


def judge_by_peer(name: str, log: LawfulLog, seed: int) -> Found:
    """Score the raw columns of a log by a peer."""
    scores = PEERS[name](raw_columns(log), seed)
    order = np.argsort(-scores, kind="stable")
    ranks = _ranks(scores, log)
    return Found(
        found={kind: rank <= FIRST for kind, rank in ranks.items()},
        ranks=ranks,
        minority=float(np.mean(log.minority[order[:100]])),
        best=float(scores.max()),
    )


def raw_columns(log: LawfulLog) -> npt.NDArray[np.float64]:
    """Turn a log into numbers as an engineer does in ten lines."""
    frame = log.events.to_pandas()
    hours = frame["time"].dt.hour + frame["time"].dt.minute / 60.0
    texts = frame["message"]
    own = {
        "hour": hours,
        "weekday": frame["time"].dt.day_of_week,
        "bytes": np.log1p(frame["bytes"]),
        "packets": np.log1p(frame["packets"]),
        "length": texts.str.len(),
        "odd": texts.str.count(r"[^a-z0-9 ]"),
        "masked": _rarity(texts.str.replace(r"\d+", "0", regex=True)),
    }
    names = {
        column: _rarity(frame[column])
        for column in ("user", "action", "protocol", "port", "status")
    }
    return pd.DataFrame(own | names).to_numpy(dtype=np.float64)


def _rarity(column: "pd.Series[str]") -> "pd.Series[float]":
    return -np.log(column.map(column.value_counts(normalize=True)))


def _forest(X: npt.NDArray[np.float64], seed: int) -> npt.NDArray[np.float64]:
    return -IsolationForest(n_estimators=200, random_state=seed, n_jobs=2).fit(X).score_samples(X)


def _nearest(X: npt.NDArray[np.float64], _: int) -> npt.NDArray[np.float64]:
    scaled = StandardScaler().fit_transform(X)
    k = int(np.sqrt(len(X)))
    distances, _places = NearestNeighbors(n_neighbors=k).fit(scaled).kneighbors(scaled)
    return np.asarray(distances[:, -1])


def _ecod(X: npt.NDArray[np.float64], _: int) -> npt.NDArray[np.float64]:
    from pyod.models.ecod import ECOD  # noqa: PLC0415 - of the bench environment alone

    return np.asarray(ECOD().fit(X).decision_scores_)


PEERS: Mapping[str, Callable[[npt.NDArray[np.float64], int], npt.NDArray[np.float64]]] = {
    "Isolation Forest": _forest,
    "ECOD": _ecod,
    "kNN, k = √n": _nearest,
}
