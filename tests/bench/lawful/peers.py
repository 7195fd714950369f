"""The peers, on what an engineer would make of the log's raw columns."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from tests.bench.engineered import Matrix, encoded, text_features, time_features
from tests.bench.lawful.logs import LawfulLog
from tests.bench.lawful.measure import FIRST, Found, ranks_of
from tests.bench.raw_peers import MOST_SEARCHED, Scores, isolation_forest, isotree, nearest

AMONG = 100
"""First rows of a peer, in which the minority's share is taken."""
_QUANTITIES = ("bytes", "packets")
_NAMES = ("user", "action", "protocol", "port", "status")


@dataclass(frozen=True)
class Peer:
    """A detector on the columns of a log."""

    load: Callable[[int], Callable[[Any], Scores]]
    """Takes a seed; returns a function from features to scores."""
    packages: tuple[str, ...]
    """Those that its results depend on."""
    native: bool = False
    """Whether it takes names as they are, and not as their rarity."""
    most: int | None = None
    """The most rows that it searches: beyond, as many drawn at random; None for all."""


def _ecod(_: int) -> Callable[[Matrix], Scores]:
    from pyod.models.ecod import ECOD  # noqa: PLC0415 - of the bench environment alone

    return lambda X: np.asarray(ECOD().fit(X).decision_scores_)


PEERS: Mapping[str, Peer] = {
    "Isolation Forest": Peer(isolation_forest, ("scikit-learn",)),
    "isotree": Peer(isotree, ("isotree",), native=True),
    "ECOD": Peer(_ecod, ("pyod",)),
    "kNN, k = √n": Peer(nearest, ("scikit-learn",), most=MOST_SEARCHED),
}
"""Name -> peer."""


def judge_by_peer(name: str, log: LawfulLog, seed: int) -> Found:
    """Score the raw columns of a log by a peer; it makes no incidents."""
    peer, frame = PEERS[name], raw_columns(log)
    scores = peer.load(seed)(frame if peer.native else encoded(frame))
    order = np.argsort(-scores, kind="stable")
    ranks = ranks_of(scores, log)
    return Found(
        found={kind: rank <= FIRST for kind, rank in ranks.items()},
        ranks=ranks,
        minority=float(np.mean(log.minority[order[:AMONG]])),
        minority_incidents=None,
        best=float(scores.max()),
    )


def raw_columns(log: LawfulLog) -> pd.DataFrame:
    """Make features of a log as an engineer does in ten lines."""
    events = log.events.to_pandas()
    quantities = {name: np.log1p(events[name]) for name in _QUANTITIES}
    names = {name: events[name].astype("category") for name in _NAMES}
    told = time_features("time", events["time"]) | text_features("message", events["message"])
    return pd.DataFrame(told | quantities | names)
