"""Peers that are fitted on the night before, with the best score so far as their threshold."""

import warnings
from collections.abc import Callable, Iterator, Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from sklearn.ensemble import IsolationForest

from tests.bench.engineered import Matrix, encoded
from tests.bench.nights.logs import NightLog
from tests.bench.nights.measure import FIRST, Night, found_kinds, nights_to_plant, planted_night
from tests.bench.quality.raw_columns import raw_columns
from tests.bench.raw_peers import TREES, Scores

Peer = Callable[[Matrix, Matrix, int], Scores]
"""Fits the first matrix and scores the rows of the second, higher for more anomalous."""


def _forest(known: Matrix, judged: Matrix, seed: int) -> Scores:
    forest = IsolationForest(n_estimators=TREES, random_state=seed).fit(known)
    return -forest.score_samples(judged)


def _ecod(known: Matrix, judged: Matrix, _: int) -> Scores:
    from pyod.models.ecod import ECOD  # noqa: PLC0415 - of the bench environment alone

    with warnings.catch_warnings():  # of columns that hold one value
        warnings.simplefilter("ignore", RuntimeWarning)
        return np.asarray(ECOD().fit(known).decision_function(judged), dtype=np.float64)


PEERS: Mapping[str, Peer] = {"Isolation Forest": _forest, "ECOD": _ecod}
"""Name -> peer."""
PACKAGES = {"Isolation Forest": ("scikit-learn",), "ECOD": ("pyod",)}
"""Name -> what its results depend on."""


def judge_by_peer(log: NightLog, name: str, seed: int) -> list[Night]:
    """Judge the nights of a log in their order; the first one has no night before it."""
    to_plant, best, nights = nights_to_plant(log), [], []
    for number, (night, events, scores) in enumerate(_scored(log, PEERS[name], seed), 1):
        threshold = max(best, default=np.inf)
        planted = {}
        if night in to_plant:
            mixed = planted_night(log, night, seed)
            before = log.read(log.nights[number - 1])
            again = _score(PEERS[name], before, mixed.events, seed)
            alarmed = set(_ids(mixed.events)[again > threshold].tolist())
            planted = found_kinds(mixed.kinds, alarmed)
        is_true = np.array([record in log.true for record in _ids(events)])
        told = told_of(scores, is_true, threshold)
        nights.append(Night(night, len(events), known=number, planted=planted, **told))
        best.append(float(scores.max()))
    return nights


def _scored(log: NightLog, peer: Peer, seed: int) -> Iterator[tuple[str, pa.Table, Scores]]:
    before = log.read(log.nights[0])
    for night in log.nights[1:]:
        events = log.read(night)
        yield night, events, _score(peer, before, events, seed)
        before = events


def _score(peer: Peer, before: pa.Table, events: pa.Table, seed: int) -> Scores:
    """Fit a night and score the next; how rare a name is, is counted over both."""
    columns = pa.concat_tables([before, events]).drop_columns(["event_id"])
    X = encoded(raw_columns(columns))
    return peer(X[: len(before)], X[len(before) :], seed)


def told_of(
    scores: Scores, is_true: npt.NDArray[np.bool_], threshold: float
) -> dict[str, int | None]:
    """Return what the scores of a night say, as fields of `Night`.

    Examples
    --------
    >>> told_of(np.array([1.0, 3.0, 2.0]), np.array([True, False, True]), 1.5)
    {'true': 2, 'alarms': 2, 'true_alarms': 1, 'rank': 2, 'first': 2}
    """
    ranked = is_true[np.argsort(-scores, kind="stable")]
    alarms = int(np.sum(scores > threshold))
    return {
        "true": int(is_true.sum()),
        "alarms": alarms,
        "true_alarms": int(ranked[:alarms].sum()),
        "rank": int(np.argmax(ranked)) + 1 if ranked.any() else None,
        "first": int(ranked[:FIRST].sum()),
    }


def _ids(events: pa.Table) -> npt.NDArray[np.str_]:
    return np.array([str(record) for record in events["event_id"].to_pylist()])
